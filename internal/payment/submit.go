package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/processor/nacha"
)

// Faults of Submit.
var (
	// ErrTaken: a bill has less left to pay than was asked for. Look at the bills again.
	ErrTaken = fault.New(fault.Conflict, "payment.bill_changed")
	// ErrOtherRequest: the key was used for a different payment.
	ErrOtherRequest = fault.New(fault.Conflict, "payment.key_reused")
)

// Submit makes one payment durable: its reservations on the bills, its row, and its bank entry or first card attempt,
// in one transaction. No money has moved when it returns. A bank payment is then Pending; a card payment is Submitted
// and is for Charge. The same key and request again return the first payment and false; the same key with another
// request is ErrOtherRequest; bills that cannot take the amount are ErrTaken; what goes beyond a permission to
// help is ErrHelpEnded, ErrHelpPayment or ErrHelpMonth; what its call does not carry any more is ErrCallOver.
//
// Submissions that wait at the same time share a transaction.
func (p *Payments) Submit(ctx context.Context, r Request) (pay Payment, fresh bool, err error) {
	s, err := p.prepare(r)
	if err != nil {
		return Payment{}, false, err
	}
	select {
	case p.queue <- s:
	case <-ctx.Done():
		return Payment{}, false, ctx.Err()
	case <-p.stop:
		return Payment{}, false, fault.BusyFor("payment.stopping", 5*time.Second)
	}
	a := <-s.answer // always comes: the submitter has it, and its transaction has a time limit
	return a.payment, a.fresh, a.err
}

// submission is a request with everything made ready that needs no transaction.
type submission struct {
	request Request
	payment Payment
	debit   *nacha.Prepared
	attempt string
	answer  chan answer
}

type answer struct {
	payment Payment
	fresh   bool
	err     error
}

func (p *Payments) prepare(r Request) (*submission, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	now := p.now()
	s := &submission{request: r, answer: make(chan answer, 1), payment: Payment{
		ID: id.New("pay"), Confirmation: id.Confirmation(), Key: r.Key, PayerID: r.PayerID, AccountID: r.AccountID,
		SessionID: r.SessionID, Payee: r.Payee, Rail: r.Method.Rail(), Amount: r.Total(), Email: r.Email,
		Language: r.Language, Authorization: r.Authorization, SubmittedAt: now, UpdatedAt: now, requestHash: r.hash(),
	}}
	bank := r.Method.Bank
	if bank == nil {
		s.payment.State, s.payment.Brand, s.payment.Last4 = Submitted, r.Method.Card.Brand, r.Method.Card.Last4
		s.attempt = id.New("att")
		return s, nil
	}
	entry := nacha.Entry{PaymentID: s.payment.ID, IndividualID: s.payment.Confirmation, Payee: r.Payee,
		Name: bank.Name, Routing: bank.Routing, Account: bank.Number, AccountType: nacha.AccountType(bank.Type), Amount: s.payment.Amount, QueuedAt: now}
	if r.Spoken != nil {
		entry.SEC = nacha.Tel
		if r.Spoken.Evidence == Recorded {
			entry.ClearedAt = now
		}
	}
	debit, err := p.bank.Prepare(entry)
	if err != nil {
		return nil, err
	}
	s.debit = &debit
	s.payment.State, s.payment.Brand, s.payment.Last4 = Pending, bank.Type, last4(bank.Number)
	return s, nil
}

func last4(number string) string {
	if len(number) < 4 {
		return number
	}
	return number[len(number)-4:]
}

// together is how many submissions share a transaction at most.
const together = 64

// submitter takes waiting submissions and writes them, as many as may go together.
func (p *Payments) submitter() {
	defer p.running.Done()
	var held []*submission // those that could not go with the last group
	for {
		if len(held) == 0 {
			select {
			case s := <-p.queue:
				held = append(held, s)
			case <-p.stop:
				return
			}
		}
		held = p.collect(held)
		var group []*submission
		group, held = compatible(held)
		group, held = p.fitting(group, held)
		p.write(group)
	}
}

// collect adds whoever is waiting right now.
func (p *Payments) collect(held []*submission) []*submission {
	for len(held) < together {
		select {
		case s := <-p.queue:
			held = append(held, s)
		default:
			return held
		}
	}
	return held
}

// preparedSizes are the sizes of groups on PostgreSQL, which keeps every statement prepared that it has met: a dozen
// sizes keep little, and are met soon after a start.
var preparedSizes = []int{64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1}

// fitting splits off those that are too many for the size of a group. They go with the next one.
func (p *Payments) fitting(group, rest []*submission) (fit, more []*submission) {
	for _, n := range p.sizes {
		if n <= len(group) {
			return group[:n], append(slices.Clone(group[n:]), rest...)
		}
	}
	return group, rest
}

// compatible splits off those that share no bill and no key with an earlier one, which one statement could not tell apart.
func compatible(list []*submission) (group, rest []*submission) {
	seen := map[string]bool{}
	for _, s := range list {
		clash := seen[s.request.Key] || seen[s.request.Helping.HelpID]
		for _, l := range s.request.Lines {
			clash = clash || seen[l.BillID]
		}
		if clash {
			rest = append(rest, s)
			continue
		}
		seen[s.request.Key] = true
		if s.request.Helping.HelpID != "" { // its limit is counted for one at a time
			seen[s.request.Helping.HelpID] = true
		}
		for _, l := range s.request.Lines {
			seen[l.BillID] = true
		}
		group = append(group, s)
	}
	return group, rest
}

