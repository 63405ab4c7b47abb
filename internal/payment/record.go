package payment

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Change is news about a payment.
type Change struct {
	To        State
	Reason    string
	CanRetry  bool
	ActionURL string
	Amount    money.Cents    // what the outside world says moved; 0 where it does not say
	Card      processor.Card // what the processor says of the card, if anything
	By        audit.Who      // whose wish it is; the program, or news from outside, where it is zero
}

// Record changes a payment's state in a transaction of its own and returns the payment as it is then.
// News that the payment already knows, and news that comes too late to be true, change nothing and are no error.
func (p *Payments) Record(ctx context.Context, paymentID string, c Change) (pay Payment, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		pay, err = p.RecordIn(ctx, tx, paymentID, c)
		return err
	})
	return pay, err
}

// RecordIn is the only door through which a payment changes its state: the transition table decides, then bills, book,
// event and message follow in the same transaction.
func (p *Payments) RecordIn(ctx context.Context, tx *db.Tx, paymentID string, c Change) (Payment, error) {
	pay, err := lock(ctx, tx, paymentID)
	if err != nil {
		return Payment{}, err
	}
	now := p.now()
	if c.Amount != 0 && c.Amount != pay.Amount {
		return pay, p.exceptStill(ctx, tx, now, "payment.amount_mismatch", pay.ID, fmt.Sprintf(saidAmount, pay.Amount, c.Amount))
	}
	from := pay.State
	if from == c.To {
		return pay, nil
	}
	todo, ok := transitions[from][c.To]
	if !ok {
		return pay, p.late(ctx, tx, now, pay, c)
	}
	if err := carryOut(ctx, tx, now, pay, c.To, todo); err != nil {
		return Payment{}, err
	}
	if todo == reopen || todo == reopenDisputed {
		if err := p.afterRefunds(ctx, tx, now, pay, c.To); err != nil {
			return Payment{}, err
		}
	}
	pay.State, pay.Reason, pay.CanRetry, pay.ActionURL, pay.UpdatedAt = c.To, c.Reason, c.CanRetry, c.ActionURL, now
	if c.To == Succeeded && pay.SettledAt.IsZero() {
		pay.SettledAt = now
	}
	if err := saveState(ctx, tx, now, pay); err != nil {
		return Payment{}, err
	}
	if pay.State.Final() {
		if err := closeAttempts(ctx, tx, now, pay.ID, pay.State, pay.Reason); err != nil {
			return Payment{}, err
		}
	}
	if err := event.Append(ctx, tx, event.Event{At: now, Kind: "payment." + string(pay.State), Subject: pay.ID,
		Data: map[string]string{"from": string(from), "reason": pay.Reason}}); err != nil {
		return Payment{}, err
	}
	if err := audit.Append(ctx, tx, c.entry(now, from, pay)); err != nil {
		return Payment{}, err
	}
	return pay, p.outbox.Tell(ctx, tx, now, told(from, pay)...)
}

// entry is what the audit log says of a change.
func (c Change) entry(now time.Time, from State, pay Payment) audit.Entry {
	by := c.By
	if by == (audit.Who{}) {
		by = audit.Program
	}
	e := by.Did(now, "payment."+string(pay.State), pay.ID, pay.PayerID)
	if e.Detail = "was " + string(from); pay.Reason != "" {
		e.Detail += ", " + pay.Reason
	}
	return e
}

// told is what the payer is told by mail of a change, if anything.
func told(from State, pay Payment) []event.Message {
	kind := ""
	switch {
	case pay.State == Succeeded && from != Disputed && pay.Rail == Card:
		kind = "payment.receipt"
	case pay.State == Returned:
		kind = "payment.returned"
	case pay.State == Failed && from == Unknown:
		kind = "payment.failed"
	case pay.State == Canceled && from == Pending:
		kind = "payment.canceled"
	default:
		return nil
	}
	return []event.Message{{Kind: kind, Subject: pay.ID, Recipient: pay.Email, Language: pay.Language}}
}

