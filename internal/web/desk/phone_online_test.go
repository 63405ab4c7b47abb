package desk

import (
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/staff"
)

// TestAnOnlinePaymentIsTakenBackByPhone: as its words promise, until it is sent to the bank, for whoever proves in a call that
// it is theirs. What somebody else's account pays, a card payment and a call without proof lead nowhere.
func TestAnOnlinePaymentIsTakenBackByPhone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		bank := payment.Method{Bank: &payment.BankAccount{Name: "Rosa Quintero", Routing: "091000019", Number: "12345678", Type: "checking"}}
		first, second, helped := o.pays50("online-by-bank-1", bank), o.pays50("online-by-bank-2", bank), o.pays50("online-by-bank-3", bank)
		o.must(d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE payment SET account_id = 'acc_helper' WHERE id = $1", helped.ID)
			return err
		}))
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		unproved := v.post("/desk/calls").To
		v.get(unproved+"/payments/"+first.ID).leads(t, unproved)
		v.post(unproved+"/payments/"+first.ID).leads(t, unproved)
		_, call := o.provedTo(agent)
		at := "/desk/calls/" + call.ID
		if text := v.get(at).Text(); strings.Count(text, "Take back the bank payment of $50.00 made online") != 2 {
			t.Errorf("the call leads to other payments: %s", text)
		}
		for _, id := range []string{helped.ID, "pay_none"} {
			v.get(at+"/payments/"+id).says(t, 404)
			v.post(at+"/payments/"+id).says(t, 404)
		}
		v.get(at+"/payments/"+first.ID).says(t, 200, "Payment submitted", "Cancel this payment of $50.00")
		v.post(at+"/payments/"+first.ID).leads(t, at+"/payments/"+first.ID)
		v.get(at+"/payments/"+first.ID).says(t, 200, "You canceled this payment", "cannot be canceled any more")
		v.post(at+"/payments/"+first.ID).leads(t, at+"/payments/"+first.ID) // sent twice
		v.get(at+"/payments/"+o.paidByCard().ID).says(t, 404)
		if _, err := o.bank.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.post(at+"/payments/"+second.ID).says(t, 409, "It was sent to the bank")
		for _, x := range []struct {
			id   string
			want payment.State
		}{{first.ID, payment.Canceled}, {second.ID, payment.Pending}, {helped.ID, payment.Pending}} {
			if pay, err := payment.ByID(t.Context(), d.Read(), x.id); err != nil || pay.State != x.want {
				t.Errorf("%s: %s, %v", x.id, pay.State, err)
			}
		}
	})
}
