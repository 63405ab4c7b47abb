package paymenttest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Tokens that Cards knows. Any other is ErrToken.
const (
	Good      = "tok_good"      // succeeds
	Decline   = "tok_decline"   // is declined
	Challenge = "tok_challenge" // waits for the payer until Settle decides
	Silent    = "tok_silent"    // gives no answer until Settle decides
	Refused   = "tok_refused"   // cannot even be prepared
)

// Cards is a card processor without a network. It keeps a book of its own: one charge for each Reference, however often
// it is asked. It is safe for concurrent use.
type Cards struct {
	mu      sync.Mutex
	charges map[string]*charge // by our reference, and by its own
	refunds []*refund
	next    Answer // to the refunds that follow
}

type charge struct {
	ref     string
	asked   processor.Charge
	outcome processor.Outcome
}

// NewCards returns a processor without charges.
func NewCards() *Cards { return &Cards{charges: map[string]*charge{}} }

// Prepare opens a charge, the same one for the same Reference.
func (c *Cards) Prepare(_ context.Context, asked processor.Charge) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch asked.Token {
	case Refused:
		return "", fmt.Errorf("prepare: %w", processor.ErrToken)
	case Good, Decline, Challenge, Silent:
	default:
		return "", fmt.Errorf("token %q: %w", asked.Token, processor.ErrToken)
	}
	if known := c.charges[asked.Reference]; known != nil {
		return known.ref, nil
	}
	made := &charge{ref: "ch_" + asked.Reference, asked: asked, outcome: processor.Outcome{Status: processor.Unknown}}
	c.charges[asked.Reference], c.charges[made.ref] = made, made
	return made.ref, nil
}

// Confirm does what the token says, once.
func (c *Cards) Confirm(_ context.Context, ref string, _ processor.Charge) processor.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.charges[ref]
	if ch.outcome.Status == processor.Unknown {
		switch ch.asked.Token {
		case Good:
			ch.outcome = ch.paid()
		case Decline:
			ch.outcome = processor.Outcome{Status: processor.Declined, Reason: processor.ReasonInsufficientFunds, CanRetry: true, ProcessorRef: ref}
		case Challenge:
			ch.outcome = processor.Outcome{Status: processor.ActionRequired, ActionURL: "https://bank.test/" + ref, ProcessorRef: ref}
		}
	}
	return ch.outcome
}

func (ch *charge) paid() processor.Outcome {
	return processor.Outcome{Status: processor.Succeeded, ProcessorRef: ch.ref, Amount: ch.asked.Amount,
		Card: processor.Card{Brand: "visa", Last4: "4242"}}
}

// Settle decides an open charge of a payment: the money moves, or never will.
func (c *Cards) Settle(paymentID string, moved bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.charges {
		if ch.asked.PaymentID != paymentID {
			continue
		}
		if ch.outcome = ch.paid(); !moved {
			ch.outcome = processor.Outcome{Status: processor.Declined, Reason: processor.ReasonAuthentication, CanRetry: true, ProcessorRef: ch.ref}
		}
	}
}

// Moved returns the amounts whose money moved for one payment: at most one where all is well.
func (c *Cards) Moved(paymentID string) []money.Cents {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []money.Cents
	for key, ch := range c.charges {
		if key == ch.ref && ch.asked.PaymentID == paymentID && ch.outcome.Status == processor.Succeeded {
			out = append(out, ch.asked.Amount)
		}
	}
	return out
}

// Status tells what became of a charge.
func (c *Cards) Status(_ context.Context, ref string) (processor.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.charges[ref]
	if ch == nil {
		return processor.Outcome{}, fmt.Errorf("no charge %s", ref)
	}
	return ch.outcome, nil
}

// Cancel stops a charge that has not succeeded.
func (c *Cards) Cancel(_ context.Context, ref string) (processor.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.charges[ref]
	if ch == nil {
		return processor.Outcome{}, fmt.Errorf("no charge %s", ref)
	}
	if ch.outcome.Status != processor.Succeeded {
		ch.outcome = processor.Outcome{Status: processor.Declined, Reason: processor.ReasonCanceled, ProcessorRef: ref}
	}
	return ch.outcome, nil
}

// Look describes the card behind a token.
func (c *Cards) Look(_ context.Context, token string) (processor.Card, error) {
	if !strings.HasPrefix(token, "tok_") {
		return processor.Card{}, processor.ErrToken
	}
	return processor.Card{Brand: "visa", Last4: "4242", Funding: "credit"}, nil
}

// NewCustomer names a customer after our reference.
func (c *Cards) NewCustomer(_ context.Context, reference string) (string, error) {
	return "cus_" + reference, nil
}

// Forget does nothing: this processor keeps no cards.
func (c *Cards) Forget(context.Context, string) error { return nil }

// Callback takes bodies written "EVENT KIND REF [DISPUTE]" whose signature is "signed".
func (c *Cards) Callback(body []byte, signature string) (processor.Event, error) {
	if signature != "signed" {
		return processor.Event{}, processor.ErrSignature
	}
	words := append(strings.Fields(string(body)), "", "", "", "")
	return processor.Event{ID: words[0], Kind: words[1], ProcessorRef: words[2], Dispute: words[3]}, nil
}
