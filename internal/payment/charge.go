package payment

import (
	"context"
	"errors"
	"strings"
	"time"

	"memberpay/internal/fault"
	"memberpay/internal/processor"
)

// Pay submits a request and, for a card, charges it. It returns the payment in the state it has then. A payer who goes
// away does not stop it: what was begun is finished and recorded.
func (p *Payments) Pay(ctx context.Context, r Request) (Payment, error) {
	pay, fresh, err := p.Submit(ctx, r)
	if err != nil || !fresh || pay.Rail == Bank {
		return pay, err
	}
	return p.charge(context.WithoutCancel(ctx), pay, r)
}

// recordTime is how long the answer of a charge may take to be recorded, counted from the answer: what was learned in the
// last moment of a charge is still worth knowing.
const recordTime = 10 * time.Second

// charge asks the card processor and records the answer. Where something of ours goes wrong, it returns the payment as it
// was before, with the error; the sweep will find out the rest.
func (p *Payments) charge(ctx context.Context, pay Payment, r Request) (Payment, error) {
	asking, stop := context.WithTimeout(ctx, p.timeout)
	defer stop()
	answer, err := p.ask(asking, pay, r)
	if err != nil {
		return pay, err
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	now, err := p.hear(ctx, pay.ID, answer)
	if err != nil {
		return pay, err
	}
	return now, nil
}

// ask moves the money, in two calls that share the time limit of ctx. Between the calls the processor's id becomes
// durable, so a crash at any point leaves either nothing that could move money or an id to ask by. An error means that
// the id could not be kept: nothing was confirmed, and the sweep closes the attempt.
func (p *Payments) ask(ctx context.Context, pay Payment, r Request) (processor.Outcome, error) {
	failed := processor.Outcome{Status: processor.Declined, Reason: processor.ReasonUnreachable, CanRetry: true}
	c, err := p.describe(ctx, pay, r)
	if err != nil {
		p.log.Warn("describe charge", "payment", pay.ID, "err", err)
		return failed, nil
	}
	ref, err := p.cards.Prepare(ctx, c)
	if err != nil {
		p.log.Warn("prepare charge", "payment", pay.ID, "err", err)
		if errors.Is(err, processor.ErrToken) {
			failed.Reason = processor.ReasonProcessing
		}
		return failed, nil
	}
	ours, err := p.keepRef(ctx, pay.ID, ref)
	if err != nil {
		return processor.Outcome{}, err
	}
	if !ours { // the sweep was faster, and what it recorded stands
		return processor.Outcome{Status: processor.Unknown}, nil
	}
	return p.cards.Confirm(ctx, ref, c), nil
}

// hear records what the processor says of a charge, and keeps its card where the payer asked for that.
func (p *Payments) hear(ctx context.Context, paymentID string, o processor.Outcome) (Payment, error) {
	pay, err := p.Record(ctx, paymentID, changeOf(o))
	if err == nil && o.Status == processor.Succeeded && o.SavedCard != "" && pay.AccountID != "" {
		p.keepCard(ctx, pay, o)
	}
	return pay, err
}

// describe turns a payment into a charge.
func (p *Payments) describe(ctx context.Context, pay Payment, r Request) (processor.Charge, error) {
	a, err := p.attemptWhere(ctx, "payment_id = $1", pay.ID)
	if err != nil {
		return processor.Charge{}, err
	}
	c := processor.Charge{Reference: a.ID, PaymentID: pay.ID, Amount: pay.Amount, Token: r.Method.CardToken, Save: r.Method.SaveCard,
		Descriptor: p.descr[pay.Payee], ReturnURL: strings.ReplaceAll(r.ReturnURL, "{ref}", pay.Confirmation)}
	switch {
	case r.Method.SavedCard != "":
		saved, err := p.savedCard(ctx, pay.AccountID, r.Method.SavedCard)
		if err != nil {
			return processor.Charge{}, err
		}
		c.SavedCard, c.Customer = saved.processorRef, saved.customerRef
	case c.Save:
		if c.Customer, err = p.customer(ctx, pay.AccountID); err != nil {
			// The payment matters more than keeping the card.
			p.log.Warn("customer for a saved card", "payment", pay.ID, "err", err)
			c.Save = false
		}
	}
	return c, nil
}

// changeOf turns a processor's answer into a change of state. An answer that says nothing is the state unknown.
func changeOf(o processor.Outcome) Change {
	switch o.Status {
	case processor.Succeeded:
		return Change{To: Succeeded, Amount: o.Amount, Card: o.Card}
	case processor.ActionRequired:
		return Change{To: ActionRequired, ActionURL: o.ActionURL, Card: o.Card}
	case processor.Declined:
		return Change{To: Failed, Reason: string(o.Reason), CanRetry: o.CanRetry, Card: o.Card}
	}
	return Change{To: Unknown}
}

// LookCard describes the card behind a one-time token. A token that cannot be used is an Invalid fault on field "card".
func (p *Payments) LookCard(ctx context.Context, token string) (processor.Card, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	card, err := p.cards.Look(ctx, token)
	if errors.Is(err, processor.ErrToken) {
		return card, fault.Field("card", "card.token")
	}
	if err != nil {
		return card, fault.Wrap(fault.Busy, "card.unreachable", err)
	}
	return card, nil
}
