package identity

import (
	"context"
	"time"

	"memberpay/internal/db"
)

// Key is how somebody chose to sign in: with a password, as Hash made it, or with a passkey, as CheckPasskey verified it
// for the account.
type Key struct {
	PasswordHash string
	Passkey      *Credential
	Label        string // name of the passkey
}

// How is the key as a session names it.
func (k Key) How() string {
	if k.Passkey != nil {
		return "passkey"
	}
	return "password"
}

// GiveKey makes a key the way into an account. A password there was is gone, whichever key it is; passkeys there were
// stay. With a passkey come new recovery codes, for the day on which the device is gone. It returns them, and what
// AddPasskey returns.
func (a *Accounts) GiveKey(ctx context.Context, tx *db.Tx, now time.Time, accountID string, k Key) (codes []string, err error) {
	if err := a.SetPassword(ctx, tx, accountID, k.PasswordHash); err != nil || k.Passkey == nil {
		return nil, err
	}
	if _, err := a.AddPasskey(ctx, tx, now, accountID, k.Label, *k.Passkey); err != nil {
		return nil, err
	}
	return a.NewRecoveryCodes(ctx, tx, now, accountID)
}
