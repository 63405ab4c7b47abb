package cases

import (
	"context"
	"errors"
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

// Opening is what somebody says of a bill that they may see.
type Opening struct {
	Bill      bill.Bill
	Kind      Kind
	Text      string
	AccountID string
	SessionID string
	Language  string
	Email     string // "" for nowhere
}

// Open opens a case and holds its bill. Where the bill has an open case, the text becomes a message of that one, which
// carries what was said of the bill from now on too. It returns the case's id, or ErrKind, ErrText, ErrLong, ErrSettled or ErrFull.
func (c *Cases) Open(ctx context.Context, now time.Time, who audit.Who, o Opening) (caseID string, err error) {
	if !slices.Contains(Kinds, o.Kind) {
		return "", ErrKind
	}
	text, err := written(o.Text)
	if err != nil {
		return "", err
	}
	if o.Bill.State != bill.Open {
		return "", ErrSettled
	}
	fresh := id.New("cas")
	email, err := c.Seal.Seal([]byte(o.Email), caseEmail.Place(fresh))
	if err != nil {
		return "", fmt.Errorf("open a case: %w", err)
	}
	due := day.AddBankingDays(day.Of(now, c.Zone), answerDays)
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		caseID = fresh
		number, err := c.insert(ctx, tx, now, fresh, o, due, email)
		if errors.Is(err, errHasCase) {
			there, err := c.one(ctx, tx, "bill_id = $1 AND state <> 'closed'", o.Bill.ID)
			if err != nil {
				return err
			}
			caseID = there.ID
			return c.say(ctx, tx, now, who, there, Member, o.Kind, text)
		}
		if err != nil {
			return err
		}
		if err := bill.Hold(ctx, tx, now, o.Bill.ID, fresh); err != nil {
			return err
		}
		if err := c.add(ctx, tx, now, fresh, Member, o.AccountID, text); err != nil {
			return err
		}
		e := who.Did(now, "case.opened", fresh, o.Bill.GuarantorID)
		e.Detail = string(o.Kind)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return c.Outbox.Tell(ctx, tx, now, letter.New(letter.CaseNews{What: letter.CaseOpened, Number: number, CaseID: fresh, Due: due.At(12, 0, c.Zone)}, fresh,
			letter.To{Channel: event.Mail, Recipient: o.Email, Language: o.Language}))
	})
	if err != nil {
		return "", fmt.Errorf("open a case: %w", err)
	}
	return caseID, nil
}

// errHasCase: the bill has an open case.
var errHasCase = errors.New("the bill has an open case")

// insert writes a new case under a number that no other one has, and returns the number, or errHasCase.
func (c *Cases) insert(ctx context.Context, tx *db.Tx, now time.Time, caseID string, o Opening, due day.Date, email []byte) (string, error) {
	first, also := o.Kind.columns()
	for range 5 {
		number, err := newNumber()
		if err != nil {
			return "", err
		}
		done, err := tx.ExecContext(ctx, `INSERT INTO bill_case (id, number, bill_id, member_id, account_id, session_id, kind, also, state, due_day, language,
			email_sealed, opened_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING`,
			caseID, number, o.Bill.ID, o.Bill.GuarantorID, o.AccountID, o.SessionID, first, also, due, o.Language, email, db.Micros(now))
		if err != nil {
			return "", err
		}
		if n, err := done.RowsAffected(); err != nil || n == 1 {
			return number, err
		}
		switch _, err := c.one(ctx, tx, "bill_id = $1 AND state <> 'closed'", o.Bill.ID); {
		case err == nil:
			return "", errHasCase
		case !errors.Is(err, ErrNotFound):
			return "", err
		}
	}
	return "", errors.New("no free number for a case")
}
