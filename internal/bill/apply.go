package bill

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

// Source is the account a payment's money stands in, and whose credit takes what no bill needs.
type Source struct {
	PaymentID string
	Payee     string
	PayerID   string // member row id
	Account   ledger.Account
	Kind      string // kind of the entry in the book
}

// Apply turns what a payment reserved into money on its bills and posts it. What a bill no longer needs becomes the
// payer's credit. It returns how much that was.
func Apply(ctx context.Context, tx *db.Tx, now time.Time, from Source) (credit money.Cents, err error) {
	list, err := locked(ctx, tx, from.PaymentID)
	if err != nil {
		return 0, err
	}
	var p []ledger.Posting
	for _, l := range list {
		b, a := l.bill, l.Allocation
		take := min(a.Amount, b.Open())
		b.Pending -= a.Amount
		b.Applied += take
		if b.State != Void {
			b.State = b.settle()
		}
		if err := saveAmounts(ctx, tx, now, b); err != nil {
			return 0, err
		}
		if err := saveApplied(ctx, tx, a, take); err != nil {
			return 0, err
		}
		if take > 0 {
			p = append(p, ledger.Posting{Debit: from.Account, Credit: ledger.Receivable, Amount: take, BillID: b.ID, PaymentID: from.PaymentID})
		}
		credit += a.Amount - take
	}
	if credit > 0 {
		p = append(p, ledger.Posting{Debit: from.Account, Credit: ledger.Credit, Amount: credit, PaymentID: from.PaymentID, MemberID: from.PayerID})
	}
	return credit, ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: from.Kind, Payee: from.Payee, Postings: p})
}

// Release gives back what a payment reserved and never became money. Nothing was posted, so nothing is posted.
func Release(ctx context.Context, tx *db.Tx, now time.Time, paymentID string) error {
	list, err := locked(ctx, tx, paymentID)
	if err != nil {
		return err
	}
	for _, l := range list {
		l.bill.Pending -= l.Amount
		if err := saveAmounts(ctx, tx, now, l.bill); err != nil {
			return err
		}
	}
	return nil
}

// Reopen takes a payment's money off its bills, because it went back to where it came from, and posts the reverse of
// what stands in the book: the same bills are owed again, and credit it had left is taken back from whoever was given it.
// total is the whole payment; it returns an error where bills and credit do not add up to it.
func Reopen(ctx context.Context, tx *db.Tx, now time.Time, from Source, total money.Cents) error {
	list, err := locked(ctx, tx, from.PaymentID)
	if err != nil {
		return err
	}
	var p []ledger.Posting
	rest := total
	for _, l := range list {
		b, a := l.bill, l.Allocation
		if a.Applied == 0 {
			continue
		}
		rest -= a.Applied
		b.Applied -= a.Applied
		if b.State != Void {
			b.State = b.settle()
		}
		if err := saveAmounts(ctx, tx, now, b); err != nil {
			return err
		}
		if err := saveApplied(ctx, tx, a, 0); err != nil {
			return err
		}
		p = append(p, ledger.Posting{Debit: ledger.Receivable, Credit: from.Account, Amount: a.Applied, BillID: b.ID, PaymentID: from.PaymentID})
	}
	credit, err := ledger.CreditOf(ctx, tx, from.PaymentID)
	if err != nil {
		return err
	}
	for _, o := range credit { // the payer's, or that of whoever owed a bill that shrank afterwards
		rest -= o.Amount
		p = append(p, ledger.Posting{Debit: ledger.Credit, Credit: from.Account, Amount: o.Amount, PaymentID: from.PaymentID, MemberID: o.MemberID})
	}
	if rest != 0 {
		return fmt.Errorf("reopen the bills of payment %s: %s of %s stands neither on bills nor in credit", from.PaymentID, rest, total)
	}
	return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: from.Kind, Payee: from.Payee, Postings: p})
}

// Standing is where a part of a payment's money is: on a bill, or as credit.
type Standing struct {
	BillID string // "" for credit
	Amount money.Cents
}

// Standings returns where a payment's money is: credit first, then its bills from the last to the first. It is empty
// where nothing of the money is here.
func Standings(ctx context.Context, q db.Queryer, paymentID string) ([]Standing, error) {
	credit, err := ledger.CreditOf(ctx, q, paymentID)
	if err != nil {
		return nil, err
	}
	list, err := Allocations(ctx, q, paymentID)
	if err != nil {
		return nil, err
	}
	var free money.Cents
	for _, o := range credit {
		free += o.Amount
	}
	var out []Standing
	if free > 0 {
		out = append(out, Standing{Amount: free})
	}
	for _, a := range slices.Backward(list) {
		if a.Applied > 0 {
			out = append(out, Standing{BillID: a.BillID, Amount: a.Applied})
		}
	}
	return out, nil
}

