package db_test

import (
	"context"
	"errors"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// TestNotify is heard by every listener after a commit, and never where the transaction came to nothing.
func TestNotify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ears := make([]chan string, 2)
		for i := range ears {
			ears[i] = make(chan string, 10)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				d.Listen(ctx, "test_channel", func(p string) { ears[i] <- p })
			}()
			defer func() { stop(); <-gone }()
			if p := <-ears[i]; p != "" {
				t.Fatalf("a listener begins with %q; it may have missed something", p)
			}
		}
		lost := errors.New("lost")
		if err := d.Write(ctx, func(tx *db.Tx) error {
			if err := tx.Notify(ctx, "test_channel", "of nothing"); err != nil {
				return err
			}
			return lost
		}); !errors.Is(err, lost) {
			t.Fatal(err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error {
			if err := tx.Notify(ctx, "another", "elsewhere"); err != nil {
				return err
			}
			return tx.Notify(ctx, "test_channel", "one")
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Notify(ctx, "test_channel", "two"); err != nil {
			t.Fatal(err)
		}
		for _, ear := range ears {
			for _, want := range []string{"one", "two"} {
				if got := <-ear; got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
			}
		}
	})
}
