package bill

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

// revise brings a known bill to what the source says now. What was paid here stays: where the bill becomes smaller than
// that, the difference becomes the member's credit.
func revise(ctx context.Context, tx *db.Tx, now time.Time, was stored, in Incoming, hash string) (Imported, error) {
	b, err := lock(ctx, tx, was.billID)
	if err != nil {
		return Imported{}, err
	}
	if !in.AsOf.IsZero() && (in.AsOf.Before(b.AsOf) || in.AsOf.Before(was.asOf)) {
		return Imported{BillID: b.ID, Verdict: Stale, State: b.State}, nil
	}
	verdict, before := Updated, b.Open()
	if in.Void {
		if b.State == Void {
			return Imported{BillID: b.ID, Verdict: Unchanged, State: Void}, nil
		}
		verdict, b.Responsibility, b.PriorPaid, b.AsOf = Voided, 0, 0, in.asOf(now)
	} else {
		in.fill(b)
		kind, payee := b.Kind, b.Payee // a bill never changes the book it stands in
		in.describe(&b, now)
		b.Kind, b.Payee = kind, payee
	}
	excess := max(0, b.PriorPaid+b.Applied-b.Responsibility)
	b.Applied -= excess
	if b.State = b.settle(); in.Void {
		b.State = Void
	}
	if err := save(ctx, tx, now, b, in, hash); err != nil {
		return Imported{}, err
	}
	if err := post(ctx, tx, now, b, string(verdict), b.Open()-before, excess); err != nil {
		return Imported{}, err
	}
	err = event.Append(ctx, tx, event.Event{At: now, Kind: "bill." + string(verdict), Subject: b.ID,
		Data: map[string]money.Cents{"open_before": before, "open": b.Open(), "to_credit": excess}})
	return Imported{BillID: b.ID, Verdict: verdict, State: b.State}, err
}

// post enters a change of what is owed. charge is the change of the open amount as such; excess is what payments had
// covered and the bill no longer needs.
func post(ctx context.Context, tx *db.Tx, now time.Time, b Bill, verdict string, change, excess money.Cents) error {
	var p []ledger.Posting
	// The bill as the source sees it moved by change - excess: the excess comes back to the receivable as credit given.
	switch moved := change - excess; {
	case moved > 0:
		p = append(p, ledger.Posting{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: moved, BillID: b.ID})
	case moved < 0:
		p = append(p, ledger.Posting{Debit: ledger.Billed, Credit: ledger.Receivable, Amount: -moved, BillID: b.ID})
	}
	if excess > 0 {
		back, err := unapply(ctx, tx, b.ID, excess)
		if err != nil {
			return err
		}
		for _, a := range back {
			p = append(p, ledger.Posting{Debit: ledger.Receivable, Credit: ledger.Credit, Amount: a.Amount,
				BillID: b.ID, PaymentID: a.PaymentID, MemberID: b.GuarantorID})
		}
	}
	if len(p) == 0 {
		return nil
	}
	return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: "bill." + verdict, Payee: b.Payee, Postings: p})
}

// unapply takes amount back from the newest payments applied to a bill and tells from which.
func unapply(ctx context.Context, tx *db.Tx, billID string, amount money.Cents) ([]Allocation, error) {
	applied, err := allocations(ctx, tx, "bill_id = $1 AND applied_cents > 0 ORDER BY payment_id DESC", billID)
	if err != nil {
		return nil, err
	}
	var out []Allocation
	for _, a := range applied {
		take := min(amount, a.Applied)
		if take == 0 {
			break
		}
		if _, err := tx.ExecContext(ctx, "UPDATE allocation SET applied_cents = applied_cents - $1 WHERE payment_id = $2 AND bill_id = $3",
			int64(take), a.PaymentID, billID); err != nil {
			return nil, fmt.Errorf("unapply: %w", err)
		}
		out = append(out, Allocation{PaymentID: a.PaymentID, BillID: billID, Amount: take})
		amount -= take
	}
	if amount > 0 {
		return nil, fmt.Errorf("bill %s: %s was applied without an allocation", billID, amount)
	}
	return out, nil
}

// lock takes the bill's row for the rest of the transaction and returns it as it is, without lines.
func lock(ctx context.Context, tx *db.Tx, billID string) (Bill, error) {
	b, err := scan(tx.QueryRowContext(ctx, "UPDATE bill SET version = version + 1 WHERE id = $1 RETURNING "+fields, billID))
	if err != nil {
		return Bill{}, fmt.Errorf("lock bill %s: %w", billID, err)
	}
	return b, nil
}

// save writes a revised bill: its amounts, and what the source says of it unless it took the bill back. Lines of which the
// source is silent stay.
func save(ctx context.Context, tx *db.Tx, now time.Time, b Bill, in Incoming, hash string) error {
	_, err := tx.ExecContext(ctx, `UPDATE bill SET responsibility_cents = $2, prior_paid_cents = $3, applied_cents = $4,
		pending_cents = $5, state = $6, source_hash = $7, as_of = $8, updated_at = $9 WHERE id = $1`,
		b.ID, int64(b.Responsibility), int64(b.PriorPaid), int64(b.Applied), int64(b.Pending), string(b.State), hash,
		db.Micros(b.AsOf), db.Micros(now))
	if err != nil {
		return fmt.Errorf("save bill %s: %w", b.ID, err)
	}
	if in.Void {
		return nil
	}
	var lines any // NULL keeps those there are
	if !in.Silent.Lines {
		text, err := json.Marshal(append([]Line{}, b.Lines...))
		if err != nil {
			return err
		}
		lines = string(text)
	}
	_, err = tx.ExecContext(ctx, `UPDATE bill SET eob_id = $2, number = $3, number_folded = $4, patient_id = $5, guarantor_id = $6,
		visit = $7, provider = $8, insurer = $9, service_date = $10, due_date = $11, charged_cents = $12, plan_paid_cents = $13,
		adjustment_cents = $14, lines = COALESCE($15, lines), source = $16 WHERE id = $1`, b.ID, b.EOBID, b.Number, id.Fold(b.Number), b.PatientID,
		b.GuarantorID, b.Visit, b.Provider, b.Insurer, b.ServiceDate, b.DueDate, int64(b.Charged), int64(b.PlanPaid),
		int64(b.Adjustment), lines, b.Source)
	if err != nil {
		return fmt.Errorf("describe bill %s: %w", b.ID, err)
	}
	return nil
}
