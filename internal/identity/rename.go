package identity

import (
	"context"
	"fmt"

	"memberpay/internal/db"
)

// RenamePasskey gives a passkey of the account another name, one line of at most 60 characters; the rest is cut. One that
// is not there, or not the account's, is NotFound.
func (a *Accounts) RenamePasskey(ctx context.Context, tx *db.Tx, accountID, passkeyID, name string) error {
	n, err := changed(ctx, tx, "UPDATE passkey SET name = $3 WHERE id = $1 AND account_id = $2", passkeyID, accountID, passkeyName(name))
	if err != nil {
		return fmt.Errorf("rename a passkey: %w", err)
	}
	if n == 0 {
		return errNoPasskey
	}
	return nil
}
