package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"memberpay/internal/db"
)

// Engines are the engines every store test runs on.
var Engines = []db.Engine{db.SQLite, db.Postgres}

// Each runs f as the subtests "sqlite" and "postgres", in parallel, each on a fresh migrated database.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			f(t, Open(t, engine))
		})
	}
}

// Open returns a fresh migrated database, closed and removed when the test ends.
func Open(t testing.TB, engine db.Engine) *db.DB {
	t.Helper()
	url := Migrated(t, engine)
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("open a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

// URL returns the address of a fresh database without any table, for tests that run the real binary. It is removed when
// the test ends; whoever is still connected then is cut off.
func URL(t testing.TB, engine db.Engine) string {
	t.Helper()
	if engine == db.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "memberpay.db")
	}
	return clone(t, "template1")
}

// Migrated is URL with every migration run.
func Migrated(t testing.TB, engine db.Engine) string {
	t.Helper()
	if engine == db.Postgres {
		return clone(t, template(t))
	}
	data, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "memberpay.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// sqliteTemplate is the file of an empty migrated database, made once a process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "memberpay-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(ctx context.Context, url string) error {
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	if _, err := d.Migrate(ctx); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}
