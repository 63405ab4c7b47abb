package payment_test

import (
	"fmt"
	"slices"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/verify"
)

// documented is the table of states as the architecture has it.
var documented = map[payment.State][]payment.State{
	payment.Submitted:      {payment.ActionRequired, payment.Unknown, payment.Pending, payment.Succeeded, payment.Failed, payment.Canceled},
	payment.ActionRequired: {payment.Unknown, payment.Pending, payment.Succeeded, payment.Failed, payment.Canceled},
	payment.Unknown:        {payment.Pending, payment.Succeeded, payment.Failed},
	payment.Pending:        {payment.Succeeded, payment.Canceled, payment.Returned},
	payment.Succeeded:      {payment.Returned, payment.Disputed},
	payment.Disputed:       {payment.Succeeded, payment.ChargedBack},
}

func TestTableIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	got := payment.CanBecomeAll()
	for _, from := range payment.States {
		slices.SortFunc(got[from], byOrder)
		if !slices.Equal(got[from], documented[from]) {
			t.Errorf("%s leads to %v, documented is %v", from, got[from], documented[from])
		}
		for _, to := range payment.States {
			if from.CanBecome(to) != slices.Contains(documented[from], to) {
				t.Errorf("CanBecome(%s, %s) = %t", from, to, from.CanBecome(to))
			}
		}
		if from.Holds() && from.Good() {
			t.Errorf("%s holds a reservation and counts as money at once", from)
		}
	}
}

func byOrder(a, b payment.State) int {
	return slices.Index(payment.States, a) - slices.Index(payment.States, b)
}

// pathTo is the shortest way to a state.
func pathTo(to payment.State) []payment.State {
	paths := map[payment.State][]payment.State{payment.Submitted: {}}
	for queue := []payment.State{payment.Submitted}; len(queue) > 0; queue = queue[1:] {
		for _, next := range documented[queue[0]] {
			if _, known := paths[next]; !known {
				paths[next] = append(slices.Clone(paths[queue[0]]), next)
				queue = append(queue, next)
			}
		}
	}
	return paths[to]
}

// TestEveryChange takes a payment into every state and from there into every other, allowed or not, and looks at what
// it did to the bill and the book.
func TestEveryChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		for _, from := range payment.States {
			for _, to := range payment.States {
				t.Run(fmt.Sprintf("%s/%s", from, to), func(t *testing.T) { change(t, w, from, to) })
			}
		}
		clean(t, w)
	})
}

const share, part = money.Cents(10_000), money.Cents(6_000)

func change(t *testing.T, w *paymenttest.World, from, to payment.State) {
	b := w.Bill(t, share)
	pay, fresh, err := w.Payments.Submit(t.Context(), w.Request(b, part, paymenttest.Good))
	if err != nil || !fresh || pay.State != payment.Submitted {
		t.Fatalf("submit: %s, %t, %v", pay.State, fresh, err)
	}
	prepared(t, w, pay.ID)
	for _, step := range pathTo(from) {
		record(t, w, pay.ID, step)
	}
	stands(t, w, b.ID, pay.ID, from, 0)
	got := record(t, w, pay.ID, to)
	want, late := from, money.Cents(0)
	switch {
	case from.CanBecome(to):
		want = to
	case to == payment.Succeeded && (from == payment.Failed || from == payment.Canceled):
		late = part // money that comes too late is kept as credit
	}
	if got.State != want {
		t.Fatalf("after the news %s the payment is %s, want %s", to, got.State, want)
	}
	stands(t, w, b.ID, pay.ID, want, late)
	record(t, w, pay.ID, to) // the same news again changes nothing
	stands(t, w, b.ID, pay.ID, want, late)
}

// prepared notes a processor's id for the payment's attempt, as a charge does before any money moves.
func prepared(t *testing.T, w *paymenttest.World, paymentID string) {
	t.Helper()
	err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE attempt SET processor_ref = 'ch_' || id WHERE payment_id = $1", paymentID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T, w *paymenttest.World, paymentID string, to payment.State) payment.Payment {
	t.Helper()
	pay, err := w.Payments.Record(t.Context(), paymentID, payment.Change{To: to})
	if err != nil {
		t.Fatalf("record %s: %v", to, err)
	}
	return pay
}

