package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

const fields = `id, member_id, found_id, account_id, sessions, way, reached_sealed, mailed_at, proved_by, proved_at, email_sealed,
	email_proved_at, codes_sealed, added_to, created_at, updated_at, expires_at, done_at`

// scan reads one row and opens what is sealed in it, except the recovery codes.
func scan(box *seal.Box, row interface{ Scan(...any) error }) (Enrollment, error) {
	var e Enrollment
	var sessions string
	var reached, email []byte
	var mailed, proved, emailProved, created, updated, expires, done int64
	err := row.Scan(&e.ID, &e.MemberID, &e.FoundID, &e.AccountID, &sessions, &e.Way, &reached, &mailed, &e.ProvedBy, &proved, &email,
		&emailProved, &e.codes, &e.AddedTo, &created, &updated, &expires, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return Enrollment{}, errNone
	}
	if err != nil {
		return Enrollment{}, err
	}
	e.Sessions = split(sessions)
	e.MailedAt, e.ProvedAt, e.EmailProvedAt, e.CreatedAt = db.Time(mailed), db.Time(proved), db.Time(emailProved), db.Time(created)
	e.UpdatedAt, e.ExpiresAt, e.DoneAt = db.Time(updated), db.Time(expires), db.Time(done)
	for column, to := range map[string]*string{"reached_sealed": &e.Reached, "email_sealed": &e.Email} {
		sealed := reached
		if column == "email_sealed" {
			sealed = email
		}
		if len(sealed) == 0 {
			continue
		}
		plain, err := box.Open(sealed, place(e.ID, column))
		if err != nil {
			return Enrollment{}, err
		}
		*to = string(plain)
	}
	return e, nil
}

// place is what a column of an enrollment is sealed for.
func place(enrollmentID, column string) string { return "enrollment/" + enrollmentID + "/" + column }

// sealed is a text as it lies in a column, nil for "".
func (e *Enrollments) sealed(enrollmentID, column, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	return e.Seal.Seal([]byte(text), place(enrollmentID, column))
}

// Get returns an enrollment of the browser with token, done or not. One of another browser, or one that is over, is a
// NotFound fault.
func (e *Enrollments) Get(ctx context.Context, now time.Time, token, enrollmentID string) (Enrollment, error) {
	return e.one(ctx, e.DB.Read(), "id = $3 AND token_hash = $1 AND expires_at > $2", tokenHash(token), db.Micros(now), enrollmentID)
}

// Latest returns the newest enrollment of a browser that is not done yet, or a NotFound fault.
func (e *Enrollments) Latest(ctx context.Context, now time.Time, token string) (Enrollment, error) {
	return e.one(ctx, e.DB.Read(), "token_hash = $1 AND expires_at > $2 AND done_at = 0 ORDER BY created_at DESC, id DESC LIMIT 1", tokenHash(token), db.Micros(now))
}

func (e *Enrollments) one(ctx context.Context, q db.Queryer, where string, args ...any) (Enrollment, error) {
	en, err := scan(e.Seal, q.QueryRowContext(ctx, "SELECT "+fields+" FROM enrollment WHERE "+where, args...))
	if err != nil && !errors.Is(err, errNone) {
		return Enrollment{}, fmt.Errorf("get enrollment: %w", err)
	}
	return en, err
}

// lock takes the row of an enrollment for the rest of the transaction and returns it as it is. One that is done by now is
// ErrStep.
func (e *Enrollments) lock(ctx context.Context, tx *db.Tx, now time.Time, enrollmentID string) (Enrollment, error) {
	en, err := scan(e.Seal, tx.QueryRowContext(ctx, "UPDATE enrollment SET updated_at = $2 WHERE id = $1 AND done_at = 0 RETURNING "+fields, enrollmentID, db.Micros(now)))
	if errors.Is(err, errNone) {
		return Enrollment{}, ErrStep
	}
	if err != nil {
		return Enrollment{}, fmt.Errorf("lock enrollment: %w", err)
	}
	return en, nil
}

func (e *Enrollments) insert(ctx context.Context, tx *db.Tx, en Enrollment, token string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO enrollment (id, token_hash, member_id, found_id, account_id, sessions, created_at, updated_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, en.ID, tokenHash(token), en.MemberID, en.FoundID, en.AccountID, strings.Join(en.Sessions, ","),
		db.Micros(en.CreatedAt), db.Micros(en.UpdatedAt), db.Micros(en.ExpiresAt))
	return err
}

// save writes everything that steps change.
func (e *Enrollments) save(ctx context.Context, tx *db.Tx, en Enrollment) error {
	reached, err := e.sealed(en.ID, "reached_sealed", en.Reached)
	if err != nil {
		return err
	}
	email, err := e.sealed(en.ID, "email_sealed", en.Email)
	if err != nil {
		return err
	}
	var codes any
	if len(en.codes) > 0 {
		codes = en.codes
	}
	_, err = tx.ExecContext(ctx, `UPDATE enrollment SET sessions = $2, way = $3, reached_sealed = $4, mailed_at = $5, proved_by = $6, proved_at = $7,
		email_sealed = $8, email_proved_at = $9, codes_sealed = $10, added_to = $11, done_at = $12 WHERE id = $1`,
		en.ID, strings.Join(en.Sessions, ","), string(en.Way), reached, db.Micros(en.MailedAt), string(en.ProvedBy), db.Micros(en.ProvedAt),
		email, db.Micros(en.EmailProvedAt), codes, en.AddedTo, db.Micros(en.DoneAt))
	if err != nil {
		return fmt.Errorf("save enrollment: %w", err)
	}
	return nil
}

// lastLetter is when a letter with a code was last ordered for a member; zero for never.
func lastLetter(ctx context.Context, q db.Queryer, memberID string) (time.Time, error) {
	var at int64
	err := q.QueryRowContext(ctx, "SELECT CAST(COALESCE(MAX(mailed_at), 0) AS BIGINT) FROM enrollment WHERE member_id = $1", memberID).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("last letter: %w", err)
	}
	return db.Time(at), nil
}

// Sweep removes enrollments that are long over, and recovery codes that nobody fetched in time. It returns how many
// enrollments went.
func (e *Enrollments) Sweep(ctx context.Context, now time.Time) (gone int64, err error) {
	err = e.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE enrollment SET codes_sealed = NULL WHERE codes_sealed IS NOT NULL AND done_at < $1", db.Micros(now.Add(-showCodes))); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "DELETE FROM enrollment WHERE expires_at < $1", db.Micros(now.Add(-keep)))
		if err != nil {
			return err
		}
		gone, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep enrollments: %w", err)
	}
	return gone, nil
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
