package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/ledger"
	"memberpay/internal/processor"
)

// sendRefund asks the processor for an approved refund and records the answer. That it is sent is durable before it is:
// a crash leaves a refund that is looked for at the processor, and is asked for again under the same reference only where
// it is not there.
func (p *Payments) sendRefund(ctx context.Context, r Refund) (Refund, error) {
	r, err := p.decide(ctx, audit.Program, r.ID, RefundSubmitted, func(tx *db.Tx, _ Payment, r *Refund) error {
		_, err := tx.ExecContext(ctx, "UPDATE refund SET sent_at = $2, next_at = $3 WHERE id = $1", r.ID, db.Micros(p.now()), db.Micros(p.now().Add(p.timeout+sweepMargin)))
		return err
	})
	if err != nil {
		return r, err
	}
	a, err := p.attemptWhere(ctx, "payment_id = $1", r.PaymentID)
	if err != nil {
		return r, err
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return p.hearRefund(ctx, r.ID, p.cards.Refund(ask, processor.Refund{Reference: r.ID, Charge: a.Ref, Amount: r.Amount}))
}

// hearRefund records what the processor says of a refund. What is known already changes nothing.
func (p *Payments) hearRefund(ctx context.Context, refundID string, said processor.Refunded) (r Refund, err error) {
	to := map[processor.Status]RefundState{processor.Succeeded: RefundSucceeded, processor.Pending: RefundPending, processor.Declined: RefundFailed}[said.Status]
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var pay Payment
		if pay, r, err = p.lockRefund(ctx, tx, refundID); err != nil {
			return err
		}
		from := r.State
		if to == "" || from == to {
			return nil
		}
		if said.Amount != 0 && said.Amount != r.Amount {
			return p.except(ctx, tx, p.now(), "refund.amount_mismatch", r.ID, fmt.Sprintf("we asked for %s, the processor says %s", r.Amount, said.Amount))
		}
		if !from.CanBecome(to) {
			p.log.Info("late news", "refund", r.ID, "state", from, "news", to)
			return nil
		}
		if err := p.settleRefund(ctx, tx, pay, &r, to, said); err != nil {
			return err
		}
		r.State = to
		if err := p.saveRefund(ctx, tx, r); err != nil {
			return err
		}
		return p.noteRefund(ctx, tx, audit.Program, pay, r, from)
	})
	return r, err
}

// settleRefund does to bills and book what the outcome of a refund means for them.
func (p *Payments) settleRefund(ctx context.Context, tx *db.Tx, pay Payment, r *Refund, to RefundState, said processor.Refunded) error {
	now := p.now()
	if said.ProcessorRef != "" {
		r.Ref = said.ProcessorRef
	}
	switch {
	case to == RefundSucceeded:
		if r.State == RefundFailed {
			if err := p.except(ctx, tx, now, "refund.late_success", r.ID, "the refund went out after it was recorded as failed"); err != nil {
				return err
			}
		}
		r.Problem = ""
		return p.payOut(ctx, tx, now, pay, r)
	case to == RefundFailed:
		r.Problem, r.DoneAt = said.Reason, now
		if r.State != RefundSucceeded {
			return p.except(ctx, tx, now, "refund.failed", r.ID, "the processor refused it: "+said.Reason)
		}
		return p.takeIn(ctx, tx, now, pay, r)
	}
	return nil
}

// payOut takes a refund's money off bills and credit, because it is on its way to who paid. Money that is not here any
// more, because the payer's bank took it back meanwhile, is a case for a person.
func (p *Payments) payOut(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, r *Refund) error {
	if r.Taken > 0 { // it failed when the payment itself had gone back, and so was never booked back
		r.DoneAt = now
		return nil
	}
	account := pay.Rail.account()
	switch {
	case r.Way == ByCheck:
		account = ledger.ChecksOut
	case pay.State == Disputed:
		account = ledger.Dispute
	}
	taken, err := bill.TakeBack(ctx, tx, now, bill.Source{PaymentID: pay.ID, Payee: pay.Payee, PayerID: pay.PayerID, Account: account, Kind: "refund.succeeded"}, r.Stands, r.Amount)
	if err != nil {
		return err
	}
	if taken < r.Amount {
		if err := p.except(ctx, tx, now, "refund.beyond", r.ID, fmt.Sprintf("%s went back, and only %s of the payment was still here", r.Amount, taken)); err != nil {
			return err
		}
	}
	r.Taken, r.DoneAt = taken, now
	return p.addRefunded(ctx, tx, pay.ID, taken)
}

