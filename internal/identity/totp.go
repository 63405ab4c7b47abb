package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"memberpay/internal/db"
	"memberpay/internal/fault"
)

// ErrTOTPThere is the answer to setting up a second authenticator app: the first one has to be removed before.
var ErrTOTPThere = fault.New(fault.Conflict, "totp.there")

// Authenticator apps know only this: SHA-1, six digits, half a minute. A clock may be one step wrong.
const (
	totpStep  = 30 * time.Second
	totpDrift = 1
	totpBytes = 20
)

// TOTPCodes bounds the codes of an authenticator app that one account tries. Whoever tries knows its password already.
var TOTPCodes = Limit{"totp/account", 10, 15 * time.Minute}

var base32Secret = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPSetup is what an authenticator app needs.
type TOTPSetup struct {
	Secret string // in groups of four, for typing
	URI    string // otpauth://, for the picture to scan
}

// setupLife is how long a secret that was not confirmed stays the same, so that a mistyped code costs no second scan.
const setupLife = time.Hour

// BeginTOTP makes a secret for an authenticator app. It counts once ConfirmTOTP has seen a code of it; until then it is
// the same for an hour, and replaced after that. issuer and label are what the app shows. It returns ErrTOTPThere where an app is in use.
func (a *Accounts) BeginTOTP(ctx context.Context, now time.Time, accountID, issuer, label string) (TOTPSetup, error) {
	raw := make([]byte, totpBytes)
	rand.Read(raw)
	sealed, err := a.box.Seal(raw, totpPlace(accountID))
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begin an authenticator app: %w", err)
	}
	err = a.db.Write(ctx, func(tx *db.Tx) error {
		n, err := changed(ctx, tx, `INSERT INTO totp (account_id, secret_sealed, created_at)
			SELECT id, $2, $3 FROM account WHERE id = $1 AND closed_at = 0
			ON CONFLICT (account_id) DO UPDATE SET secret_sealed = $2, created_at = $3, last_step = 0 WHERE totp.confirmed_at = 0 AND totp.created_at <= $4`,
			accountID, sealed, db.Micros(now), db.Micros(now.Add(-setupLife)))
		if err != nil || n > 0 {
			return err
		}
		var confirmed int64
		err = tx.QueryRowContext(ctx, "SELECT confirmed_at, secret_sealed FROM totp WHERE account_id = $1", accountID).Scan(&confirmed, &sealed)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errNoAccount
		case err != nil:
			return err
		case confirmed > 0:
			return ErrTOTPThere
		}
		raw, err = a.box.Open(sealed, totpPlace(accountID))
		return err
	})
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begin an authenticator app: %w", err)
	}
	secret := base32Secret.EncodeToString(raw)
	return TOTPSetup{Secret: inFours(secret), URI: totpURI(issuer, label, secret)}, nil
}

// ConfirmTOTP puts the authenticator app to use, as the account's second factor, once its owner has typed a code of it. It
// returns ErrCode. The caller counts the try (TOTPTry) before, in no transaction that may be taken back.
func (a *Accounts) ConfirmTOTP(ctx context.Context, tx *db.Tx, now time.Time, accountID, code string) error {
	secret, err := a.totpSecret(ctx, tx, accountID, false)
	if err != nil {
		return err
	}
	if err := useTOTP(ctx, tx, accountID, totpStepOf(secret, code, now), false); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE totp SET confirmed_at = $2 WHERE account_id = $1", accountID, db.Micros(now)); err != nil {
		return fmt.Errorf("confirm an authenticator app: %w", err)
	}
	return a.SetSecondFactor(ctx, tx, accountID, TOTPFactor)
}

// TOTPTry is the try that a code of an authenticator app counts as. It is forgiven where the code was right.
func TOTPTry(accountID string) Try { return Try{TOTPCodes, accountID} }

// CheckTOTP uses a code of the account's authenticator app: it works once. It returns ErrCode, and a Busy fault after too
// many wrong ones. It does the same work where there is no app.
func (a *Accounts) CheckTOTP(ctx context.Context, now time.Time, accountID, code string) error {
	if err := a.AllowAll(ctx, now, TOTPTry(accountID)); err != nil {
		return err
	}
	secret, err := a.totpSecret(ctx, a.db.Read(), accountID, true)
	if err != nil {
		return err
	}
	step := totpStepOf(secret, code, now)
	if err := a.db.Write(ctx, func(tx *db.Tx) error { return useTOTP(ctx, tx, accountID, step, true) }); err != nil {
		return err
	}
	return a.Forgive(ctx, TOTPTry(accountID))
}

// useTOTP uses up a step of an app that was, or was not, confirmed. Of two requests with one code one changes the row: the
// other finds the step used.
func useTOTP(ctx context.Context, tx *db.Tx, accountID string, step int64, confirmed bool) error {
	n, err := changed(ctx, tx, "UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2 AND (confirmed_at > 0) = $3", accountID, step, confirmed)
	if err != nil {
		return fmt.Errorf("check a code of an authenticator app: %w", err)
	}
	if n == 0 {
		return ErrCode
	}
	return nil
}

// totpSecret is the secret of an account's app, or one that nobody has.
func (a *Accounts) totpSecret(ctx context.Context, q db.Queryer, accountID string, confirmed bool) ([]byte, error) {
	var sealed []byte
	err := q.QueryRowContext(ctx, "SELECT secret_sealed FROM totp WHERE account_id = $1 AND (confirmed_at > 0) = $2", accountID, confirmed).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		decoy := make([]byte, totpBytes)
		rand.Read(decoy)
		return decoy, nil
	}
	if err == nil {
		sealed, err = a.box.Open(sealed, totpPlace(accountID))
	}
	if err != nil {
		return nil, fmt.Errorf("check a code of an authenticator app: %w", err)
	}
	return sealed, nil
}

// RemoveTOTP forgets the account's authenticator app. Where it was the second factor, there is none then.
func (a *Accounts) RemoveTOTP(ctx context.Context, tx *db.Tx, accountID string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM totp WHERE account_id = $1", accountID); err != nil {
		return fmt.Errorf("remove an authenticator app: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE account SET second_factor = '' WHERE id = $1 AND second_factor = 'totp'", accountID); err != nil {
		return fmt.Errorf("remove an authenticator app: %w", err)
	}
	return nil
}

func totpPlace(accountID string) string { return totpSecret.Place(accountID) }

// totpStepOf is the time step whose code this is, and 0 for none. It looks at every step that may be, whichever it is.
func totpStepOf(secret []byte, code string, now time.Time) (found int64) {
	code = foldCode(code)
	text := base32Secret.EncodeToString(secret)
	for step := now.Unix()/int64(totpStep/time.Second) - totpDrift; step <= now.Unix()/int64(totpStep/time.Second)+totpDrift; step++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}

// totpURI is the address that authenticator apps read from a picture.
func totpURI(issuer, label, secret string) string {
	issuer, label = strings.ReplaceAll(issuer, ":", " "), strings.ReplaceAll(label, ":", " ")
	query := "secret=" + secret + "&issuer=" + url.PathEscape(issuer) + "&algorithm=SHA1&digits=6&period=30"
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(label) + "?" + query
}

// inFours writes a secret in groups of four.
func inFours(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
