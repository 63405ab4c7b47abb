package payment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/verify"
)

// steps are what became of an exception: "opened closed again".
func steps(t *testing.T, p *payment.Payments, exceptionID string) (payment.ExceptionLook, string) {
	t.Helper()
	l, err := p.LookException(t.Context(), boss, exceptionID)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, s := range l.Steps {
		if s.N != i+1 {
			t.Errorf("step %d has the number %d", i+1, s.N)
		}
		out = append(out, s.Step)
	}
	return l, strings.Join(out, " ")
}

// waiting is the one exception that is open.
func waiting(t *testing.T, d *db.DB) payment.Exception {
	t.Helper()
	list, err := payment.ExceptionWork(t.Context(), d.Read(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d are open, %v", len(list), err)
	}
	return list[0]
}

// justNow reports whether something happened within this second.
func justNow(w *refunds, at time.Time) bool {
	ago := w.Now().Sub(at)
	return ago >= 0 && ago < time.Second
}

// TestAnExceptionIsClosed closes one, and opens it again: with what was done, once, and nothing is lost.
func TestAnExceptionIsClosed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		p := w.Payments
		if _, err := p.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Succeeded, Amount: 9_900}); err != nil {
			t.Fatal(err)
		}
		x := waiting(t, d)
		l, became := steps(t, p, x.ID)
		if became != "opened" || l.Seen() != 1 || l.About.Payment.ID != w.pay.ID || !justNow(w, x.Since()) {
			t.Fatalf("%s, %+v", became, l)
		}
		parts, other := x.Said()
		if got := fmt.Sprint(parts, other); got != "[{asked $100.00} {says $99.00}]" {
			t.Errorf("it says %s", got)
		}
		for _, bad := range []string{"", " \n", "....", strings.Repeat("a", payment.MaxExceptionNote+1)} {
			if err := p.CloseException(t.Context(), boss, x.ID, 1, bad); !errors.Is(err, payment.ErrExceptionNote) {
				t.Errorf("the note %.10q: %v", bad, err)
			}
		}
		if err := p.CloseException(t.Context(), boss, "exc_none", 1, "It was nothing."); !errors.Is(err, payment.ErrExceptionNone) {
			t.Errorf("none is closed: %v", err)
		}
		if err := p.ReopenException(t.Context(), boss, x.ID, 1, "By mistake."); !errors.Is(err, payment.ErrExceptionOpen) {
			t.Errorf("what is open is opened: %v", err)
		}
		w.Pass(time.Hour)
		if err := p.CloseException(t.Context(), boss, x.ID, 1, "The processor took a fee from 4242 4242 4242 4242.\u202e"); err != nil {
			t.Fatal(err)
		}
		if err := p.CloseException(t.Context(), asker, x.ID, 2, "Me too."); !errors.Is(err, payment.ErrExceptionOver) {
			t.Errorf("it is closed twice: %v", err)
		}
		l, became = steps(t, p, x.ID)
		if became != "opened closed" || l.ClosedBy != boss.Actor || !justNow(w, l.ClosedAt) || l.Steps[1].Actor != boss.Actor || l.Steps[1].Note != "The processor took a fee from [card number removed]." {
			t.Errorf("%s, %+v", became, l)
		}
		if err := p.ReopenException(t.Context(), asker, x.ID, 1, "By mistake."); !errors.Is(err, payment.ErrExceptionMoved) {
			t.Errorf("whoever has not read how it ended opens it: %v", err)
		}
		done, err := payment.ExceptionsDone(t.Context(), d.Read(), l.ClosedAt, 10)
		if err != nil || len(done) != 1 {
			t.Errorf("%d were closed, %v", len(done), err)
		}
		if later, err := payment.ExceptionsDone(t.Context(), d.Read(), l.ClosedAt.Add(time.Microsecond), 10); err != nil || len(later) != 0 {
			t.Errorf("%d were closed later, %v", len(later), err)
		}
		w.Pass(time.Hour)
		if err := p.ReopenException(t.Context(), asker, x.ID, 2, "It was another payment."); err != nil {
			t.Fatal(err)
		}
		l, became = steps(t, p, x.ID)
		if became != "opened closed reopened" || !l.ClosedAt.IsZero() || l.ClosedBy != "" || !justNow(w, l.Since()) {
			t.Errorf("%s, %+v", became, l)
		}
		b, err := payment.ExceptionBacklog(t.Context(), d.Read(), l.Since())
		if err != nil || b.Waiting != 1 || b.Late != 0 || !b.Oldest.Equal(l.Since()) {
			t.Errorf("%+v, %v", b, err)
		}
		if b, err := payment.ExceptionBacklog(t.Context(), d.Read(), w.Now()); err != nil || b.Late != 1 {
			t.Errorf("%+v, %v", b, err)
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Member: w.pay.PayerID}, 100)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]int{}
		for _, e := range entries {
			said[e.Action]++
			if strings.Contains(e.Detail+e.Reason, "fee") {
				t.Errorf("the log holds a note: %+v", e)
			}
		}
		if said["exception.closed"] != 1 || said["exception.reopened"] != 1 || said["exception.seen"] == 0 {
			t.Errorf("the log says %v", said)
		}
		var kept []byte
		if err := d.Read().QueryRowContext(t.Context(), "SELECT note_sealed FROM exception_step WHERE n = 2").Scan(&kept); err != nil || len(kept) == 0 || strings.Contains(string(kept), "fee") {
			t.Errorf("a note lies open in the database: %q, %v", kept, err)
		}
	})
}

