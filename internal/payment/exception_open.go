package payment

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/processor/nacha"
)

// How an exception goes on whose kind, subject and detail are told another time.
const (
	neverAgain = time.Duration(-1) // it is one thing, told twice
	atOnce     = time.Duration(0)  // it happened again: what was closed opens again
	stillSo    = nacha.StillAfter  // every sweep finds it: what was closed opens again where it is so after that time
)

// except opens a case for a person: something happened. The same another time opens it again where it was closed.
func (p *Payments) except(ctx context.Context, tx *db.Tx, now time.Time, kind, subject, detail string) error {
	_, err := p.open(ctx, tx, now, kind, subject, detail, atOnce)
	return err
}

// exceptOnce opens a case for a person of something that cannot happen twice; fresh is false where it was told before.
func (p *Payments) exceptOnce(ctx context.Context, tx *db.Tx, now time.Time, kind, subject, detail string) (fresh bool, err error) {
	return p.open(ctx, tx, now, kind, subject, detail, neverAgain)
}

// exceptStill opens a case for a person of something that is found at every sweep as long as it is so.
func (p *Payments) exceptStill(ctx context.Context, tx *db.Tx, now time.Time, kind, subject, detail string) error {
	_, err := p.open(ctx, tx, now, kind, subject, detail, stillSo)
	return err
}

// exceptionTold reports whether a person knows of something that is found at every sweep: exceptStill would change nothing.
func (p *Payments) exceptionTold(ctx context.Context, q db.Queryer, kind, subject string) (told bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM exception WHERE kind = $1 AND subject = $2 AND (closed_at = 0 OR closed_at > $3))",
		kind, subject, db.Micros(p.now().Add(-stillSo))).Scan(&told)
	return told, err
}

// open writes an exception, or opens it again where the time is over in which it stays closed.
func (p *Payments) open(ctx context.Context, tx *db.Tx, now time.Time, kind, subject, detail string, again time.Duration) (fresh bool, err error) {
	made := id.New("exc")
	var known string
	var closed int64
	err = tx.QueryRowContext(ctx, `INSERT INTO exception (id, kind, subject, detail, opened_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, subject, detail) DO UPDATE SET detail = excluded.detail RETURNING id, closed_at`, made, kind, subject, detail, db.Micros(now)).Scan(&known, &closed)
	if err != nil {
		return false, fmt.Errorf("open exception: %w", err)
	}
	step := ExceptionStep{Step: "opened", At: now}
	switch {
	case known == made:
		fresh = true
	case closed == 0 || again == neverAgain || now.Sub(db.Time(closed)) < again:
		return false, nil
	default:
		if step.Step = "again"; again == stillSo {
			step.Step = "still"
		}
		if err := reopenException(ctx, tx, now, known); err != nil {
			return false, err
		}
	}
	p.log.Warn("exception opened", "kind", kind, "subject", subject, "how", step.Step)
	return fresh, p.addStep(ctx, tx, known, step)
}

// reopenException lets an exception that was closed wait again.
func reopenException(ctx context.Context, tx *db.Tx, now time.Time, exceptionID string) error {
	_, err := tx.ExecContext(ctx, "UPDATE exception SET closed_at = 0, closed_by = '', reopened_at = $2 WHERE id = $1", exceptionID, db.Micros(now))
	if err != nil {
		return fmt.Errorf("open exception again: %w", err)
	}
	return nil
}
