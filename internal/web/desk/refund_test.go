package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/identity"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
)

// paidByCard is $50.00 that the member paid on the bill, the same payment each time.
func (o *office) paidByCard() payment.Payment {
	o.t.Helper()
	if o.byCard.ID == "" {
		o.byCard = o.pays50("pay-by-card-for-rosa", payment.Method{CardToken: paymenttest.Good})
	}
	return o.byCard
}

func (o *office) pays50(key string, how payment.Method) payment.Payment {
	o.t.Helper()
	list, err := bill.List(o.t.Context(), o.db.Read(), bill.Scope{Members: []string{o.member}}, 10)
	o.must(err)
	pay, err := o.pays.Pay(o.t.Context(), payment.Request{Key: key, PayerID: o.member, SessionID: "ses_rosa", Payee: "medical", Email: "rosa@mail.example", Language: "en",
		Lines: []payment.Line{{BillID: list[0].ID, Amount: 5_000}}, Authorization: "You authorize this.", Method: how})
	o.must(err)
	return pay
}

// asksRefund is a refund of that payment which an account of staff asked for.
func (o *office) asksRefund(by string, amount money.Cents) payment.Refund {
	o.t.Helper()
	o.asked++
	r, err := o.pays.AskRefund(o.t.Context(), audit.Who{Actor: by, Role: audit.Agent}, payment.RefundWish{Key: fmt.Sprintf("refund-of-number-%d", o.asked), PaymentID: o.paidByCard().ID,
		Amount: amount, Reason: "twice", Note: "She paid at the front desk too."})
	o.must(err)
	return r
}

// refundIsOver is a refund that somebody declined: nothing that is done with it changes anything.
func (o *office) refundIsOver() string {
	o.t.Helper()
	r := o.asksRefund("acc_nobody", 1)
	_, err := o.pays.DeclineRefund(o.t.Context(), audit.Who{Actor: "acc_somebody", Role: audit.Supervisor}, r.ID, "Not paid twice.")
	o.must(err)
	return r.ID
}

// TestARefund: an agent asks from the record, cannot decide, a supervisor does; the member's bill is owed again.
func TestARefund(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	pay := o.paidByCard()
	agent, _ := o.hire(identity.Agent)
	lead, _ := o.hire(identity.Supervisor)
	a, s := o.opened(agent, "passkey"), o.opened(lead, "passkey")
	record, ask := "/desk/members/"+o.member, refundPath(o.member, pay.ID)
	a.get(ask).leads(t, record) // closed without a reason
	a.post(ask, "key", "ask_0123456789abcdef", "how", "whole", "reason", "twice").leads(t, record)
	a.post(record, "reason", "Called about a payment").leads(t, record)
	a.get(record).says(t, 200, "Refund")
	page := a.get(ask)
	page.says(t, 200, "Ask for a refund", "$50.00", "What is taken off a bill is owed again.")
	if strings.Contains(page.Body, "4242") {
		t.Error("the page tells the card")
	}
	a.post(ask, "key", "ask_0123456789abcdef", "reason", "twice").says(t, 422, "Choose the full amount or another amount")
	a.post(ask, "key", "ask_0123456789abcdef", "how", "part", "amount", "a lot", "reason", "twice").says(t, 422)
	a.post(ask, "key", "ask_0123456789abcdef", "how", "part", "amount", "50.01", "reason", "twice").says(t, 422, "This is more than can be refunded.")
	a.post(ask, "key", "ask_0123456789abcdef", "how", "part", "amount", "20", "reason", "").says(t, 422, "Choose a reason")
	a.post(ask, "key", "ask_0123456789abcdef", "how", "part", "amount", "20", "reason", "other").says(t, 422, "Say what happened")
	if n := o.count("SELECT COUNT(*) FROM refund"); n != 0 {
		t.Fatalf("%d refunds before any was asked for", n)
	}
	form := []string{"key", "ask_0123456789abcdef", "how", "part", "amount", "20", "reason", "other", "note", "Front desk took <b>4242 4242 4242 4242</b> too."}
	first := a.post(ask, form...)
	again := a.post(ask, form...) // the button twice
	if first.Status != 303 || first.To != again.To || !strings.HasPrefix(first.To, "/desk/refunds/refund_") {
		t.Fatalf("%d to %q, then %q: %s", first.Status, first.To, again.To, first.Text())
	}
	path := first.To
	page = a.get(path)
	page.says(t, 200, "Waiting for approval", "$20.00", "Front desk took", "owed again then", "Somebody else decides")
	if strings.Contains(page.Body, "4242 4242") || strings.Contains(page.Body, "Approve this refund") || strings.Contains(page.Body, "<b>42") {
		t.Error("the page tells a card number, runs a note or offers to approve one's own")
	}
	a.post(path+"/approve").says(t, 403)
	if n := len(o.cards.GivenBack(strings.TrimPrefix(path, "/desk/refunds/"))); n != 0 {
		t.Fatal("it went back")
	}
	s.get("/desk/overview").says(t, 200, "Refunds waiting for approval")
	s.get("/desk/refunds").says(t, 200, "$20.00", "Waiting for approval", "Iris Example")
	s.get(path).says(t, 200, "Approve this refund", "Decline this refund")
	s.post(path+"/decline", "answer", " ").says(t, 422, "Say why")
	s.post(path+"/check", "check", "1001").says(t, 409, "Somebody was faster")
	s.post(path+"/approve").leads(t, path)
	s.get(path).says(t, 200, "Paid out", "Decided by")
	s.post(path+"/approve").says(t, 409, "Somebody was faster")
	if got := o.cards.GivenBack(strings.TrimPrefix(path, "/desk/refunds/")); len(got) != 1 || got[0] != 2_000 {
		t.Errorf("went back: %v", got)
	}
	a.get(record).says(t, 200, "$120.25", "$20.00: Paid out", "Refund Email") // $100.25 and $20.00 again
	a.get(record+"/bills/"+o.onlyBill()).says(t, 200, "Paid here $30.00 Refunded on November 23, 2026: $20.00")
	for _, action := range []string{"refund.requested", "refund.approved", "refund.submitted", "refund.succeeded", "refund.seen"} {
		if len(o.entries(action)) == 0 {
			t.Errorf("%s is not noted down", action)
		}
	}
	a.post(ask, "key", "ask_second_0123456789", "how", "whole", "reason", "twice")
	a.get(ask).says(t, 200, "Nothing of this payment can be refunded", "Waiting for approval")
	own := o.opened(lead, "passkey")
	mine := o.pays50("pay-by-card-again-1", payment.Method{CardToken: paymenttest.Good})
	own.post(record, "reason", "Called about a payment").leads(t, record)
	to := own.post(refundPath(o.member, mine.ID), "key", "ask_third_01234567890", "how", "whole", "reason", "too_much").To
	own.post(to+"/approve").says(t, 409, "You asked for this refund")
	own.post(to+"/withdraw").leads(t, to)
	own.get(to).says(t, 200, "Taken back")
}