// TestAnExceptionIsClosedOnce lets several people close one at the same moment.
func TestAnExceptionIsClosedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Succeeded, Amount: 1}); err != nil {
			t.Fatal(err)
		}
		x := waiting(t, d)
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() {
				results[i] = w.Payments.CloseException(t.Context(), audit.Who{Actor: fmt.Sprint("acc_", i), Role: audit.Finance}, x.ID, 1, "Done.")
			})
		}
		wg.Wait()
		closed := 0
		for _, err := range results {
			switch {
			case err == nil:
				closed++
			case !errors.Is(err, payment.ErrExceptionOver):
				t.Error(err)
			}
		}
		if _, became := steps(t, w.Payments, x.ID); closed != 1 || became != "opened closed" {
			t.Errorf("closed %d times: %s", closed, became)
		}
	})
}

// TestASweepDoesNotOpenAgain: what every sweep finds stays closed for a week, and then a person hears that it is still so.
func TestASweepDoesNotOpenAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		p := over(t, w, &scripted{status: func(string) error { return errors.New("no such charge") }}, 5*time.Second)
		w.Pay(t, w.Bill(t, share), part, paymenttest.Silent)
		sweep := func(after time.Duration) {
			t.Helper()
			w.Pass(after)
			if _, err := p.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		sweep(25 * time.Hour)
		x := waiting(t, d)
		if err := p.CloseException(t.Context(), boss, x.ID, 1, "The processor will look."); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			sweep(24 * time.Hour)
		}
		if _, became := steps(t, p, x.ID); became != "opened closed" {
			t.Errorf("within a week: %s", became)
		}
		for range 3 {
			sweep(25 * time.Hour)
		}
		l, became := steps(t, p, x.ID)
		if became != "opened closed still" || l.ClosedBy != "" || !l.Since().After(l.OpenedAt) {
			t.Errorf("after a week: %s, %+v", became, l.Exception)
		}
	})
}

// TestNewsOpensAgain: a refund that fails and goes out a second time is heard of a second time, and the refund is paid out
// once more. Money that came late is one thing however often the processor says so.
func TestNewsOpensAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.Cards.Refunding(paymenttest.Waits)
		r := w.approved(1_000)
		hear := func(went bool) {
			t.Helper()
			w.Pass(2 * time.Hour)
			w.Cards.Refunded(r.ID, went)
			w.keys++
			if err := w.Payments.Callback(t.Context(), fmt.Appendf(nil, "evt_%d refund ch_%s", w.keys, w.attempt()), "signed"); err != nil {
				t.Fatal(err)
			}
		}
		closeAll := func() {
			t.Helper()
			list, err := payment.ExceptionWork(t.Context(), d.Read(), 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				l, _ := steps(t, w.Payments, x.ID)
				if err := w.Payments.CloseException(t.Context(), boss, x.ID, l.Seen(), "Talked to the member."); err != nil {
					t.Fatal(err)
				}
			}
		}
		hear(false)
		closeAll()
		hear(true) // it went out after all
		x := waiting(t, d)
		if x.Kind != "refund.late_success" {
			t.Fatalf("%s is open", x.Kind)
		}
		closeAll()
		hear(false)
		closeAll()
		hear(true)
		if again := waiting(t, d); again.ID != x.ID {
			t.Errorf("%s is open", again.Kind)
		}
		if _, became := steps(t, w.Payments, x.ID); became != "opened closed again" {
			t.Errorf("it became: %s", became)
		}
		hear(true) // known: nothing new
		if _, became := steps(t, w.Payments, x.ID); became != "opened closed again" {
			t.Errorf("it became: %s", became)
		}
	})
}

