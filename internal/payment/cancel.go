package payment

import (
	"context"
	"fmt"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/processor"
	"memberpay/internal/processor/nacha"
)

// ErrTooLate means that a payment cannot be canceled any more: the file went to the bank, or the card was charged.
var ErrTooLate = fault.New(fault.Conflict, "payment.too_late_to_cancel")

// Cancel stops a payment for its payer, who is by: a bank payment until its file is cut, a card payment while the payer's bank
// still waits for the payer. It returns ErrTooLate, and the payment as it is, where that is over.
func (p *Payments) Cancel(ctx context.Context, pay Payment, by audit.Who) (Payment, error) {
	switch {
	case pay.Rail == Bank && pay.State == Pending:
		return p.cancelBank(ctx, pay, by)
	case pay.Rail == Card && pay.State == ActionRequired:
		return p.cancelCard(ctx, pay, by)
	case pay.State == Canceled:
		return pay, nil
	}
	return pay, ErrTooLate
}

// PendingOnline returns the bank payments of a payer (row id) that were made online and are not good money yet, the newest
// first, at most 20: those of guests, and those of the accounts that are named.
func PendingOnline(ctx context.Context, q db.Queryer, payerID string, accountIDs []string) ([]Payment, error) {
	return several(ctx, q, `payer_id = $1 AND rail = 'bank' AND state = 'pending' AND account_id IN `+db.In(2, len(accountIDs)+1)+`
		AND NOT EXISTS (SELECT 1 FROM phone_payment WHERE phone_payment.payment_id = payment.id AND phone_payment.evidence <> '')
		ORDER BY submitted_at DESC, id DESC LIMIT 20`, append([]any{payerID, ""}, db.Args(accountIDs)...)...)
}

func (p *Payments) cancelBank(ctx context.Context, pay Payment, by audit.Who) (out Payment, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		out = pay
		queued, err := p.bank.CancelQueued(ctx, tx, pay.ID)
		if err != nil {
			return err
		}
		if !queued {
			return ErrTooLate
		}
		out, err = p.RecordIn(ctx, tx, pay.ID, Change{To: Canceled, By: by})
		return err
	})
	return out, err
}

func (p *Payments) cancelCard(ctx context.Context, pay Payment, by audit.Who) (Payment, error) {
	a, err := p.attemptWhere(ctx, "payment_id = $1", pay.ID)
	if err != nil {
		return pay, err
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	outcome, err := p.cards.Cancel(ask, a.Ref)
	if err != nil {
		return pay, fmt.Errorf("cancel: %w", err)
	}
	change := changeOf(outcome)
	if outcome.Status == processor.Declined {
		change = Change{To: Canceled, By: by}
	}
	out, err := p.Record(ctx, pay.ID, change)
	if err == nil && out.State != Canceled {
		err = ErrTooLate
	}
	return out, err
}

// Receive takes in what the bank answered: settlements and returns. Each result and its payment change in one
// transaction. It returns how many results were new.
func (p *Payments) Receive(ctx context.Context) (int, error) {
	return p.bank.Receive(ctx, func(ctx context.Context, tx *db.Tx, r nacha.Result) error {
		c := Change{To: Succeeded, Amount: r.Amount}
		if r.Kind == nacha.Returned {
			c = Change{To: Returned, Reason: r.Code, CanRetry: true}
		}
		_, err := p.RecordIn(ctx, tx, r.PaymentID, c)
		return err
	})
}
