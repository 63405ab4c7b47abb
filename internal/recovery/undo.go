package recovery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
)

const (
	// UndoLife is how long whoever had an address or phone before can take its change back.
	UndoLife = 72 * time.Hour
	// before is how much of what an account was given before such a change goes with it: whoever got in began with that.
	before = 24 * time.Hour
)

// ErrUndone is the answer to a link that was used, ran out, or never was.
var ErrUndone = fault.New(fault.NotFound, "undo.over")

// Undoable makes it possible to take back, for UndoLife, that an account's address or phone (identity.EmailPoint or
// PhonePoint) is no longer old. It returns the path of the page, for the letter that tells of the change.
func (r *Recoveries) Undoable(ctx context.Context, tx *db.Tx, now time.Time, accountID, kind, old string) (path string, err error) {
	token, undoID := id.Secret(), id.New("und")
	sealed, err := r.Seal.Seal([]byte(old), undoOld.Place(undoID))
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO undo (id, account_id, kind, token_hash, old_sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		undoID, accountID, kind, id.Digest(token), sealed, db.Micros(now), db.Micros(now.Add(UndoLife)))
	if err != nil {
		return "", fmt.Errorf("make a change undoable: %w", err)
	}
	return "/undo/" + token, nil
}

// Change is a change that can be taken back.
type Change struct {
	Kind string // identity.EmailPoint or PhonePoint
	Old  string // what it was before

	id, accountID string
	at            time.Time
}

const live = " FROM undo WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2"

// Undoing returns the change of a link, or ErrUndone.
func (r *Recoveries) Undoing(ctx context.Context, now time.Time, token string) (Change, error) {
	return r.scanUndo(r.DB.Read().QueryRowContext(ctx, "SELECT id, account_id, kind, old_sealed, created_at"+live, id.Digest(token), db.Micros(now)))
}

func (r *Recoveries) scanUndo(row *sql.Row) (c Change, err error) {
	var sealed []byte
	var at int64
	err = row.Scan(&c.id, &c.accountID, &c.Kind, &sealed, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Change{}, ErrUndone
	}
	if err == nil {
		c.at = db.Time(at)
		c.Old, err = r.open(sealed, undoOld, c.id)
	}
	if err != nil {
		return Change{}, fmt.Errorf("read a change to undo: %w", err)
	}
	return c, nil
}

// Undo takes a change back, once: the old address or phone is the account's again, and whoever changed it is out of the
// account (identity.Disown). What was changed after it cannot be taken back any more. Both are told. It returns the token
// of a recovery in which the mailbox counts as proved, because the link was in it; "" after a change of a phone. It returns
// ErrUndone, and identity.ErrEmailTaken where the old address has another account by now.
func (r *Recoveries) Undo(ctx context.Context, now time.Time, who audit.Who, token, language string) (recoveryToken string, err error) {
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := r.scanUndo(tx.QueryRowContext(ctx, `UPDATE undo SET used_at = $2 WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2
			RETURNING id, account_id, kind, old_sealed, created_at`, id.Digest(token), db.Micros(now)))
		if err != nil {
			return err
		}
		account, err := r.Accounts.GetIn(ctx, tx, c.accountID)
		if fault.Is(err, fault.NotFound) {
			return ErrUndone // it was closed
		}
		if err != nil {
			return err
		}
		emails, phones, err := r.everywhere(ctx, tx, account.ID)
		if err != nil {
			return err
		}
		if err := r.Accounts.Disown(ctx, tx, now, account.ID, c.at.Add(-before)); err != nil {
			return err
		}
		if err := r.putBack(ctx, tx, now, c); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE undo SET used_at = $3 WHERE account_id = $1 AND used_at = 0 AND created_at >= $2", account.ID, db.Micros(c.at), db.Micros(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE recovery SET finished_at = $2 WHERE account_id = $1 AND finished_at = 0", account.ID, db.Micros(now)); err != nil {
			return err
		}
		if c.Kind == identity.EmailPoint {
			emails = append(emails, c.Old)
			if recoveryToken, err = r.begun(ctx, tx, now, account.ID, c.Old, language); err != nil {
				return err
			}
		} else {
			phones = append(phones, c.Old)
		}
		e := who.Did(now, "account.change_undone", account.ID, "")
		e.Detail = c.Kind
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return r.Outbox.Tell(ctx, tx, now, letter.ToAll(letter.AccountChanged{What: letter.Undone, When: now, From: who.From}, c.id, account.Language, emails, phones)...)
	})
	if err != nil {
		return "", fmt.Errorf("undo a change: %w", err)
	}
	return recoveryToken, nil
}

// putBack gives the account back what it had before a change.
func (r *Recoveries) putBack(ctx context.Context, tx *db.Tx, now time.Time, c Change) error {
	if c.Kind == identity.EmailPoint {
		return r.Accounts.SetEmail(ctx, tx, now, c.accountID, c.Old)
	}
	pointID, err := r.Accounts.AddContactPoint(ctx, tx, now, c.accountID, identity.PhonePoint, c.Old)
	if err != nil {
		return err
	}
	return r.Accounts.VerifyContactPoint(ctx, tx, now, c.accountID, pointID)
}

// begun is the token of a recovery whose mailbox is proved.
func (r *Recoveries) begun(ctx context.Context, tx *db.Tx, now time.Time, accountID, email, language string) (token string, err error) {
	token = id.Secret()
	recoveryID := id.New("rec")
	sealed, err := r.Seal.Seal([]byte(identity.FoldEmail(email)), askedEmail.Place(recoveryID))
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO recovery (id, token_hash, email_sealed, language, account_id, answered_at, proofs, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8)`, recoveryID, id.Digest(token), sealed, language, accountID, db.Micros(now), string(Mailbox), db.Micros(now.Add(life)))
	return token, err
}
