package payment_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/letter"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/processor"
	"memberpay/internal/verify"
)

// refunds is a world with one bill that was paid by card.
type refunds struct {
	*paymenttest.World
	t    *testing.T
	bill bill.Bill
	pay  payment.Payment
	keys int
}

func newRefunds(t *testing.T, d *db.DB) *refunds {
	w := &refunds{World: paymenttest.New(t, d), t: t}
	w.bill = w.Bill(t, 10_000)
	w.pay = w.Pay(t, w.bill, 10_000, paymenttest.Good)
	return w
}

func (w *refunds) wish(amount money.Cents) payment.RefundWish {
	w.keys++
	return payment.RefundWish{Key: fmt.Sprintf("refund-key-number-%d", w.keys), PaymentID: w.pay.ID, Amount: amount, Reason: "twice"}
}

// approved asks for a refund and approves it.
func (w *refunds) approved(amount money.Cents) payment.Refund {
	w.t.Helper()
	asked, err := w.Payments.AskRefund(w.t.Context(), asker, w.wish(amount))
	if err != nil {
		w.t.Fatalf("ask: %v", err)
	}
	r, err := w.Payments.ApproveRefund(w.t.Context(), boss, asked.ID)
	if err != nil {
		w.t.Fatalf("approve: %v", err)
	}
	return r
}

