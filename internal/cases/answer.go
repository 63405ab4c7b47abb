package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
)

// Say adds a message. One of a member's opens a closed case again and holds its bill again, for reopenDays after its end;
// one of the staff answers it, is told by mail, and makes whoever wrote it the owner of a case that nobody has taken. It
// returns ErrNotFound, ErrText, ErrLong, ErrFull or ErrClosed.
func (c *Cases) Say(ctx context.Context, now time.Time, who audit.Who, caseID string, by Author, text string) error {
	text, err := written(text)
	if err != nil {
		return err
	}
	return c.change(ctx, caseID, "answer a case", func(tx *db.Tx, x Case) error { return c.say(ctx, tx, now, who, x, by, "", text) })
}

// SayToo adds a member's message that says kind of the bill besides what the case says already. It returns what Say does,
// or ErrKind.
func (c *Cases) SayToo(ctx context.Context, now time.Time, who audit.Who, caseID string, kind Kind, text string) error {
	if !slices.Contains(Kinds, kind) {
		return ErrKind
	}
	text, err := written(text)
	if err != nil {
		return err
	}
	return c.change(ctx, caseID, "add to a case", func(tx *db.Tx, x Case) error { return c.say(ctx, tx, now, who, x, Member, kind, text) })
}

func (c *Cases) say(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, x Case, by Author, kind Kind, text string) error {
	if x.Messages >= MostMessages {
		return ErrFull
	}
	if x.State == Closed && by != Note {
		if by == Staff || now.After(x.ClosedAt.AddDate(0, 0, reopenDays)) {
			return ErrClosed
		}
		if err := c.reopen(ctx, tx, now, x); err != nil {
			return err
		}
	}
	state := map[Author]State{Member: Open, Staff: Answered, Note: x.State}[by]
	if _, err := tx.ExecContext(ctx, "UPDATE bill_case SET state = $2, updated_at = $3 WHERE id = $1", x.ID, state, db.Micros(now)); err != nil {
		return err
	}
	if by == Member && x.State != Open { // it waits for the staff again
		if err := c.setDue(ctx, tx, x.ID, day.AddBankingDays(day.Of(now, c.Zone), answerDays)); err != nil {
			return err
		}
	}
	if err := c.add(ctx, tx, now, x.ID, by, who.Actor, text); err != nil {
		return err
	}
	verb := map[Author]string{Member: "case.written", Staff: "case.answered", Note: "case.noted"}[by]
	e := who.Did(now, verb, x.ID, x.MemberID)
	if kind != "" && kind != x.Kind && x.Kind != Both {
		if _, err := tx.ExecContext(ctx, "UPDATE bill_case SET also = $2 WHERE id = $1", x.ID, x.Kind.Other()); err != nil {
			return err
		}
		e.Detail = string(Both)
	}
	if by == Staff && x.OwnerID == "" {
		e.Detail = "owner " + who.Actor
		if err := c.own(ctx, tx, now, x.ID, who.Actor); err != nil {
			return err
		}
	}
	if err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	if by != Staff {
		return nil
	}
	return c.tell(ctx, tx, now, x, letter.CaseAnswered)
}

// reopen opens a closed case. Where its bill has another open one by now, that one goes on instead: ErrClosed.
func (c *Cases) reopen(ctx context.Context, tx *db.Tx, now time.Time, x Case) error {
	done, err := tx.ExecContext(ctx, `UPDATE bill_case SET state = 'open', resolution = '', closed_at = 0 WHERE id = $1
		AND NOT EXISTS (SELECT 1 FROM bill_case AS other WHERE other.bill_id = $2 AND other.state <> 'closed')`, x.ID, x.BillID)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		if err == nil {
			err = ErrClosed
		}
		return err
	}
	return bill.Hold(ctx, tx, now, x.BillID, x.ID)
}

