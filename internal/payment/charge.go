package payment

import (
	"context"
	"errors"
	"strings"

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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout+sweepMargin/2)
	defer cancel()
	return p.charge(ctx, pay, r)
}

// charge asks the card processor, in two calls, and records the answer. Between the calls the processor's id becomes
// durable, so a crash at any point leaves either nothing that could move money or an id to ask by.
func (p *Payments) charge(ctx context.Context, pay Payment, r Request) (Payment, error) {
	c, err := p.describe(ctx, pay, r)
	if err != nil {
		return p.Record(ctx, pay.ID, Change{To: Failed, Reason: string(processor.ReasonUnreachable), CanRetry: true})
	}
	ref, err := p.cards.Prepare(ctx, c)
	if err != nil {
		p.log.Warn("prepare charge", "payment", pay.ID, "err", err)
		reason := processor.ReasonUnreachable
		if errors.Is(err, processor.ErrToken) {
			reason = processor.ReasonProcessing
		}
		return p.Record(ctx, pay.ID, Change{To: Failed, Reason: string(reason), CanRetry: true})
	}
	ours, err := p.keepRef(ctx, pay.ID, ref)
	if err != nil {
		return pay, err // the sweep closes it: nothing was confirmed
	}
	if !ours {
		return ByID(ctx, p.db.Read(), pay.ID)
	}
	asking, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	outcome := p.cards.Confirm(asking, ref, c)
	if outcome.Status == processor.Succeeded && outcome.SavedCard != "" {
		p.keepCard(ctx, pay, c.Customer, outcome)
	}
	return p.Record(ctx, pay.ID, changeOf(outcome))
}

// describe turns a payment into a charge.
func (p *Payments) describe(ctx context.Context, pay Payment, r Request) (processor.Charge, error) {
	a, err := p.attemptWhere(ctx, "payment_id = $1", pay.ID)
	if err != nil {
		return processor.Charge{}, err
	}
	c := processor.Charge{Reference: a.ID, PaymentID: pay.ID, Amount: pay.Amount, Token: r.Method.CardToken, Save: r.Method.SaveCard,
		Descriptor: p.descr, ReturnURL: strings.ReplaceAll(r.ReturnURL, "{ref}", pay.Confirmation)}
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
