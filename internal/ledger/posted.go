package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/money"
)

// Posted is one line of the book that a payment caused.
type Posted struct {
	At        time.Time
	Kind      string // of the entry
	PaymentID string
	BillID    string // "" where no bill is on either side
	Back      bool   // it takes back what was posted before
	Amount    money.Cents
}

// PostedBy returns the lines on bills that payments (ids) caused, newest first, at most limit.
func PostedBy(ctx context.Context, q db.Queryer, paymentIDs []string, limit int) ([]Posted, error) {
	if len(paymentIDs) == 0 {
		return nil, nil
	}
	paymentIDs = paymentIDs[:min(len(paymentIDs), 500)]
	return posted(ctx, q, fmt.Sprintf("payment_id <> '' AND payment_id IN %s AND (debit = 'receivable' OR credit = 'receivable') ORDER BY at DESC, entry_id DESC, line LIMIT $%d",
		db.In(1, len(paymentIDs)), len(paymentIDs)+1), append(db.Args(paymentIDs), limit)...)
}

// TakenOff returns the lines by which entries of a kind took money off a bill again, oldest first, at most 100.
func TakenOff(ctx context.Context, q db.Queryer, billID, kind string) ([]Posted, error) {
	return posted(ctx, q, "bill_id = $1 AND kind = $2 AND debit = 'receivable' ORDER BY at, entry_id, line LIMIT 100", billID, kind)
}

func posted(ctx context.Context, q db.Queryer, where string, args ...any) ([]Posted, error) {
	var out []Posted
	err := db.Each(ctx, q, "SELECT at, kind, payment_id, bill_id, debit = 'receivable', amount_cents FROM ledger_posting WHERE "+where, args, func(rows *sql.Rows) error {
		var p Posted
		var at int64
		err := rows.Scan(&at, &p.Kind, &p.PaymentID, &p.BillID, &p.Back, &p.Amount)
		p.At = db.Time(at)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what was posted: %w", err)
	}
	return out, nil
}
