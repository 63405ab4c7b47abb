package dbtest_test

import (
	"context"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

func TestEachDatabaseIsMigratedAndItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				pending, err := d.Pending(t.Context())
				if err != nil || pending != 0 {
					t.Fatalf("pending migrations: %d, %v", pending, err)
				}
				err = d.Write(t.Context(), func(tx *db.Tx) error {
					_, err := tx.ExecContext(t.Context(), "INSERT INTO event (id, at, kind, subject, data) VALUES ('evt_same', 1, 'a', 'b', '{}')")
					return err
				})
				if err != nil {
					t.Fatalf("the same id in another test's database: %v", err)
				}
				var n int
				if err := d.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM event").Scan(&n); err != nil || n != 1 {
					t.Fatalf("events: %d, %v", n, err)
				}
			})
		})
	}
}

func TestURLIsEmptyAndUsable(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, engine)
			d, err := db.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if d.Engine != engine {
				t.Fatalf("engine %s for %s", d.Engine, url)
			}
			done, err := d.Migrate(t.Context())
			if err != nil || done == 0 {
				t.Fatalf("migrations run: %d, %v", done, err)
			}
		})
	}
}

func TestDatabasesAreGoneAfterTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) { url = dbtest.URL(t, db.Postgres) })
	if url == "" {
		t.Skip("PostgreSQL was skipped")
	}
	if _, err := db.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Fatalf("opened a dropped database: %v", err)
	}
}
