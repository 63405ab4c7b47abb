package portal

import (
	"net/url"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
	"memberpay/internal/payment"
)

// TestBillThatShrinksUnderAPayment: a payment on its way that takes more than its bill now needs says so while it can be
// stopped, and after it is good the list of bills tells the credit to the member, and to nobody else.
func TestBillThatShrinksUnderAPayment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		path := v.paid(bankForm1(), "M-204118908")
		v.get(path).mustNotSay(t, "You owe less now", "becomes credit")
		h.revise("M-204118908", 1_000)
		v.get(path).mustSay(t, "You owe less now", "There is now $10.00 left to pay on bill M-204118908", "with $25.50 for this bill",
			"You can cancel it and pay the smaller amount. If you do nothing, $15.50 becomes credit for you.", "Yes, cancel it")
		other := h.rosa().get(path)
		other.mustSay(t, "$15.50 of this payment becomes credit when it goes through.")
		other.mustNotSay(t, "You can cancel it")
		h.rosa().get("/bills").mustNotSay(t, "You have a credit")

		pay, err := payment.ByConfirmation(t.Context(), h.db.Read(), payment.Scope{SessionIDs: []string{h.session(v).SessionID}}, path[len("/payments/"):])
		h.must(err)
		record(payment.Change{To: payment.Succeeded})(h, v, pay)
		v.get(path).mustSay(t, "Payment received", "$15.50 of this payment was more than these bills needed")
		rosa := h.rosa()
		for lang, want := range map[string]string{"en": "You have a credit Larkspur Medical Group, Inc. keeps a credit of $15.50 for you. Call 1-800-555-0142 to get it back or to use it for another bill.",
			"es": "Larkspur Medical Group, Inc. le guarda un saldo a favor de $15.50. Llame al 1-800-555-0142"} {
			rosa.lang = lang
			rosa.get("/bills").mustSay(t, want)
		}
		v.get("/bills").mustNotSay(t, "credit")
		h.clean()
	})
}

// TestShrunkBillSaysWhatCanBeDone: nothing left to pay, and another payment on its way to the same bill.
func TestShrunkBillSaysWhatCanBeDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	path := v.paid(bankForm1(), "M-204118908")
	h.revise("M-204118908", 0)
	v.get(path).mustSay(t, "There is now $0.00 left to pay", "You can cancel it. Nothing is left to pay on these bills.", "$25.50 becomes credit")
	first := h.paid("M-300", 4_000)
	w := v.begin("M-300")
	second := w.post(w.draft+"/review", confirm(w.reviewed(v.full("M-300"), bankForm1()))).To
	h.revise("M-300", 5_000)
	v.get(second).mustSay(t, "There is now $50.00 left to pay on bill M-300", "up to $14.00 becomes credit for you, because other payments")
	v.get("/payments/"+id.Grouped(first.Confirmation)).mustSay(t, "Up to $14.00 of this payment becomes credit")
}

// TestCreditOfSomebodyElse: whoever is signed in and finds another person's bill does not learn of that person's credit.
func TestCreditOfSomebodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pay := h.paid("A-1", 9_900)
	h.revise("A-1", 900)
	record(payment.Change{To: payment.Succeeded})(h, nil, pay)
	rosa := h.rosa()
	rosa.post("/pay", findForm(averyNumber, averyBirth))
	a := rosa.get("/bills")
	a.mustSay(t, "A-1")
	a.mustNotSay(t, "You have a credit")
	if got := rosa.post("/pay", url.Values{}); got.Status != 422 {
		t.Errorf("the session is over: %d", got.Status)
	}
}