// write commits a group and answers everyone in it. Where some ask for too much, they are told so and the others go on
// without them; where the database refuses the group for another reason in good time, each is tried alone.
func (p *Payments) write(group []*submission) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for len(group) > 0 {
		var repeats []*submission
		err := p.db.Write(ctx, func(tx *db.Tx) error {
			var err error
			repeats, err = p.writeGroup(ctx, tx, group)
			return err
		})
		var taken bill.ErrTaken
		var beyond notHelped
		switch {
		case errors.As(err, &beyond):
			group = slices.DeleteFunc(group, func(s *submission) bool {
				if beyond[s.payment.ID] == nil {
					return false
				}
				s.answer <- answer{err: beyond[s.payment.ID]}
				return true
			})
			continue
		case errors.As(err, &taken):
			group = slices.DeleteFunc(group, func(s *submission) bool {
				if !slices.Contains(taken.PaymentIDs, s.payment.ID) {
					return false
				}
				s.answer <- p.refused(ctx, s)
				return true
			})
			continue
		case err != nil && len(group) > 1 && ctx.Err() == nil: // else the database hangs: everybody is told now
			for _, s := range group {
				p.write([]*submission{s})
			}
			return
		}
		for _, s := range group {
			switch {
			case err != nil:
				s.answer <- answer{err: fmt.Errorf("submit: %w", err)}
			case slices.Contains(repeats, s):
				s.answer <- p.repeated(ctx, s)
			default:
				s.answer <- answer{payment: s.payment, fresh: true}
			}
		}
		return
	}
}

// refused answers a submission whose bills cannot take the amount, unless the reason is its own earlier self.
func (p *Payments) refused(ctx context.Context, s *submission) answer {
	if a := p.repeated(ctx, s); !fault.Is(a.err, fault.NotFound) {
		return a
	}
	return answer{err: ErrTaken}
}

// repeated answers a submission whose key is known.
func (p *Payments) repeated(ctx context.Context, s *submission) answer {
	first, err := ByKey(ctx, p.db.Read(), s.request.Key)
	if err == nil && first.requestHash != s.payment.requestHash {
		return answer{payment: first, err: ErrOtherRequest}
	}
	return answer{payment: first, err: err}
}

// writeGroup writes the fresh submissions of a group, each table in one statement, and returns the repeats.
func (p *Payments) writeGroup(ctx context.Context, tx *db.Tx, group []*submission) (repeats []*submission, err error) {
	payments, addresses := make([]Payment, len(group)), make([]string, len(group))
	for i, s := range group {
		payments[i], addresses[i] = s.payment, s.request.Address
	}
	made, err := insertPayments(ctx, tx, payments, addresses)
	if err != nil {
		return nil, err
	}
	var fresh []*submission
	var reservations []bill.Reservation
	var debits []nacha.Prepared
	var attempts []*submission
	var events []event.Event
	var messages []event.Message
	var entries []audit.Entry
	for _, s := range group {
		if !made[s.payment.ID] {
			repeats = append(repeats, s)
			continue
		}
		fresh = append(fresh, s)
		for _, l := range s.request.Lines {
			reservations = append(reservations, bill.Reservation{PaymentID: s.payment.ID, BillID: l.BillID, Payee: s.payment.Payee, Amount: l.Amount})
		}
		if s.debit != nil {
			debits = append(debits, *s.debit)
			messages = append(messages, event.Message{Kind: "payment.submitted", Subject: s.payment.ID, Recipient: s.payment.Email, Language: s.payment.Language})
			if say := s.request.Spoken; say != nil && say.Evidence == NoticeByLetter {
				messages = append(messages, event.Message{Kind: "payment.notice", Subject: s.payment.ID, Channel: event.Print, Recipient: say.Address, Language: s.payment.Language})
			}
		} else {
			attempts = append(attempts, s)
		}
		entry := s.request.payer().Did(s.payment.SubmittedAt, "payment.submitted", s.payment.ID, s.payment.PayerID)
		entry.Detail = string(s.payment.Rail)
		if s.request.Spoken != nil {
			entry.Action = "payment.by_phone"
		}
		entries = append(entries, entry)
		events = append(events, event.Event{At: s.payment.SubmittedAt, Kind: "payment." + string(s.payment.State), Subject: s.payment.ID})
	}
	now := p.now()
	if len(reservations) == 0 {
		return repeats, nil
	}
	if err := checkHelp(ctx, tx, now, fresh); err != nil {
		return nil, err
	}
	if err := checkCalls(ctx, tx, now, fresh); err != nil {
		return nil, err
	}
	if err := bill.Reserve(ctx, tx, now, reservations); err != nil {
		return nil, err
	}
	if len(debits) > 0 {
		if err := p.bank.Enqueue(ctx, tx, debits); err != nil {
			return nil, err
		}
	}
	if err := p.insertAttempts(ctx, tx, attempts); err != nil {
		return nil, err
	}
	if err := event.Append(ctx, tx, events...); err != nil {
		return nil, err
	}
	if err := audit.Append(ctx, tx, entries...); err != nil {
		return nil, err
	}
	return repeats, p.outbox.Tell(ctx, tx, now, messages...)
}
