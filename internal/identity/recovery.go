package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// recoveryCodes is how many codes an account gets.
const recoveryCodes = 10

// NewRecoveryCodes makes ten codes that each open the account once in place of its second factor, and returns them to be
// shown once, "K7Q-M4T-2X9P". Older ones work no more.
func (a *Accounts) NewRecoveryCodes(ctx context.Context, tx *db.Tx, now time.Time, accountID string) ([]string, error) {
	if _, err := tx.ExecContext(ctx, "DELETE FROM recovery_code WHERE account_id = $1", accountID); err != nil {
		return nil, fmt.Errorf("new recovery codes: %w", err)
	}
	codes, args := make([]string, recoveryCodes), make([]any, 0, 3*recoveryCodes)
	for i := range codes {
		code := id.Confirmation()
		codes[i] = id.Grouped(code)
		args = append(args, accountID, a.recoveryHash(accountID, code), db.Micros(now))
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO recovery_code (account_id, code_hash, created_at) VALUES "+db.Values(recoveryCodes, 3), args...); err != nil {
		return nil, fmt.Errorf("new recovery codes: %w", err)
	}
	return codes, nil
}

// UseRecoveryCode uses up one of the account's recovery codes, or returns ErrCode; letter case, spaces and dashes do not
// count. A code has 43 bits, so that only the usual limits on sign-ins are needed against guessing.
func (a *Accounts) UseRecoveryCode(ctx context.Context, tx *db.Tx, now time.Time, accountID, code string) error {
	n, err := changed(ctx, tx, "UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at = 0",
		accountID, a.recoveryHash(accountID, code), db.Micros(now))
	if err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	if n == 0 {
		return ErrCode
	}
	return nil
}

// recoveryHash is the form in which a recovery code is kept.
func (a *Accounts) recoveryHash(accountID, code string) string {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\u2011' || r == '\u2013' {
			return -1
		}
		return r
	}, code)
	return a.box.Index(strings.ToUpper(code), "recovery_code/"+accountID)
}
