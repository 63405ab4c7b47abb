package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/processor/nacha"
)

// Exception is something about money that a person has to look at.
type Exception struct {
	ID         string
	Kind       string // "payment.late_success", "ach.unknown_trace", ...
	Subject    string // id of the payment, refund, file or entry
	Detail     string // see Said
	OpenedAt   time.Time
	ReopenedAt time.Time // zero where it was opened once
	ClosedAt   time.Time // zero while it is open
	ClosedBy   string    // account of staff
}

// Since is from when on it waits.
func (e Exception) Since() time.Time {
	if e.ReopenedAt.After(e.OpenedAt) {
		return e.ReopenedAt
	}
	return e.OpenedAt
}

// ExceptionAbout is what an exception is about, as far as it is known here. Parts without an ID are not.
type ExceptionAbout struct {
	Payment Payment
	Refund  Refund
	File    string // name of a bank file, "" for none
}

const (
	exceptionFields = "id, kind, subject, detail, opened_at, reopened_at, closed_at, closed_by"
	waitsSince      = "CASE WHEN reopened_at > 0 THEN reopened_at ELSE opened_at END"
)

func scanException(row interface{ Scan(...any) error }) (e Exception, err error) {
	var opened, reopened, closed int64
	err = row.Scan(&e.ID, &e.Kind, &e.Subject, &e.Detail, &opened, &reopened, &closed, &e.ClosedBy)
	e.OpenedAt, e.ReopenedAt, e.ClosedAt = db.Time(opened), db.Time(reopened), db.Time(closed)
	return e, err
}

// Exceptions calls fn for every exception that is open, the oldest first.
func Exceptions(ctx context.Context, q db.Queryer, fn func(Exception) error) error {
	return eachException(ctx, q, "WHERE closed_at = 0", fn)
}

// EveryException calls fn for every exception, closed ones too, the oldest first.
func EveryException(ctx context.Context, q db.Queryer, fn func(Exception) error) error {
	return eachException(ctx, q, "", fn)
}

func eachException(ctx context.Context, q db.Queryer, where string, fn func(Exception) error) error {
	return db.Each(ctx, q, "SELECT "+exceptionFields+" FROM exception "+where+" ORDER BY opened_at, id", nil,
		func(rows *sql.Rows) error {
			e, err := scanException(rows)
			if err != nil {
				return err
			}
			return fn(e)
		})
}

// ExceptionWork returns the exceptions that are open, whatever waits longest first, at most limit.
func ExceptionWork(ctx context.Context, q db.Queryer, limit int) ([]Exception, error) {
	return exceptions(ctx, q, "closed_at = 0 ORDER BY "+waitsSince+", id LIMIT $1", limit)
}

// ExceptionsDone returns the exceptions that were closed since some time, the newest first, at most limit.
func ExceptionsDone(ctx context.Context, q db.Queryer, since time.Time, limit int) ([]Exception, error) {
	return exceptions(ctx, q, "closed_at > 0 AND closed_at >= $1 ORDER BY closed_at DESC, id LIMIT $2", db.Micros(since), limit)
}

func exceptions(ctx context.Context, q db.Queryer, where string, args ...any) (out []Exception, err error) {
	err = db.Each(ctx, q, "SELECT "+exceptionFields+" FROM exception WHERE "+where, args, func(rows *sql.Rows) error {
		e, err := scanException(rows)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list exceptions: %w", err)
	}
	return out, nil
}

// ExceptionQueue is how much waits for a person.
type ExceptionQueue struct {
	Waiting int
	Late    int       // since before the time that was asked for
	Oldest  time.Time // since when the first of them waits; zero for none
}

// ExceptionBacklog counts the exceptions that are open; late is since when one has to wait to count as late.
func ExceptionBacklog(ctx context.Context, q db.Queryer, late time.Time) (b ExceptionQueue, err error) {
	var oldest int64
	err = q.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN `+waitsSince+` < $1 THEN 1 END), COALESCE(MIN(`+waitsSince+`), 0)
		FROM exception WHERE closed_at = 0`, db.Micros(late)).Scan(&b.Waiting, &b.Late, &oldest)
	if err != nil {
		return b, fmt.Errorf("count exceptions: %w", err)
	}
	b.Oldest = db.Time(oldest)
	return b, nil
}

func exceptionByID(ctx context.Context, q db.Queryer, exceptionID string) (Exception, error) {
	e, err := scanException(q.QueryRowContext(ctx, "SELECT "+exceptionFields+" FROM exception WHERE id = $1", exceptionID))
	if errors.Is(err, sql.ErrNoRows) {
		return Exception{}, ErrExceptionNone
	}
	if err != nil {
		return Exception{}, fmt.Errorf("get exception: %w", err)
	}
	return e, nil
}

// about is the payment (id), the refund (id) or the bank file (name) that an exception names, "" for what it does not.
func (e Exception) about() (paymentID, refundID, file string) {
	switch {
	case strings.HasPrefix(e.Kind, "ach."):
		told, _ := nacha.Tell(e.Detail)
		return told.PaymentID, "", told.File
	case strings.HasPrefix(e.Kind, "refund.") && e.Kind != "refund.foreign":
		return "", e.Subject, ""
	}
	return e.Subject, "", ""
}

// ExceptionsAbout returns what exceptions are about, by the id of each.
func (p *Payments) ExceptionsAbout(ctx context.Context, q db.Queryer, list []Exception) (map[string]ExceptionAbout, error) {
	var payments, refunds []string
	for _, e := range list {
		paymentID, refundID, _ := e.about()
		payments, refunds = append(payments, paymentID), append(refunds, refundID)
	}
	out := map[string]ExceptionAbout{}
	if len(list) == 0 {
		return out, nil
	}
	refunded, err := p.refunds(ctx, q, "id IN "+db.In(1, len(refunds)), db.Args(refunds)...)
	if err != nil {
		return nil, err
	}
	for _, r := range refunded {
		payments = append(payments, r.PaymentID)
	}
	paid, err := several(ctx, q, "id IN "+db.In(1, len(payments)), db.Args(payments)...)
	if err != nil {
		return nil, err
	}
	byID := map[string]Payment{}
	for _, pay := range paid {
		byID[pay.ID] = pay
	}
	for _, e := range list {
		paymentID, refundID, file := e.about()
		a := ExceptionAbout{File: file}
		for _, r := range refunded {
			if r.ID == refundID {
				a.Refund, paymentID = r, r.PaymentID
			}
		}
		a.Payment = byID[paymentID]
		out[e.ID] = a
	}
	return out, nil
}
