package payment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/money"
)

// RefundState is where a refund stands.
type RefundState string

const (
	RefundRequested RefundState = "requested" // one of the staff asks for it
	RefundApproved  RefundState = "approved"  // another says yes; nothing was sent yet
	RefundSubmitted RefundState = "submitted" // the processor was asked, and may not have answered
	RefundPending   RefundState = "pending"   // the processor took it
	RefundSucceeded RefundState = "succeeded" // the money is on its way to who paid
	RefundFailed    RefundState = "failed"    // no money went, or it came back to us
	RefundDeclined  RefundState = "declined"  // the other says no
	RefundWithdrawn RefundState = "withdrawn" // who asked took it back
)

// RefundStates are all of them, in the order in which a refund may meet them.
var RefundStates = []RefundState{RefundRequested, RefundApproved, RefundSubmitted, RefundPending, RefundSucceeded, RefundFailed, RefundDeclined, RefundWithdrawn}

// refundTransitions is what may follow. A failure after success is money that came back to us: the card's bank did not take
// it, or the check did not arrive. A success after failure is late news of money that went after all. What was approved fails
// where the payment's money is gone when it is to be sent, and is declined where a check is not to be written after all.
var refundTransitions = map[RefundState][]RefundState{
	RefundRequested: {RefundApproved, RefundDeclined, RefundWithdrawn},
	RefundApproved:  {RefundSubmitted, RefundSucceeded, RefundFailed, RefundDeclined},
	RefundSubmitted: {RefundPending, RefundSucceeded, RefundFailed},
	RefundPending:   {RefundSucceeded, RefundFailed},
	RefundSucceeded: {RefundFailed},
	RefundFailed:    {RefundSucceeded},
}

// CanBecome reports whether a refund may go from one state to another.
func (s RefundState) CanBecome(to RefundState) bool { return slices.Contains(refundTransitions[s], to) }

// Holds reports whether a refund in this state keeps its amount from being refunded a second time.
func (s RefundState) Holds() bool {
	switch s {
	case RefundRequested, RefundApproved, RefundSubmitted, RefundPending:
		return true
	}
	return false
}

// Way is how the money goes back.
type Way string

const (
	ToCard  Way = "card"  // to the card that paid
	ByCheck Way = "check" // on paper, for payments from a bank account
)

// RefundReasons are why money may go back, in the order in which they are offered.
var RefundReasons = []string{"twice", "too_much", "wrong_bill", "bill_changed", "other"}

// MaxRefundNote is how long a note about a refund may be, in characters.
const MaxRefundNote = 1000

// RefundHold is how many banking days after its settlement a bank payment may be refunded: before, the payer's bank may
// still return it as unpaid.
const RefundHold = 5

// Refund is money of a payment that is to go back to who paid.
type Refund struct {
	ID          string
	PaymentID   string
	Way         Way
	Stands      string // bill that it is taken off first, "" for credit
	Amount      money.Cents
	Taken       money.Cents // what was taken off bills and credit when it was paid out
	State       RefundState
	Reason      string // one of RefundReasons
	Note        string // of who asked
	Answer      string // of who declined
	Unreadable  bool   // what they wrote cannot be opened
	AskedBy     string // accounts of staff
	DecidedBy   string
	Ref         string // the processor's id
	Problem     string // why it failed
	CheckNumber string
	AskedAt     time.Time
	DecidedAt   time.Time
	DoneAt      time.Time
	PaidAt      time.Time // when the money first went out; zero where it never did
	nextAt      time.Time // when the processor is asked again; zero for never
	tries       int
}