// takeIn books the money of a refund that the payer's bank sent back to us: it is the payer's credit, and a case for a
// person. Of a payment that went back itself meanwhile, nothing is booked: a person decides whose money it is.
func (p *Payments) takeIn(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, r *Refund) error {
	if err := p.except(ctx, tx, now, "refund.back", r.ID, "the payer's bank sent the money back: "+r.Problem); err != nil {
		return err
	}
	taken := r.Taken
	if taken == 0 || pay.State == Returned || pay.State == ChargedBack {
		return nil
	}
	account := pay.Rail.account()
	if pay.State == Disputed {
		account = ledger.Dispute
	}
	r.Taken = 0
	if err := p.addRefunded(ctx, tx, pay.ID, -taken); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: "refund.failed", Payee: pay.Payee, Postings: []ledger.Posting{
		{Debit: account, Credit: ledger.Credit, Amount: taken, PaymentID: pay.ID, MemberID: pay.PayerID}}})
}

// refundPause is how long to wait before a refund is looked for again: seconds at first, then an hour, because a bank may
// take days.
func refundPause(tries int) time.Duration { return min(2*time.Second<<min(tries, 12), time.Hour) }

// SweepRefunds sends approved refunds that were not sent, and asks after those without an outcome. It returns how many it
// asked about.
func (p *Payments) SweepRefunds(ctx context.Context) (int, error) {
	var due []Refund
	now := p.now()
	err := p.db.Write(ctx, func(tx *db.Tx) error {
		due = nil
		err := db.Each(ctx, tx, "SELECT "+refundFields+" FROM refund WHERE way = 'card' AND state IN ('approved', 'submitted', 'pending') AND next_at <= $1 ORDER BY next_at LIMIT $2"+
			p.db.Engine.SkipLocked(), []any{db.Micros(now), sweepBatch}, func(rows *sql.Rows) error {
			r, err := p.scanRefund(rows)
			due = append(due, r)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range due {
			if _, err := tx.ExecContext(ctx, "UPDATE refund SET tries = tries + 1, next_at = $2 WHERE id = $1", r.ID, db.Micros(now.Add(refundPause(r.tries)))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sweep refunds: %w", err)
	}
	for _, r := range due {
		if err := p.checkRefund(ctx, r); err != nil {
			p.log.Warn("sweep refunds", "refund", r.ID, "err", err)
		}
	}
	return len(due), ctx.Err()
}

// checkRefund finds out what became of one refund and records it.
func (p *Payments) checkRefund(ctx context.Context, r Refund) error {
	if r.State == RefundApproved {
		_, err := p.sendRefund(ctx, r)
		return err
	}
	a, err := p.attemptWhere(ctx, "payment_id = $1", r.PaymentID)
	if err != nil {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	list, err := p.cards.Refunds(ask, a.Ref)
	if err != nil && p.now().Sub(r.DecidedAt) > hopelessAfter {
		return errors.Join(err, p.db.Write(ctx, func(tx *db.Tx) error {
			return p.except(ctx, tx, p.now(), "refund.no_answer", r.ID, "the processor cannot say what became of the refund")
		}))
	}
	if err != nil {
		return err
	}
	said, there := ours(list, r.ID)
	if !there { // the question never arrived
		said = p.cards.Refund(ask, processor.Refund{Reference: r.ID, Charge: a.Ref, Amount: r.Amount})
	}
	_, err = p.hearRefund(ctx, r.ID, said)
	return err
}

func ours(list []processor.Refunded, reference string) (processor.Refunded, bool) {
	for _, x := range list {
		if x.Reference == reference {
			return x, true
		}
	}
	return processor.Refunded{}, false
}

// refundNews takes in a hint that something happened to the refunds of a charge: the processor is asked what. A refund
// that was made at the processor itself is a case for a person, because bills and book do not know it.
func (p *Payments) refundNews(ctx context.Context, a attempt) error {
	list, err := p.cards.Refunds(ctx, a.Ref)
	if err != nil {
		return err
	}
	known, err := p.RefundsOf(ctx, p.db.Read(), []string{a.PaymentID})
	if err != nil {
		return err
	}
	for _, said := range list {
		r, there := byID(known, said.Reference)
		switch {
		case there && r.State != RefundApproved && r.State != RefundRequested:
			_, err = p.hearRefund(ctx, r.ID, said)
		case !there && said.Status != processor.Declined:
			err = p.db.Write(ctx, func(tx *db.Tx) error {
				return p.except(ctx, tx, p.now(), "refund.foreign", a.PaymentID, fmt.Sprintf("refund %s of %s was made at the processor", said.ProcessorRef, said.Amount))
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func byID(list []Refund, refundID string) (Refund, bool) {
	for _, r := range list {
		if r.ID == refundID {
			return r, true
		}
	}
	return Refund{}, false
}
