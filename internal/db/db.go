package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Queryer runs statements: a transaction, or the pool of read connections.
type Queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	Engine Engine
	read   *sql.DB
	write  *sql.DB
	pool   *pgxpool.Pool // PostgreSQL only
	board  board         // who listens in this process; SQLite only
	mark   atomic.Pointer[func([]byte) []byte]
}

// Open opens "sqlite:PATH" or "postgres://...". It makes the folder of a SQLite file where it is missing. It does not
// migrate. Errors say what to change.
func Open(ctx context.Context, address string) (*DB, error) {
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		return openPostgres(ctx, address)
	}
	return nil, fmt.Errorf("database %q: write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME", redact(address))
}

// UseMark gives the transactions that begin from now on the function behind Tx.Mark: a keyed hash, by which a feature tells what
// this program wrote from what somebody else put into the database.
func (d *DB) UseMark(fn func([]byte) []byte) { d.mark.Store(&fn) }

func (d *DB) marker() func([]byte) []byte {
	if fn := d.mark.Load(); fn != nil {
		return *fn
	}
	return nil
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("database sqlite: names no file; write sqlite:PATH")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	// The path is part of a URI: the characters that mean something there are escaped.
	base := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)" +
		"&_pragma=temp_store(MEMORY)&_time_format=sqlite"
	write, err := sql.Open("sqlite", base+"&_pragma=journal_mode(WAL)&_pragma=cache_size(-8192)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", base+"&_pragma=query_only(1)")
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	return &DB{Engine: SQLite, read: read, write: write}, nil
}

func openPostgres(ctx context.Context, address string) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", redact(address), err)
	}
	if !strings.Contains(address, "pool_max_conns") {
		cfg.MaxConns = 16
	}
	cfg.ConnConfig.StatementCacheCapacity = 1024
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	// Statements with many rows of parameters cost more to plan than to run; one generic plan each is enough.
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	cfg.ConnConfig.RuntimeParams["application_name"] = "memberpay"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", redact(address), err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database %s does not answer: %w", redact(address), err)
	}
	std := stdlib.OpenDBFromPool(pool)
	// One of two pools has to keep idle connections; here they cost no way through the other one for each statement.
	std.SetMaxOpenConns(int(cfg.MaxConns))
	std.SetMaxIdleConns(int(cfg.MaxConns))
	std.SetConnMaxIdleTime(5 * time.Minute)
	std.SetConnMaxLifetime(time.Hour)
	return &DB{Engine: Postgres, read: std, write: std, pool: pool}, nil
}

// Close waits for running statements and closes every connection.
func (d *DB) Close() error {
	err := d.read.Close()
	if d.pool != nil {
		d.pool.Close()
		return err
	}
	return errors.Join(err, d.write.Close())
}

// Read returns the read connections. On SQLite they refuse to write.
func (d *DB) Read() Queryer { return d.read }

// Ping reports whether the database answers and can be written.
func (d *DB) Ping(ctx context.Context) error { return d.write.PingContext(ctx) }

// maxTries bounds how often Write runs fn again after a deadlock or a serialization failure.
const maxTries = 6

// Write runs fn in one transaction and commits it. If fn returns an error nothing is kept and the error is returned.
// fn must be safe to run again: after a deadlock it is, with a fresh transaction, at most maxTries times.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	for try := 1; ; try++ {
		err := d.writeOnce(ctx, fn)
		if err == nil || !Retryable(err) || try == maxTries {
			return err
		}
		pause := time.Duration(rand.IntN(4<<try)+1) * time.Millisecond
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

func (d *DB) writeOnce(ctx context.Context, fn func(tx *Tx) error) error {
	if d.Engine == Postgres {
		return d.writePostgres(ctx, fn)
	}
	return d.writeSQLite(ctx, fn)
}

// Values writes the placeholders of a multi-row VALUES list: Values(2, 3) is "($1,$2,$3),($4,$5,$6)".
func Values(rows, columns int) string { return TypedValues(rows, make([]string, columns)...) }

// TypedValues is Values with a CAST for each column whose type is not "", as PostgreSQL needs outside an INSERT.
func TypedValues(rows int, types ...string) string {
	var b strings.Builder
	b.Grow(rows * len(types) * 8)
	n := 0
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c, t := range types {
			if c > 0 {
				b.WriteByte(',')
			}
			n++
			if t == "" {
				fmt.Fprintf(&b, "$%d", n)
			} else {
				fmt.Fprintf(&b, "CAST($%d AS %s)", n, t)
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// In writes the placeholders of an IN list, starting at $first: In(2, 3) is "($2,$3,$4)". n must be at least 1.
func In(first, n int) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	b.WriteByte(')')
	return b.String()
}

// Args turns a slice of strings into statement arguments.
func Args(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// Each runs a query and calls scan once a row. It closes the rows and returns the first error.
func Each(ctx context.Context, q Queryer, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Micros is t as it stands in the database: microseconds since 1970 UTC, 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros, in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// redact hides the password of a database address.
func redact(address string) string {
	at := strings.LastIndexByte(address, '@')
	start := strings.Index(address, "://")
	if at < 0 || start < 0 {
		return address
	}
	user, _, _ := strings.Cut(address[start+3:at], ":")
	return address[:start+3] + user + ":***" + address[at:]
}
