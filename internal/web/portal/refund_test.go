package portal

import (
	"fmt"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/money"
	"memberpay/internal/payment"
)

// refunded gives back some of a payment: asked for by one of the staff, approved by another.
func (h *house) refunded(pay payment.Payment, amount money.Cents) {
	h.t.Helper()
	h.refunds++
	asked, err := h.portal.Payments.AskRefund(h.t.Context(), audit.Who{Actor: "acc_agent", Role: audit.Agent},
		payment.RefundWish{Key: fmt.Sprintf("refund-of-number-%d", h.refunds), PaymentID: pay.ID, Amount: amount, Reason: "other", Note: "Zebrafinch said so."})
	h.must(err)
	_, err = h.portal.Payments.ApproveRefund(h.t.Context(), audit.Who{Actor: "acc_lead", Role: audit.Supervisor}, asked.ID)
	h.must(err)
}

// TestARefundOnThePageOfItsPayment: who paid reads what went back and to which card, on the page, in the list and in the
// document; what staff wrote to each other stands in none, and a refund that is only asked for is not told.
func TestARefundOnThePageOfItsPayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	pay, _ := stands["received"].make(h, rosa)
	at := paymentPath(pay)
	_, err := h.portal.Payments.AskRefund(t.Context(), audit.Who{Actor: "acc_agent", Role: audit.Agent},
		payment.RefundWish{Key: "only-asked-for-so-far", PaymentID: pay.ID, Amount: 1, Reason: "twice"})
	h.must(err)
	if body := rosa.get(at).Body; strings.Contains(body, "Refunds") {
		t.Error("a refund is told that nobody approved")
	}
	h.refunded(pay, 1_500)
	a := rosa.get(at)
	for _, want := range []string{"Refunds", "$15.00 sent back to Visa", "4242", "owed again", "Received, $15.00 refunded"} {
		if !strings.Contains(a.Text(), want) {
			t.Errorf("the page does not say %q: %s", want, a.Text())
		}
	}
	if strings.Contains(a.Body, "Zebrafinch") || strings.Contains(a.Text(), "You have a credit") {
		t.Error("the page tells what staff wrote, or of credit that went back")
	}
	if text := pdf(t, rosa.get(at+"/receipt.pdf")); !strings.Contains(text, "$15.00 was refunded") || strings.Contains(text, "Zebrafinch") {
		t.Errorf("the document: %s", text)
	}
	line := "Refunded on November 23, 2026: $15.00"
	if text := rosa.get("/bills/" + h.bills["M-204118907"].ID).Text(); strings.Contains(text, line) {
		t.Errorf("the page of a bill of which nothing went back says %q", line)
	}
	billPage := "/bills/" + h.bills["M-204118908"].ID                      // the last of the two gives first
	if text := rosa.get(billPage).Text(); strings.Count(text, line) != 2 { // how the amount came about, and the payment
		t.Errorf("the page of the bill does not say %q twice: %s", line, text)
	}
	if text := pdf(t, rosa.get(billPage+"/bill.pdf")); !strings.Contains(text, line) {
		t.Errorf("the document of the bill: %s", text)
	}
	if list := rosa.get("/payments").Text(); !strings.Contains(list, "Received, $15.00 refunded") {
		t.Errorf("the list: %s", list)
	}
	h.refunded(pay, pay.Amount-1_501)
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DELETE FROM refund WHERE state = 'requested'")
		return err
	})
	h.refunded(pay, 1)
	if list := rosa.get("/payments").Text(); !strings.Contains(list, "Refunded") || strings.Contains(list, "Received") {
		t.Errorf("the list after all of it went back: %s", list)
	}
	h.clean()
	anna := h.visitor()
	if a := anna.get(at); strings.Contains(a.Body, "refund") && a.Status == 200 {
		t.Error("a stranger reads of it")
	}
}