// TestARefundIsDeclined: who asked reads why, and the money stays.
func TestARefundIsDeclined(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	finance, _ := o.hire(identity.Finance)
	r := o.asksRefund(agent, 5_000)
	f := o.opened(finance, "passkey")
	f.get("/desk/refunds").says(t, 200, "$50.00")
	f.post("/desk/refunds/"+r.ID+"/decline", "answer", "The front desk <i>has no such payment.").leads(t, "/desk/refunds/"+r.ID)
	o.opened(agent, "passkey").get("/desk/refunds/"+r.ID).says(t, 200, "Declined", "&lt;i&gt;has no such payment")
	f.get("/desk/refunds?show=done").says(t, 200, "Declined")
	f.get("/desk/refunds").says(t, 200, "No refunds here")
	f.get("/desk/members/"+o.member).says(t, 403)
	auditor, _ := o.hire(identity.Auditor)
	o.opened(auditor, "passkey").get("/desk/refunds").says(t, 403)
}

// TestARefundByCheck: a bank payment goes back by check when its bank can no longer return it, and finance writes it.
func TestARefundByCheck(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	pay := o.pays50("pay-by-bank-for-rosa", payment.Method{Bank: &payment.BankAccount{Name: "Hugo Helper", Routing: "091000019", Number: "12345678", Type: "checking"}})
	_, err := o.bank.Cut(t.Context())
	o.must(err)
	_, err = o.pays.Record(t.Context(), pay.ID, payment.Change{To: payment.Succeeded})
	o.must(err)
	agent, _ := o.hire(identity.Agent)
	lead, _ := o.hire(identity.Supervisor)
	finance, _ := o.hire(identity.Finance)
	record, ask := "/desk/members/"+o.member, refundPath(o.member, pay.ID)
	a := o.opened(agent, "passkey")
	a.post(record, "reason", "Called about a payment").leads(t, record)
	a.get(ask).says(t, 200, "may still return this payment", "December 1")
	o.pass(10 * 24 * time.Hour)
	a = o.opened(agent, "passkey")
	a.post(record, "reason", "Called about a payment").leads(t, record)
	a.get(ask).says(t, 200, "The refund is a check")
	path := a.post(ask, "key", "ask_0123456789abcdef", "how", "whole", "reason", "wrong_bill").To
	o.opened(lead, "passkey").post(path+"/approve").leads(t, path)
	f := o.opened(finance, "passkey")
	f.get("/desk/refunds").says(t, 200, "Check to write")
	f.get(path).says(t, 200, "Make it out to", "Hugo Helper", "It is not the member", "Paid for", "Rosa Quintero")
	a.get(path).says(t, 200, "Check to write")
	if strings.Contains(a.get(path).Body, "Quintero") {
		t.Error("who does not write it reads the name")
	}
	f.post(path+"/check", "check", "").says(t, 422, "Enter the number of the check")
	f.post(path+"/check", "check", "20017").leads(t, path)
	f.get(path).says(t, 200, "Paid out", "20017", "The check did not arrive")
	o.pass(20 * time.Minute)
	if a := f.post(path+"/stop", "answer", "Lost in the mail."); a.Status != 303 || a.To == path {
		t.Errorf("money is moved without a fresh proof: %d to %q", a.Status, a.To)
	}
	f = o.opened(finance, "passkey")
	f.post(path+"/stop", "answer", "").says(t, 422, "Say why")
	f.post(path+"/stop", "answer", "Lost in the mail.").leads(t, path)
	f.get(path).says(t, 200, "Failed", "Lost in the mail.")
}