func (w *refunds) look(id string) payment.Refund {
	w.t.Helper()
	r, err := w.Payments.RefundByID(w.t.Context(), w.DB.Read(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// stands checks a refund's state, what the payment counts as refunded, what the bill owes, what credit there is and that
// every rule of the book holds.
func (w *refunds) stands(r payment.Refund, state payment.RefundState, refunded, due money.Cents, exceptions ...string) {
	w.t.Helper()
	if got := w.look(r.ID); got.State != state {
		w.t.Errorf("the refund is %s, want %s", got.State, state)
	}
	if got := w.Payment(w.t, w.pay.ID).Refunded; got != refunded {
		w.t.Errorf("refunded %s, want %s", got, refunded)
	}
	if got := w.Look(w.t, w.bill.ID).Due(); got != due {
		w.t.Errorf("the bill owes %s, want %s", got, due)
	}
	var open []string
	if err := payment.Exceptions(w.t.Context(), w.DB.Read(), func(e payment.Exception) error {
		if _, other := e.Said(); other != "" {
			w.t.Errorf("%s says what nobody takes apart: %s", e.Kind, other)
		}
		open = append(open, e.Kind)
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(open, exceptions) {
		w.t.Errorf("exceptions %v, want %v", open, exceptions)
	}
	results, err := verify.Run(w.t.Context(), w.DB, w.Seal, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, v := range results {
		if v.Count > 0 {
			w.t.Errorf("%+v", v)
		}
	}
}

// letters are what the payer was told of a refund, in order.
func (w *refunds) letters(r payment.Refund) (told []string) {
	w.t.Helper()
	var subjects []string
	err := db.Each(w.t.Context(), w.DB.Read(), "SELECT subject FROM outbox WHERE kind = 'refund_news' ORDER BY subject", nil, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		if strings.HasPrefix(s, r.ID+"/") {
			subjects = append(subjects, s)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range subjects {
		list, err := w.Outbox.Of(w.t.Context(), w.DB.Read(), s)
		if err != nil || len(list) != 1 {
			w.t.Fatalf("%d letters, %v", len(list), err)
		}
		var news letter.RefundNews
		if err := list[0].Read(&news); err != nil {
			w.t.Fatal(err)
		}
		told = append(told, string(news.What))
	}
	return told
}

func (w *refunds) sweep() {
	w.t.Helper()
	w.Pass(time.Minute)
	if _, err := w.Payments.SweepRefunds(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func TestRefundTakesTwoPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		wish := w.wish(4_000)
		wish.Note = "She paid at the front desk too. Card 4242 4242 4242 4242."
		asked, err := w.Payments.AskRefund(t.Context(), asker, wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.Payments.AskRefund(t.Context(), asker, wish); err != nil || again.ID != asked.ID {
			t.Errorf("the same form twice: %+v, %v", again, err)
		}
		other := wish
		other.Amount++
		if _, err := w.Payments.AskRefund(t.Context(), asker, other); !errors.Is(err, payment.ErrRefundAsked) {
			t.Errorf("the same form with another amount: %v", err)
		}
		if strings.Contains(w.look(asked.ID).Note, "4242 4242") || !strings.Contains(w.look(asked.ID).Note, "front desk") {
			t.Errorf("note %q", w.look(asked.ID).Note)
		}
		w.stands(asked, payment.RefundRequested, 0, 0)
		if _, err := w.Payments.ApproveRefund(t.Context(), asker, asked.ID); !errors.Is(err, payment.ErrRefundOwn) {
			t.Errorf("approved by who asked: %v", err)
		}
		if _, err := w.Payments.DeclineRefund(t.Context(), asker, asked.ID, "No."); !errors.Is(err, payment.ErrRefundOwn) {
			t.Errorf("declined by who asked: %v", err)
		}
		if got := w.Cards.GivenBack(asked.ID); len(got) > 0 {
			t.Fatalf("went back before anybody approved: %v", got)
		}
		r, err := w.Payments.ApproveRefund(t.Context(), boss, asked.ID)
		if err != nil || r.State != payment.RefundSucceeded {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := w.Payments.ApproveRefund(t.Context(), boss, asked.ID); !errors.Is(err, payment.ErrRefundOver) {
			t.Errorf("approved twice: %v", err)
		}
		w.stands(r, payment.RefundSucceeded, 4_000, 4_000)
		if got := w.Cards.GivenBack(r.ID); !slices.Equal(got, []money.Cents{4_000}) {
			t.Errorf("went back: %v", got)
		}
		w.sweep()
		if got := w.Cards.GivenBack(r.ID); !slices.Equal(got, []money.Cents{4_000}) {
			t.Errorf("after a sweep: %v", got)
		}
	})
}

func TestRefundAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer paymenttest.Answer
		first  payment.RefundState
	}{
		"lost":     {paymenttest.Loses, payment.RefundSubmitted},
		"not sent": {paymenttest.Drops, payment.RefundSubmitted},
		"waits":    {paymenttest.Waits, payment.RefundPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newRefunds(t, d)
				w.Cards.Refunding(c.answer)
				r := w.approved(10_000)
				w.stands(r, c.first, 0, 0)
				w.Cards.Refunding(paymenttest.Pays)
				w.Cards.Refunded(r.ID, true)
				w.sweep()
				w.stands(r, payment.RefundSucceeded, 10_000, 10_000)
				if got := w.Cards.GivenBack(r.ID); !slices.Equal(got, []money.Cents{10_000}) {
					t.Errorf("went back: %v", got)
				}
				if got := w.letters(r); !slices.Equal(got, []string{"card"}) {
					t.Errorf("letters %v", got)
				}
			})
		})
	}
}

func TestRefundThatFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.Cards.Refunding(paymenttest.Refuses)
		r := w.approved(3_000)
		w.stands(r, payment.RefundFailed, 0, 0, "refund.failed")
		if w.look(r.ID).Problem != "card_closed" || len(w.letters(r)) > 0 {
			t.Errorf("%+v, letters %v", w.look(r.ID), w.letters(r))
		}
		w.Cards.Refunding(paymenttest.Pays)
		again := w.approved(10_000) // what failed holds nothing
		w.stands(again, payment.RefundSucceeded, 10_000, 10_000, "refund.failed")
		w.Cards.Refunded(again.ID, false) // the card was closed: the bank sends it back days later
		a := w.attempt()
		if err := w.Payments.Callback(t.Context(), []byte("evt_1 refund ch_"+a), "signed"); err != nil {
			t.Fatal(err)
		}
		w.stands(again, payment.RefundFailed, 0, 10_000, "refund.failed", "refund.back")
		if got := w.letters(again); !slices.Equal(got, []string{"card", "back"}) {
			t.Errorf("letters %v", got)
		}
		third := w.approved(10_000) // it is credit now, and can go again
		w.stands(third, payment.RefundSucceeded, 10_000, 10_000, "refund.failed", "refund.back")
		w.Cards.Refunded(again.ID, true) // and the earlier one went after all
		if err := w.Payments.Callback(t.Context(), []byte("evt_2 refund ch_"+a), "signed"); err != nil {
			t.Fatal(err)
		}
		w.stands(again, payment.RefundSucceeded, 10_000, 10_000, "refund.failed", "refund.back", "refund.late_success", "refund.beyond")
		if got := w.letters(again); !slices.Equal(got, []string{"card", "back", "card"}) {
			t.Errorf("letters %v", got)
		}
	})
}

func (w *refunds) attempt() (id string) {
	w.t.Helper()
	if err := w.DB.Read().QueryRowContext(w.t.Context(), "SELECT id FROM attempt WHERE payment_id = $1", w.pay.ID).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestRefundOfWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		second := w.Bill(t, 500)
		both := w.Request(w.Bill(t, 2_000), 2_000, paymenttest.Good)
		both.Lines = append(both.Lines, payment.Line{BillID: second.ID, Amount: 500})
		pay, err := w.Payments.Pay(t.Context(), both)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(paymentID, stands string, amount money.Cents, reason, note string) error {
			wish := w.wish(amount)
			wish.PaymentID, wish.Stands, wish.Reason, wish.Note = paymentID, stands, reason, note
			_, err := w.Payments.AskRefund(t.Context(), asker, wish)
			return err
		}
		failed := w.Pay(t, w.Bill(t, 900), 900, paymenttest.Decline)
		disputed := w.Pay(t, w.Bill(t, 900), 900, paymenttest.Good)
		if _, err := w.Payments.Record(t.Context(), disputed.ID, payment.Change{To: payment.Disputed}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			got, want error
		}{
			"more than was paid":       {ask(pay.ID, "", 2_501, "twice", ""), payment.ErrRefundAmount},
			"nothing":                  {ask(pay.ID, "", 0, "twice", ""), payment.ErrRefundAmount},
			"less than nothing":        {ask(pay.ID, "", -5, "twice", ""), payment.ErrRefundAmount},
			"more than the bill has":   {ask(pay.ID, second.ID, 501, "twice", ""), payment.ErrRefundAmount},
			"a bill of somebody else":  {ask(pay.ID, w.bill.ID, 1, "twice", ""), payment.ErrRefundStands},
			"no reason":                {ask(pay.ID, "", 1, "because", ""), payment.ErrRefundReason},
			"another reason, unsaid":   {ask(pay.ID, "", 1, "other", "  4 "), payment.ErrRefundNote},
			"a note without end":       {ask(pay.ID, "", 1, "twice", strings.Repeat("x", 1001)), payment.ErrRefundNote},
			"a payment without money":  {ask(failed.ID, "", 1, "twice", ""), payment.ErrRefundNothing},
			"a payment in dispute":     {ask(disputed.ID, "", 1, "twice", ""), payment.ErrRefundDisputed},
			"off the second bill only": {ask(pay.ID, second.ID, 500, "wrong_bill", ""), nil},
			"off that bill once more":  {ask(pay.ID, second.ID, 1, "wrong_bill", ""), payment.ErrRefundAmount},
			"what is left":             {ask(pay.ID, "", 2_000, "twice", ""), nil},
		} {
			if !errors.Is(c.got, c.want) {
				t.Errorf("%s: %v, want %v", name, c.got, c.want)
			}
		}
		if err := ask(pay.ID, "", 1, "twice", ""); !errors.Is(err, payment.ErrRefundNothing) {
			t.Errorf("when all of it is asked for: %v", err)
		}
		list, err := w.Payments.RefundWork(t.Context(), d.Read(), 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d wait, %v", len(list), err)
		}
		for _, r := range list {
			if r.Stands == "" {
				if _, err := w.Payments.WithdrawRefund(t.Context(), boss, r.ID); !errors.Is(err, payment.ErrRefundOver) {
					t.Errorf("withdrawn by another: %v", err)
				}
				if r, err := w.Payments.WithdrawRefund(t.Context(), asker, r.ID); err != nil || r.State != payment.RefundWithdrawn {
					t.Errorf("withdrawn: %+v, %v", r, err)
				}
				continue
			}
			if _, err := w.Payments.ApproveRefund(t.Context(), boss, r.ID); err != nil {
				t.Fatal(err)
			}
		}
		if w.Look(t, second.ID).Due() != 500 || w.Look(t, both.Lines[0].BillID).Due() != 0 {
			t.Errorf("the wrong bill is owed again: %s, %s", w.Look(t, second.ID).Due(), w.Look(t, both.Lines[0].BillID).Due())
		}
	})
}

