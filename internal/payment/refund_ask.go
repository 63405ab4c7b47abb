package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/money"
	"memberpay/internal/processor"
	"memberpay/internal/scrub"
)

// RefundWish is what one of the staff asks for.
type RefundWish struct {
	Key       string // one wish, one key: a form that is sent twice asks once
	PaymentID string
	Stands    string // bill that it is taken off first, "" for credit and then whatever there is
	Amount    money.Cents
	Reason    string // one of RefundReasons
	Note      string // for who decides; needed with "other". Card numbers are taken out
}

// AskRefund asks for a refund. Nothing moves before somebody else approves it. The same key again returns the first
// refund. It returns one of the faults of the verbs where it cannot be.
func (p *Payments) AskRefund(ctx context.Context, by audit.Who, w RefundWish) (r Refund, err error) {
	r = Refund{ID: id.New("refund"), PaymentID: w.PaymentID, Stands: w.Stands, Amount: w.Amount, State: RefundRequested, Reason: w.Reason, AskedBy: by.Actor}
	if r.Note, err = refundText(w.Note, w.Reason == "other", ErrRefundNote); err != nil {
		return Refund{}, err
	}
	if !slices.Contains(RefundReasons, w.Reason) {
		return Refund{}, ErrRefundReason
	}
	if len(w.Key) < 16 {
		return Refund{}, fault.New(fault.Invalid, "payment.key")
	}
	key := by.Actor + "/" + w.Key
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		pay, err := lock(ctx, tx, w.PaymentID) // refunds of one payment come one after the other
		if err != nil {
			return err
		}
		if known, err := p.refundWhere(ctx, tx, "request_key = $1", key); err == nil || !fault.Is(err, fault.NotFound) {
			if err == nil && (known.PaymentID != w.PaymentID || known.Amount != w.Amount || known.Stands != w.Stands || known.Reason != w.Reason) {
				err = ErrRefundAsked
			}
			r = known
			return err
		}
		can, err := p.Refundable(ctx, tx, pay)
		if err != nil {
			return err
		}
		if r.Way, r.AskedAt = can.Way, p.now(); w.Amount <= 0 || w.Amount > can.Left {
			return ErrRefundAmount
		}
		if w.Stands != "" {
			if err := standsOn(ctx, tx, can.Where, w); err != nil {
				return err
			}
		}
		if err := p.insertRefund(ctx, tx, r, key); err != nil {
			return err
		}
		return p.noteRefund(ctx, tx, by, pay, Refund{}, r)
	})
	return r, err
}

