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
	refundID := r.ID
	r, err := p.decide(ctx, audit.Program, refundID, RefundSubmitted, func(tx *db.Tx, pay Payment, r *Refund) error {
		r.nextAt = p.now().Add(p.timeout + sweepMargin)
		return p.still(ctx, tx, pay, 0)
	})
	if errors.Is(err, ErrRefundNothing) { // the payer's bank took the money back between the approval and now
		return p.decide(ctx, audit.Program, refundID, RefundFailed, func(tx *db.Tx, _ Payment, r *Refund) error {
			r.Problem, r.DoneAt = "payment_gone", p.now()
			return p.except(ctx, tx, p.now(), "refund.failed", r.ID, saidGone)
		})
	}
	if err != nil {
		return r, err
	}
	a, err := p.attemptWhere(ctx, "payment_id = $1", r.PaymentID)
	if err != nil {
		return r, err
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return p.hearRefund(ctx, r, p.cards.Refund(ask, processor.Refund{Reference: r.ID, Charge: a.Ref, Amount: r.Amount}))
}

// errMoved sends news back that were old when they came: the refund changed since the processor was asked.
var errMoved = errors.New("the refund changed while the processor answered; ask again")

// hearRefund records what the processor says of a refund, as it was seen before the processor was asked. What is known
// already changes nothing; where the refund changed since, it returns errMoved.
func (p *Payments) hearRefund(ctx context.Context, seen Refund, said processor.Refunded) (r Refund, err error) {
	to := map[processor.Status]RefundState{processor.Succeeded: RefundSucceeded, processor.Pending: RefundPending, processor.Declined: RefundFailed}[said.Status]
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var pay Payment
		if pay, r, err = p.lockRefund(ctx, tx, seen.ID); err != nil {
			return err
		}
		from := r.State
		if to == "" || from == to {
			return nil
		}
		if from != seen.State || !r.DoneAt.Equal(seen.DoneAt) {
			return errMoved
		}
		if said.Amount != 0 && said.Amount != r.Amount {
			return p.exceptStill(ctx, tx, p.now(), "refund.amount_mismatch", r.ID, fmt.Sprintf(saidAmount, r.Amount, said.Amount))
		}
		if !from.CanBecome(to) {
			p.log.Info("late news", "refund", r.ID, "state", from, "news", to)
			return nil
		}
		was := r
		if err := p.settleRefund(ctx, tx, pay, &r, to, said); err != nil {
			return err
		}
		err = p.turnRefund(ctx, tx, audit.Program, pay, was, r, to)
		r.State = to
		return err
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
			if err := p.except(ctx, tx, now, "refund.late_success", r.ID, saidLateRefund); err != nil {
				return err
			}
		}
		r.Problem = ""
		return p.payOut(ctx, tx, now, pay, r)
	case to == RefundFailed:
		r.Problem, r.DoneAt, r.nextAt = said.Reason, now, time.Time{}
		if r.State != RefundSucceeded {
			return p.except(ctx, tx, now, "refund.failed", r.ID, fmt.Sprintf(saidRefused, said.Reason))
		}
		return p.takeIn(ctx, tx, now, pay, r)
	}
	return nil
}

// payOut takes a refund's money off bills and credit, because it is on its way to who paid. Money that is not here any
// more, because the payer's bank took it back meanwhile, is a case for a person.
func (p *Payments) payOut(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, r *Refund) error {
	if r.DoneAt = now; r.PaidAt.IsZero() {
		r.PaidAt = now
	}
	if r.nextAt = (time.Time{}); r.Way == ToCard {
		r.nextAt = now.Add(againEvery)
	}
	if r.Taken > 0 { // it failed when the payment itself had gone back, and so was never booked back
		return nil
	}
	account := pay.Rail.account()
	switch {
	case r.Way == ByCheck:
		account = ledger.ChecksOut
	case pay.State == Disputed:
		account = ledger.Dispute
	}
	taken, err := bill.TakeBack(ctx, tx, now, bill.Source{PaymentID: pay.ID, Payee: pay.Payee, PayerID: pay.PayerID, Account: account, Kind: RefundPosted}, r.Stands, r.Amount)
	if err != nil {
		return err
	}
	if taken < r.Amount {
		if err := p.except(ctx, tx, now, "refund.beyond", r.ID, fmt.Sprintf(saidBeyond, r.Amount, taken)); err != nil {
			return err
		}
	}
	r.Taken = taken
	return p.addRefunded(ctx, tx, pay.ID, taken)
}

// RefundPosted is the kind of the book's entries by which refunds take money off bills and credit.
const RefundPosted = "refund.succeeded"

