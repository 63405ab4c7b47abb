package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/seal"
)

const fields = "id, account_id, proofs, member_id, way, reached_sealed, new_email_sealed, new_email_at"

// scan reads one row. A row that is not there is ErrOver.
func (r *Recoveries) scan(row interface{ Scan(...any) error }) (Recovery, error) {
	var x Recovery
	var proofs string
	var reachedSealed, emailSealed []byte
	var emailAt int64
	err := row.Scan(&x.ID, &x.AccountID, &proofs, &x.MemberID, &x.Way, &reachedSealed, &emailSealed, &emailAt)
	if errors.Is(err, sql.ErrNoRows) {
		return Recovery{}, ErrOver
	}
	if err != nil {
		return Recovery{}, fmt.Errorf("read a recovery: %w", err)
	}
	for _, p := range strings.FieldsFunc(proofs, func(r rune) bool { return r == ',' }) {
		x.Proofs = append(x.Proofs, Proof(p))
	}
	x.NewEmailAt = db.Time(emailAt)
	if x.Reached, err = r.open(reachedSealed, reached, x.ID); err == nil {
		x.NewEmail, err = r.open(emailSealed, newEmail, x.ID)
	}
	if err != nil {
		return Recovery{}, fmt.Errorf("read a recovery: %w", err)
	}
	return x, nil
}

func (r *Recoveries) open(sealed []byte, c seal.Column, key string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := r.Seal.Open(sealed, c.Place(key))
	return string(text), err
}

// Find returns the recovery of a browser with this token, or ErrOver.
func (r *Recoveries) Find(ctx context.Context, now time.Time, token string) (Recovery, error) {
	return r.scan(r.DB.Read().QueryRowContext(ctx, "SELECT "+fields+" FROM recovery WHERE token_hash = $1 AND finished_at = 0 AND expires_at > $2",
		id.Digest(token), db.Micros(now)))
}

// lock takes the row of a recovery for the rest of the transaction and returns it as it is, or ErrOver.
func (r *Recoveries) lock(ctx context.Context, tx *db.Tx, now time.Time, recoveryID string) (Recovery, error) {
	return r.scan(tx.QueryRowContext(ctx, "UPDATE recovery SET finished_at = finished_at WHERE id = $1 AND finished_at = 0 AND expires_at > $2 RETURNING "+fields,
		recoveryID, db.Micros(now)))
}

// keep adds proofs to a recovery that is locked.
func keep(ctx context.Context, tx *db.Tx, x Recovery, shown ...Proof) error {
	for _, p := range shown {
		if !x.Has(p) {
			x.Proofs = append(x.Proofs, p)
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE recovery SET proofs = $2 WHERE id = $1", x.ID, joined(x.Proofs))
	return err
}

// forget removes what is long over.
func (r *Recoveries) forget(ctx context.Context) error {
	before := db.Micros(r.Now().Add(-24 * time.Hour))
	var old int
	err := r.DB.Read().QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM recovery WHERE expires_at < $1) + (SELECT COUNT(*) FROM undo WHERE expires_at < $1)", before).Scan(&old)
	if err != nil || old == 0 {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM recovery WHERE expires_at < $1", before); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM undo WHERE expires_at < $1", before)
		return err
	})
}