// standsOn checks that the bill of a wish has so much of its payment, beside what other refunds take off it.
func standsOn(ctx context.Context, tx *db.Tx, where []bill.Standing, w RefundWish) error {
	i := slices.IndexFunc(where, func(s bill.Standing) bool { return s.BillID == w.Stands })
	if i < 0 {
		return ErrRefundStands
	}
	var held money.Cents
	err := tx.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM refund
		WHERE payment_id = $1 AND stands = $2 AND state IN ('requested', 'approved', 'submitted', 'pending')`, w.PaymentID, w.Stands).Scan(&held)
	if err == nil && w.Amount > where[i].Amount-held {
		err = ErrRefundAmount
	}
	return err
}

// AskedRefund returns the refund that somebody asked for with a key, or ErrRefundNone.
func (p *Payments) AskedRefund(ctx context.Context, q db.Queryer, by audit.Who, key string) (Refund, error) {
	return p.refundWhere(ctx, q, "request_key = $1", by.Actor+"/"+key)
}

// ApproveRefund lets a refund go: by somebody else than who asked. To a card it is sent at once; a check is to be
// written. It returns ErrRefundOwn, ErrRefundOver, ErrRefundForeign, or that nothing may be refunded any more.
func (p *Payments) ApproveRefund(ctx context.Context, by audit.Who, refundID string) (Refund, error) {
	foreign, err := p.foreignRefunds(ctx, refundID)
	if err != nil {
		return Refund{}, err
	}
	r, err := p.decide(ctx, by, refundID, RefundApproved, func(tx *db.Tx, pay Payment, r *Refund) error {
		if r.AskedBy == by.Actor {
			return ErrRefundOwn
		}
		if pay.State == Disputed {
			return ErrRefundDisputed
		}
		if err := p.still(ctx, tx, pay, foreign); err != nil {
			return err
		}
		if r.DecidedBy, r.DecidedAt = by.Actor, p.now(); r.Way == ToCard {
			r.nextAt = p.now()
		}
		return nil
	})
	if err != nil || r.Way != ToCard {
		return r, err
	}
	sent, err := p.sendRefund(context.WithoutCancel(ctx), r)
	if err != nil { // it is approved, and goes with the next round
		p.log.Warn("send refund", "refund", r.ID, "err", err)
		return r, nil
	}
	return sent, nil
}

// foreignRefunds is how much of a refund's payment somebody gave back at the processor itself.
func (p *Payments) foreignRefunds(ctx context.Context, refundID string) (sum money.Cents, err error) {
	r, err := p.RefundByID(ctx, p.db.Read(), refundID)
	if err != nil || r.Way != ToCard {
		return 0, err
	}
	a, err := p.attemptWhere(ctx, "payment_id = $1", r.PaymentID)
	if err != nil {
		return 0, err
	}
	known, err := p.RefundsOf(ctx, p.db.Read(), []string{r.PaymentID})
	if err != nil {
		return 0, err
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	list, err := p.cards.Refunds(ask, a.Ref)
	if err != nil {
		return 0, fault.Wrap(fault.Busy, "card.unreachable", err)
	}
	for _, said := range list {
		if _, ours := byID(known, said.Reference); !ours && said.Status != processor.Declined {
			sum += said.Amount
		}
	}
	return sum, nil
}

// DeclineRefund says no, and why, to who asked: before it is approved, or before its check is written.
func (p *Payments) DeclineRefund(ctx context.Context, by audit.Who, refundID, why string) (Refund, error) {
	why, err := refundText(why, true, ErrRefundAnswer)
	if err != nil {
		return Refund{}, err
	}
	return p.decide(ctx, by, refundID, RefundDeclined, func(tx *db.Tx, _ Payment, r *Refund) error {
		if r.AskedBy == by.Actor {
			return ErrRefundOwn
		}
		if r.State == RefundApproved && r.Way == ToCard { // it is on its way
			return ErrRefundOver
		}
		sealed, err := p.sealText(why, refundAnswer, r.ID)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE refund SET answer_sealed = $2 WHERE id = $1", r.ID, sealed); err != nil {
			return err
		}
		r.DecidedBy, r.DecidedAt, r.DoneAt, r.Answer = by.Actor, p.now(), p.now(), why
		return nil
	})
}

// WithdrawRefund takes a refund back: who asked for it, before it is approved.
func (p *Payments) WithdrawRefund(ctx context.Context, by audit.Who, refundID string) (Refund, error) {
	return p.decide(ctx, by, refundID, RefundWithdrawn, func(_ *db.Tx, _ Payment, r *Refund) error {
		if r.AskedBy != by.Actor {
			return ErrRefundOver
		}
		r.DoneAt = p.now()
		return nil
	})
}

// CheckWritten notes the number of the check by which an approved refund was paid out. Bills and book follow.
func (p *Payments) CheckWritten(ctx context.Context, by audit.Who, refundID, number string) (Refund, error) {
	number = strings.TrimSpace(number)
	if len(number) < 1 || len(number) > 20 || strings.ContainsFunc(number, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	}) {
		return Refund{}, ErrRefundCheck
	}
	if _, found := scrub.Cards(number); found > 0 {
		return Refund{}, ErrRefundCheck
	}
	return p.decide(ctx, by, refundID, RefundSucceeded, func(tx *db.Tx, pay Payment, r *Refund) error {
		if r.Way != ByCheck || r.State != RefundApproved {
			return ErrRefundOver
		}
		if err := p.still(ctx, tx, pay, 0); err != nil {
			return err
		}
		var used bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM refund JOIN payment ON payment.id = refund.payment_id
			WHERE refund.check_number = $1 AND refund.check_number <> '' AND payment.payee = $2)`, number, pay.Payee).Scan(&used)
		if err == nil && used {
			err = ErrRefundNumber
		}
		if err != nil {
			return err
		}
		r.CheckNumber = number
		return p.payOut(ctx, tx, p.now(), pay, r)
	})
}