// TestRefundOfCreditFirst refunds what a bill no longer needs before it opens the bill again.
func TestRefundOfCreditFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		in := w.Incoming(w.Person(t), 8_000)
		w.bill = w.Look(t, w.Import(t, in)[0].BillID)
		w.pay = w.Pay(t, w.bill, 8_000, paymenttest.Good)
		in.Responsibility = 5_000
		w.Import(t, in)
		w.stands(w.approved(2_000), payment.RefundSucceeded, 2_000, 0)
		w.stands(w.approved(1_500), payment.RefundSucceeded, 3_500, 500)
	})
}

// TestRefundByCheck refunds a bank payment when its bank can no longer return it.
func TestRefundByCheck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.bill = w.Bill(t, 700)
		w.pay = w.Pay(t, w.bill, 700, "")
		if _, err := w.Payments.AskRefund(t.Context(), asker, w.wish(700)); !errors.Is(err, payment.ErrRefundNothing) {
			t.Errorf("before it settled: %v", err)
		}
		w.Cut(t)
		w.Settled(t, w.pay.ID)
		if _, err := w.Payments.AskRefund(t.Context(), asker, w.wish(700)); !errors.Is(err, payment.ErrRefundEarly) {
			t.Errorf("the day it settled: %v", err)
		}
		w.Pass(9 * 24 * time.Hour)
		r := w.approved(700)
		w.stands(r, payment.RefundApproved, 0, 0)
		w.sweep()
		w.stands(r, payment.RefundApproved, 0, 0)
		for _, bad := range []string{"", "4242424242424242", "10 01", strings.Repeat("1", 21)} {
			if _, err := w.Payments.CheckWritten(t.Context(), boss, r.ID, bad); !errors.Is(err, payment.ErrRefundCheck) {
				t.Errorf("check %q: %v", bad, err)
			}
		}
		if _, err := w.Payments.WithdrawRefund(t.Context(), asker, r.ID); !errors.Is(err, payment.ErrRefundOver) {
			t.Errorf("withdrawn when finance may have it on paper: %v", err)
		}
		if _, err := w.Payments.CheckWritten(t.Context(), boss, r.ID, "1001"); err != nil {
			t.Fatal(err)
		}
		w.stands(r, payment.RefundSucceeded, 700, 700)
		if got := w.letters(r); !slices.Equal(got, []string{"check"}) {
			t.Errorf("letters %v", got)
		}
		w.Returned(t, "R10", w.pay.ID) // sixty days later the payer says they never agreed
		w.stands(r, payment.RefundSucceeded, 700, 700, "payment.back_twice")
		var recover int64
		if err := d.Read().QueryRowContext(t.Context(), "SELECT CAST(SUM(amount_cents) AS BIGINT) FROM ledger_posting WHERE debit = 'to_recover' AND payment_id = $1", w.pay.ID).Scan(&recover); err != nil || recover != 700 {
			t.Errorf("to recover: %d, %v", recover, err)
		}
	})
}

