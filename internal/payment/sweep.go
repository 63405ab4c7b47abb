package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/processor"
)

const (
	// sweepMargin is how long after the charge's own time limit the sweep begins to ask.
	sweepMargin = 2 * time.Second
	// cancelAfter is after how many of the charge's own time limits (20 s each: two minutes) a charge that still says
	// nothing is cancelled at the processor, so that it can never succeed behind our back. The processor answers with
	// the final truth.
	cancelAfter = 6
	// abandonAfter is how long a payer may take for their bank's challenge.
	abandonAfter = 30 * time.Minute
	// hopelessAfter is after how long without any answer from the processor a person is told. Asking goes on.
	hopelessAfter = 24 * time.Hour
	sweepBatch    = 50
)

// Sweep asks the processor about attempts without an outcome that are due, and records what it says. It never charges.
// It returns how many it asked about. A crash during a sweep only delays the next question.
func (p *Payments) Sweep(ctx context.Context) (int, error) {
	var due []attempt
	now := p.now()
	err := p.db.Write(ctx, func(tx *db.Tx) error {
		due = nil
		err := db.Each(ctx, tx, "SELECT "+attemptFields+" FROM attempt WHERE outcome = '' AND next_check_at <= $1 ORDER BY next_check_at LIMIT $2"+
			p.db.Engine.SkipLocked(), []any{db.Micros(now), sweepBatch}, func(rows *sql.Rows) error {
			a, err := scanAttempt(rows)
			due = append(due, a)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range due {
			if _, err := tx.ExecContext(ctx, "UPDATE attempt SET checks = checks + 1, next_check_at = $2 WHERE id = $1",
				a.ID, db.Micros(now.Add(pause(a.Checks)))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	for _, a := range due {
		if _, err := p.check(ctx, a); err != nil {
			p.log.Warn("sweep", "payment", a.PaymentID, "err", err)
		}
	}
	return len(due), ctx.Err()
}

// pause is how long to wait before the next question: seconds at first, then minutes.
func pause(checks int) time.Duration {
	return min(2*time.Second<<min(checks, 10), 5*time.Minute)
}

// check finds out what became of one attempt and records it.
func (p *Payments) check(ctx context.Context, a attempt) (Payment, error) {
	if a.Ref == "" {
		pay, given, err := p.giveUp(ctx, a)
		if given || err != nil {
			return pay, err
		}
		if a, err = p.attemptWhere(ctx, "id = $1", a.ID); err != nil || a.Ref == "" {
			return pay, err
		}
	}
	ask, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	age := p.now().Sub(a.StartedAt)
	outcome, err := p.cards.Status(ask, a.Ref)
	if err != nil && age > hopelessAfter {
		return Payment{}, errors.Join(err, p.db.Write(ctx, func(tx *db.Tx) error {
			return p.exceptStill(ctx, tx, p.now(), "payment.no_answer", a.PaymentID, fmt.Sprintf(saidNoAnswer, a.Ref))
		}))
	}
	if err != nil {
		return Payment{}, err
	}
	if (outcome.Status == processor.Unknown && age > cancelAfter*p.timeout) || (outcome.Status == processor.ActionRequired && age > abandonAfter) {
		if outcome, err = p.cards.Cancel(ask, a.Ref); err != nil {
			return Payment{}, err
		}
		if outcome.Status == processor.Declined && outcome.Reason == processor.ReasonCanceled {
			outcome.Reason, outcome.CanRetry = processor.ReasonAbandoned, true
		}
	}
	return p.hear(ctx, a.PaymentID, outcome)
}

// giveUp fails the payment of an attempt without a processor's id: nothing exists there that could move money, and keepRef
// will refuse whoever is still on the way. It does nothing and reports false where keepRef was faster than we looked, or
// where the attempt is closed.
func (p *Payments) giveUp(ctx context.Context, a attempt) (pay Payment, given bool, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		if pay, err = lock(ctx, tx, a.PaymentID); err != nil { // the payment first, as everybody does
			return err
		}
		r, err := tx.ExecContext(ctx, "UPDATE attempt SET checks = checks WHERE id = $1 AND outcome = '' AND processor_ref = ''", a.ID)
		if err != nil {
			return fmt.Errorf("give up: %w", err)
		}
		n, err := r.RowsAffected()
		if given = n == 1; err != nil || !given {
			return err
		}
		pay, err = p.RecordIn(ctx, tx, a.PaymentID, Change{To: Failed, Reason: string(processor.ReasonUnreachable), CanRetry: true})
		return err
	})
	return pay, given, err
}

// Refresh asks the processor about one payment right now, for a payer who comes back from their bank's challenge or
// waits for an unknown outcome. It returns the payment as it is then.
func (p *Payments) Refresh(ctx context.Context, pay Payment) (Payment, error) {
	if pay.Rail != Card || (pay.State != ActionRequired && pay.State != Unknown) {
		return pay, nil
	}
	a, err := p.attemptWhere(ctx, "payment_id = $1", pay.ID)
	if err != nil {
		return pay, err
	}
	fresh, err := p.check(ctx, a)
	if err != nil {
		p.log.Warn("refresh", "payment", pay.ID, "err", err)
		return pay, nil // the truth we have is still the truth
	}
	return fresh, nil
}
