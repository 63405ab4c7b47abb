package seed

import (
	"fmt"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/processor/nacha"
)

// ending is how an invented payment ends.
type ending int

const (
	succeeded ending = iota
	declined
	returned // by the payer's bank, half of them after the money had come
	onItsWay // a bank payment that waits for the next file
)

// invented is a payment that is being written.
type invented struct {
	*work
	id           string
	confirmation string
	amount       money.Cents
	at, done     time.Time
	state        payment.State
	reason       string
	settled      time.Time // zero where the money never came
	applied      money.Cents
}

// pay writes one payment on a bill, with everything that happened to it.
func (b *block) pay(w *work, amount money.Cents, how ending) error {
	at := w.last.Add(time.Duration(1+b.n(72*3600)) * time.Second)
	n := uint64(b.number*2*billsPerBlock + b.payments)
	b.payments++
	p := &invented{work: w, id: b.rowID("pay"), confirmation: confirmation(n), amount: amount, at: at, done: at.Add(1500 * time.Millisecond)}
	bank := how == returned || how == onItsWay || (how == succeeded && b.percent(45))
	if bank {
		p.done = at.Add(time.Duration(1+b.n(3)) * 24 * time.Hour)
	}
	b.moneyMoved(p, how, bank)
	rail, brand := payment.Card, pick(b.draw, brands)
	if bank {
		rail, brand = payment.Bank, pick(b.draw, []string{"checking", "checking", "savings"})
	}
	last4 := fmt.Sprintf("%04d", b.n(10_000))
	b.payment.add(p.id, p.confirmation, b.rowID("draft"), "seed", w.payer.id, w.Payee, string(rail), brand, last4, int64(amount), string(p.state),
		p.reason, p.state == payment.Failed || p.state == payment.Returned, authorization(p, rail, last4), "192.0.2.1", db.Micros(p.at),
		db.Micros(p.done), db.Micros(p.settled))
	b.allocation.add(p.id, w.ID, 0, int64(amount), int64(p.applied))
	w.last = p.done
	if bank {
		return b.debit(p, brand, last4)
	}
	b.attempt.add(b.rowID("att"), p.id, "pi_"+p.id, string(p.state), p.reason, db.Micros(p.at), db.Micros(p.at.Add(22*time.Second)), db.Micros(p.done))
	return nil
}

// moneyMoved decides what became of a payment and writes it to bill, book and events.
func (b *block) moneyMoved(p *invented, how ending, bank bool) {
	first, account := payment.Submitted, ledger.CardClearing
	if bank {
		first, account = payment.Pending, ledger.BankTransit
	}
	b.happened(p.at, "payment."+string(first), p.id, "{}")
	become := func(at time.Time, from, to payment.State) {
		p.state = to
		b.happened(at, "payment."+string(to), p.id, fmt.Sprintf(`{"from":%q,"reason":%q}`, from, p.reason))
	}
	came := func() {
		p.settled = p.done
		become(p.done, first, payment.Succeeded)
		b.post(p.done, "payment.succeeded", p.Payee, ledger.Posting{Debit: account, Credit: ledger.Receivable, Amount: p.amount, BillID: p.ID, PaymentID: p.id})
	}
	switch how {
	case succeeded:
		came()
		p.applied = p.amount
		p.Applied += p.amount
	case declined:
		p.reason = string(pick(b.draw, []processor.Reason{processor.ReasonInsufficientFunds, processor.ReasonGeneric, processor.ReasonExpired}))
		become(p.done, first, payment.Failed)
	case onItsWay:
		p.state, p.done = payment.Pending, p.at
		p.Pending += p.amount
	case returned:
		from := first
		if b.percent(50) {
			came()
			from = payment.Succeeded
		}
		p.reason = pick(b.draw, []string{"R01", "R02", "R03"})
		p.done = p.done.Add(24 * time.Hour)
		become(p.done, from, payment.Returned)
		if from == payment.Succeeded {
			b.post(p.done, "payment.returned", p.Payee, ledger.Posting{Debit: ledger.Receivable, Credit: account, Amount: p.amount, BillID: p.ID, PaymentID: p.id})
		}
	}
}

func authorization(p *invented, rail payment.Rail, last4 string) string {
	if rail == payment.Bank {
		return "I authorize one electronic debit of " + p.amount.String() + " from my account ending in " + last4 + "."
	}
	return "I authorize one charge of " + p.amount.String() + " to my card ending in " + last4 + "."
}

// debit writes the bank's side of a payment. What was filed stood in files of an earlier system: it names none here.
func (b *block) debit(p *invented, kind, last4 string) error {
	account := fmt.Sprintf("%08d%s", b.n(100_000_000), last4)
	sealed, err := b.seal([]byte(account), "ach_entry/"+p.id+"/account_sealed")
	if err != nil {
		return fmt.Errorf("seal an account: %w", err)
	}
	state, filed := nacha.Queued, p.at.Add(2*time.Hour)
	var effective, settledOn, returnedOn day.Date
	on := day.Of(p.done, time.UTC)
	switch p.state {
	case payment.Succeeded:
		state, effective, settledOn = nacha.Settled, on, on
	case payment.Returned:
		state, effective, returnedOn = nacha.Returned, on.AddDays(-1), on
		if !p.settled.IsZero() {
			settledOn = on.AddDays(-1)
		}
	default:
		filed = time.Time{}
	}
	code := ""
	if state == nacha.Returned {
		code = p.reason
	}
	b.entry.add(p.id, p.confirmation, p.Payee, p.payer.name, pick(b.draw, banks), sealed, last4, kind, int64(p.amount), string(state), code,
		effective, settledOn, returnedOn, db.Micros(p.at), db.Micros(filed), db.Micros(p.done))
	return nil
}
