package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/processor"
)

// Callback takes in one callback of the card processor. Its signature must be right (else a Forbidden fault). A callback
// is a hint: the processor is asked what is true. Callbacks may come twice, late and in any order; one that could not be
// handled is an error, so that the processor sends it again.
func (p *Payments) Callback(ctx context.Context, body []byte, signature string) error {
	e, err := p.cards.Callback(body, signature)
	if errors.Is(err, processor.ErrSignature) {
		return fault.Wrap(fault.Forbidden, "callback.signature", err)
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "callback.body", err)
	}
	if e.Kind == "" {
		return nil
	}
	done, err := p.receive(ctx, e)
	if err != nil || done {
		return err
	}
	if err := p.handle(ctx, e); err != nil {
		return err
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE callback SET done_at = $2 WHERE id = $1", e.ID, db.Micros(p.now()))
		return err
	})
}

// receive keeps the callback and reports whether it was handled before.
func (p *Payments) receive(ctx context.Context, e processor.Event) (done bool, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		var at int64
		err := tx.QueryRowContext(ctx, `INSERT INTO callback (id, kind, processor_ref, received_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET kind = callback.kind RETURNING done_at`, e.ID, e.Kind, e.ProcessorRef, db.Micros(p.now())).Scan(&at)
		done = at != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep callback: %w", err)
	}
	return done, nil
}

func (p *Payments) handle(ctx context.Context, e processor.Event) error {
	a, err := p.attemptWhere(ctx, "processor_ref <> '' AND processor_ref = $1", e.ProcessorRef)
	if fault.Is(err, fault.NotFound) {
		return nil // not a charge of ours, or one whose id is not durable yet: the sweep or the request itself will see it
	}
	if err != nil {
		return err
	}
	switch e.Kind {
	case "dispute":
		return p.disputed(ctx, a, e.Dispute)
	case "refund":
		return p.refundNews(ctx, a)
	}
	outcome, err := p.cards.Status(ctx, a.Ref)
	if err != nil {
		return err
	}
	if outcome.Status == processor.Unknown {
		return nil // nothing new; the request at work or the sweep will know more
	}
	_, err = p.hear(ctx, a.PaymentID, outcome)
	return err
}

// errTooEarly sends a callback back until the one that belongs before it has come.
var errTooEarly = errors.New("a dispute was won that has not begun here; send it again")

// disputed takes in news of a dispute. It may overtake the news of the charge, and the end of a dispute its beginning:
// what comes before is recorded first.
func (p *Payments) disputed(ctx context.Context, a attempt, news string) error {
	to := map[string]State{"opened": Disputed, "won": Succeeded, "lost": ChargedBack}[news]
	if to == "" {
		return nil
	}
	if a.Outcome == "" { // disputed money has moved, and we do not know it yet
		if _, err := p.check(ctx, a); err != nil {
			return err
		}
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		pay, err := lock(ctx, tx, a.PaymentID)
		if err != nil {
			return err
		}
		if pay.State == Succeeded && to == Succeeded {
			facts, err := event.Of(ctx, tx, pay.ID)
			if err == nil && !slices.ContainsFunc(facts, func(e event.Event) bool { return e.Kind == "payment."+string(Disputed) }) {
				err = errTooEarly
			}
			return err
		}
		if pay.State == Succeeded && to == ChargedBack {
			if _, err := p.RecordIn(ctx, tx, pay.ID, Change{To: Disputed}); err != nil {
				return err
			}
		}
		after, err := p.RecordIn(ctx, tx, pay.ID, Change{To: to})
		if err != nil || to != Disputed || after.State != Disputed || pay.State == Disputed {
			return err
		}
		return p.except(ctx, tx, p.now(), "payment.disputed", pay.ID, saidAnswer) // the processor sets a deadline
	})
}
