package identity

import (
	"context"
	"fmt"

	"memberpay/internal/db"
)

// Helps notes that an account may act for somebody as a helper, so that its pages look for whom. What it may do is
// not said here.
func Helps(ctx context.Context, tx *db.Tx, accountID string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE account SET helps = TRUE WHERE id = $1", accountID); err != nil {
		return fmt.Errorf("note that an account helps: %w", err)
	}
	return nil
}
