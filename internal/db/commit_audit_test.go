package db_test

import (
	"context"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// TestCommitOfAFailedTransactionIsAnError swallows the error of a statement. PostgreSQL then answers COMMIT with ROLLBACK and
// without an error: Write must not call that a success.
func TestCommitOfAFailedTransactionIsAnError(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, then := range map[string]func(ctx context.Context, tx *db.Tx) error{
			"nothing waits": func(context.Context, *db.Tx) error { return nil },
			"a statement waits": func(ctx context.Context, tx *db.Tx) error {
				return tx.Later(ctx, "set", "UPDATE setting SET value = 'x'")
			},
		} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.ExecContext(t.Context(), "INSERT INTO setting (name, value) VALUES ($1, 'kept')", name); err != nil {
					return err
				}
				_, _ = tx.ExecContext(t.Context(), "INSERT INTO no_such_table (x) VALUES (1)")
				return then(t.Context(), tx)
			})
			kept := 0
			if e := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM setting WHERE name = $1", name).Scan(&kept); e != nil {
				t.Fatal(e)
			}
			if (err == nil) != (kept == 1) {
				t.Errorf("%s: Write says %v, %d rows were kept", name, err, kept)
			}
		}
	})
}
