package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Errors of CheckCode.
var (
	ErrCode     = fault.Field("code", "code.wrong")
	ErrCodeOver = fault.Field("code", "code.over") // it ran out, was used, was tried too often, or never was
)

const (
	codeDigits = 6
	codeTries  = 5
)

// NewCode makes a code of six digits for a purpose ("join", "recover") and subject (whom or what it opens). It is good
// once, for life, and for five tries. An older one of the same purpose and subject is good no more. Where too many were made
// it returns a Busy fault, and the older one stays good.
func (a *Accounts) NewCode(ctx context.Context, tx *db.Tx, now time.Time, purpose, subject string, life time.Duration) (code string, err error) {
	for _, l := range []Limit{CodesSubject, CodesDay} {
		if err := AllowIn(ctx, tx, now, l, purpose+" "+subject); err != nil {
			return "", err
		}
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("new code: %w", err)
	}
	code = fmt.Sprintf("%0*d", codeDigits, n)
	if _, err := tx.ExecContext(ctx, "DELETE FROM one_time_code WHERE subject = $1 AND purpose = $2", subject, purpose); err != nil {
		return "", fmt.Errorf("new code: %w", err)
	}
	codeID := id.New("otc")
	_, err = tx.ExecContext(ctx, `INSERT INTO one_time_code (id, purpose, subject, code_hash, tries_left, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, codeID, purpose, subject, a.codeHash(codeID, code), codeTries, db.Micros(now), db.Micros(now.Add(life)))
	if err != nil {
		return "", fmt.Errorf("new code: %w", err)
	}
	return code, nil
}

// CheckCode uses up the code of a purpose and subject, or returns ErrCode or ErrCodeOver; spaces and dashes in code do not
// count. It does the same work where there is none. After an error of its own the transaction must go on: the try is
// counted in it.
func (a *Accounts) CheckCode(ctx context.Context, tx *db.Tx, now time.Time, purpose, subject, code string) error {
	codeID, stored := "otc_none", ""
	var left int64
	err := tx.QueryRowContext(ctx, `UPDATE one_time_code SET tries_left = tries_left - 1
		WHERE id = (SELECT id FROM one_time_code WHERE subject = $1 AND purpose = $2 ORDER BY created_at DESC, id DESC LIMIT 1)
			AND tries_left > 0 AND used_at = 0 AND expires_at > $3
		RETURNING id, code_hash, tries_left`, subject, purpose, db.Micros(now)).Scan(&codeID, &stored, &left)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("check code: %w", err)
	}
	right := subtle.ConstantTimeCompare([]byte(a.codeHash(codeID, foldCode(code))), []byte(stored)) == 1
	_, err = tx.ExecContext(ctx, "UPDATE one_time_code SET used_at = CASE WHEN $2 THEN $3 ELSE used_at END WHERE id = $1", codeID, right, db.Micros(now))
	switch {
	case err != nil:
		return fmt.Errorf("check code: %w", err)
	case right:
		return nil
	case stored == "" || left == 0:
		return ErrCodeOver
	}
	return ErrCode
}

// codeHash is the form in which a code is kept. It is keyed: six digits are too few to hide behind a plain hash.
func (a *Accounts) codeHash(codeID, code string) string {
	return a.box.Index(code, "one_time_code/"+codeID)
}

// foldCode is a code without what people put between its digits.
func foldCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return 'x' // no code has it
	}, s)
}