// takeIn books the money of a refund that the payer's bank sent back to us: it is the payer's credit, and a case for a
// person. Of a payment that went back itself meanwhile, nothing is booked: a person decides whose money it is.
func (p *Payments) takeIn(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, r *Refund) error {
	if err := p.except(ctx, tx, now, "refund.back", r.ID, fmt.Sprintf(saidBack, now.UTC().Format("2006-01-02 15:04"), r.Problem)); err != nil {
		return err
	}
	taken := r.Taken
	if taken == 0 || pay.State == Returned || pay.State == ChargedBack {
		return nil
	}
	account := pay.Rail.account()
	switch {
	case r.Way == ByCheck:
		account = ledger.ChecksOut
	case pay.State == Disputed:
		account = ledger.Dispute
	}
	r.Taken = 0
	if err := p.addRefunded(ctx, tx, pay.ID, -taken); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: "refund.failed", Payee: pay.Payee, Postings: []ledger.Posting{
		{Debit: account, Credit: ledger.Credit, Amount: taken, PaymentID: pay.ID, MemberID: pay.PayerID}}})
}

// A refund that went out is looked at again now and then: the card's bank may send it back, and that news may be lost.
const (
	againEvery = 24 * time.Hour
	againUntil = 30 * 24 * time.Hour
)

// A refund without an outcome is told to a person after so long.
const tardyAfter = 10 * 24 * time.Hour

// refundPause is how long to wait before a refund is looked for again: seconds at first, then an hour, because a bank may
// take days.
func refundPause(tries int) time.Duration { return min(2*time.Second<<min(tries, 12), time.Hour) }

// SweepRefunds sends approved refunds that were not sent, asks after those without an outcome, and now and then after those
// that went out. It returns how many it asked about.
func (p *Payments) SweepRefunds(ctx context.Context) (int, error) {
	var due []Refund
	now := p.now()
	err := p.db.Write(ctx, func(tx *db.Tx) error {
		due = nil
		err := db.Each(ctx, tx, "SELECT "+refundFields+" FROM refund WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT $2"+
			p.db.Engine.SkipLocked(), []any{db.Micros(now), sweepBatch}, func(rows *sql.Rows) error {
			r, err := p.scanRefund(rows)
			due = append(due, r)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range due {
			if _, err := tx.ExecContext(ctx, "UPDATE refund SET tries = tries + 1, next_at = $2 WHERE id = $1", r.ID, db.Micros(r.again(now))); err != nil {
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

// again is when a refund that is asked about now is asked about next; zero for never.
func (r Refund) again(now time.Time) time.Time {
	switch {
	case r.State != RefundSucceeded:
		return now.Add(refundPause(r.tries))
	case now.Sub(r.PaidAt) < againUntil:
		return now.Add(againEvery)
	}
	return time.Time{}
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
	if err != nil {
		return errors.Join(err, p.tardy(ctx, r))
	}
	said, there := ours(list, r.ID)
	if !there && r.State != RefundSucceeded { // the question never arrived
		said = p.cards.Refund(ask, processor.Refund{Reference: r.ID, Charge: a.Ref, Amount: r.Amount})
	}
	r, err = p.hearRefund(ctx, r, said)
	if err != nil {
		return err
	}
	return p.tardy(ctx, r)
}

// tardy tells a person of a refund of which the processor has said nothing for a day, or nothing final for ten.
func (p *Payments) tardy(ctx context.Context, r Refund) error {
	age := p.now().Sub(r.DecidedAt)
	if (r.State != RefundSubmitted || age <= hopelessAfter) && (r.State != RefundPending || age <= tardyAfter) {
		return nil
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		return p.exceptStill(ctx, tx, p.now(), "refund.no_answer", r.ID, fmt.Sprintf(saidTardy, r.State))
	})
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
	known, err := p.RefundsOf(ctx, p.db.Read(), []string{a.PaymentID}) // before the question, so that older news is known as such
	if err != nil {
		return err
	}
	list, err := p.cards.Refunds(ctx, a.Ref)
	if err != nil {
		return err
	}
	for _, said := range list {
		r, there := byID(known, said.Reference)
		switch {
		case there && r.State != RefundApproved && r.State != RefundRequested:
			_, err = p.hearRefund(ctx, r, said)
		case !there && said.Status != processor.Declined:
			err = p.db.Write(ctx, func(tx *db.Tx) error {
				_, err := p.exceptOnce(ctx, tx, p.now(), "refund.foreign", a.PaymentID, fmt.Sprintf(saidForeign, said.ProcessorRef, said.Amount))
				return err
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
