package payment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/money"
	"memberpay/internal/processor"
	"memberpay/internal/seal"
)

// DraftLife is how long a draft that nobody works on is kept.
const DraftLife = 30 * 24 * time.Hour

// paidDraftLife is how long a draft is kept after it became a payment: long enough for every repeat of its last step.
const paidDraftLife = 24 * time.Hour

// Draft is what one payer has answered so far on the way to one payment. Its ID is the payment's idempotency key, so
// however often the last step is sent, there is one payment.
type Draft struct {
	ID        string
	SessionID string
	AccountID string // "" for a guest
	PayerID   string // member row id
	Answers   Answers
	CreatedAt time.Time
	UpdatedAt time.Time
	sealed    []byte // the bank account number
}

// Answers are the answers of a draft. None of them is a card or bank account number.
type Answers struct {
	Ticked  []string  `json:"ticked,omitempty"` // bills to tick when the bills are first shown
	Kind    bill.Kind `json:"kind,omitempty"`
	Payee   string    `json:"payee,omitempty"`
	Help    string    `json:"help,omitempty"`  // permission by which the bills are paid, "" for the payer's own
	Lines   []Line    `json:"lines,omitempty"` // which bill gets how much; empty until chosen
	Full    bool      `json:"full,omitempty"`  // the payer wants to pay all that is due on these bills
	Rail    Rail      `json:"rail,omitempty"`  // "" until chosen
	Email   string    `json:"email,omitempty"`
	Emailed bool      `json:"emailed,omitempty"` // the payer was asked for Email
	Call    string    `json:"call,omitempty"`    // the call in which it was begun, "" for none

	CardToken string         `json:"card_token,omitempty"`
	Card      processor.Card `json:"card,omitzero"`
	SavedCard string         `json:"saved_card,omitempty"`
	SaveCard  bool           `json:"save_card,omitempty"`

	BankName    string `json:"bank_name,omitempty"`
	BankRouting string `json:"bank_routing,omitempty"`
	BankType    string `json:"bank_type,omitempty"`
	BankLast4   string `json:"bank_last4,omitempty"`

	Reviewed Reviewed `json:"reviewed,omitzero"`
	Changes  int      `json:"changes,omitempty"` // how often an answer was given; counted by ChangeDraft
}

// Reviewed is what the payer was shown on the review page. Any new answer makes it empty.
type Reviewed struct {
	Mark          string    `json:"mark"` // comes back with the button, so that nobody confirms what they did not see
	Authorization string    `json:"authorization"`
	Language      string    `json:"language"`
	Until         time.Time `json:"until"` // from then on the dates in Authorization are wrong
}

// Owner is who a draft belongs to: a browser's session, and the account signed in there, if any.
type Owner struct{ SessionID, AccountID string }

func (o Owner) owns(d Draft) bool {
	return (o.SessionID != "" && o.SessionID == d.SessionID) || (o.AccountID != "" && o.AccountID == d.AccountID)
}

// NewDraft starts a draft for a payer and returns it.
func (p *Payments) NewDraft(ctx context.Context, owner Owner, payerID string, a Answers) (Draft, error) {
	now := p.now()
	d := Draft{ID: id.New("draft"), SessionID: owner.SessionID, AccountID: owner.AccountID, PayerID: payerID, Answers: a,
		CreatedAt: now, UpdatedAt: now}
	answers, err := json.Marshal(a)
	if err != nil {
		return Draft{}, fmt.Errorf("new draft: %w", err)
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO draft (id, session_id, account_id, payer_id, answers, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, d.ID, d.SessionID, d.AccountID, d.PayerID, string(answers), db.Micros(now), db.Micros(now))
		return err
	})
	if err != nil {
		return Draft{}, fmt.Errorf("new draft: %w", err)
	}
	return d, nil
}

// GetDraft returns a draft of the owner, or a NotFound fault where it does not exist or belongs to somebody else.
func GetDraft(ctx context.Context, q db.Queryer, owner Owner, draftID string) (Draft, error) {
	d, err := scanDraft(q.QueryRowContext(ctx, "SELECT "+draftFields+" FROM draft WHERE id = $1", draftID))
	if err == nil && !owner.owns(d) {
		return Draft{}, errNoDraft
	}
	return d, err
}

// LatestDraft returns the owner's newest draft that has not become a payment, or a NotFound fault.
func LatestDraft(ctx context.Context, q db.Queryer, owner Owner) (Draft, error) {
	if owner.SessionID == "" && owner.AccountID == "" {
		return Draft{}, errNoDraft
	}
	return scanDraft(q.QueryRowContext(ctx, "SELECT "+draftFields+` FROM draft
		WHERE (session_id = $1 OR (account_id <> '' AND account_id = $2))
			AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.idempotency_key = draft.id)
		ORDER BY updated_at DESC, id DESC LIMIT 1`, owner.SessionID, owner.AccountID))
}

