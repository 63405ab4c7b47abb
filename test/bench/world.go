package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"memberpay/internal/app"
	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest/pgcluster"
	"memberpay/internal/member"
	"memberpay/internal/seal"
	"memberpay/internal/seed"
)

// bench is what every measurement uses.
type bench struct {
	settings
	dir     string             // everything of this run, removed at the end
	cluster *pgcluster.Cluster // nil where somebody else runs it
	address *url.URL           // of the cluster, by its socket
	box     *seal.Box
	report  report
	made    []string // databases
	seeded  string   // address of the seeded PostgreSQL database, "" before it is needed
}

func newBench(ctx context.Context, s settings) (*bench, error) {
	b := &bench{settings: s}
	var err error
	if b.dir, err = os.MkdirTemp("", "memberpay-bench-"); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) prepare(ctx context.Context) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	address := os.Getenv("MEMBERPAY_TEST_POSTGRES")
	if address == "" {
		b.say("starting a private PostgreSQL")
		var err error
		if b.cluster, err = pgcluster.Start(ctx, filepath.Join(b.dir, "pg"), pgcluster.Durable); err != nil {
			return err
		}
		address = b.cluster.URL
	}
	if err := b.bySocket(ctx, address); err != nil {
		return err
	}
	return nil
}

func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	b.say("building the program")
	b.binary = filepath.Join(b.dir, "memberpay")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.binary, "./cmd/memberpay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program (run this in the module's folder): %w\n%s", err, out)
	}
	return nil
}

// bySocket makes the cluster's address one of its socket, which pgbench and the server then both use, and refuses a
// cluster that answers before a commit is on disk.
func (b *bench) bySocket(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := conn.QueryRow(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("the cluster has %s=%s; measure with one that keeps every commit", setting, value)
		}
	}
	if b.address, err = url.Parse(address); err != nil {
		return err
	}
	var socket string
	if err := conn.QueryRow(ctx, "SHOW unix_socket_directories").Scan(&socket); err != nil || socket == "" {
		return errors.Join(err, errors.New("the cluster has no socket"))
	}
	b.address.RawQuery = url.Values{"host": {socket}, "port": {b.address.Port()}, "sslmode": {"disable"}}.Encode()
	b.address.Host = ""
	return nil
}

// database makes an empty database and returns its address.
func (b *bench) database(ctx context.Context, name string) (string, error) {
	name = fmt.Sprintf("bench_%d_%s", os.Getpid(), name)
	if err := b.admin(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	b.made = append(b.made, name)
	u := *b.address
	u.Path = "/" + name
	return u.String(), nil
}

func (b *bench) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, b.address.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// seed fills a database, once for PostgreSQL.
func (b *bench) seed(ctx context.Context, address string) error {
	b.say("seeding %d members into %s", b.members, engine(address))
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := b.keys(ctx, d); err != nil {
		return err
	}
	r, err := seed.Run(ctx, seed.Config{DB: d, Seal: b.box, Members: b.members})
	if err != nil {
		return err
	}
	b.report.note("seed %s", "%d members, %d bills, %d payments in %.1f s: %.0f members/s", engine(address), r.Members, r.Bills, r.Payments, r.Seconds, float64(r.Members)/r.Seconds)
	if err := member.IndexAll(ctx, d); err != nil { // else the first server does so, while it is measured
		return err
	}
	if d.Engine == db.Postgres {
		return b.settle(ctx, address)
	}
	return nil
}

// keys gives a database the keyset of the one data folder of this run, which is the servers' too.
func (b *bench) keys(ctx context.Context, d *db.DB) error {
	k, err := app.OpenKeys(ctx, d, config.Store{Data: filepath.Join(b.dir, "data")}, audit.Program, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	b.box = k.Box
	return nil
}

// settle writes out what seeding left behind, so that no measurement pays for it.
func (b *bench) settle(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// postgres returns the seeded PostgreSQL database.
func (b *bench) postgres(ctx context.Context) (string, error) {
	if b.seeded != "" {
		return b.seeded, nil
	}
	address, err := b.database(ctx, "seeded")
	if err != nil {
		return "", err
	}
	if err := b.seed(ctx, address); err != nil {
		return "", err
	}
	b.seeded = address
	return address, nil
}

func engine(address string) string {
	if u, err := url.Parse(address); err == nil && u.Scheme == "sqlite" {
		return "SQLite"
	}
	return "PostgreSQL"
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// close removes what this run made.
func (b *bench) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if b.cluster != nil {
		errs = append(errs, pgcluster.Stop(ctx, b.cluster.Dir))
	} else if b.address != nil {
		for _, name := range b.made {
			errs = append(errs, b.admin(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}
