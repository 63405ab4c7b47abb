package payment

import (
	"context"
	"errors"
	"fmt"

	"memberpay/internal/db"
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
	if e.Kind == "dispute" {
		to := map[string]State{"opened": Disputed, "won": Succeeded, "lost": ChargedBack}[e.Dispute]
		if to == "" {
			return nil
		}
		_, err := p.Record(ctx, a.PaymentID, Change{To: to})
		return err
	}
	outcome, err := p.cards.Status(ctx, a.Ref)
	if err != nil {
		return err
	}
	if outcome.Status == processor.Unknown {
		return nil // nothing new; the request at work or the sweep will know more
	}
	_, err = p.Record(ctx, a.PaymentID, changeOf(outcome))
	return err
}