// bankRefund is an approved refund of a bank payment.
func (w *refunds) bankRefund(amount money.Cents) payment.Refund {
	w.t.Helper()
	w.bill = w.Bill(w.t, amount)
	w.pay = w.Pay(w.t, w.bill, amount, "")
	w.Cut(w.t)
	w.Settled(w.t, w.pay.ID)
	w.Pass(9 * 24 * time.Hour)
	return w.approved(amount)
}

// TestCheckThatDoesNotArrive stops a check, and one that is not to be written after all.
func TestCheckThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		r := w.bankRefund(700)
		if _, err := w.Payments.CheckStopped(t.Context(), boss, r.ID, "Lost in the mail."); !errors.Is(err, payment.ErrRefundOver) {
			t.Errorf("stopped before it was written: %v", err)
		}
		if _, err := w.Payments.DeclineRefund(t.Context(), asker, r.ID, "Not needed."); !errors.Is(err, payment.ErrRefundOwn) {
			t.Errorf("declined by who asked: %v", err)
		}
		if _, err := w.Payments.DeclineRefund(t.Context(), boss, r.ID, "Not needed."); err != nil {
			t.Fatal(err)
		}
		w.stands(r, payment.RefundDeclined, 0, 0)
		second := w.approved(700)
		if _, err := w.Payments.CheckWritten(t.Context(), boss, second.ID, "1001"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Payments.CheckStopped(t.Context(), boss, second.ID, "Lost in the mail."); err != nil {
			t.Fatal(err)
		}
		w.stands(second, payment.RefundFailed, 0, 700, "refund.back")
		if got := w.letters(second); !slices.Equal(got, []string{"check", "check_stopped"}) {
			t.Errorf("letters %v", got)
		}
		third := w.approved(700)
		if _, err := w.Payments.CheckWritten(t.Context(), boss, third.ID, "1001"); !errors.Is(err, payment.ErrRefundNumber) {
			t.Errorf("one number twice: %v", err)
		}
		if _, err := w.Payments.CheckWritten(t.Context(), boss, third.ID, "1002"); err != nil {
			t.Fatal(err)
		}
		w.stands(third, payment.RefundSucceeded, 700, 700, "refund.back")
	})
}

