package cases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
)

const fields = `id, number, bill_id, member_id, account_id, session_id, kind, also, state, resolution, owner_id, due_day, language, email_sealed,
	opened_at, updated_at, closed_at, messages`

func (c *Cases) scan(row interface{ Scan(...any) error }) (Case, error) {
	var x Case
	var email []byte
	var also Kind
	var opened, updated, closed int64
	if err := row.Scan(&x.ID, &x.Number, &x.BillID, &x.MemberID, &x.AccountID, &x.SessionID, &x.Kind, &also, &x.State, &x.Resolution, &x.OwnerID, &x.Due,
		&x.Language, &email, &opened, &updated, &closed, &x.Messages); err != nil {
		return Case{}, err
	}
	plain, err := c.Seal.Open(email, caseEmail.Place(x.ID))
	if err != nil {
		return Case{}, err
	}
	if also != "" {
		x.Kind = Both
	}
	x.Email, x.OpenedAt, x.UpdatedAt = string(plain), db.Time(opened), db.Time(updated)
	if closed > 0 {
		x.ClosedAt = db.Time(closed)
	}
	return x, nil
}

func (c *Cases) one(ctx context.Context, q db.Queryer, where string, args ...any) (Case, error) {
	x, err := c.scan(q.QueryRowContext(ctx, "SELECT "+fields+" FROM bill_case WHERE "+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Case{}, ErrNotFound
	}
	return x, err
}

func (c *Cases) list(ctx context.Context, rest string, args ...any) ([]Case, error) {
	var out []Case
	err := db.Each(ctx, c.DB.Read(), "SELECT "+fields+" FROM bill_case WHERE "+rest, args, func(rows *sql.Rows) error {
		x, err := c.scan(rows)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return out, nil
}

// Get returns a case, or ErrNotFound. Whether the reader may see it is the caller's to check, by its bill.
func (c *Cases) Get(ctx context.Context, caseID string) (Case, error) {
	x, err := c.one(ctx, c.DB.Read(), "id = $1", caseID)
	if err != nil {
		return Case{}, fmt.Errorf("get case: %w", err)
	}
	return x, nil
}

// MemberOf returns the row id of the member whom the case with a number is about, in any spelling, or "" where there is none.
func (c *Cases) MemberOf(ctx context.Context, number string) (string, error) {
	var memberID string
	err := c.DB.Read().QueryRowContext(ctx, "SELECT member_id FROM bill_case WHERE number = $1", id.Unfold(number)).Scan(&memberID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("whose case it is: %w", err)
	}
	return memberID, nil
}

// OfBill returns the cases of a bill, newest first.
func (c *Cases) OfBill(ctx context.Context, billID string) ([]Case, error) {
	return c.list(ctx, "bill_id = $1 ORDER BY opened_at DESC, id DESC LIMIT 50", billID)
}

// OfMembers returns the cases about bills that members (row ids) pay for, newest first.
func (c *Cases) OfMembers(ctx context.Context, members []string) ([]Case, error) {
	if len(members) == 0 {
		return nil, nil
	}
	return c.list(ctx, "member_id IN "+db.In(1, len(members))+" ORDER BY opened_at DESC, id DESC LIMIT 200", db.Args(members)...)
}

// WorkOf returns the cases that are not closed and say a kind of their bill, alone or besides, those due first in front.
func (c *Cases) WorkOf(ctx context.Context, kind Kind, most int) ([]Case, error) {
	return c.list(ctx, "state <> 'closed' AND (kind = $1 OR also = $1) ORDER BY due_day, id LIMIT $2", kind, most)
}

// Work returns the cases that are not closed, those due first in front: of one owner, or of everybody where it is "".
func (c *Cases) Work(ctx context.Context, ownerID string, most int) ([]Case, error) {
	if ownerID != "" {
		return c.list(ctx, "state <> 'closed' AND owner_id = $1 ORDER BY due_day, id LIMIT $2", ownerID, most)
	}
	return c.list(ctx, "state <> 'closed' ORDER BY due_day, id LIMIT $1", most)
}

// OldestWait returns since when whoever has waited longest waits for the staff: the first message of an open case that the
// staff have not answered, where a note is no answer. It is zero where nobody waits.
func (c *Cases) OldestWait(ctx context.Context) (time.Time, error) {
	var at int64
	err := c.DB.Read().QueryRowContext(ctx, `SELECT COALESCE(MIN(m.at), 0) FROM bill_case AS x JOIN bill_case_message AS m ON m.case_id = x.id
		WHERE x.state = 'open' AND m.author = 'member'
		AND NOT EXISTS (SELECT 1 FROM bill_case_message AS a WHERE a.case_id = x.id AND a.author = 'staff' AND a.seq > m.seq)`).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("longest wait of a case: %w", err)
	}
	if at == 0 {
		return time.Time{}, nil
	}
	return db.Time(at), nil
}

// Done returns the cases that were closed last, newest first.
func (c *Cases) Done(ctx context.Context, most int) ([]Case, error) {
	return c.list(ctx, "state = 'closed' ORDER BY closed_at DESC, id DESC LIMIT $1", most)
}

// Messages returns what was written in a case, oldest first; notes only with notes.
func (c *Cases) Messages(ctx context.Context, caseID string, notes bool) ([]Message, error) {
	var out []Message
	err := db.Each(ctx, c.DB.Read(), "SELECT id, author, account_id, text_sealed, at FROM bill_case_message WHERE case_id = $1 ORDER BY seq", []any{caseID},
		func(rows *sql.Rows) error {
			var m Message
			var messageID string
			var sealed []byte
			var at int64
			if err := rows.Scan(&messageID, &m.Author, &m.AccountID, &sealed, &at); err != nil {
				return err
			}
			if m.Author == Note && !notes {
				return nil
			}
			text, err := c.Seal.Open(sealed, messageText.Place(messageID))
			m.Text, m.At = string(text), db.Time(at)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("messages of a case: %w", err)
	}
	return out, nil
}

// add appends a message; the case's row orders writers.
func (c *Cases) add(ctx context.Context, tx *db.Tx, now time.Time, caseID string, by Author, accountID, text string) error {
	messageID := id.New("csm")
	sealed, err := c.Seal.Seal([]byte(text), messageText.Place(messageID))
	if err != nil {
		return err
	}
	var seq int64
	if err := tx.QueryRowContext(ctx, "UPDATE bill_case SET messages = messages + 1 WHERE id = $1 RETURNING messages", caseID).Scan(&seq); err != nil {
		return err
	}
	return tx.Later(ctx, "add a message to a case", `INSERT INTO bill_case_message (id, case_id, seq, author, account_id, text_sealed, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, messageID, caseID, seq, by, accountID, sealed, db.Micros(now))
}

func (c *Cases) setDue(ctx context.Context, tx *db.Tx, caseID string, due day.Date) error {
	return tx.Later(ctx, "set the due day of a case", "UPDATE bill_case SET due_day = $2 WHERE id = $1", caseID, due)
}
