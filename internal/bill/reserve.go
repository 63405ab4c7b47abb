package bill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/money"
)

// Reservation asks that part of a bill be held for a payment, so that nobody else can pay it meanwhile.
type Reservation struct {
	PaymentID string
	BillID    string
	Payee     string
	Amount    money.Cents
}

// ErrTaken means that at least one bill has less left to pay than was asked for: somebody else is paying it, the bill
// changed, or it is gone. Nothing was reserved for anybody; the transaction must be rolled back.
type ErrTaken struct{ PaymentIDs []string }

func (e ErrTaken) Error() string {
	return fmt.Sprintf("%d payments ask for more than is left on a bill", len(e.PaymentIDs))
}

// ErrTwice means that one call named a bill twice.
var ErrTwice = errors.New("bill: a bill stands twice in one set of reservations")

// Reserve holds amounts on bills for many payments in two statements. Every bill may stand in it once. It returns
// ErrTaken, naming the payments that cannot be made, if any amount is more than what is due.
func Reserve(ctx context.Context, tx *db.Tx, now time.Time, list []Reservation) error {
	byBill := make(map[string]Reservation, len(list))
	args := make([]any, 0, 1+len(list)*3)
	for _, r := range list {
		byBill[r.BillID] = r
		args = append(args, r.BillID, r.Payee, int64(r.Amount))
	}
	if len(byBill) != len(list) {
		return ErrTwice
	}
	rows, err := tx.QueryContext(ctx, `WITH want (bill_id, payee, amount) AS (VALUES `+db.TypedValues(len(list), "TEXT", "TEXT", "BIGINT")+`)
		UPDATE bill SET pending_cents = pending_cents + want.amount, version = version + 1
		FROM want WHERE bill.id = want.bill_id AND bill.payee = want.payee AND bill.state = 'open' AND
			bill.responsibility_cents - bill.prior_paid_cents - bill.applied_cents - bill.pending_cents >= want.amount
		RETURNING bill.id`, args...)
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var billID string
		if err := rows.Scan(&billID); err != nil {
			return fmt.Errorf("reserve: %w", err)
		}
		delete(byBill, billID)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	if len(byBill) > 0 {
		var taken ErrTaken
		for _, r := range byBill {
			taken.PaymentIDs = append(taken.PaymentIDs, r.PaymentID)
		}
		return taken
	}
	return allocate(ctx, tx, list)
}

func allocate(ctx context.Context, tx *db.Tx, list []Reservation) error {
	args := make([]any, 0, len(list)*4)
	for i, r := range list {
		args = append(args, r.PaymentID, r.BillID, i, int64(r.Amount))
	}
	return tx.Later(ctx, "allocate", "INSERT INTO allocation (payment_id, bill_id, line, amount_cents) VALUES "+
		db.Values(len(list), 4), args...)
}

// Allocation is the part of a payment that is meant for one bill. Applied is what the bill took: less than Amount where
// the bill had become smaller meanwhile, 0 while the payment is on its way or after it came back.
type Allocation struct {
	PaymentID string
	BillID    string
	Amount    money.Cents
	Applied   money.Cents
}

// Allocations returns the parts of one payment in the order in which they were asked for.
func Allocations(ctx context.Context, q db.Queryer, paymentID string) ([]Allocation, error) {
	return allocations(ctx, q, "payment_id = $1 ORDER BY line", paymentID)
}

// AllocationsOf returns the parts of many payments, keyed by payment.
func AllocationsOf(ctx context.Context, q db.Queryer, paymentIDs []string) (map[string][]Allocation, error) {
	out := make(map[string][]Allocation, len(paymentIDs))
	if len(paymentIDs) == 0 {
		return out, nil
	}
	list, err := allocations(ctx, q, "payment_id IN "+db.In(1, len(paymentIDs))+" ORDER BY payment_id, line", db.Args(paymentIDs)...)
	for _, a := range list {
		out[a.PaymentID] = append(out[a.PaymentID], a)
	}
	return out, err
}

func allocations(ctx context.Context, q db.Queryer, where string, args ...any) ([]Allocation, error) {
	var out []Allocation
	err := db.Each(ctx, q, "SELECT payment_id, bill_id, amount_cents, applied_cents FROM allocation WHERE "+where, args, func(rows *sql.Rows) error {
		var a Allocation
		err := rows.Scan(&a.PaymentID, &a.BillID, &a.Amount, &a.Applied)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("allocations: %w", err)
	}
	return out, nil
}
