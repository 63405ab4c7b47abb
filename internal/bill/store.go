package bill

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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

// Scope is whose bills may be seen: a bill belongs to the scope if its guarantor or its patient is one of Members, or if
// Helped covers it. An empty scope sees nothing.
type Scope struct {
	Members []string
	Helped  []Helped
}

// Helped is somebody whose bills a helper may pay, by a permission of who pays for them. Of a bill that is seen by it
// alone, nothing is read but amounts, dates, numbers and payee.
type Helped struct {
	HelpID           string
	Patient, Payer   string // member row ids; the same person for the payer's own bills
	Medical, Premium bool   // which kinds
}

// covers reports whether the permission is for a bill: of the patient, and one that the payer may see.
func (h Helped) covers(b Bill) bool {
	return b.PatientID == h.Patient && (b.GuarantorID == h.Payer || b.PatientID == h.Payer) &&
		((b.Kind == Medical && h.Medical) || (b.Kind == Premium && h.Premium))
}

// empty reports whether the scope sees nothing.
func (s Scope) empty() bool { return len(s.Members) == 0 && len(s.Helped) == 0 }

// where is the condition that In checks, with its arguments, the first of which is $first.
func (s Scope) where(first int) (string, []any) {
	condition, args := "FALSE", []any{}
	if len(s.Members) > 0 {
		in := db.In(first, len(s.Members))
		condition, args = "bill.guarantor_id IN "+in+" OR bill.patient_id IN "+in, db.Args(s.Members)
	}
	for _, h := range s.Helped {
		kinds := []string{}
		if h.Medical {
			kinds = append(kinds, "'medical'")
		}
		if h.Premium {
			kinds = append(kinds, "'premium'")
		}
		if len(kinds) == 0 {
			continue
		}
		n := first + len(args)
		condition += fmt.Sprintf(" OR (bill.patient_id = $%d AND (bill.guarantor_id = $%d OR bill.patient_id = $%d) AND bill.kind IN (%s))", n, n+1, n+1, strings.Join(kinds, ", "))
		args = append(args, h.Patient, h.Payer)
	}
	return "(" + condition + ")", args
}

// In reports whether a bill belongs to the scope.
func (s Scope) In(b Bill) bool {
	if s.Owns(b) {
		return true
	}
	_, helped := s.Help(b)
	return helped
}

// Owns reports whether a bill is one of Members', and not only seen as a helper.
func (s Scope) Owns(b Bill) bool {
	for _, m := range s.Members {
		if m == b.GuarantorID || m == b.PatientID {
			return true
		}
	}
	return false
}

// Help returns the permission by which alone a bill belongs to the scope. It reports false for a bill of Members, and for
// one outside.
func (s Scope) Help(b Bill) (Helped, bool) {
	if s.Owns(b) {
		return Helped{}, false
	}
	for _, h := range s.Helped {
		if h.covers(b) {
			return h, true
		}
	}
	return Helped{}, false
}

// shown is a bill as the scope may see it: without what care it was, where it is seen by a permission alone.
func (s Scope) shown(b Bill) Bill {
	if _, helped := s.Help(b); !helped {
		return b
	}
	return Bill{ID: b.ID, Kind: b.Kind, Payee: b.Payee, Number: b.Number, PayCode: b.PayCode, PatientID: b.PatientID, GuarantorID: b.GuarantorID,
		ServiceDate: b.ServiceDate, DueDate: b.DueDate, Responsibility: b.Responsibility, PriorPaid: b.PriorPaid, Applied: b.Applied,
		Pending: b.Pending, State: b.State, AsOf: b.AsOf, CreatedAt: b.CreatedAt, Version: b.Version}
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
	return scope.shown(b), nil
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
			out[b.ID] = scope.shown(b)
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
	if scope.empty() {
		return nil, nil
	}
	var out []Bill
	where, args := scope.where(1)
	err := db.Each(ctx, q, `SELECT `+fields+` FROM bill WHERE `+where+`
		ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, due_date, service_date DESC, id LIMIT `+fmt.Sprint(limit), args, func(rows *sql.Rows) error {
		b, err := scan(rows)
		out = append(out, scope.shown(b))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list bills: %w", err)
	}
	return order(out), nil
}

// Each calls fn for every bill of a scope, with its lines, in the order in which they came. fn must not wait for another
// connection to the database.
func Each(ctx context.Context, q db.Queryer, scope Scope, fn func(Bill) error) error {
	if scope.empty() {
		return nil
	}
	where, args := scope.where(1)
	return db.Each(ctx, q, "SELECT "+fields+", bill.lines FROM bill WHERE "+where+" ORDER BY bill.id", args, func(rows *sql.Rows) error {
		var lines string
		b, err := scan(rows, &lines)
		if err != nil {
			return fmt.Errorf("read bills: %w", err)
		}
		if err := json.Unmarshal([]byte(lines), &b.Lines); err != nil {
			return fmt.Errorf("lines of bill %s: %w", b.ID, err)
		}
		return fn(scope.shown(b))
	})
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
	if b.Visit == "" || scope.empty() {
		return nil, nil
	}
	where, args := scope.where(4)
	args = append([]any{b.PatientID, b.Visit, b.ID}, args...)
	var out []Bill
	err := db.Each(ctx, q, "SELECT "+fields+" FROM bill WHERE patient_id = $1 AND visit = $2 AND id <> $3 AND state <> 'void' AND "+
		where+" ORDER BY service_date, id", args, func(rows *sql.Rows) error {
		v, err := scan(rows)
		out = append(out, scope.shown(v))
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
