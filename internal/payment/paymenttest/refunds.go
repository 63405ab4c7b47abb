package paymenttest

import (
	"context"
	"fmt"

	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Answer is how Cards answers to a refund.
type Answer int

// The answers. The first holds until Refunding says otherwise.
const (
	Pays    Answer = iota // the refund succeeds
	Waits                 // it is pending
	Refuses               // it is declined
	Loses                 // it succeeds, and the answer is lost
	Drops                 // it never arrives
)

type refund struct {
	charge string
	said   processor.Refunded
}

// Refunding sets how refunds are answered from now on.
func (c *Cards) Refunding(a Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = a
}

// Refund gives money back once for each Reference.
func (c *Cards) Refund(_ context.Context, r processor.Refund) processor.Refunded {
	c.mu.Lock()
	defer c.mu.Unlock()
	unknown := processor.Refunded{Reference: r.Reference, Status: processor.Unknown, Amount: r.Amount}
	for _, known := range c.refunds {
		if known.said.Reference == r.Reference {
			return known.said
		}
	}
	said := processor.Refunded{Reference: r.Reference, ProcessorRef: "re_" + r.Reference, Status: processor.Succeeded, Amount: r.Amount}
	switch c.next {
	case Drops:
		return unknown
	case Refuses:
		return processor.Refunded{Reference: r.Reference, Status: processor.Declined, Reason: "card_closed", Amount: r.Amount}
	case Waits:
		said.Status = processor.Pending
	}
	c.refunds = append(c.refunds, &refund{r.Charge, said})
	if c.next == Loses {
		return unknown
	}
	return said
}

// Refunds lists the refunds of a charge.
func (c *Cards) Refunds(_ context.Context, charge string) ([]processor.Refunded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.charges[charge] == nil {
		return nil, fmt.Errorf("no charge %s", charge)
	}
	var out []processor.Refunded
	for _, r := range c.refunds {
		if r.charge == charge {
			out = append(out, r.said)
		}
	}
	return out, nil
}

// Refunded decides a refund that is known by our reference: its money went, or came back to us.
func (c *Cards) Refunded(reference string, went bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.refunds {
		if r.said.Reference != reference {
			continue
		}
		r.said.Status, r.said.Reason = processor.Succeeded, ""
		if !went {
			r.said.Status, r.said.Reason = processor.Declined, "lost_or_stolen_card"
		}
	}
}

// RefundThere makes a refund at the processor itself, of the charge of a payment.
func (c *Cards) RefundThere(paymentID string, amount money.Cents) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, ch := range c.charges {
		if key == ch.ref && ch.asked.PaymentID == paymentID {
			c.refunds = append(c.refunds, &refund{ch.ref, processor.Refunded{ProcessorRef: "re_there", Status: processor.Succeeded, Amount: amount}})
		}
	}
}

// GivenBack returns the amounts that truly went back for our reference: at most one where all is well.
func (c *Cards) GivenBack(reference string) []money.Cents {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []money.Cents
	for _, r := range c.refunds {
		if r.said.Reference == reference && r.said.Status == processor.Succeeded {
			out = append(out, r.said.Amount)
		}
	}
	return out
}