// TestBankTakesItBackFirst returns a payment whose refund is under way: it is neither approved nor written.
func TestBankTakesItBackFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		r := w.bankRefund(700)
		w.Returned(t, "R10", w.pay.ID)
		if _, err := w.Payments.CheckWritten(t.Context(), boss, r.ID, "1001"); !errors.Is(err, payment.ErrRefundNothing) {
			t.Errorf("a check for money that is gone: %v", err)
		}
		if _, err := w.Payments.DeclineRefund(t.Context(), boss, r.ID, "The bank returned it."); err != nil {
			t.Fatal(err)
		}
		w.stands(r, payment.RefundDeclined, 0, 700, "payment.back_during_refund")

		w = newRefunds(t, dbtest.Open(t, d.Engine))
		asked, err := w.Payments.AskRefund(t.Context(), asker, w.wish(10_000))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []payment.State{payment.Disputed, payment.ChargedBack} {
			if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: to}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Payments.ApproveRefund(t.Context(), boss, asked.ID); !errors.Is(err, payment.ErrRefundNothing) {
			t.Errorf("approved when the money was gone: %v", err)
		}
		if got := w.Cards.GivenBack(asked.ID); len(got) > 0 {
			t.Errorf("went back: %v", got)
		}
	})
}

// TestRefundWithoutEnd tells a person of refunds of which the processor says nothing, or nothing final.
func TestRefundWithoutEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.Cards.Refunding(paymenttest.Waits)
		pending := w.approved(1_000)
		w.Cards.Refunding(paymenttest.Drops)
		lost := w.approved(1_000)
		w.sweep()
		w.stands(lost, payment.RefundSubmitted, 0, 0)
		w.Pass(25 * time.Hour)
		w.sweep()
		w.stands(lost, payment.RefundSubmitted, 0, 0, "refund.no_answer")
		w.Pass(10 * 24 * time.Hour)
		w.sweep()
		w.stands(pending, payment.RefundPending, 0, 0, "refund.no_answer", "refund.no_answer")
	})
}

