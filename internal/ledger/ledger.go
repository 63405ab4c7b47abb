package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/money"
)

// Account is a kind of account in the book of one payee.
type Account string

const (
	Receivable   Account = "receivable"
	Billed       Account = "billed"
	Credit       Account = "credit"
	CardClearing Account = "card_clearing"
	BankTransit  Account = "bank_transit"
	Dispute      Account = "dispute"
	ChecksOut    Account = "checks_out" // refunds by check that the bank has not paid yet
	ToRecover    Account = "to_recover" // money that went back twice: refunded, and then taken back by the payer's bank
)

// Posting moves Amount (more than zero) from the Credit account to the Debit account.
type Posting struct {
	Debit, Credit Account
	Amount        money.Cents
	BillID        string // whose receivable, where one side is Receivable
	PaymentID     string
	MemberID      string // whose credit, where one side is Credit
}

// Entry is one event in the book: its postings are written together or not at all.
type Entry struct {
	ID       string // made by Append where it is ""
	At       time.Time
	Kind     string // "bill.issued", "payment.succeeded", ...
	Payee    string
	Postings []Posting
}

// Errors of Append.
var (
	ErrEmpty  = errors.New("ledger: an entry needs at least one posting")
	ErrAmount = errors.New("ledger: a posting's amount must be more than zero")
	ErrSides  = errors.New("ledger: a posting needs two different accounts")
	ErrName   = errors.New("ledger: a receivable needs a bill, a credit needs a member")
)

// Check reports what is wrong with an entry before it reaches the database.
func (e Entry) Check() error {
	if len(e.Postings) == 0 {
		return ErrEmpty
	}
	for _, p := range e.Postings {
		switch {
		case p.Amount <= 0:
			return ErrAmount
		case p.Debit == "" || p.Credit == "" || p.Debit == p.Credit:
			return ErrSides
		case (p.Debit == Receivable || p.Credit == Receivable) && p.BillID == "",
			(p.Debit == Credit || p.Credit == Credit) && p.MemberID == "":
			return ErrName
		}
	}
	return nil
}

const columns = 11

// Append writes entries, many rows a statement. It refuses an entry that Check refuses.
func Append(ctx context.Context, tx *db.Tx, entries ...Entry) error {
	const most = 400 // rows a statement
	args := make([]any, 0, len(entries)*columns)
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		rows := args
		args = nil
		return tx.Later(ctx, "append to the book", `INSERT INTO ledger_posting
			(entry_id, line, at, kind, payee, debit, credit, amount_cents, bill_id, payment_id, member_id)
			VALUES `+db.Values(len(rows)/columns, columns), rows...)
	}
	for _, e := range entries {
		if err := e.Check(); err != nil {
			return fmt.Errorf("%s: %w", e.Kind, err)
		}
		if e.ID == "" {
			e.ID = id.New("ent")
		}
		for i, p := range e.Postings {
			args = append(args, e.ID, i+1, db.Micros(e.At), e.Kind, e.Payee, string(p.Debit), string(p.Credit),
				int64(p.Amount), p.BillID, p.PaymentID, p.MemberID)
		}
		if len(args) >= most*columns {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// Line is a posting as the book holds it.
type Line struct {
	EntryID string
	Line    int
	At      time.Time
	Kind    string
	Payee   string
	Posting
}

// Lines calls fn for every posting in the order of the book. It holds one row at a time.
func Lines(ctx context.Context, q db.Queryer, fn func(Line) error) error {
	return db.Each(ctx, q, `SELECT entry_id, line, at, kind, payee, debit, credit, amount_cents, bill_id, payment_id, member_id
		FROM ledger_posting ORDER BY entry_id, line`, nil, func(rows *sql.Rows) error {
		var l Line
		var at int64
		if err := rows.Scan(&l.EntryID, &l.Line, &at, &l.Kind, &l.Payee, &l.Debit, &l.Credit, &l.Amount,
			&l.BillID, &l.PaymentID, &l.MemberID); err != nil {
			return err
		}
		l.At = db.Time(at)
		return fn(l)
	})
}

// Owed is what one member has as credit from one payment.
type Owed struct {
	MemberID string
	Amount   money.Cents // more than zero
}

// CreditOf returns who has how much credit from one payment, in order of member. Nobody has it where it was never given
// or has been taken back.
func CreditOf(ctx context.Context, q db.Queryer, paymentID string) ([]Owed, error) {
	var out []Owed
	err := db.Each(ctx, q, `SELECT member_id, CAST(SUM(CASE WHEN credit = 'credit' THEN amount_cents ELSE -amount_cents END) AS BIGINT)
		FROM ledger_posting WHERE payment_id = $1 AND payment_id <> '' AND (debit = 'credit' OR credit = 'credit')
		GROUP BY member_id ORDER BY member_id`, []any{paymentID}, func(rows *sql.Rows) error {
		var o Owed
		err := rows.Scan(&o.MemberID, &o.Amount)
		if o.Amount > 0 {
			out = append(out, o)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("credit of a payment: %w", err)
	}
	return out, nil
}

// MemberCredit is what a member has as credit in the book of one payee.
type MemberCredit struct {
	MemberID string
	Payee    string
	Amount   money.Cents // more than zero
}

// CreditsOf returns the credit that each of members has, in order of payee and member. A member without credit is not in
// the answer.
func CreditsOf(ctx context.Context, q db.Queryer, memberIDs []string) ([]MemberCredit, error) {
	if len(memberIDs) == 0 {
		return nil, nil
	}
	var out []MemberCredit
	// "member_id <> ''" repeats the condition of the index, without which it is not used.
	err := db.Each(ctx, q, `SELECT payee, member_id, CAST(SUM(CASE WHEN credit = 'credit' THEN amount_cents ELSE -amount_cents END) AS BIGINT)
		FROM ledger_posting WHERE member_id IN `+db.In(1, len(memberIDs))+` AND member_id <> '' AND (debit = 'credit' OR credit = 'credit')
		GROUP BY payee, member_id ORDER BY payee, member_id`, db.Args(memberIDs), func(rows *sql.Rows) error {
		var c MemberCredit
		err := rows.Scan(&c.Payee, &c.MemberID, &c.Amount)
		if c.Amount > 0 {
			out = append(out, c)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("credit of members: %w", err)
	}
	return out, nil
}

// Balance is the sum of one account of one payee: debits less credits.
type Balance struct {
	Payee   string
	Account Account
	Debits  money.Cents
	Credits money.Cents
}

// Trial returns the balance of every account. Over all of them debits equal credits.
func Trial(ctx context.Context, q db.Queryer) ([]Balance, error) {
	var out []Balance
	err := db.Each(ctx, q, `SELECT payee, account, CAST(SUM(debit) AS BIGINT), CAST(SUM(credit) AS BIGINT) FROM (
			SELECT payee, debit AS account, amount_cents AS debit, 0 AS credit FROM ledger_posting
			UNION ALL
			SELECT payee, credit AS account, 0 AS debit, amount_cents AS credit FROM ledger_posting
		) AS sides GROUP BY payee, account ORDER BY payee, account`, nil, func(rows *sql.Rows) error {
		var b Balance
		if err := rows.Scan(&b.Payee, &b.Account, &b.Debits, &b.Credits); err != nil {
			return err
		}
		out = append(out, b)
		return nil
	})
	return out, err
}
