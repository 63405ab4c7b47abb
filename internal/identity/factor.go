package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
)

// Kinds of second factor, asked for after the password.
const (
	NoFactor    = ""
	TOTPFactor  = "totp"  // a code of an authenticator app
	EmailFactor = "email" // a code sent to the sign-in address
	TextFactor  = "text"  // a code sent to a verified phone
)

// ErrFactor is the answer to a second factor that the account is not ready for: no app was set up, no phone was verified.
var ErrFactor = fault.Field("second_factor", "factor.not_ready")

// Factors is with what an account can be opened.
type Factors struct {
	Password     bool
	TOTP         bool   // an authenticator app was set up and confirmed
	SecondFactor string // "", TOTPFactor, EmailFactor or TextFactor
	Passkeys     []Passkey
	RecoveryLeft int    // recovery codes that still work
	Phone        string // the verified phone texts go to, "+15035550100"; "" for none
}

// Factors returns with what an account can be opened. An account that is closed or never was is NotFound.
func (a *Accounts) Factors(ctx context.Context, accountID string) (out Factors, err error) {
	err = a.db.Read().QueryRowContext(ctx, `SELECT password_hash <> '', second_factor,
			EXISTS (SELECT 1 FROM totp t WHERE t.account_id = a.id AND t.confirmed_at > 0),
			(SELECT COUNT(*) FROM recovery_code r WHERE r.account_id = a.id AND r.used_at = 0)
		FROM account a WHERE a.id = $1 AND a.closed_at = 0`, accountID).Scan(&out.Password, &out.SecondFactor, &out.TOTP, &out.RecoveryLeft)
	if errors.Is(err, sql.ErrNoRows) {
		return Factors{}, errNoAccount
	}
	if err != nil {
		return Factors{}, fmt.Errorf("factors: %w", err)
	}
	if out.Passkeys, err = a.passkeys(ctx, a.db.Read(), accountID); err != nil {
		return Factors{}, err
	}
	points, err := a.contactPoints(ctx, a.db.Read(), accountID)
	if err != nil {
		return Factors{}, err
	}
	out.Phone = textPhone(points)
	return out, nil
}

var errNoAccount = fault.New(fault.NotFound, "account.not_found")

// SetPassword keeps a password that Hash has hashed; "" takes it away. The caller ends the account's other sessions and
// forgets its browsers. A closed account is NotFound.
func (a *Accounts) SetPassword(ctx context.Context, tx *db.Tx, accountID, hashed string) error {
	return changeAccount(ctx, tx, "set a password", "UPDATE account SET password_hash = $2 WHERE id = $1 AND closed_at = 0", accountID, hashed)
}

// SetSecondFactor chooses what is asked for after the password. It returns ErrFactor where the account is not ready for it.
func (a *Accounts) SetSecondFactor(ctx context.Context, tx *db.Tx, accountID, kind string) error {
	ready := true
	var err error
	switch kind {
	case NoFactor, EmailFactor:
	case TOTPFactor:
		err = tx.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM totp WHERE account_id = $1 AND confirmed_at > 0", accountID).Scan(&ready)
	case TextFactor:
		err = tx.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM contact_point WHERE account_id = $1 AND kind = 'phone' AND verified_at > 0 AND removed_at = 0",
			accountID).Scan(&ready)
	default:
		ready = false
	}
	if err != nil {
		return fmt.Errorf("set a second factor: %w", err)
	}
	if !ready {
		return ErrFactor
	}
	return changeAccount(ctx, tx, "set a second factor", "UPDATE account SET second_factor = $2 WHERE id = $1 AND closed_at = 0", accountID, kind)
}

// changeAccount runs an UPDATE of one account, and says where there is none.
func changeAccount(ctx context.Context, tx *db.Tx, what, query string, args ...any) error {
	n, err := changed(ctx, tx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return errNoAccount
	}
	return nil
}

// changed runs a statement and returns how many rows it changed.
func changed(ctx context.Context, tx *db.Tx, query string, args ...any) (int64, error) {
	done, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// Close closes an account: it ends its sessions, forgets its browsers and factors, frees the sign-in address and lets go
// of its members. The row stays, so that what was done in the account keeps its name. What it paid and agreed to is kept
// elsewhere, as the law asks. An account closed before is NotFound.
func (a *Accounts) Close(ctx context.Context, tx *db.Tx, now time.Time, accountID string) error {
	err := changeAccount(ctx, tx, "close an account", `UPDATE account SET closed_at = $2, email = '', email_sealed = NULL, email_index = $3,
		password_hash = '', second_factor = '', helps = FALSE WHERE id = $1 AND closed_at = 0`, accountID, db.Micros(now), "closed "+accountID)
	if err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM session WHERE account_id = $1 OR waiting_for = $1",
		"DELETE FROM device WHERE account_id = $1",
		"DELETE FROM known_browser WHERE account_id = $1",
		"DELETE FROM passkey WHERE account_id = $1",
		"DELETE FROM totp WHERE account_id = $1",
		"DELETE FROM recovery_code WHERE account_id = $1",
		"DELETE FROM contact_point WHERE account_id = $1",
		"DELETE FROM one_time_code WHERE subject = $1",
		"DELETE FROM account_member WHERE account_id = $1",
	} {
		if _, err := tx.ExecContext(ctx, query, accountID); err != nil {
			return fmt.Errorf("close an account: %w", err)
		}
	}
	return nil
}

// SetEmail changes the sign-in address. It returns ErrEmail or ErrEmailTaken; after the latter the transaction cannot
// always go on. It ends nothing by itself: the caller tells the old address.
func (a *Accounts) SetEmail(ctx context.Context, tx *db.Tx, now time.Time, accountID, email string) error {
	if !ValidEmail(email) {
		return ErrEmail
	}
	var role Actor
	err := tx.QueryRowContext(ctx, "SELECT role FROM account WHERE id = $1 AND closed_at = 0", accountID).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return errNoAccount
	}
	if err != nil {
		return fmt.Errorf("set an e-mail address: %w", err)
	}
	sealed, err := a.box.Seal([]byte(trimEmail(email)), emailPlace(accountID))
	if err != nil {
		return fmt.Errorf("set an e-mail address: %w", err)
	}
	n, err := changed(ctx, tx, `UPDATE account SET email = '', email_sealed = $2, email_index = $3 WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM account o WHERE o.email_index = $3 AND o.id <> $1)`, accountID, sealed, a.emailIndex(role, email))
	if db.Unique(err) || err == nil && n == 0 { // the first where two people take it at once
		return ErrEmailTaken
	}
	if err != nil {
		return fmt.Errorf("set an e-mail address: %w", err)
	}
	return nil
}
