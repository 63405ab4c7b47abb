package nacha

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/money"
)

// AccountType is the kind of a bank account.
type AccountType string

const (
	Checking AccountType = "checking"
	Savings  AccountType = "savings"
)

// SEC is how a debit was authorized: the standard entry class of its batch.
type SEC string

const (
	Web SEC = "WEB" // on a web page
	Tel SEC = "TEL" // by telephone
)

// State is where an entry stands. It moves from queued to canceled or filed, from filed to settled or returned, and
// from settled to returned, never back.
type State string

const (
	Queued   State = "queued"   // waits for the next cut; can still be canceled
	Filed    State = "filed"    // stands in a file for the bank
	Settled  State = "settled"  // the bank reports the money as moved
	Returned State = "returned" // the payer's bank sent it back
	Canceled State = "canceled" // will never be sent
)

// AccountName returns the name on the account of a payment's debit, "" where there is no debit.
func AccountName(ctx context.Context, q db.Queryer, paymentID string) (name string, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE((SELECT name FROM ach_entry WHERE payment_id = $1), '')", paymentID).Scan(&name)
	if err != nil {
		return "", fmt.Errorf("name on an account: %w", err)
	}
	return name, nil
}

// Entry is one debit to make. Amount is above zero.
type Entry struct {
	PaymentID    string
	IndividualID string // our confirmation number, at most 15 characters; the bank shows it and sends it back
	Payee        string // one of Config.Originators
	Name         string // on the account
	Routing      string
	Account      string
	AccountType  AccountType
	Amount       money.Cents
	QueuedAt     time.Time // zero means now
	SEC          SEC       // "" means Web
	ClearedAt    time.Time // Tel: when the consent was on record; zero keeps the entry out of every file until Clear
}

// Prepared is an entry that was checked and whose account number is sealed, ready to be stored.
type Prepared struct {
	entry  Entry // without Account
	sealed []byte
	last4  string
}

// Last4 returns the last four digits of the account.
func (p Prepared) Last4() string { return p.last4 }

// Prepare checks an entry and seals its account number. It needs no database: call it before the transaction, so that
// nothing slow runs while rows are locked. An error is a *fault.Error whose Field is routing, account, account_type,
// name or amount, or an unexpected one.
func (r *Rail) Prepare(e Entry) (Prepared, error) {
	if _, ok := r.originators[e.Payee]; !ok {
		return Prepared{}, fmt.Errorf("payee %q has no bank details in the configuration", e.Payee)
	}
	if e.PaymentID == "" || e.IndividualID == "" || len(e.IndividualID) > 15 || !printable(e.IndividualID) {
		return Prepared{}, fmt.Errorf("payment %q: confirmation number %q does not fit into a bank file",
			e.PaymentID, e.IndividualID)
	}
	if err := ValidName(e.Name); err != nil {
		return Prepared{}, err
	}
	if err := ValidRouting(e.Routing); err != nil {
		return Prepared{}, err
	}
	account, err := ValidAccount(e.Account)
	if err != nil {
		return Prepared{}, err
	}
	if e.AccountType != Checking && e.AccountType != Savings {
		return Prepared{}, ErrAccountType
	}
	if e.Amount <= 0 || e.Amount > money.Max {
		return Prepared{}, fault.Field("amount", "amount.out_of_range")
	}
	sealed, err := r.seal.Seal([]byte(account), place(e.PaymentID))
	if err != nil {
		return Prepared{}, fmt.Errorf("seal account: %w", err)
	}
	switch e.SEC {
	case "":
		e.SEC = Web
	case Web, Tel:
	default:
		return Prepared{}, fmt.Errorf("payment %q: no entry class %q", e.PaymentID, e.SEC)
	}
	if e.QueuedAt.IsZero() {
		e.QueuedAt = r.clock()
	}
	e.Name, e.Account = strings.TrimSpace(e.Name), ""
	return Prepared{entry: e, sealed: sealed, last4: last4(account)}, nil
}

// place is what a sealed account number is bound to.
func place(paymentID string) string { return entryAccount.Place(paymentID) }

const insertEntry = `INSERT INTO ach_entry (payment_id, individual_id, payee, name, routing, account_sealed,
 account_last4, account_type, amount_cents, state, queued_at, updated_at, sec, cleared_at) VALUES `

const entryColumns = 14

var insertOneEntry = insertEntry + db.Values(1, entryColumns)

// Enqueue stores entries for the next cut, in one statement (a statement for each 1,000). A second entry for one payment
// is an error that db.Unique knows, of the transaction at the latest. An empty list does nothing.
func (r *Rail) Enqueue(ctx context.Context, tx *db.Tx, entries []Prepared) error {
	const most = 1000
	for len(entries) > 0 {
		n := min(len(entries), most)
		args := make([]any, 0, n*entryColumns)
		for _, p := range entries[:n] {
			e := p.entry
			at := db.Micros(e.QueuedAt)
			args = append(args, e.PaymentID, e.IndividualID, e.Payee, e.Name, e.Routing, p.sealed, p.last4,
				string(e.AccountType), int64(e.Amount), string(Queued), at, at, string(e.SEC), db.Micros(e.ClearedAt))
		}
		query := insertOneEntry
		if n > 1 {
			query = insertEntry + db.Values(n, entryColumns)
		}
		if err := tx.Later(ctx, "queue bank debits", query, args...); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// CancelQueued takes a debit back that stands in no file yet. It returns false where there is none, or where it is too
// late: filed, settled, returned or canceled before.
func (r *Rail) CancelQueued(ctx context.Context, tx *db.Tx, paymentID string) (bool, error) {
	res, err := tx.ExecContext(ctx,
		"UPDATE ach_entry SET state = 'canceled', updated_at = $2 WHERE payment_id = $1 AND state = 'queued'",
		paymentID, db.Micros(r.clock()))
	if err != nil {
		return false, fmt.Errorf("cancel bank debit: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Clear lets a debit that was authorized by telephone into the next file: its consent is on record. It returns false where
// there is none that waits for that.
func (r *Rail) Clear(ctx context.Context, tx *db.Tx, paymentID string) (bool, error) {
	res, err := tx.ExecContext(ctx,
		"UPDATE ach_entry SET cleared_at = $2, updated_at = $2 WHERE payment_id = $1 AND state = 'queued' AND sec = 'TEL' AND cleared_at = 0",
		paymentID, db.Micros(r.clock()))
	if err != nil {
		return false, fmt.Errorf("clear bank debit: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Uncleared returns the payments whose debits wait for their consent, oldest first, at most limit.
func Uncleared(ctx context.Context, q db.Queryer, limit int) ([]string, error) {
	var out []string
	err := db.Each(ctx, q, "SELECT payment_id FROM ach_entry WHERE state = 'queued' AND sec = 'TEL' AND cleared_at = 0 ORDER BY queued_at, payment_id LIMIT $1",
		[]any{limit}, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("debits that wait for their consent: %w", err)
	}
	return out, nil
}

// WaitsForConsent reports whether the debit of a payment is kept out of files until its consent is on record.
func WaitsForConsent(ctx context.Context, q db.Queryer, paymentID string) (bool, error) {
	var waits bool
	err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM ach_entry WHERE payment_id = $1 AND state = 'queued' AND sec = 'TEL' AND cleared_at = 0)", paymentID).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("does a debit wait for its consent: %w", err)
	}
	return waits, nil
}
