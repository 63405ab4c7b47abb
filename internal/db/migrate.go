package db

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewerSchema means that a newer Memberpay has migrated this database.
var ErrNewerSchema = errors.New("the database was migrated by a newer version; start that version, or restore a backup")

// Migrate brings the schema up to date, forward only. Several processes may call it at once. It returns ErrNewerSchema
// where the database is ahead of this binary, and how many migrations it ran.
func (d *DB) Migrate(ctx context.Context) (int, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	if current > target {
		return 0, fmt.Errorf("schema version %d, this binary knows %d: %w", current, target, ErrNewerSchema)
	}
	if current == target {
		return 0, nil
	}
	done, err := p.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrate: %w", err)
	}
	return len(done), nil
}

// Pending tells how many migrations Migrate would run.
func (d *DB) Pending(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	current, target, err := p.GetVersions(ctx)
	return target - current, err
}

func (d *DB) provider() (*goose.Provider, error) {
	files, err := migrationsFor(d.Engine)
	if err != nil {
		return nil, err
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d.Engine == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, d.write, files, opts...)
}

// migrationsFor spells the migrations for one engine: BYTEA is BLOB on SQLite, and a block between "-- only ENGINE"
// and "-- end only" is kept for that engine alone.
func migrationsFor(engine Engine) (fs.FS, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out[strings.TrimPrefix(name, "migrations/")] = &fstest.MapFile{Data: spell(text, engine)}
	}
	return out, nil
}

func spell(text []byte, engine Engine) []byte {
	var out bytes.Buffer
	only := ""
	for line := range strings.Lines(string(text)) {
		word := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(word, "-- only "):
			only = strings.TrimPrefix(word, "-- only ")
		case word == "-- end only":
			only = ""
		case only == "" || only == string(engine):
			if engine == SQLite {
				line = strings.ReplaceAll(line, "BYTEA", "BLOB")
			}
			out.WriteString(line)
		}
	}
	return out.Bytes()
}
