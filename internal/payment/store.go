package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

const fields = `id, confirmation, idempotency_key, request_hash, payer_id, account_id, session_id, payee, rail, brand, last4,
	amount_cents, state, reason, can_retry, action_url, email, language, authorization_text, submitted_at, updated_at, settled_at, refunded_cents`

func scan(row interface{ Scan(...any) error }) (Payment, error) {
	var p Payment
	var submitted, updated, settled int64
	err := row.Scan(&p.ID, &p.Confirmation, &p.Key, &p.requestHash, &p.PayerID, &p.AccountID, &p.SessionID, &p.Payee, &p.Rail,
		&p.Brand, &p.Last4, &p.Amount, &p.State, &p.Reason, &p.CanRetry, &p.ActionURL, &p.Email, &p.Language,
		&p.Authorization, &submitted, &updated, &settled, &p.Refunded)
	p.SubmittedAt, p.UpdatedAt, p.SettledAt = db.Time(submitted), db.Time(updated), db.Time(settled)
	return p, err
}

func one(ctx context.Context, q db.Queryer, where string, args ...any) (Payment, error) {
	p, err := scan(q.QueryRowContext(ctx, "SELECT "+fields+" FROM payment WHERE "+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Payment{}, fault.New(fault.NotFound, "payment.not_found")
	}
	if err != nil {
		return Payment{}, fmt.Errorf("get payment: %w", err)
	}
	return p, nil
}

// ByConfirmation returns a payment of the scope by its confirmation number, in any spelling, or a NotFound fault.
func ByConfirmation(ctx context.Context, q db.Queryer, scope Scope, number string) (Payment, error) {
	p, err := one(ctx, q, "confirmation = $1", id.Unfold(number))
	if err == nil && !scope.in(p) {
		return Payment{}, fault.New(fault.NotFound, "payment.not_found")
	}
	return p, err
}

// PayersByConfirmation returns the row ids of the members for whom a payment with a confirmation number was made, in any
// spelling, for those who help them: whoever paid and whose bills it paid. It is empty where there is no such payment.
func PayersByConfirmation(ctx context.Context, q db.Queryer, number string) ([]string, error) {
	var out []string
	err := db.Each(ctx, q, `SELECT payer_id FROM payment WHERE confirmation = $1
		UNION SELECT bill.patient_id FROM payment JOIN allocation ON allocation.payment_id = payment.id JOIN bill ON bill.id = allocation.bill_id
		WHERE payment.confirmation = $1 ORDER BY 1 LIMIT 20`, []any{id.Unfold(number)}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find whose payment it is: %w", err)
	}
	return out, nil
}

// ByID returns a payment for the parts of the product that act for nobody (mail, jobs).
func ByID(ctx context.Context, q db.Queryer, paymentID string) (Payment, error) {
	return one(ctx, q, "id = $1", paymentID)
}

// ByKey returns the payment that was made with an idempotency key, or a NotFound fault.
func ByKey(ctx context.Context, q db.Queryer, key string) (Payment, error) {
	return one(ctx, q, "idempotency_key = $1", key)
}

// List returns the payments of a scope, newest first, at most limit.
func List(ctx context.Context, q db.Queryer, scope Scope, limit int) ([]Payment, error) {
	args := db.Args(scope.Members)
	var by string
	switch {
	case len(args) > 0 && scope.AccountID != "":
		by = "payer_id IN " + db.In(1, len(args)) + fmt.Sprintf(" OR (account_id <> '' AND account_id = $%d)", len(args)+1)
		args = append(args, scope.AccountID)
	case len(args) > 0:
		by = "payer_id IN " + db.In(1, len(args)) + " AND account_id = ''"
	case scope.AccountID != "":
		by, args = "account_id <> '' AND account_id = $1", []any{scope.AccountID}
	default:
		return nil, nil
	}
	return several(ctx, q, "("+by+") ORDER BY submitted_at DESC, id DESC LIMIT "+fmt.Sprint(limit), args...)
}

// OnBill returns the payments that are meant for a bill, whoever paid, newest first, at most limit.
func OnBill(ctx context.Context, q db.Queryer, billID string, limit int) ([]Payment, error) {
	return several(ctx, q, "id IN (SELECT payment_id FROM allocation WHERE bill_id = $1) ORDER BY submitted_at DESC, id DESC LIMIT $2", billID, limit)
}

func several(ctx context.Context, q db.Queryer, where string, args ...any) ([]Payment, error) {
	var out []Payment
	err := db.Each(ctx, q, "SELECT "+fields+" FROM payment WHERE "+where, args, func(rows *sql.Rows) error {
		p, err := scan(rows)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	return out, nil
}

// All calls fn for every payment in order of id, with the payer's member ID.
func All(ctx context.Context, q db.Queryer, fn func(p Payment, memberID string) error) error {
	return db.Each(ctx, q, "SELECT payment.*, member.member_id FROM (SELECT "+fields+" FROM payment) AS payment JOIN member ON member.id = payment.payer_id ORDER BY payment.id", nil,
		func(rows *sql.Rows) error {
			var memberID string
			p, err := scan(withTail{rows, &memberID})
			if err != nil {
				return err
			}
			return fn(p, memberID)
		})
}

// withTail scans one more column behind those of scan.
type withTail struct {
	rows *sql.Rows
	tail any
}

func (w withTail) Scan(dest ...any) error { return w.rows.Scan(append(dest, w.tail)...) }

// lock takes the payment's row for the rest of the transaction and returns it.
func lock(ctx context.Context, tx *db.Tx, paymentID string) (Payment, error) {
	p, err := scan(tx.QueryRowContext(ctx, "UPDATE payment SET version = version + 1 WHERE id = $1 RETURNING "+fields, paymentID))
	if errors.Is(err, sql.ErrNoRows) {
		return Payment{}, fault.New(fault.NotFound, "payment.not_found")
	}
	if err != nil {
		return Payment{}, fmt.Errorf("lock payment: %w", err)
	}
	return p, nil
}

const insertColumns = 20

func insertPayments(ctx context.Context, tx *db.Tx, list []Payment, addresses []string) (made map[string]bool, err error) {
	args := make([]any, 0, len(list)*insertColumns)
	for i, p := range list {
		args = append(args, p.ID, p.Confirmation, p.Key, p.requestHash, p.PayerID, p.AccountID, p.SessionID, p.Payee, string(p.Rail),
			p.Brand, p.Last4, int64(p.Amount), string(p.State), p.Email, p.Language, p.Authorization, addresses[i],
			db.Micros(p.SubmittedAt), db.Micros(p.SubmittedAt), 1)
	}
	made = make(map[string]bool, len(list))
	err = db.Each(ctx, tx, `INSERT INTO payment (id, confirmation, idempotency_key, request_hash, payer_id, account_id, session_id, payee,
		rail, brand, last4, amount_cents, state, email, language, authorization_text, address, submitted_at, updated_at, version)
		VALUES `+db.Values(len(list), insertColumns)+" ON CONFLICT (idempotency_key) DO NOTHING RETURNING id", args,
		func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			made[s] = true
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("insert payments: %w", err)
	}
	return made, nil
}

func saveState(ctx context.Context, tx *db.Tx, now time.Time, p Payment) error {
	return tx.Later(ctx, "save state of payment", `UPDATE payment SET state = $2, reason = $3, can_retry = $4, action_url = $5, updated_at = $6,
		settled_at = $7 WHERE id = $1`, p.ID, string(p.State), p.Reason, p.CanRetry, p.ActionURL, db.Micros(now), db.Micros(p.SettledAt))
}
