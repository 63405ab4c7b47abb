package payment

import (
	"context"
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
			if r = known; err == nil && known.PaymentID != w.PaymentID {
				err = ErrRefundOver
			}
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
			if err := standsOn(can.Where, w.Stands, w.Amount); err != nil {
				return err
			}
		}
		if err := p.insertRefund(ctx, tx, r, key); err != nil {
			return err
		}
		return p.noteRefund(ctx, tx, by, pay, r, "")
	})
	return r, err
}

// standsOn checks that a bill has so much of a payment.
func standsOn(where []bill.Standing, billID string, amount money.Cents) error {
	for _, s := range where {
		if s.BillID == billID && amount <= s.Amount {
			return nil
		}
		if s.BillID == billID {
			return ErrRefundAmount
		}
	}
	return ErrRefundStands
}

// ApproveRefund lets a refund go: by somebody else than who asked. To a card it is sent at once; a check is to be
// written. It returns ErrRefundOwn, ErrRefundOver, or that nothing may be refunded any more.
func (p *Payments) ApproveRefund(ctx context.Context, by audit.Who, refundID string) (Refund, error) {
	r, err := p.decide(ctx, by, refundID, RefundApproved, func(tx *db.Tx, pay Payment, r *Refund) error {
		if r.AskedBy == by.Actor {
			return ErrRefundOwn
		}
		if pay.State == Disputed {
			return ErrRefundDisputed
		}
		r.DecidedBy, r.DecidedAt = by.Actor, p.now()
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

// DeclineRefund says no, and why, to who asked.
func (p *Payments) DeclineRefund(ctx context.Context, by audit.Who, refundID, why string) (Refund, error) {
	why, err := refundText(why, true, ErrRefundAnswer)
	if err != nil {
		return Refund{}, err
	}
	return p.decide(ctx, by, refundID, RefundDeclined, func(_ *db.Tx, _ Payment, r *Refund) error {
		if r.AskedBy == by.Actor {
			return ErrRefundOwn
		}
		r.DecidedBy, r.DecidedAt, r.DoneAt, r.Answer = by.Actor, p.now(), p.now(), why
		return nil
	})
}

// WithdrawRefund takes a refund back: who asked for it, before it is sent or its check is written.
func (p *Payments) WithdrawRefund(ctx context.Context, by audit.Who, refundID string) (Refund, error) {
	return p.decide(ctx, by, refundID, RefundWithdrawn, func(_ *db.Tx, _ Payment, r *Refund) error {
		if r.AskedBy != by.Actor || (r.State == RefundApproved && r.Way == ToCard) {
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
		if r.Way != ByCheck {
			return ErrRefundOver
		}
		r.CheckNumber = number
		return p.payOut(ctx, tx, p.now(), pay, r)
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
		if err := do(tx, pay, &r); err != nil {
			return err
		}
		from := r.State
		r.State = to
		if err := p.saveRefund(ctx, tx, r); err != nil {
			return err
		}
		return p.noteRefund(ctx, tx, by, pay, r, from)
	})
	return r, err
}

// noteRefund writes the fact and who did it, and tells the payer what concerns them.
func (p *Payments) noteRefund(ctx context.Context, tx *db.Tx, by audit.Who, pay Payment, r Refund, from RefundState) error {
	now := p.now()
	if err := event.Append(ctx, tx, event.Event{At: now, Kind: "refund." + string(r.State), Subject: r.ID,
		Data: map[string]string{"payment": pay.ID, "from": string(from), "amount": r.Amount.Plain()}}); err != nil {
		return err
	}
	if err := audit.Append(ctx, tx, r.did(by, now, pay)); err != nil {
		return err
	}
	news := letter.RefundNews{Amount: r.Amount, Confirmation: pay.Confirmation}
	switch {
	case r.State == RefundSucceeded && r.Way == ByCheck:
		news.What, news.Check = letter.RefundByCheck, r.CheckNumber
	case r.State == RefundSucceeded:
		news.What, news.Last4 = letter.RefundToCard, pay.Last4
	case r.State == RefundFailed && from == RefundSucceeded:
		news.What, news.Last4 = letter.RefundBack, pay.Last4
	default:
		return nil
	}
	return p.outbox.Tell(ctx, tx, now, letter.New(news, r.ID+"/"+string(news.What), letter.To{Channel: event.Mail, Recipient: pay.Email, Language: pay.Language}))
}

// refundText tidies what staff write about a refund: without card numbers and control characters. It returns bad where
// nothing is left although something is needed, or where it is too long.
func refundText(s string, needed bool, bad error) (string, error) {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s, _ = scrub.Cards(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, s)))
	if utf8.RuneCountInString(s) > MaxRefundNote || (needed && !strings.ContainsFunc(s, unicode.IsLetter)) {
		return "", bad
	}
	return s, nil
}
