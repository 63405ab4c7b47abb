package payment

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/member"
	"memberpay/internal/money"
)

// Helping says that a payment is made by a member's permission, not by whoever owes.
type Helping struct {
	HelpID string
	Today  day.Date  // in the organisation's time zone
	Month  time.Time // since when payments count for the month's limit
}

// Faults of Submit for payments by permission. Nothing was reserved.
var (
	// ErrHelpEnded: the permission has ended, or is not for one of these bills.
	ErrHelpEnded = fault.New(fault.Conflict, "payment.help_ended")
	// ErrHelpPayment: the payment is more than the permission lets pay at a time.
	ErrHelpPayment = fault.New(fault.Conflict, "payment.help_over_payment")
	// ErrHelpMonth: with what was paid and is on its way since the beginning of the month, it is more than a month's limit.
	ErrHelpMonth = fault.New(fault.Conflict, "payment.help_over_month")
)

// notHelped tells that some of a group may not be paid, by payment id, by permission or in their call. The transaction must be rolled back.
type notHelped map[string]error

func (e notHelped) Error() string {
	return fmt.Sprintf("%d payments go beyond a permission or their call", len(e))
}

// checkHelp holds the payments that were made by permission against it, as it is at this moment, and notes them as such.
// The permissions stay locked until the transaction ends, so that two payments at once cannot both use what is left. A
// group has each permission once. It returns notHelped where some may not be paid.
func checkHelp(ctx context.Context, tx *db.Tx, now time.Time, group []*submission) error {
	group = slices.DeleteFunc(slices.Clone(group), func(s *submission) bool { return s.request.Helping.HelpID == "" })
	if len(group) == 0 {
		return nil
	}
	ids := make([]string, len(group))
	for i, s := range group {
		ids[i] = s.request.Helping.HelpID
	}
	slices.Sort(ids)
	helps, err := member.LockHelps(ctx, tx, now, group[0].request.Helping.Today, ids)
	if err != nil {
		return err
	}
	refused := notHelped{}
	args := make([]any, 0, 2*len(group))
	for _, s := range group {
		help, live := helps[s.request.Helping.HelpID]
		if !live || help.AccountID != s.request.AccountID {
			refused[s.payment.ID] = ErrHelpEnded
			continue
		}
		switch err := within(ctx, tx, help, s.request); {
		case fault.Is(err, fault.Conflict):
			refused[s.payment.ID] = err
		case err != nil:
			return err
		}
		args = append(args, s.payment.ID, help.ID)
	}
	if len(refused) > 0 {
		return refused
	}
	return tx.Later(ctx, "note payments by permission", "INSERT INTO payment_help (payment_id, help_id) VALUES "+db.Values(len(group), 2), args...)
}

// within checks one payment against its permission, which is locked and live.
func within(ctx context.Context, tx *db.Tx, help member.Help, r Request) error {
	ids := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		ids[i] = l.BillID
	}
	bills, err := bill.ByIDs(ctx, tx, bill.Scope{Helped: HelpedBy(help)}, ids)
	if err != nil {
		return err
	}
	if len(bills) != len(ids) || r.PayerID != help.MemberID {
		return ErrHelpEnded
	}
	if help.PaymentLimit > 0 && r.Total() > help.PaymentLimit {
		return ErrHelpPayment
	}
	if help.MonthLimit > 0 {
		paid, err := HelpedSince(ctx, tx, help.ID, r.Helping.Month)
		if err != nil {
			return err
		}
		if paid+r.Total() > help.MonthLimit {
			return ErrHelpMonth
		}
	}
	return nil
}

// HelpedBy is whose bills may be paid by a permission.
func HelpedBy(help member.Help) []bill.Helped {
	var out []bill.Helped
	for _, patient := range help.For {
		out = append(out, bill.Helped{HelpID: help.ID, Patient: patient, Payer: help.MemberID, Medical: help.Medical, Premium: help.Premium})
	}
	return out
}

// HelpedSince is what was paid by a permission from a moment on, with what is on its way. What failed, was canceled or
// came back does not count.
func HelpedSince(ctx context.Context, q db.Queryer, helpID string, since time.Time) (money.Cents, error) {
	var sum money.Cents
	err := q.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM payment_help
		JOIN payment ON payment.id = payment_help.payment_id
		WHERE payment_help.help_id = $1 AND payment.submitted_at >= $2 AND payment.state NOT IN ('failed', 'canceled', 'returned', 'charged_back')`,
		helpID, db.Micros(since)).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("what was paid by a permission: %w", err)
	}
	return sum, nil
}

// ByHelp returns the payments made by a permission, newest first, at most limit.
func ByHelp(ctx context.Context, q db.Queryer, helpID string, limit int) ([]Payment, error) {
	return several(ctx, q, "id IN (SELECT payment_id FROM payment_help WHERE help_id = $1) ORDER BY submitted_at DESC, id DESC LIMIT "+fmt.Sprint(limit), helpID)
}

// HelpUntold returns payments by permission of which the member was not told yet and whose outcome is known, by the
// permission's id, at most limit of them.
func HelpUntold(ctx context.Context, q db.Queryer, limit int) (map[string]string, error) {
	out := map[string]string{}
	err := db.Each(ctx, q, `SELECT payment_help.payment_id, payment_help.help_id FROM payment_help JOIN payment ON payment.id = payment_help.payment_id
		WHERE payment_help.told_at = 0 AND payment.state NOT IN ('submitted', 'action_required', 'unknown') ORDER BY payment_help.payment_id LIMIT $1`, []any{limit},
		func(rows *sql.Rows) error {
			var paymentID, helpID string
			err := rows.Scan(&paymentID, &helpID)
			out[paymentID] = helpID
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("payments by permission to tell of: %w", err)
	}
	return out, nil
}

// HelpTold marks that the member was told of a payment. It reports false where that was done before.
func HelpTold(ctx context.Context, tx *db.Tx, now time.Time, paymentID string) (bool, error) {
	done, err := tx.ExecContext(ctx, "UPDATE payment_help SET told_at = $2 WHERE payment_id = $1 AND told_at = 0", paymentID, db.Micros(now))
	if err != nil {
		return false, fmt.Errorf("told of a payment: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}