// stands checks what a payment in a state means for its bill, its money and the payer's credit.
func stands(t *testing.T, w *paymenttest.World, billID, paymentID string, s payment.State, credit money.Cents) {
	t.Helper()
	var pending, applied money.Cents
	if s.Holds() {
		pending = part
	}
	if s.Good() {
		applied = part
	}
	b := w.Look(t, billID)
	if b.Pending != pending || b.Applied != applied || b.Due() != share-part && b.Due() != share {
		t.Errorf("%s: the bill has %s pending, %s applied, %s due", s, b.Pending, b.Applied, b.Due())
	}
	if want := share - pending - applied; b.Due() != want {
		t.Errorf("%s: due %s, want %s", s, b.Due(), want)
	}
	if got := inBook(t, w, paymentID, "card_clearing") + inBook(t, w, paymentID, "dispute"); got != applied+credit {
		t.Errorf("%s: the book holds %s for the payment, want %s", s, got, applied+credit)
	}
	if got := -inBook(t, w, paymentID, "credit"); got != credit {
		t.Errorf("%s: the payer has %s credit, want %s", s, got, credit)
	}
	if s == payment.Disputed && inBook(t, w, paymentID, "dispute") != part {
		t.Error("disputed money does not stand on the account for it")
	}
}

// inBook is debits less credits of one account for one payment.
func inBook(t *testing.T, w *paymenttest.World, paymentID, account string) (sum money.Cents) {
	t.Helper()
	err := w.DB.Read().QueryRowContext(t.Context(), `SELECT CAST(COALESCE(SUM(CASE WHEN debit = $1 THEN amount_cents WHEN credit = $1 THEN -amount_cents ELSE 0 END), 0) AS BIGINT)
		FROM ledger_posting WHERE payment_id = $2`, account, paymentID).Scan(&sum)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// clean checks every rule of the book.
func clean(t *testing.T, w *paymenttest.World) {
	t.Helper()
	results, err := verify.Run(t.Context(), w.DB, w.Seal, nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, r := range results {
		if r.Count > 0 {
			t.Errorf("%s is broken %d times: %v", r.Rule, r.Count, r.Violations)
		}
	}
	logged(t, w)
}

// logged checks that every fact about a payment stands in the audit log, too, and no other.
func logged(t *testing.T, w *paymenttest.World) {
	t.Helper()
	entries, err := audit.List(t.Context(), w.DB.Read(), audit.Filter{Action: "payment"}, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	for _, e := range entries {
		if e.Member == "" || e.Role == audit.System && e.Actor != "" {
			t.Errorf("the log has %+v", e)
		}
		said[e.Subject] = append(said[e.Subject], e.Action)
	}
	for payment, actions := range said {
		facts, err := event.Of(t.Context(), w.DB.Read(), payment)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"payment.submitted"}
		for _, f := range facts[1:] {
			want = append(want, f.Kind)
		}
		slices.Sort(want)
		slices.Sort(actions)
		if !slices.Equal(actions, want) {
			t.Errorf("%s: the log says %v, what happened is %v", payment, actions, want)
		}
	}
	var payments int
	if err := w.DB.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM payment").Scan(&payments); err != nil || payments != len(said) {
		t.Errorf("the log knows %d of %d payments, %v", len(said), payments, err)
	}
}

func TestOtherAmountOpensACase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		b := w.Bill(t, share)
		pay, _, err := w.Payments.Submit(t.Context(), w.Request(b, part, paymenttest.Good))
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Payments.Record(t.Context(), pay.ID, payment.Change{To: payment.Succeeded, Amount: part + 1})
		if err != nil || got.State != payment.Submitted {
			t.Fatalf("%s, %v", got.State, err)
		}
		var open int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM exception WHERE kind = 'payment.amount_mismatch' AND subject = $1", pay.ID).Scan(&open); err != nil || open != 1 {
			t.Fatalf("%d cases, %v", open, err)
		}
		stands(t, w, b.ID, pay.ID, payment.Submitted, 0)
	})
}