// DraftsOf returns the drafts for a payer (member row id) that have not become a payment, newest first, at most limit, for
// those who help them.
func DraftsOf(ctx context.Context, q db.Queryer, payerID string, limit int) ([]Draft, error) {
	var out []Draft
	err := db.Each(ctx, q, "SELECT "+draftFields+` FROM draft WHERE payer_id = $1
		AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.idempotency_key = draft.id) ORDER BY updated_at DESC, id DESC LIMIT $2`, []any{payerID, limit},
		func(rows *sql.Rows) error {
			d, err := scanDraft(rows)
			out = append(out, d)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return out, nil
}

// ChangeDraft gives new answers: change edits the draft as it is at that moment, while nobody else can change it. What
// was reviewed is forgotten. It returns the draft afterwards; an error of change is returned and nothing is kept.
func (p *Payments) ChangeDraft(ctx context.Context, owner Owner, draftID string, change func(*Draft) error) (Draft, error) {
	return p.saveDraft(ctx, owner, draftID, func(d *Draft) error {
		if err := change(d); err != nil {
			return err
		}
		d.Answers.Reviewed = Reviewed{}
		d.Answers.Changes++
		return nil
	})
}

// ErrDraftChanged means that an answer of the draft was changed while its review was made ready.
var ErrDraftChanged = fault.New(fault.Conflict, "draft.changed")

// ReviewDraft notes what the payer of d is shown, or returns ErrDraftChanged where d is not what the draft is now.
func (p *Payments) ReviewDraft(ctx context.Context, owner Owner, d Draft, r Reviewed) (Draft, error) {
	return p.saveDraft(ctx, owner, d.ID, func(now *Draft) error {
		if now.Answers.Changes != d.Answers.Changes {
			return ErrDraftChanged
		}
		now.Answers.Reviewed = r
		return nil
	})
}

// AdoptDraft takes over a draft that was begun without an account, where its session has ended and its payer is one of
// members. alive tells whether a session can still be used; a session that has ended stays so. The bills chosen stay; how
// to pay and the e-mail are forgotten, because only the one who gave them may use them. A draft that is not such a one
// is a NotFound fault and is not changed; nor is one that was begun in a call, which is handed over by its link.
func (p *Payments) AdoptDraft(ctx context.Context, owner Owner, members []string, draftID string, alive func(sessionID string) (bool, error)) (Draft, error) {
	d, err := scanDraft(p.db.Read().QueryRowContext(ctx, "SELECT "+draftFields+" FROM draft WHERE id = $1", draftID))
	if err == nil && (d.AccountID != "" || d.Answers.Call != "" || !slices.Contains(members, d.PayerID)) {
		err = errNoDraft
	}
	if err != nil {
		return Draft{}, fmt.Errorf("adopt draft: %w", err)
	}
	before := d.SessionID
	switch busy, err := alive(before); {
	case err != nil:
		return Draft{}, fmt.Errorf("adopt draft: %w", err)
	case busy:
		return Draft{}, fmt.Errorf("adopt draft: %w", errNoDraft)
	}
	now := p.now()
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		d, err = scanDraft(tx.QueryRowContext(ctx, `UPDATE draft SET updated_at = $2 WHERE id = $1 AND account_id = '' AND session_id = $3
			RETURNING `+draftFields, draftID, db.Micros(now), before))
		if err != nil {
			return err
		}
		d.SessionID, d.AccountID = owner.SessionID, owner.AccountID
		d.forgetMethod()
		d.Answers.Email, d.Answers.Emailed, d.Answers.Reviewed = "", false, Reviewed{}
		d.Answers.Changes++
		return storeDraft(ctx, tx, d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("adopt draft: %w", err)
	}
	return d, nil
}

func storeDraft(ctx context.Context, tx *db.Tx, d Draft) error {
	answers, err := json.Marshal(d.Answers)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE draft SET session_id = $2, account_id = $3, payer_id = $4, answers = $5, sealed = $6 WHERE id = $1",
		d.ID, d.SessionID, d.AccountID, d.PayerID, string(answers), d.sealed)
	return err
}

func (p *Payments) saveDraft(ctx context.Context, owner Owner, draftID string, change func(*Draft) error) (d Draft, err error) {
	now := p.now()
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		d, err = scanDraft(tx.QueryRowContext(ctx, "UPDATE draft SET updated_at = $2 WHERE id = $1 RETURNING "+draftFields, draftID, db.Micros(now)))
		if err != nil {
			return err
		}
		if !owner.owns(d) {
			return errNoDraft
		}
		if err := change(&d); err != nil {
			return err
		}
		return storeDraft(ctx, tx, d)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("save draft: %w", err)
	}
	return d, nil
}