// CheckStopped notes that a check did not arrive and was stopped, or came back, and why: its money is the payer's credit.
func (p *Payments) CheckStopped(ctx context.Context, by audit.Who, refundID, why string) (Refund, error) {
	why, err := refundText(why, true, ErrRefundAnswer)
	if err != nil {
		return Refund{}, err
	}
	return p.decide(ctx, by, refundID, RefundFailed, func(tx *db.Tx, pay Payment, r *Refund) error {
		if r.Way != ByCheck || r.State != RefundSucceeded {
			return ErrRefundOver
		}
		r.Problem, r.DoneAt = why, p.now()
		return p.takeIn(ctx, tx, p.now(), pay, r)
	})
}

// decide changes a refund in a transaction of its own: payment first, then the refund, then what do says.
func (p *Payments) decide(ctx context.Context, by audit.Who, refundID string, to RefundState, do func(tx *db.Tx, pay Payment, r *Refund) error) (r Refund, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var pay Payment
		if pay, r, err = p.lockRefund(ctx, tx, refundID); err != nil {
			return err
		}
		if !r.State.CanBecome(to) {
			return ErrRefundOver
		}
		was := r
		if err := do(tx, pay, &r); err != nil {
			return err
		}
		err := p.turnRefund(ctx, tx, by, pay, was, r, to)
		r.State = to
		return err
	})
	return r, err
}

// turnRefund writes a refund as it is now, in its new state, with the fact and whoever did it.
func (p *Payments) turnRefund(ctx context.Context, tx *db.Tx, by audit.Who, pay Payment, was, r Refund, to RefundState) error {
	r.State = to
	if err := p.saveRefund(ctx, tx, r); err != nil {
		return err
	}
	return p.noteRefund(ctx, tx, by, pay, was, r)
}

// noteRefund writes the fact and who did it, and tells the payer what concerns them.
func (p *Payments) noteRefund(ctx context.Context, tx *db.Tx, by audit.Who, pay Payment, was, r Refund) error {
	now, from := p.now(), was.State
	if err := event.Append(ctx, tx, event.Event{At: now, Kind: "refund." + string(r.State), Subject: r.ID,
		Data: map[string]string{"payment": pay.ID, "from": string(from), "amount": r.Amount.Plain()}}); err != nil {
		return err
	}
	if err := audit.Append(ctx, tx, r.did(by, now, pay)); err != nil {
		return err
	}
	news := letter.RefundNews{Amount: r.Amount, Confirmation: pay.Confirmation}
	booked := was.Taken - r.Taken // what is credit again
	switch {
	case r.State == RefundSucceeded && r.Way == ByCheck:
		news.What, news.Check = letter.RefundByCheck, r.CheckNumber
	case r.State == RefundSucceeded:
		news.What, news.Last4 = letter.RefundToCard, pay.Last4
	case r.State == RefundFailed && from == RefundSucceeded && booked > 0 && r.Way == ByCheck:
		news.What, news.Check, news.Amount = letter.CheckStopped, r.CheckNumber, booked
	case r.State == RefundFailed && from == RefundSucceeded && booked > 0:
		news.What, news.Last4, news.Amount = letter.RefundBack, pay.Last4, booked
	default:
		return nil
	}
	return p.outbox.Tell(ctx, tx, now, letter.New(news, fmt.Sprintf("%s/%d", r.ID, now.UnixMicro()), letter.To{Channel: event.Mail, Recipient: pay.Email, Language: pay.Language}))
}

// refundText tidies what staff write about a refund: without card numbers and control characters. It returns bad where
// nothing is left although something is needed, or where it is too long.
func refundText(s string, needed bool, bad error) (string, error) {
	s, _ = scrub.Cards(scrub.Text(s))
	if utf8.RuneCountInString(s) > MaxRefundNote || (needed && !strings.ContainsFunc(s, unicode.IsLetter)) {
		return "", bad
	}
	return s, nil
}
