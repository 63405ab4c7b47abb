package identity

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/db"
)

// Disown takes an account away from somebody who got into it: its password, and every passkey, authenticator app, recovery
// code and phone that it was given since. Its sessions end and its browsers are forgotten. Whose it is has to recover it.
func (a *Accounts) Disown(ctx context.Context, tx *db.Tx, now time.Time, accountID string, since time.Time) error {
	if err := a.SetPassword(ctx, tx, accountID, ""); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM passkey WHERE account_id = $1 AND created_at >= $2",
		"DELETE FROM totp WHERE account_id = $1 AND created_at >= $2",
		"DELETE FROM recovery_code WHERE account_id = $1 AND created_at >= $2",
	} {
		if _, err := tx.ExecContext(ctx, query, accountID, db.Micros(since)); err != nil {
			return fmt.Errorf("disown an account: %w", err)
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE contact_point SET removed_at = $3 WHERE account_id = $1 AND removed_at = 0 AND created_at >= $2", accountID, db.Micros(since), db.Micros(now))
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE account SET second_factor = '' WHERE id = $1
			AND (second_factor = 'totp' AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.account_id = $1 AND t.confirmed_at > 0)
			OR second_factor = 'text' AND NOT EXISTS (SELECT 1 FROM contact_point c WHERE c.account_id = $1 AND c.kind = 'phone' AND c.verified_at > 0 AND c.removed_at = 0))`, accountID)
	}
	if err != nil {
		return fmt.Errorf("disown an account: %w", err)
	}
	if err := a.EndSessions(ctx, tx, accountID, ""); err != nil {
		return err
	}
	if err := a.ForgetDevices(ctx, tx, accountID); err != nil {
		return err
	}
	return a.ForgetBrowsers(ctx, tx, accountID)
}
