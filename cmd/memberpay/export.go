package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/config"
	"memberpay/internal/intake"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
	"memberpay/internal/payment"
)

type exportCommand struct {
	config.Store `embed:""`
	What         string `arg:"" enum:"bills,payments,ledger,review,exceptions" help:"bills, payments or ledger; or what waits for a person: review (records that made no bill) or exceptions (money)."`
	Format       string `enum:"csv,json" default:"csv" help:"csv, or json: an array with one object a line."`
	Closed       bool   `help:"With exceptions: those that were closed, too, with when and by which account of staff."`
	Output       string `short:"o" help:"File to write; standard output where empty." type:"path"`
}

// Run streams the rows; it holds one at a time.
func (c exportCommand) Run(ctx context.Context) error {
	d, err := openNoting(ctx, c.Store, openExisting)
	if err != nil {
		return err
	}
	defer d.Close()
	entry := atCommandLine.Did(time.Now(), "data.exported", "", "")
	entry.Detail = c.What
	if err := audit.Write(ctx, d, entry); err != nil {
		return err
	}
	out := os.Stdout
	if c.Output != "" {
		if out, err = os.Create(c.Output); err != nil {
			return err
		}
	}
	w := newRows(out, c.Format)
	switch c.What {
	case "bills":
		w.columns("claim_key", "eob_id", "member_id", "patient_id", "service_date", "payer", "responsibility_cents", "paid_cents",
			"pending_cents", "due_cents", "state", "bill_id", "kind", "payee", "bill_number", "pay_code", "due_date", "charged_cents",
			"plan_paid_cents", "adjustment_cents", "prior_paid_cents", "source", "held_since")
		var held map[string]time.Time
		if held, err = bill.AllHeld(ctx, d.Read()); err != nil {
			return err
		}
		err = bill.All(ctx, d.Read(), func(b bill.Bill, patientID, memberID string) error {
			return w.row(b.ClaimKey, b.EOBID, memberID, patientID, b.ServiceDate.String(), b.Insurer, b.Responsibility, b.PaidTotal(),
				b.Pending, b.Due(), string(b.State), b.ID, string(b.Kind), b.Payee, b.Number, b.PayCode, b.DueDate.String(), b.Charged,
				b.PlanPaid, b.Adjustment, b.PriorPaid, b.Source, stamp(held[b.ID]))
		})
	case "payments":
		w.columns("payment_id", "confirmation", "member_id", "payee", "rail", "method", "last4", "amount_cents", "state", "reason",
			"submitted_at", "settled_at", "refunded_cents")
		err = payment.All(ctx, d.Read(), func(p payment.Payment, memberID string) error {
			return w.row(p.ID, p.Confirmation, memberID, p.Payee, string(p.Rail), p.Brand, p.Last4, p.Amount, string(p.State), p.Reason,
				stamp(p.SubmittedAt), stamp(p.SettledAt), p.Refunded)
		})
	case "ledger":
		w.columns("entry_id", "line", "at", "kind", "payee", "debit", "credit", "amount_cents", "bill_id", "payment_id", "member")
		err = ledger.Lines(ctx, d.Read(), func(l ledger.Line) error {
			return w.row(l.EntryID, strconv.Itoa(l.Line), stamp(l.At), l.Kind, l.Payee, string(l.Debit), string(l.Credit), l.Amount,
				l.BillID, l.PaymentID, l.MemberID)
		})
	case "review":
		w.columns("key", "verdict", "reason", "detail", "path", "entry", "opened_at")
		err = intake.WorkList(ctx, d.Read(), func(x intake.Waiting) error {
			return w.row(x.Key, x.Verdict, x.Reason, x.Detail, x.Path, strconv.Itoa(x.Entry), stamp(x.OpenedAt))
		})
	case "exceptions":
		if c.Closed {
			w.columns("exception_id", "kind", "subject", "detail", "opened_at", "closed_at", "closed_by")
			err = payment.EveryException(ctx, d.Read(), func(x payment.Exception) error {
				return w.row(x.ID, x.Kind, x.Subject, x.Detail, stamp(x.OpenedAt), stamp(x.ClosedAt), x.ClosedBy)
			})
			break
		}
		w.columns("exception_id", "kind", "subject", "detail", "opened_at")
		err = payment.Exceptions(ctx, d.Read(), func(x payment.Exception) error {
			return w.row(x.ID, x.Kind, x.Subject, x.Detail, stamp(x.OpenedAt))
		})
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", c.What, err)
	}
	return w.close()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// rows writes values as CSV, or as JSON objects under the names of the columns. Amounts are integers of cents.
type rows struct {
	file  *os.File
	out   *bufio.Writer
	csv   *csv.Writer // nil for JSON
	names []string
	n     int
}

func newRows(f *os.File, format string) *rows {
	r := &rows{file: f, out: bufio.NewWriterSize(f, 1<<16)}
	if format == "csv" {
		r.csv = csv.NewWriter(r.out)
	}
	return r
}

func (r *rows) columns(names ...string) {
	r.names = names
	if r.csv != nil {
		r.csv.Write(names)
	}
}

func (r *rows) row(values ...any) error {
	if r.csv != nil {
		text := make([]string, len(values))
		for i, v := range values {
			if c, ok := v.(money.Cents); ok {
				text[i] = strconv.FormatInt(int64(c), 10)
				continue
			}
			text[i] = v.(string)
		}
		return r.csv.Write(text)
	}
	return r.object(values)
}

// object writes one JSON object with its fields in the order of the columns.
func (r *rows) object(values []any) error {
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lead := `,"`
		switch {
		case i == 0 && r.n == 0:
			lead = "[\n{\""
		case i == 0:
			lead = ",\n{\""
		}
		if _, err := io.WriteString(r.out, lead+r.names[i]+`":`+string(text)); err != nil {
			return err
		}
	}
	r.n++
	_, err := io.WriteString(r.out, "}")
	return err
}

func (r *rows) close() error {
	if r.csv == nil {
		end := "\n]\n"
		if r.n == 0 {
			end = "[]\n"
		}
		r.out.WriteString(end)
	} else {
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	if err := r.out.Flush(); err != nil {
		return err
	}
	if r.file == os.Stdout {
		return nil
	}
	return r.file.Close()
}