// Take makes somebody of the staff the owner of a case. It returns ErrNotFound or ErrClosed.
func (c *Cases) Take(ctx context.Context, now time.Time, who audit.Who, caseID, ownerID string) error {
	return c.change(ctx, caseID, "take a case", func(tx *db.Tx, x Case) error {
		if x.State == Closed {
			return ErrClosed
		}
		if err := c.own(ctx, tx, now, x.ID, ownerID); err != nil {
			return err
		}
		e := who.Did(now, "case.taken", x.ID, x.MemberID)
		e.Detail = "owner " + ownerID
		return audit.Append(ctx, tx, e)
	})
}

func (c *Cases) own(ctx context.Context, tx *db.Tx, now time.Time, caseID, ownerID string) error {
	_, err := tx.ExecContext(ctx, "UPDATE bill_case SET owner_id = $2, updated_at = $3 WHERE id = $1", caseID, ownerID, db.Micros(now))
	return err
}

// Postpone sets the day by which a case is answered: today or later. It returns ErrNotFound, ErrClosed or ErrDue.
func (c *Cases) Postpone(ctx context.Context, now time.Time, who audit.Who, caseID string, due day.Date) error {
	today := day.Of(now, c.Zone)
	if due.IsZero() || due.Before(today) || due.Sub(today) > 365 {
		return ErrDue
	}
	return c.change(ctx, caseID, "postpone a case", func(tx *db.Tx, x Case) error {
		if x.State == Closed {
			return ErrClosed
		}
		if err := c.setDue(ctx, tx, x.ID, due); err != nil {
			return err
		}
		e := who.Did(now, "case.postponed", x.ID, x.MemberID)
		e.Detail = due.String()
		return audit.Append(ctx, tx, e)
	})
}

// Close ends a case and lets go of its bill. text is what the member is told, in words; whoever of the staff writes it
// owns the case where nobody did. It returns ErrNotFound, ErrClosed,
// ErrResolved, ErrText, ErrLong or ErrFull.
func (c *Cases) Close(ctx context.Context, now time.Time, who audit.Who, caseID string, how Resolution, text string) error {
	by := Staff
	switch how {
	case Corrected, Right, Helped:
	case Withdrawn:
		by = Member
	default:
		return ErrResolved
	}
	if by == Staff {
		var err error
		if text, err = written(text); err != nil {
			return err
		}
	}
	return c.change(ctx, caseID, "close a case", func(tx *db.Tx, x Case) error {
		switch {
		case x.State == Closed:
			return ErrClosed
		case x.Messages >= MostMessages:
			return ErrFull
		}
		if text != "" {
			if err := c.add(ctx, tx, now, x.ID, by, who.Actor, text); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE bill_case SET state = 'closed', resolution = $2, closed_at = $3, updated_at = $3 WHERE id = $1",
			x.ID, how, db.Micros(now)); err != nil {
			return err
		}
		if by == Staff && x.OwnerID == "" {
			if err := c.own(ctx, tx, now, x.ID, who.Actor); err != nil {
				return err
			}
		}
		if err := bill.EndHold(ctx, tx, now, x.BillID, x.ID); err != nil {
			return err
		}
		e := who.Did(now, "case.closed", x.ID, x.MemberID)
		e.Detail = string(how)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return c.tell(ctx, tx, now, x, letter.CaseClosed)
	})
}

// change runs fn on a case that nobody else changes meanwhile.
func (c *Cases) change(ctx context.Context, caseID, what string, fn func(tx *db.Tx, x Case) error) error {
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE bill_case SET messages = messages WHERE id = $1", caseID); err != nil {
			return err
		}
		x, err := c.one(ctx, tx, "id = $1", caseID)
		if err != nil {
			return err
		}
		return fn(tx, x)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// tell writes to the owner of a case: that there is news, never what it says.
func (c *Cases) tell(ctx context.Context, tx *db.Tx, now time.Time, x Case, what letter.CaseEvent) error {
	return c.Outbox.Tell(ctx, tx, now, letter.New(letter.CaseNews{What: what, Number: x.Number, CaseID: x.ID}, id.New("new"),
		letter.To{Channel: event.Mail, Recipient: x.Email, Language: x.Language}))
}