// carryOut does to bills and book what a change of state means for them.
func carryOut(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, to State, todo effect) error {
	src := bill.Source{PaymentID: pay.ID, Payee: pay.Payee, PayerID: pay.PayerID, Account: pay.Rail.account(), Kind: "payment." + string(to)}
	left := pay.Amount - pay.Refunded
	switch todo {
	case apply:
		_, err := bill.Apply(ctx, tx, now, src)
		return err
	case release:
		return bill.Release(ctx, tx, now, pay.ID)
	case reopen:
		return reopenBills(ctx, tx, now, src, left)
	case reopenDisputed:
		src.Account = ledger.Dispute
		return reopenBills(ctx, tx, now, src, left)
	case dispute, undispute:
		if left == 0 {
			return nil
		}
		move := ledger.Posting{Debit: ledger.Dispute, Credit: pay.Rail.account(), Amount: left, PaymentID: pay.ID}
		if todo == undispute {
			move.Debit, move.Credit = move.Credit, move.Debit
		}
		return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: src.Kind, Payee: pay.Payee, Postings: []ledger.Posting{move}})
	}
	return nil
}

// afterRefunds tells a person of a payment that its payer's bank took back after some of it was refunded, or while some of it
// is about to be. A bank takes back all of a debit: what was refunded of it went back twice, and is to be recovered.
func (p *Payments) afterRefunds(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, to State) error {
	held, err := refundsHeld(ctx, tx, pay.ID)
	if err != nil {
		return err
	}
	if held > 0 {
		if err := p.except(ctx, tx, now, "payment.back_during_refund", pay.ID, fmt.Sprintf(saidHeld, to, held)); err != nil {
			return err
		}
	}
	if pay.Refunded == 0 {
		return nil
	}
	if err := p.except(ctx, tx, now, "payment.back_twice", pay.ID, fmt.Sprintf(saidTwice, to, pay.Refunded)); err != nil || pay.Rail != Bank {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: "payment.back_twice", Payee: pay.Payee, Postings: []ledger.Posting{
		{Debit: ledger.ToRecover, Credit: ledger.BankTransit, Amount: pay.Refunded, PaymentID: pay.ID}}})
}

// reopenBills takes what refunds left of a payment's money off its bills.
func reopenBills(ctx context.Context, tx *db.Tx, now time.Time, from bill.Source, left money.Cents) error {
	if left == 0 {
		return nil
	}
	return bill.Reopen(ctx, tx, now, from, left)
}

// late handles news that the state machine does not allow. Money that arrives after a payment was told to have failed is
// never dropped: it becomes the payer's credit and a case for a person. A dispute of money that does not stand on bills is
// a case, too. Other late news is only noted.
func (p *Payments) late(ctx context.Context, tx *db.Tx, now time.Time, pay Payment, c Change) error {
	if (c.To == Disputed || c.To == ChargedBack) && pay.State != ChargedBack {
		return p.except(ctx, tx, now, "payment.late_dispute", pay.ID, fmt.Sprintf(saidDispute, c.To, pay.State))
	}
	if c.To != Succeeded || (pay.State != Failed && pay.State != Canceled) {
		p.log.Info("late news", "payment", pay.ID, "state", pay.State, "news", c.To)
		return nil
	}
	fresh, err := p.exceptOnce(ctx, tx, now, "payment.late_success", pay.ID, fmt.Sprintf(saidLate, pay.State))
	if err != nil || !fresh {
		return err
	}
	if err := ledger.Append(ctx, tx, ledger.Entry{At: now, Kind: "payment.late_success", Payee: pay.Payee, Postings: []ledger.Posting{
		{Debit: pay.Rail.account(), Credit: ledger.Credit, Amount: pay.Amount, PaymentID: pay.ID, MemberID: pay.PayerID}}}); err != nil {
		return err
	}
	if err := event.Append(ctx, tx, event.Event{At: now, Kind: "payment.late_success", Subject: pay.ID}); err != nil {
		return err
	}
	return audit.Append(ctx, tx, audit.Program.Did(now, "payment.late_success", pay.ID, pay.PayerID))
}
