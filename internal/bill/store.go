package bill

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

const fields = `bill.id, bill.claim_key, bill.source, bill.eob_id, bill.kind, bill.payee, bill.number, bill.pay_code, bill.patient_id,
	bill.guarantor_id, bill.visit, bill.provider, bill.insurer, bill.service_date, bill.due_date, bill.charged_cents,
	bill.plan_paid_cents, bill.adjustment_cents, bill.responsibility_cents, bill.prior_paid_cents, bill.applied_cents,
	bill.pending_cents, bill.state, bill.as_of, bill.created_at, bill.version`

type scanner interface{ Scan(...any) error }

// scan reads fields and whatever the query selects behind them.
func scan(row scanner, more ...any) (Bill, error) {
	var b Bill
	var asOf, created int64
	err := row.Scan(append([]any{&b.ID, &b.ClaimKey, &b.Source, &b.EOBID, &b.Kind, &b.Payee, &b.Number, &b.PayCode, &b.PatientID,
		&b.GuarantorID, &b.Visit, &b.Provider, &b.Insurer, &b.ServiceDate, &b.DueDate, &b.Charged, &b.PlanPaid,
		&b.Adjustment, &b.Responsibility, &b.PriorPaid, &b.Applied, &b.Pending, &b.State, &asOf, &created, &b.Version}, more...)...)
	b.AsOf, b.CreatedAt = db.Time(asOf), db.Time(created)
	return b, err
}

// Scope is whose bills may be seen: a bill belongs to the scope if its guarantor or its patient is one of Members.
// An empty scope sees nothing.
type Scope struct{ Members []string }

func (s Scope) where(first int) string {
	in := db.In(first, len(s.Members))
	return "(bill.guarantor_id IN " + in + " OR bill.patient_id IN " + in + ")"
}

// In reports whether a bill belongs to the scope.
func (s Scope) In(b Bill) bool {
	for _, m := range s.Members {
		if m == b.GuarantorID || m == b.PatientID {
			return true
		}
	}
	return false
}

// Get returns one bill with its lines, or a NotFound fault where it does not exist or lies outside the scope.
func Get(ctx context.Context, q db.Queryer, scope Scope, billID string) (Bill, error) {
	var lines string
	b, err := scan(q.QueryRowContext(ctx, "SELECT "+fields+", bill.lines FROM bill WHERE id = $1", billID), &lines)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !scope.In(b)) {
		return Bill{}, fault.New(fault.NotFound, "bill.not_found")
	}
	if err != nil {
		return Bill{}, fmt.Errorf("get bill: %w", err)
	}
	if err := json.Unmarshal([]byte(lines), &b.Lines); err != nil {
		return Bill{}, fmt.Errorf("lines of bill %s: %w", b.ID, err)
	}
	return b, nil
}

// ByIDs returns the bills of a scope with these ids, without lines, keyed by id. Others are left out.
func ByIDs(ctx context.Context, q db.Queryer, scope Scope, billIDs []string) (map[string]Bill, error) {
	out := make(map[string]Bill, len(billIDs))
	if len(billIDs) == 0 {
		return out, nil
	}
	err := db.Each(ctx, q, "SELECT "+fields+" FROM bill WHERE id IN "+db.In(1, len(billIDs)), db.Args(billIDs), func(rows *sql.Rows) error {
		b, err := scan(rows)
		if err == nil && scope.In(b) {
			out[b.ID] = b
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("get bills: %w", err)
	}
	return out, nil
}

// List returns the bills of a scope, without lines: open ones first, the longest due first, then the newest others.
// At most limit bills are returned.
func List(ctx context.Context, q db.Queryer, scope Scope, limit int) ([]Bill, error) {
	if len(scope.Members) == 0 {
		return nil, nil
	}
	var out []Bill
	err := db.Each(ctx, q, `SELECT `+fields+` FROM bill WHERE `+scope.where(1)+`
		ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, due_date, service_date DESC, id LIMIT `+fmt.Sprint(limit), db.Args(scope.Members), func(rows *sql.Rows) error {
		b, err := scan(rows)
		out = append(out, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list bills: %w", err)
	}
	return order(out), nil
}

// ByNumber returns the bills on which a number that folds like this one was printed: bill number or pay code. It does
// the same work whether or not there is one.
func ByNumber(ctx context.Context, q db.Queryer, number string) ([]Bill, error) {
	var out []Bill
	err := db.Each(ctx, q, `SELECT `+fields+` FROM bill WHERE number_folded = $1
		UNION SELECT `+fields+` FROM bill WHERE pay_code = $2 ORDER BY 1 LIMIT 20`, []any{id.Fold(number), id.Unfold(number)},
		func(rows *sql.Rows) error {
			b, err := scan(rows)
			out = append(out, b)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find bills by number: %w", err)
	}
	return out, nil
}

// Visit returns the other bills of the same visit within a scope.
func Visit(ctx context.Context, q db.Queryer, scope Scope, b Bill) ([]Bill, error) {
	if b.Visit == "" || len(scope.Members) == 0 {
		return nil, nil
	}
	args := append([]any{b.PatientID, b.Visit, b.ID}, db.Args(scope.Members)...)
	var out []Bill
	err := db.Each(ctx, q, "SELECT "+fields+" FROM bill WHERE patient_id = $1 AND visit = $2 AND id <> $3 AND state <> 'void' AND "+
		scope.where(4)+" ORDER BY service_date, id", args, func(rows *sql.Rows) error {
		v, err := scan(rows)
		out = append(out, v)
		return err
	})
	return out, err
}

// All calls fn for every bill in order of id, with the patient's source id and the guarantor's member ID.
func All(ctx context.Context, q db.Queryer, fn func(b Bill, patientID, memberID string) error) error {
	return db.Each(ctx, q, "SELECT "+fields+`, patient.patient_id, guarantor.member_id FROM bill
		JOIN member AS patient ON patient.id = bill.patient_id
		JOIN member AS guarantor ON guarantor.id = bill.guarantor_id
		ORDER BY bill.id`, nil, func(rows *sql.Rows) error {
		var patientID, memberID string
		b, err := scan(rows, &patientID, &memberID)
		if err != nil {
			return err
		}
		return fn(b, patientID, memberID)
	})
}