// TestRefundComesBackUnheard finds a refund that came back although no callback told of it.
func TestRefundComesBackUnheard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		r := w.approved(1_000)
		w.Cards.Refunded(r.ID, false)
		w.sweep()
		w.stands(r, payment.RefundSucceeded, 1_000, 1_000)
		w.Pass(24 * time.Hour)
		w.sweep()
		w.stands(r, payment.RefundFailed, 0, 1_000, "refund.back")
	})
}

// moving is a processor whose list of refunds is old when it comes.
type moving struct {
	*paymenttest.Cards
	meanwhile func()
}

func (m *moving) Refunds(ctx context.Context, charge string) ([]processor.Refunded, error) {
	list, err := m.Cards.Refunds(ctx, charge)
	if do := m.meanwhile; do != nil {
		m.meanwhile = nil
		do()
	}
	return list, err
}

// TestOldNewsOfARefund hears two callbacks at once: what was listed before the other's news does not overwrite it.
func TestOldNewsOfARefund(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		r := w.approved(4_000)
		cards := &moving{Cards: w.Cards}
		slow := payment.New(payment.Config{DB: d, Cards: cards, Bank: w.Bank, Outbox: w.Outbox, Seal: w.Seal, Now: w.Now})
		t.Cleanup(slow.Close)
		ref := "ch_" + w.attempt()
		w.Cards.Refunded(r.ID, false)
		if err := w.Payments.Callback(t.Context(), []byte("evt_1 refund "+ref), "signed"); err != nil {
			t.Fatal(err)
		}
		w.Cards.Refunded(r.ID, true)
		cards.meanwhile = func() { // "succeeded" was listed; now it comes back again, and that is heard first
			if err := w.Payments.Callback(t.Context(), []byte("evt_2 refund "+ref), "signed"); err != nil {
				t.Error(err)
			}
			w.Cards.Refunded(r.ID, false)
			if err := w.Payments.Callback(t.Context(), []byte("evt_3 refund "+ref), "signed"); err != nil {
				t.Error(err)
			}
		}
		_ = slow.Callback(t.Context(), []byte("evt_4 refund "+ref), "signed")
		_ = slow.Callback(t.Context(), []byte("evt_4 refund "+ref), "signed") // sent again, as the processor does
		w.stands(r, payment.RefundFailed, 0, 4_000, "refund.back", "refund.late_success")
	})
}

// TestADamagedNoteStopsNothing sends the refunds of which a note cannot be opened, and those of others.
func TestADamagedNoteStopsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.Cards.Refunding(paymenttest.Drops)
		wish := w.wish(1_000)
		wish.Note = "Paid twice."
		asked, err := w.Payments.AskRefund(t.Context(), asker, wish)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Payments.ApproveRefund(t.Context(), boss, asked.ID); err != nil {
			t.Fatal(err)
		}
		other := w.approved(1_000)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE refund SET note_sealed = $2 WHERE id = $1", asked.ID, []byte("torn"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.Cards.Refunding(paymenttest.Pays)
		w.sweep()
		w.stands(other, payment.RefundSucceeded, 2_000, 2_000)
		if r := w.look(asked.ID); r.State != payment.RefundSucceeded || !r.Unreadable || r.Note != "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestRefundAndDispute lets the payer's bank take money back of which some was refunded.
func TestRefundAndDispute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		first := w.approved(4_000)
		w.Cards.Refunding(paymenttest.Loses)
		lost := w.approved(1_000)
		record := func(to payment.State) {
			t.Helper()
			if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: to}); err != nil {
				t.Fatal(err)
			}
		}
		record(payment.Disputed)
		w.stands(first, payment.RefundSucceeded, 4_000, 4_000)
		w.sweep() // the lost answer is found while the bank decides
		w.stands(lost, payment.RefundSucceeded, 5_000, 5_000)
		record(payment.ChargedBack)
		w.stands(lost, payment.RefundSucceeded, 5_000, 10_000, "payment.back_twice")
	})
}