// SweepDrafts removes drafts that nobody has worked on for DraftLife, and those that became payments. It returns how
// many went.
func (p *Payments) SweepDrafts(ctx context.Context) (gone int64, err error) {
	now := p.now()
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM draft WHERE updated_at < $1 OR (updated_at < $2 AND
			EXISTS (SELECT 1 FROM payment WHERE payment.idempotency_key = draft.id))`,
			db.Micros(now.Add(-DraftLife)), db.Micros(now.Add(-paidDraftLife)))
		if err != nil {
			return err
		}
		gone, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep drafts: %w", err)
	}
	return gone, nil
}

// SetCard answers "how do you want to pay" with a card of the processor's frame.
func (d *Draft) SetCard(token string, card processor.Card, save bool) {
	d.forgetMethod()
	d.Answers.Rail, d.Answers.CardToken, d.Answers.Card, d.Answers.SaveCard = Card, token, card, save
}

// SetSavedCard answers it with a card the account keeps.
func (d *Draft) SetSavedCard(c SavedCard) {
	d.forgetMethod()
	d.Answers.Rail, d.Answers.SavedCard, d.Answers.Card = Card, c.ID, processor.Card{Brand: c.Brand, Last4: c.Last4}
}

// SetBank answers it with a bank account, whose number is sealed for this draft.
func (d *Draft) SetBank(box *seal.Box, b BankAccount) error {
	sealed, err := box.Seal([]byte(b.Number), draftPlace(d.ID))
	if err != nil {
		return fmt.Errorf("seal account of draft: %w", err)
	}
	d.forgetMethod()
	a := &d.Answers
	a.Rail, a.BankName, a.BankRouting, a.BankType, a.BankLast4 = Bank, b.Name, b.Routing, b.Type, last4(b.Number)
	d.sealed = sealed
	return nil
}

// Spend gives an amount to bills, the first first, none more than is due.
func Spend(bills []bill.Bill, amount money.Cents) []Line {
	var lines []Line
	for _, b := range bills {
		part := min(amount, b.Due())
		if part > 0 {
			lines = append(lines, Line{BillID: b.ID, Amount: part})
			amount -= part
		}
	}
	return lines
}

func (d *Draft) forgetMethod() {
	a := &d.Answers
	a.Rail, a.CardToken, a.Card, a.SavedCard, a.SaveCard = "", "", processor.Card{}, "", false
	a.BankName, a.BankRouting, a.BankType, a.BankLast4 = "", "", "", ""
	d.sealed = nil
}

// Chosen reports whether the draft says which bills to pay.
func (d Draft) Chosen() bool { return len(d.Answers.Lines) > 0 }

// Complete reports whether every question before the review is answered.
func (d Draft) Complete() bool {
	return d.Chosen() && d.Answers.Rail != "" && d.Answers.Emailed && !d.TooSmallForCard(d.Answers.Rail)
}

// TooSmallForCard reports whether the amount chosen cannot go by this rail because card processors do not take it.
func (d Draft) TooSmallForCard(r Rail) bool {
	return r == Card && Request{Lines: d.Answers.Lines}.Total() < CardMinimum
}

// Request is the payment that the payer of a reviewed draft asks for. It opens the bank account number. The caller adds
// Address and ReturnURL, and the days of Helping.
func (d Draft) Request(box *seal.Box) (Request, error) {
	a := d.Answers
	r := Request{Key: d.ID, PayerID: d.PayerID, AccountID: d.AccountID, SessionID: d.SessionID, Payee: a.Payee, Lines: a.Lines,
		Call: a.Call, Email: a.Email, Language: a.Reviewed.Language, Authorization: a.Reviewed.Authorization,
		Helping: Helping{HelpID: a.Help},
		Method:  Method{CardToken: a.CardToken, SavedCard: a.SavedCard, SaveCard: a.SaveCard, Card: a.Card}}
	if a.Rail == Bank {
		number, err := box.Open(d.sealed, draftPlace(d.ID))
		if err != nil {
			return Request{}, fmt.Errorf("draft: %w", err)
		}
		r.Method.Bank = &BankAccount{Name: a.BankName, Routing: a.BankRouting, Number: string(number), Type: a.BankType}
	}
	return r, nil
}

// draftPlace is what a sealed account number is bound to.
func draftPlace(draftID string) string { return draftSealed.Place(draftID) }

var errNoDraft = fault.New(fault.NotFound, "draft.not_found")

const draftFields = "id, session_id, account_id, payer_id, answers, sealed, created_at, updated_at"

func scanDraft(row interface{ Scan(...any) error }) (Draft, error) {
	var d Draft
	var answers []byte
	var created, updated int64
	err := row.Scan(&d.ID, &d.SessionID, &d.AccountID, &d.PayerID, &answers, &d.sealed, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, errNoDraft
	}
	if err != nil {
		return Draft{}, fmt.Errorf("get draft: %w", err)
	}
	d.CreatedAt, d.UpdatedAt = db.Time(created), db.Time(updated)
	if err := json.Unmarshal(answers, &d.Answers); err != nil {
		return Draft{}, fmt.Errorf("answers of draft %s: %w", d.ID, err)
	}
	return d, nil
}
