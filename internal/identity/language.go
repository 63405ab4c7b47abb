package identity

import (
	"context"
	"fmt"

	"memberpay/internal/db"
)

// SetLanguage keeps the language in which an account's owner wants pages and letters. The caller has checked that it is
// one the organisation offers.
func (a *Accounts) SetLanguage(ctx context.Context, tx *db.Tx, accountID, language string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE account SET language = $2 WHERE id = $1", accountID, language); err != nil {
		return fmt.Errorf("set the language of an account: %w", err)
	}
	return nil
}
