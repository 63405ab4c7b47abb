package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
)

// attempt is one try to move the money of a card payment.
type attempt struct {
	ID        string
	PaymentID string
	Ref       string // the processor's id, "" while nothing exists there that could move money
	Outcome   string // final state of the attempt, "" while it is open
	Checks    int
	StartedAt time.Time
}

const attemptFields = "id, payment_id, processor_ref, outcome, checks, started_at"

func scanAttempt(row interface{ Scan(...any) error }) (attempt, error) {
	var a attempt
	var started int64
	err := row.Scan(&a.ID, &a.PaymentID, &a.Ref, &a.Outcome, &a.Checks, &started)
	a.StartedAt = db.Time(started)
	return a, err
}

// insertAttempts writes the first attempt of each submission. The sweep leaves it alone for as long as the request that
// made it may still be at work.
func (p *Payments) insertAttempts(ctx context.Context, tx *db.Tx, list []*submission) error {
	if len(list) == 0 {
		return nil
	}
	args := make([]any, 0, len(list)*4)
	for _, s := range list {
		at := s.payment.SubmittedAt
		args = append(args, s.attempt, s.payment.ID, db.Micros(at), db.Micros(at.Add(p.timeout+sweepMargin)))
	}
	return tx.Later(ctx, "insert attempts", "INSERT INTO attempt (id, payment_id, started_at, next_check_at) VALUES "+
		db.Values(len(list), 4), args...)
}

// keepRef makes the processor's id durable before any money can move. It reports false where the sweep has already
// closed the attempt: then nothing may be confirmed.
func (p *Payments) keepRef(ctx context.Context, paymentID, ref string) (bool, error) {
	res, err := int64(0), error(nil)
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE attempt SET processor_ref = $2 WHERE payment_id = $1 AND outcome = '' AND processor_ref = ''", paymentID, ref)
		if err != nil {
			return err
		}
		res, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep the processor's id: %w", err)
	}
	return res == 1, nil
}

func (p *Payments) attemptWhere(ctx context.Context, where string, arg any) (attempt, error) {
	a, err := scanAttempt(p.db.Read().QueryRowContext(ctx, "SELECT "+attemptFields+" FROM attempt WHERE "+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return attempt{}, fault.New(fault.NotFound, "payment.attempt_not_found")
	}
	if err != nil {
		return attempt{}, fmt.Errorf("get attempt: %w", err)
	}
	return a, nil
}

// closeAttempts notes how a payment's attempts ended.
func closeAttempts(ctx context.Context, tx *db.Tx, now time.Time, paymentID string, outcome State, reason string) error {
	return tx.Later(ctx, "close attempt", "UPDATE attempt SET outcome = $2, reason = $3, finished_at = $4 WHERE payment_id = $1 AND outcome = ''",
		paymentID, string(outcome), reason, db.Micros(now))
}
