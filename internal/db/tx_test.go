package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

func put(tx *db.Tx, ctx context.Context, name string) error {
	return tx.Later(ctx, "put "+name, "INSERT INTO setting (name, value) VALUES ($1, $2)", name, "x")
}

func names(t *testing.T, q db.Queryer) (n int) {
	t.Helper()
	if err := q.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM setting").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLaterIsSeenInOrderAndKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		before := names(t, d.Read())
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := errors.Join(put(tx, ctx, "a"), put(tx, ctx, "b")); err != nil {
				return err
			}
			if n := names(t, tx); n != before+2 {
				t.Errorf("the transaction sees %d of its own rows", n-before)
			}
			if err := put(tx, ctx, "c"); err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, "UPDATE setting SET value = 'y' WHERE name IN ('a', 'b', 'c')")
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); n != 3 || err != nil {
				t.Errorf("%d rows updated, %v", n, err)
			}
			return put(tx, ctx, "d")
		})
		if err != nil || names(t, d.Read()) != before+4 {
			t.Fatalf("%d rows, %v", names(t, d.Read())-before, err)
		}
	})
}

// TestLaterFails lets a waiting statement break the transaction, with the commit or something else behind it.
func TestLaterFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		before := names(t, d.Read())
		for name, behind := range map[string]func(tx *db.Tx) error{
			"commit": func(*db.Tx) error { return nil },
			"later":  func(tx *db.Tx) error { return put(tx, ctx, "b") },
			"exec":   func(tx *db.Tx) error { _, err := tx.ExecContext(ctx, "DELETE FROM setting"); return err },
			"query": func(tx *db.Tx) error {
				rows, err := tx.QueryContext(ctx, "SELECT name FROM setting")
				if err == nil {
					rows.Close()
				}
				return err
			},
			"row": func(tx *db.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM setting").Scan(&n)
			},
		} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				if err := errors.Join(put(tx, ctx, "a"), put(tx, ctx, "a")); err != nil {
					return err // SQLite says so at once
				}
				return behind(tx)
			})
			if !db.Unique(err) || !strings.Contains(err.Error(), "put a") {
				t.Errorf("%s: %v", name, err)
			}
			if n := names(t, d.Read()); n != before {
				t.Errorf("%s: %d rows are left", name, n-before)
			}
		}
	})
}

func TestWriteGivesBackWhatItTook(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wish := errors.New("not today")
		for range 50 { // more than there are connections
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return errors.Join(put(tx, t.Context(), "a"), wish) }); !errors.Is(err, wish) {
				t.Fatal(err)
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				d.Write(t.Context(), func(tx *db.Tx) error { put(tx, t.Context(), "a"); panic("no") })
			}()
			gone, cancel := context.WithCancel(t.Context())
			if err := d.Write(gone, func(tx *db.Tx) error { cancel(); return put(tx, gone, "a") }); err == nil {
				t.Fatal("a canceled transaction was committed")
			}
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return put(tx, t.Context(), "a") }); err != nil {
			t.Fatal(err)
		}
	})
}
