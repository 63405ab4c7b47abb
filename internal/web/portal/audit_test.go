package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// log returns the audit log, oldest first.
func (h *house) log() []audit.Entry {
	h.t.Helper()
	list, err := audit.List(h.t.Context(), h.db.Read(), audit.Filter{}, 1000)
	h.must(err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// TestWhatComesInIsLogged signs in rightly and wrongly, finds a bill and pays it.
func TestWhatComesInIsLogged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		h.rosa()
		rosa := h.log()[0]
		if rosa.Action != "sign_in" || rosa.Actor == "" || rosa.Subject != rosa.Actor || rosa.Role != audit.Member || rosa.Detail != "password" || rosa.From == "" || !rosa.At.Equal(h.clock().UTC().Truncate(1000)) {
			t.Errorf("a sign-in is kept as %+v", rosa)
		}
		h.visitor().post("/sign-in", signInForm(rosaEmail, "wrong", ""))
		h.visitor().post("/sign-in", signInForm("nobody@mail.example", "wrong", ""))
		if l := h.log(); len(l) != 3 || l[1].Action != "sign_in.failed" || l[1].Subject != rosa.Actor || l[1].Actor != "" || l[2].Action != "sign_in.failed" || l[2].Subject != "" {
			t.Errorf("wrong sign-ins are kept as %+v", l[1:])
		}
		avery := h.guest(averyNumber, averyBirth)
		found := h.log()[3:]
		if len(found) != 1 || found[0].Action != "member.found" || found[0].Member == "" || found[0].Role != audit.Guest || !strings.HasPrefix(found[0].Actor, "guest:") || found[0].From == "" {
			t.Fatalf("a look-up is kept as %+v", found)
		}
		avery.post("/pay", findForm(averyNumber, "1999-09-09"))
		avery.get("/bills")
		if l := h.log(); len(l) != 4 {
			t.Errorf("what was not found is no look at anybody's record: %+v", l[4:])
		}
		if seen, err := audit.OfMember(t.Context(), d.Read(), found[0].Member, 10); err != nil || len(seen) != 1 {
			t.Errorf("the member reads %+v, %v", seen, err)
		}
		for _, e := range h.log() {
			for _, secret := range []string{rosaEmail, rosaPassword, averyNumber, "wrong", "Rosa"} {
				if strings.Contains(e.String()+e.Reason+e.Detail, secret) {
					t.Errorf("%q stands in the log: %+v", secret, e)
				}
			}
		}
	})
}

// TestPaymentsAreLogged pays by bank as a member, cancels, and reads who did it.
func TestPaymentsAreLogged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		ready := h.crowd(1)[0]
		v := h.visitor()
		v.cookies["memberpay_session"] = ready.cookie
		before := len(h.log())
		a := v.press(ready)
		if !strings.HasPrefix(a.To, "/payments/") {
			t.Fatalf("%d to %q", a.Status, a.To)
		}
		v.post(a.To+"/cancel", nil)
		l := h.log()[before:]
		if len(l) != 2 || l[0].Action != "payment.submitted" || l[0].Detail != "bank" || l[1].Action != "payment.canceled" || l[1].Detail != "was pending" {
			t.Fatalf("kept %+v", l)
		}
		for _, e := range l {
			if e.Actor == "" || e.Actor != l[0].Actor || e.Role != l[0].Role || e.Subject != l[0].Subject || e.Member == "" || e.From == "" {
				t.Errorf("kept %+v", e)
			}
		}
	})
}

// press presses the button of a review that is ready.
func (v *visitor) press(x press) answer {
	form, err := url.ParseQuery(x.body)
	v.h.must(err)
	return v.post(x.path, form)
}