// TakeBack takes part of a payment's money off what it stands on, because that part goes back to who paid: off the bill
// named first ("" for none), then off credit, then off the other bills from the last to the first. What is taken off a
// bill is owed again. It returns how much was taken: less than amount where less stands.
func TakeBack(ctx context.Context, tx *db.Tx, now time.Time, from Source, first string, amount money.Cents) (taken money.Cents, err error) {
	list, err := locked(ctx, tx, from.PaymentID)
	if err != nil {
		return 0, err
	}
	order, err := Standings(ctx, tx, from.PaymentID)
	if err != nil {
		return 0, err
	}
	var p []ledger.Posting
	for _, s := range Taken(order, first, amount) {
		take := s.Amount
		taken += take
		if s.BillID == "" {
			credit, err := fromCredit(ctx, tx, from, take)
			if err != nil {
				return 0, err
			}
			p = append(p, credit...)
			continue
		}
		i, _ := slices.BinarySearchFunc(list, s.BillID, func(l lockedAllocation, id string) int { return cmp.Compare(l.BillID, id) })
		b, a := list[i].bill, list[i].Allocation
		b.Applied -= take
		if b.State != Void {
			b.State = b.settle()
		}
		if err := saveAmounts(ctx, tx, now, b); err != nil {
			return 0, err
		}
		if err := saveApplied(ctx, tx, a, a.Applied-take); err != nil {
			return 0, err
		}
		p = append(p, ledger.Posting{Debit: ledger.Receivable, Credit: from.Account, Amount: take, BillID: b.ID, PaymentID: from.PaymentID})
	}
	if taken == 0 {
		return 0, nil
	}
	return taken, ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: from.Kind, Payee: from.Payee, Postings: p})
}

// Taken returns what TakeBack takes of where a payment's money stands.
func Taken(where []Standing, first string, amount money.Cents) (out []Standing) {
	rank := func(s Standing) int {
		if first != "" && s.BillID == first {
			return 0
		}
		return 1
	}
	where = slices.SortedStableFunc(slices.Values(where), func(a, b Standing) int { return cmp.Compare(rank(a), rank(b)) })
	for _, s := range where {
		if s.Amount = min(s.Amount, amount); s.Amount > 0 {
			amount -= s.Amount
			out = append(out, s)
		}
	}
	return out
}

// fromCredit takes an amount off the credit that a payment left, whoever has it.
func fromCredit(ctx context.Context, tx *db.Tx, from Source, amount money.Cents) (p []ledger.Posting, err error) {
	list, err := ledger.CreditOf(ctx, tx, from.PaymentID)
	for _, o := range list {
		take := min(o.Amount, amount)
		if take == 0 {
			break
		}
		amount -= take
		p = append(p, ledger.Posting{Debit: ledger.Credit, Credit: from.Account, Amount: take, PaymentID: from.PaymentID, MemberID: o.MemberID})
	}
	return p, err
}

type lockedAllocation struct {
	Allocation
	bill Bill
}

// locked returns a payment's allocations with their bills, each row taken for the rest of the transaction, in an order
// that is the same for everybody.
func locked(ctx context.Context, tx *db.Tx, paymentID string) ([]lockedAllocation, error) {
	list, err := Allocations(ctx, tx, paymentID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Allocation) int { return cmp.Compare(a.BillID, b.BillID) })
	out := make([]lockedAllocation, len(list))
	for i, a := range list {
		b, err := lock(ctx, tx, a.BillID)
		if err != nil {
			return nil, err
		}
		out[i] = lockedAllocation{a, b}
	}
	// The allocations were read before their bills were locked; an import may have changed one in between.
	again, err := Allocations(ctx, tx, paymentID)
	if err != nil {
		return nil, err
	}
	for _, a := range again {
		i, found := slices.BinarySearchFunc(out, a.BillID, func(l lockedAllocation, id string) int { return cmp.Compare(l.BillID, id) })
		if found {
			out[i].Allocation = a
		}
	}
	return out, nil
}

func saveAmounts(ctx context.Context, tx *db.Tx, now time.Time, b Bill) error {
	return tx.Later(ctx, "save amounts of bill "+b.ID,
		"UPDATE bill SET applied_cents = $2, pending_cents = $3, state = $4, updated_at = $5 WHERE id = $1",
		b.ID, int64(b.Applied), int64(b.Pending), string(b.State), db.Micros(now))
}

func saveApplied(ctx context.Context, tx *db.Tx, a Allocation, applied money.Cents) error {
	return tx.Later(ctx, "save allocation", "UPDATE allocation SET applied_cents = $3 WHERE payment_id = $1 AND bill_id = $2",
		a.PaymentID, a.BillID, int64(applied))
}