func TestLateMoneyIsOneThing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.bill = w.Bill(t, 900)
		w.pay = w.Pay(t, w.bill, 900, paymenttest.Decline)
		late := func() {
			t.Helper()
			if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Succeeded}); err != nil {
				t.Fatal(err)
			}
		}
		late()
		x := waiting(t, d)
		if err := w.Payments.CloseException(t.Context(), boss, x.ID, 1, "The member keeps it as credit."); err != nil {
			t.Fatal(err)
		}
		w.Pass(30 * 24 * time.Hour)
		late()
		if _, became := steps(t, w.Payments, x.ID); became != "opened closed" {
			t.Errorf("it became: %s", became)
		}
		var credit int64
		err := d.Read().QueryRowContext(t.Context(), "SELECT CAST(SUM(amount_cents) AS BIGINT) FROM ledger_posting WHERE payment_id = $1 AND credit = 'credit'", w.pay.ID).Scan(&credit)
		if err != nil || credit != 900 {
			t.Errorf("the credit is %d, %v", credit, err)
		}
		// A dispute of it that comes a second time is one more.
		for i, want := range []string{"opened", "opened closed again"} {
			if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Disputed}); err != nil {
				t.Fatal(err)
			}
			x := waiting(t, d)
			l, became := steps(t, w.Payments, x.ID)
			if x.Kind != "payment.late_dispute" || became != want {
				t.Errorf("%d: %s %s", i, x.Kind, became)
			}
			if err := w.Payments.CloseException(t.Context(), boss, x.ID, l.Seen(), "Answered."); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestNewsWhileItIsClosed lets people close an exception while the same happens again and again: news that came after what
// somebody read is never closed unread.
func TestNewsWhileItIsClosed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.pay = w.Pay(t, w.Bill(t, 900), 900, paymenttest.Decline)
		dispute := func() error {
			_, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Disputed})
			return err
		}
		if err := dispute(); err != nil {
			t.Fatal(err)
		}
		x := waiting(t, d)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 15 {
					if err := dispute(); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 15 {
					l, err := w.Payments.LookException(t.Context(), boss, x.ID)
					if err == nil {
						err = w.Payments.CloseException(t.Context(), boss, x.ID, l.Seen(), "Answered.")
					}
					if err != nil && !errors.Is(err, payment.ErrExceptionOver) && !errors.Is(err, payment.ErrExceptionMoved) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		_, became := steps(t, w.Payments, x.ID)
		left := strings.TrimPrefix(became, "opened")
		for strings.HasPrefix(left, " closed again") {
			left = strings.TrimPrefix(left, " closed again")
		}
		if (left != "" && left != " closed") || became == "opened" {
			t.Errorf("it became: %s", became)
		}
		results, err := verify.Run(t.Context(), d, w.Seal, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range results {
			if v.Count > 0 {
				t.Errorf("%+v", v)
			}
		}
		every := 0
		if err := payment.EveryException(t.Context(), d.Read(), func(payment.Exception) error { every++; return nil }); err != nil || every != 1 {
			t.Errorf("%d in all, %v", every, err)
		}
	})
}

// TestADamagedNoteOfAnException: what does not open hides nothing else.
func TestADamagedNoteOfAnException(t *testing.T) {
	t.Parallel()
	w := newRefunds(t, dbtest.Open(t, db.SQLite))
	if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Succeeded, Amount: 1}); err != nil {
		t.Fatal(err)
	}
	x := waiting(t, w.DB)
	if err := w.Payments.CloseException(t.Context(), boss, x.ID, 1, "Done."); err != nil {
		t.Fatal(err)
	}
	err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(context.WithoutCancel(t.Context()), "UPDATE exception_step SET note_sealed = $1 WHERE n = 2", []byte("damaged"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if l, became := steps(t, w.Payments, x.ID); became != "opened closed" || !l.Steps[1].Unreadable || l.Steps[1].Note != "" {
		t.Errorf("%s %+v", became, l.Steps)
	}
	if _, err := w.Payments.LookException(t.Context(), boss, "exc_none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("none is looked at: %v", err)
	}
}
