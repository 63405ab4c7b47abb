package payment

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/processor/nacha"
)

// MaxExceptionNote is how long what is written about an exception may be, in characters.
const MaxExceptionNote = MaxRefundNote

// Faults of the verbs of an exception.
var (
	ErrExceptionNone  = fault.New(fault.NotFound, "exception.not_found") // there is none
	ErrExceptionNote  = fault.Field("note", "exception.note")            // it needs a few words; too long
	ErrExceptionOver  = fault.New(fault.Conflict, "exception.over")      // somebody closed it before
	ErrExceptionOpen  = fault.New(fault.Conflict, "exception.open")      // somebody opened it again before
	ErrExceptionMoved = fault.New(fault.Conflict, "exception.moved")     // something happened since it was looked at
)

// ExceptionStep is one thing that became of an exception.
type ExceptionStep struct {
	N          int    // counted from 1
	Step       string // "opened", "again", "still", "closed" or "reopened"
	File       string // name of the file from the bank that told of it, "" for none
	Actor      string // account of staff, "" for the program
	Note       string // what they wrote
	Unreadable bool   // the note does not open
	At         time.Time
	cause      string
}

// ExceptionLook is one exception with everything that is known of it.
type ExceptionLook struct {
	Exception
	About ExceptionAbout
	Steps []ExceptionStep // the first first
}

// Seen is the number of the last step: what whoever closes it has read.
func (l ExceptionLook) Seen() int {
	if len(l.Steps) == 0 {
		return 0
	}
	return l.Steps[len(l.Steps)-1].N
}

// LookException is an exception as one of the staff looks at it, or ErrExceptionNone. The look is noted down first.
func (p *Payments) LookException(ctx context.Context, by audit.Who, exceptionID string) (l ExceptionLook, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		if l.Exception, err = exceptionByID(ctx, tx, exceptionID); err != nil {
			return err
		}
		if l.About, err = p.aboutOne(ctx, tx, l.Exception); err != nil {
			return err
		}
		if l.Steps, err = p.exceptionSteps(ctx, tx, exceptionID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, l.Exception.did(by, p.now(), "exception.seen", l.About))
	})
	return l, err
}

func (p *Payments) aboutOne(ctx context.Context, q db.Queryer, e Exception) (ExceptionAbout, error) {
	about, err := p.ExceptionsAbout(ctx, q, []Exception{e})
	return about[e.ID], err
}

// did is what the audit log says that somebody did with an exception.
func (e Exception) did(by audit.Who, now time.Time, action string, about ExceptionAbout) audit.Entry {
	entry := by.Did(now, action, e.ID, about.Payment.PayerID)
	entry.Detail = e.Kind
	return entry
}

// CloseException notes what was done about an exception, and takes it off the list. seen is the last step that whoever
// closes it has read. It returns ErrExceptionNote, ErrExceptionOver where somebody was faster, or ErrExceptionMoved.
func (p *Payments) CloseException(ctx context.Context, by audit.Who, exceptionID string, seen int, note string) error {
	return p.turnException(ctx, by, exceptionID, seen, note, "closed", ErrExceptionOver)
}

// ReopenException puts an exception that was closed by mistake back on the list. It returns ErrExceptionNote,
// ErrExceptionOpen where somebody was faster, or ErrExceptionMoved.
func (p *Payments) ReopenException(ctx context.Context, by audit.Who, exceptionID string, seen int, note string) error {
	return p.turnException(ctx, by, exceptionID, seen, note, "reopened", ErrExceptionOpen)
}

// turnException closes an exception or opens it again. It returns faster where it stands so already.
func (p *Payments) turnException(ctx context.Context, by audit.Who, exceptionID string, seen int, note, step string, faster error) error {
	note, err := refundText(note, true, ErrExceptionNote)
	if err != nil {
		return err
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		now := p.now()
		e, err := exceptionByID(ctx, tx, exceptionID)
		if err != nil {
			return err
		}
		update, args := "UPDATE exception SET closed_at = $2, closed_by = $3 WHERE id = $1 AND closed_at = 0", []any{exceptionID, db.Micros(now), by.Actor}
		if step == "reopened" {
			update, args = "UPDATE exception SET closed_at = 0, closed_by = '', reopened_at = $2 WHERE id = $1 AND closed_at > 0", args[:2]
		}
		done, err := tx.ExecContext(ctx, update, args...)
		if err != nil {
			return fmt.Errorf("%s exception: %w", step, err)
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return faster
		}
		last, err := lastStep(ctx, tx, exceptionID)
		if err != nil {
			return err
		}
		if last != seen {
			return ErrExceptionMoved
		}
		about, err := p.aboutOne(ctx, tx, e)
		if err != nil {
			return err
		}
		if err := p.addStep(ctx, tx, exceptionID, ExceptionStep{Step: step, Actor: by.Actor, Note: note, At: now}); err != nil {
			return err
		}
		return audit.Append(ctx, tx, e.did(by, now, "exception."+step, about))
	})
}

func lastStep(ctx context.Context, tx *db.Tx, exceptionID string) (n int, err error) {
	err = tx.QueryRowContext(ctx, "SELECT CAST(COALESCE(MAX(n), 0) AS BIGINT) FROM exception_step WHERE exception_id = $1", exceptionID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("steps of an exception: %w", err)
	}
	return n, nil
}

// addStep writes the next step of an exception whose row the transaction has changed, and so holds.
func (p *Payments) addStep(ctx context.Context, tx *db.Tx, exceptionID string, s ExceptionStep) error {
	last, err := lastStep(ctx, tx, exceptionID)
	if err != nil {
		return err
	}
	stepID := fmt.Sprintf("%s/%d", exceptionID, last+1)
	note, err := p.sealText(s.Note, exceptionNote, stepID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO exception_step (id, exception_id, n, step, actor, note_sealed, noted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		stepID, exceptionID, last+1, s.Step, s.Actor, note, db.Micros(s.At))
	if err != nil {
		return fmt.Errorf("add a step to an exception: %w", err)
	}
	return nil
}

func (p *Payments) exceptionSteps(ctx context.Context, q db.Queryer, exceptionID string) (out []ExceptionStep, err error) {
	var causes []string
	err = db.Each(ctx, q, "SELECT id, n, step, cause, actor, note_sealed, noted_at FROM exception_step WHERE exception_id = $1 ORDER BY n", []any{exceptionID}, func(rows *sql.Rows) error {
		var s ExceptionStep
		var stepID string
		var note []byte
		var at int64
		if err := rows.Scan(&stepID, &s.N, &s.Step, &s.cause, &s.Actor, &note, &at); err != nil {
			return err
		}
		s.At, causes = db.Time(at), append(causes, s.cause)
		if len(note) > 0 {
			text, err := p.seal.Open(note, exceptionNote.Place(stepID))
			if s.Note, s.Unreadable = string(text), err != nil; err != nil { // what happened matters more than what was written
				p.log.Error("what was written about an exception cannot be opened", "exception", exceptionID, "err", err)
			}
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("steps of an exception: %w", err)
	}
	files, err := nacha.InboundNames(ctx, q, causes)
	for i, s := range out {
		out[i].File = files[s.cause]
	}
	return out, err
}
