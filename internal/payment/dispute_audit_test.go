package payment_test

import (
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
)

// hear sends a callback about a payment's charge and reports whether it was taken.
func hear(t *testing.T, w *paymenttest.World, event, paymentID, dispute string) bool {
	t.Helper()
	var ref string
	if err := w.DB.Read().QueryRowContext(t.Context(), "SELECT processor_ref FROM attempt WHERE payment_id = $1", paymentID).Scan(&ref); err != nil {
		t.Fatal(err)
	}
	return w.Payments.Callback(t.Context(), []byte(event+" dispute "+ref+" "+dispute), "signed") == nil
}

// TestDisputesInAnyOrder sends the news of a dispute before that of the charge, and the end of a dispute before its
// beginning. Where the beginning is needed first, the callback is refused and comes again.
func TestDisputesInAnyOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		paid := func() payment.Payment { return w.Pay(t, w.Bill(t, share), part, paymenttest.Good) }
		is := func(p payment.Payment, want payment.State) {
			t.Helper()
			if got := w.Payment(t, p.ID); got.State != want {
				t.Errorf("the payment is %s, want %s", got.State, want)
			}
		}

		lost := w.Pay(t, w.Bill(t, share), part, paymenttest.Silent)
		w.Cards.Settle(lost.ID, true) // the answer was lost, and nobody has asked yet
		if !hear(t, w, "evt_1", lost.ID, "opened") {
			t.Error("the dispute of a charge with a lost answer was not taken")
		}
		is(lost, payment.Disputed)

		end := paid()
		if !hear(t, w, "evt_2", end.ID, "lost") {
			t.Error("the end of a dispute was not taken before its beginning")
		}
		is(end, payment.ChargedBack)
		if !hear(t, w, "evt_3", end.ID, "opened") {
			t.Error("the beginning was not taken after the end")
		}
		is(end, payment.ChargedBack)

		won := paid()
		if hear(t, w, "evt_4", won.ID, "won") {
			t.Error("a dispute was won that had not begun: it would never be heard again")
		}
		hear(t, w, "evt_5", won.ID, "opened")
		is(won, payment.Disputed)
		if !hear(t, w, "evt_4", won.ID, "won") {
			t.Error("the second delivery was not taken")
		}
		is(won, payment.Succeeded)

		for _, p := range []payment.Payment{lost, end, won} {
			if n := cases(t, w, "payment.late_dispute", p.ID); n != 0 {
				t.Errorf("%d cases for a dispute that is no surprise", n)
			}
		}
		// One that begins wants an answer before its deadline: a person is told, once.
		hear(t, w, "evt_6", won.ID, "opened")
		if n, none := cases(t, w, "payment.disputed", won.ID), cases(t, w, "payment.disputed", end.ID); n != 1 || none != 0 {
			t.Errorf("%d and %d cases for an answer", n, none)
		}
		clean(t, w)
	})
}

// TestDisputeOfMoneyThatCameTooLate opens a case: the money stands in credit, and somebody takes it back.
func TestDisputeOfMoneyThatCameTooLate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		late := w.Pay(t, w.Bill(t, share), part, paymenttest.Decline)
		record(t, w, late.ID, payment.Succeeded)
		for range 2 {
			record(t, w, late.ID, payment.Disputed)
		}
		if n := cases(t, w, "payment.late_dispute", late.ID); n != 1 {
			t.Errorf("%d cases", n)
		}
	})
}
