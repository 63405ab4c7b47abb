package nacha

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"memberpay/internal/db"
	"memberpay/internal/money"
)

// maxReasons bounds how many failed entries of one file an error names.
const maxReasons = 5

// applyAll applies each answer of a file (its SHA-256) in its own transaction. One that fails does not hold up the others.
func (r *Rail) applyAll(ctx context.Context, sum string, found answers, apply Apply) (int, error) {
	n, failed := 0, 0
	var errs []error
	for _, a := range found.list {
		changed, err := r.applyOne(ctx, sum, a, apply)
		if err != nil {
			if ctx.Err() != nil {
				return n, ctx.Err()
			}
			if failed++; failed <= maxReasons {
				errs = append(errs, fmt.Errorf("line %d, trace %s: %w", a.line, a.trace, err))
			}
			continue
		}
		if changed {
			n++
			if err := r.at("receive.one"); err != nil {
				return n, err
			}
		}
	}
	if failed > 0 {
		errs = append(errs, fmt.Errorf("%d of %d entries are not applied; they are tried again", failed, len(found.list)))
	}
	return n, errors.Join(errs...)
}

func (r *Rail) applyOne(ctx context.Context, sum string, a answer, apply Apply) (changed bool, err error) {
	// Most of a file that is read a second time needs no transaction.
	if s, err := findSent(ctx, r.db.Read(), a.trace); err == nil && s.knows(a) {
		return false, nil
	}
	err = r.db.Write(ctx, func(tx *db.Tx) (err error) {
		changed, err = r.applyIn(ctx, tx, sum, a, apply)
		return err
	})
	return changed, err
}

// applyIn compares an answer with what was sent. What does not fit becomes an exception and changes nothing.
func (r *Rail) applyIn(ctx context.Context, tx *db.Tx, sum string, a answer, apply Apply) (bool, error) {
	d := detail{Trace: a.trace, Code: a.code, Amount: int64(a.amount)}
	s, err := findSent(ctx, tx, a.trace)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		d.Corrected = masked(a.corrected)
		return false, r.raise(ctx, tx, UnknownTrace, a.trace, sum, d)
	case err != nil:
		return false, err
	case s.knows(a):
		return false, nil
	}
	d.PaymentID, d.Sent = s.paymentID, int64(s.amount)
	switch {
	case a.kind == disputed:
		return false, r.raise(ctx, tx, ReturnDispute, s.paymentID, sum, d)
	case a.kind == changed:
		d.Corrected = masked(a.corrected)
		return false, r.raise(ctx, tx, ChangeNotice, s.paymentID, sum, d)
	case a.kind == refused:
		return false, r.raise(ctx, tx, ChangeRefused, s.paymentID, sum, d)
	case a.amount != s.amount:
		return false, r.raise(ctx, tx, AmountMismatch, s.paymentID, sum, d)
	case a.individualID != "" && a.individualID != s.individualID:
		return false, r.raise(ctx, tx, IdentityMismatch, s.paymentID, sum, d)
	case s.state == Returned:
		d.Before = s.code
		return false, r.raise(ctx, tx, SecondReturn, s.paymentID, sum, d)
	}
	if moved, err := r.move(ctx, tx, s, a); err != nil || !moved {
		return false, err
	}
	result := Result{PaymentID: s.paymentID, Kind: Settled, Amount: s.amount, On: a.on}
	if a.kind == returned {
		result.Kind, result.Code = Returned, a.code
	}
	if err := apply(ctx, tx, result); err != nil {
		return false, fmt.Errorf("payment %s: %w", s.paymentID, err)
	}
	return true, nil
}

// move changes the state of the entry, unless another process has just done so.
func (r *Rail) move(ctx context.Context, tx *db.Tx, s sent, a answer) (bool, error) {
	query := `UPDATE ach_entry SET state = 'settled', settled_on = $2, updated_at = $3
 WHERE payment_id = $1 AND state = 'filed'`
	args := []any{s.paymentID, a.on.String(), db.Micros(r.clock())}
	if a.kind == returned {
		query = `UPDATE ach_entry SET state = 'returned', returned_on = $2, updated_at = $3, return_code = $4
 WHERE payment_id = $1 AND state IN ('filed', 'settled')`
		args = append(args, a.code)
	}
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("payment %s: %w", s.paymentID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// sent is the entry an answer is about.
type sent struct {
	paymentID    string
	individualID string
	amount       money.Cents
	state        State
	code         string // of its return
}

// findSent returns the entry that was sent last under a trace, or sql.ErrNoRows.
func findSent(ctx context.Context, q db.Queryer, trace string) (sent, error) {
	var s sent
	err := q.QueryRowContext(ctx, `SELECT payment_id, individual_id, amount_cents, state, return_code FROM ach_entry
 WHERE trace = $1 AND trace <> '' ORDER BY filed_at DESC LIMIT 1`, trace).
		Scan(&s.paymentID, &s.individualID, &s.amount, &s.state, &s.code)
	return s, err
}

// knows reports whether the entry stands already as the answer would have it: the answer came before. A debit that was
// returned had settled, so a settlement says nothing new of it.
func (s sent) knows(a answer) bool {
	if a.amount != s.amount {
		return false
	}
	switch a.kind {
	case settled:
		return s.state == Settled || s.state == Returned
	case returned:
		return s.state == Returned && s.code == a.code
	}
	return false
}

// masked hides all but the last four characters of each word of corrected data, which holds account numbers and names.
func masked(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if len(w) > 4 {
			words[i] = strings.Repeat("*", len(w)-4) + w[len(w)-4:]
		} else {
			words[i] = strings.Repeat("*", len(w))
		}
	}
	return strings.Join(words, " ")
}