// Faults of the verbs.
var (
	ErrRefundAmount   = fault.Field("amount", "refund.amount")        // more than is left
	ErrRefundReason   = fault.Field("reason", "refund.reason")        // none of RefundReasons
	ErrRefundNote     = fault.Field("note", "refund.note")            // "other" needs a note; too long
	ErrRefundStands   = fault.Field("stands", "refund.stands")        // nothing of the payment stands there
	ErrRefundAnswer   = fault.Field("answer", "refund.answer")        // a refusal says why
	ErrRefundCheck    = fault.Field("check", "refund.check")          // no number of a check
	ErrRefundNumber   = fault.Field("check", "refund.check_used")     // another refund has it
	ErrRefundAsked    = fault.New(fault.Conflict, "refund.asked")     // the same form asked for something else before
	ErrRefundForeign  = fault.New(fault.Conflict, "refund.foreign")   // somebody refunded at the processor itself
	ErrRefundNothing  = fault.New(fault.Conflict, "refund.nothing")   // no money of the payment is here
	ErrRefundDisputed = fault.New(fault.Conflict, "refund.disputed")  // the payer's bank holds the money
	ErrRefundEarly    = fault.New(fault.Conflict, "refund.early")     // the payer's bank may still return it
	ErrRefundOwn      = fault.New(fault.Forbidden, "refund.own")      // nobody decides on what they asked for
	ErrRefundOver     = fault.New(fault.Conflict, "refund.over")      // somebody was faster
	ErrRefundNone     = fault.New(fault.NotFound, "refund.not_found") // there is none
)

// Refundable is what of a payment may go back.
type Refundable struct {
	Way   Way
	Left  money.Cents     // at most so much, all refunds that are under way taken off
	Where []bill.Standing // where the payment's money stands, in the order in which it is taken
	From  day.Date        // from when on it may be asked for; zero for now
}

// Refundable returns what of a payment may go back, and ErrRefundNothing, ErrRefundDisputed or ErrRefundEarly (with the
// day in From) where nothing may now.
func (p *Payments) Refundable(ctx context.Context, q db.Queryer, pay Payment) (Refundable, error) {
	r := Refundable{Way: ToCard}
	if pay.Rail == Bank {
		r.Way = ByCheck
	}
	if pay.State == Disputed {
		return r, ErrRefundDisputed
	}
	var err error
	if r.Where, err = bill.Standings(ctx, q, pay.ID); err != nil {
		return r, err
	}
	for _, s := range r.Where {
		r.Left += s.Amount
	}
	held, err := refundsHeld(ctx, q, pay.ID)
	if err != nil {
		return r, err
	}
	if r.Left -= held; r.Left <= 0 {
		return r, ErrRefundNothing
	}
	if pay.Rail == Bank {
		if free := day.AddBankingDays(p.bank.Day(pay.SettledAt), RefundHold); p.bank.Day(p.now()).Before(free) {
			r.From = free
			return r, ErrRefundEarly
		}
	}
	return r, nil
}

// still checks that the money of all refunds of a payment that are under way is here, where foreign of it was given back at
// the processor itself.
func (p *Payments) still(ctx context.Context, tx *db.Tx, pay Payment, foreign money.Cents) error {
	where, err := bill.Standings(ctx, tx, pay.ID)
	if err != nil {
		return err
	}
	held, err := refundsHeld(ctx, tx, pay.ID)
	if err != nil {
		return err
	}
	var left money.Cents
	for _, s := range where {
		left += s.Amount
	}
	switch {
	case left < held:
		return ErrRefundNothing
	case left-foreign < held:
		return ErrRefundForeign
	}
	return nil
}

// refundsHeld is the sum of a payment's refunds that are under way.
func refundsHeld(ctx context.Context, q db.Queryer, paymentID string) (sum money.Cents, err error) {
	err = q.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM refund
		WHERE payment_id = $1 AND state IN ('requested', 'approved', 'submitted', 'pending')`, paymentID).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("sum refunds of a payment: %w", err)
	}
	return sum, nil
}

// did is what the audit log says that somebody did about a refund.
func (r Refund) did(by audit.Who, now time.Time, pay Payment) audit.Entry {
	e := by.Did(now, "refund."+string(r.State), r.ID, pay.PayerID)
	e.Detail = fmt.Sprintf("%s of payment %s, %s, %s", r.Amount.Plain(), pay.ID, r.Way, r.Reason)
	return e
}