// TestRefundOfLateMoney refunds money that came after its payment was told to have failed.
func TestRefundOfLateMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		w.bill = w.Bill(t, 900)
		w.pay = w.Pay(t, w.bill, 900, paymenttest.Decline)
		if _, err := w.Payments.Record(t.Context(), w.pay.ID, payment.Change{To: payment.Succeeded}); err != nil {
			t.Fatal(err)
		}
		w.stands(w.approved(900), payment.RefundSucceeded, 900, 900, "payment.late_success")
	})
}

// TestRefundMadeElsewhere hears of a refund that nobody here asked for.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		r := w.approved(1_000)
		w.Cards.RefundThere(w.pay.ID, 2_000)
		for i := range 2 {
			if err := w.Payments.Callback(t.Context(), fmt.Appendf(nil, "evt_%d refund ch_%s", i, w.attempt()), "signed"); err != nil {
				t.Fatal(err)
			}
		}
		w.stands(r, payment.RefundSucceeded, 1_000, 1_000, "refund.foreign")
		asked, err := w.Payments.AskRefund(t.Context(), asker, w.wish(9_000))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Payments.ApproveRefund(t.Context(), boss, asked.ID); !errors.Is(err, payment.ErrRefundForeign) {
			t.Errorf("what went back elsewhere is refunded again: %v", err)
		}
		if _, err := w.Payments.DeclineRefund(t.Context(), boss, asked.ID, "Too much."); err != nil {
			t.Fatal(err)
		}
		w.stands(w.approved(7_000), payment.RefundSucceeded, 8_000, 8_000, "refund.foreign")
	})
}

// TestRefundsAtOnce lets many ask for and approve the same money at the same moment.
func TestRefundsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newRefunds(t, d)
		asked := make([]payment.Refund, 8)
		var all sync.WaitGroup
		for i := range asked {
			wish := w.wish(6_000)
			all.Go(func() {
				r, err := w.Payments.AskRefund(t.Context(), asker, wish)
				if err == nil {
					asked[i] = r
				} else if !errors.Is(err, payment.ErrRefundAmount) {
					t.Errorf("ask: %v", err)
				}
			})
		}
		all.Wait()
		asked = slices.DeleteFunc(asked, func(r payment.Refund) bool { return r.ID == "" })
		if len(asked) != 1 {
			t.Fatalf("%d of eight wishes for more than half fit", len(asked))
		}
		for i := range 6 {
			who := audit.Who{Actor: fmt.Sprintf("acc_boss_%d", i), Role: audit.Supervisor}
			all.Go(func() {
				if _, err := w.Payments.ApproveRefund(t.Context(), who, asked[0].ID); err != nil && !errors.Is(err, payment.ErrRefundOver) {
					t.Errorf("approve: %v", err)
				}
			})
			all.Go(func() {
				if _, err := w.Payments.SweepRefunds(t.Context()); err != nil {
					t.Errorf("sweep: %v", err)
				}
			})
		}
		all.Wait()
		w.stands(asked[0], payment.RefundSucceeded, 6_000, 6_000)
		if got := w.Cards.GivenBack(asked[0].ID); !slices.Equal(got, []money.Cents{6_000}) {
			t.Errorf("went back: %v", got)
		}
	})
}

func TestRefundStates(t *testing.T) {
	t.Parallel()
	for _, s := range payment.RefundStates {
		if s.Holds() && s.CanBecome(s) {
			t.Errorf("%s becomes itself", s)
		}
		ends := true
		for _, to := range payment.RefundStates {
			ends = ends && !s.CanBecome(to)
		}
		if ends != (s == payment.RefundDeclined || s == payment.RefundWithdrawn) {
			t.Errorf("nothing follows %s: %t", s, ends)
		}
	}
}
