package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/money"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
)

const refundFields = `id, payment_id, way, stands, amount_cents, taken_cents, state, reason, note_sealed, answer_sealed, asked_by, decided_by,
	processor_ref, problem, check_number, tries, asked_at, decided_at, done_at, paid_at, next_at`

func (p *Payments) scanRefund(row interface{ Scan(...any) error }) (r Refund, err error) {
	var note, answer []byte
	var asked, decided, done, paid, next int64
	if err = row.Scan(&r.ID, &r.PaymentID, &r.Way, &r.Stands, &r.Amount, &r.Taken, &r.State, &r.Reason, &note, &answer, &r.AskedBy, &r.DecidedBy,
		&r.Ref, &r.Problem, &r.CheckNumber, &r.tries, &asked, &decided, &done, &paid, &next); err != nil {
		return r, err
	}
	r.AskedAt, r.DecidedAt, r.DoneAt, r.PaidAt, r.nextAt = db.Time(asked), db.Time(decided), db.Time(done), db.Time(paid), db.Time(next)
	for _, x := range []struct {
		sealed []byte
		column seal.Column
		text   *string
	}{{note, refundNote, &r.Note}, {answer, refundAnswer, &r.Answer}} {
		if len(x.sealed) == 0 {
			continue
		}
		text, err := p.seal.Open(x.sealed, x.column.Place(r.ID))
		if err != nil { // the money matters more than what was written about it
			p.log.Error("what was written about a refund cannot be opened", "refund", r.ID, "err", err)
			r.Unreadable = true
			continue
		}
		*x.text = string(text)
	}
	return r, nil
}

// sealText seals what staff wrote about a refund; nothing stays nothing.
func (p *Payments) sealText(text string, column seal.Column, refundID string) (any, error) {
	if text == "" {
		return nil, nil
	}
	return p.seal.Seal([]byte(text), column.Place(refundID))
}

func (p *Payments) refundWhere(ctx context.Context, q db.Queryer, where string, args ...any) (Refund, error) {
	r, err := p.scanRefund(q.QueryRowContext(ctx, "SELECT "+refundFields+" FROM refund WHERE "+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Refund{}, ErrRefundNone
	}
	if err != nil {
		return Refund{}, fmt.Errorf("get refund: %w", err)
	}
	return r, nil
}

// RefundByID returns a refund for the parts of the product that act for nobody, or ErrRefundNone.
func (p *Payments) RefundByID(ctx context.Context, q db.Queryer, refundID string) (Refund, error) {
	return p.refundWhere(ctx, q, "id = $1", refundID)
}

// AccountName returns the name on the bank account that a payment came from, "" for a card.
func AccountName(ctx context.Context, q db.Queryer, paymentID string) (string, error) {
	return nacha.AccountName(ctx, q, paymentID)
}

// LookRefund is a refund and its payment as one of the staff looks at them. The look is noted down first.
func (p *Payments) LookRefund(ctx context.Context, by audit.Who, refundID string) (r Refund, pay Payment, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		if r, err = p.RefundByID(ctx, tx, refundID); err != nil {
			return err
		}
		if pay, err = ByID(ctx, tx, r.PaymentID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, by.Did(p.now(), "refund.seen", r.ID, pay.PayerID))
	})
	return r, pay, err
}

// RefundsOf returns the refunds of payments (ids), the first that was asked for first.
func (p *Payments) RefundsOf(ctx context.Context, q db.Queryer, paymentIDs []string) ([]Refund, error) {
	if len(paymentIDs) == 0 {
		return nil, nil
	}
	return p.refunds(ctx, q, "payment_id IN "+db.In(1, len(paymentIDs))+" ORDER BY asked_at, id", db.Args(paymentIDs)...)
}

// RefundWork returns the refunds that wait for one of the staff, the oldest first, at most limit: for a decision, or for
// a check to be written.
func (p *Payments) RefundWork(ctx context.Context, q db.Queryer, limit int) ([]Refund, error) {
	return p.refunds(ctx, q, "state = 'requested' OR (state = 'approved' AND way = 'check') ORDER BY asked_at, id LIMIT $1", limit)
}

// RefundsDone returns the refunds that ended or are with the processor, the newest first, at most limit.
func (p *Payments) RefundsDone(ctx context.Context, q db.Queryer, limit int) ([]Refund, error) {
	return p.refunds(ctx, q, "state NOT IN ('requested') AND NOT (state = 'approved' AND way = 'check') ORDER BY asked_at DESC, id DESC LIMIT $1", limit)
}

func (p *Payments) refunds(ctx context.Context, q db.Queryer, where string, args ...any) ([]Refund, error) {
	var out []Refund
	err := db.Each(ctx, q, "SELECT "+refundFields+" FROM refund WHERE "+where, args, func(rows *sql.Rows) error {
		r, err := p.scanRefund(rows)
		out = append(out, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list refunds: %w", err)
	}
	return out, nil
}

// lockRefund takes a refund's payment and then its own row for the rest of the transaction, and returns both.
func (p *Payments) lockRefund(ctx context.Context, tx *db.Tx, refundID string) (Payment, Refund, error) {
	known, err := p.RefundByID(ctx, tx, refundID)
	if err != nil {
		return Payment{}, Refund{}, err
	}
	pay, err := lock(ctx, tx, known.PaymentID)
	if err != nil {
		return Payment{}, Refund{}, err
	}
	r, err := p.RefundByID(ctx, tx, refundID) // it may have changed while the payment was waited for
	return pay, r, err
}

func (p *Payments) insertRefund(ctx context.Context, tx *db.Tx, r Refund, key string) error {
	note, err := p.sealText(r.Note, refundNote, r.ID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO refund (id, request_key, payment_id, way, stands, amount_cents, state, reason, note_sealed, asked_by, asked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, r.ID, key, r.PaymentID, string(r.Way), r.Stands, int64(r.Amount), string(r.State), r.Reason, note, r.AskedBy, db.Micros(r.AskedAt))
	if err != nil {
		return fmt.Errorf("ask for a refund: %w", err)
	}
	return nil
}

func (p *Payments) saveRefund(ctx context.Context, tx *db.Tx, r Refund) error {
	_, err := tx.ExecContext(ctx, `UPDATE refund SET state = $2, taken_cents = $3, decided_by = $4, processor_ref = $5, problem = $6,
		check_number = $7, decided_at = $8, done_at = $9, paid_at = $10, next_at = $11 WHERE id = $1`, r.ID, string(r.State), int64(r.Taken), r.DecidedBy, r.Ref, r.Problem, r.CheckNumber,
		db.Micros(r.DecidedAt), db.Micros(r.DoneAt), db.Micros(r.PaidAt), db.Micros(r.nextAt))
	if err != nil {
		return fmt.Errorf("save refund: %w", err)
	}
	return nil
}

// addRefunded changes how much of a payment went back.
func (p *Payments) addRefunded(ctx context.Context, tx *db.Tx, paymentID string, by money.Cents) error {
	_, err := tx.ExecContext(ctx, "UPDATE payment SET refunded_cents = refunded_cents + $2 WHERE id = $1", paymentID, int64(by))
	if err != nil {
		return fmt.Errorf("add up refunds: %w", err)
	}
	return nil
}
