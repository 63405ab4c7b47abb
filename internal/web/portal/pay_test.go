package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

var markField = regexp.MustCompile(`name="mark" value="([^"]*)"`)

// payer walks the steps of a payment.
type walker struct {
	*visitor
	draft string // path of the draft, "/pay/draft_..."
}

// begin starts a payment of bills by claim key and stands on "Choose what to pay".
func (v *visitor) begin(keys ...string) *walker {
	v.h.t.Helper()
	form := url.Values{}
	for _, k := range keys {
		form.Add("bills", v.h.bills[k].ID)
	}
	a := v.post("/pay/start", form)
	if a.Status != http.StatusSeeOther || !strings.HasSuffix(a.To, "/bills") {
		v.h.t.Fatalf("start: %d to %q", a.Status, a.To)
	}
	return &walker{v, strings.TrimSuffix(a.To, "/bills")}
}

// full is the answer that pays bills in full.
func (v *visitor) full(keys ...string) url.Values {
	form := url.Values{"how": {"full"}}
	for _, k := range keys {
		name := "bills"
		if strings.HasPrefix(k, "P-") {
			name = "premiums"
		}
		form.Add(name, v.h.bills[k].ID)
	}
	return form
}

func bankForm1() url.Values {
	return url.Values{"method": {"bank"}, "name": {"Rosa Quintero"}, "routing": {"021000021"}, "account": {"000123456789"},
		"confirm": {"0001 2345 6789"}, "type": {"checking"}, "email": {"rosa@mail.example"}}
}

func cardForm1() url.Values {
	return url.Values{"method": {"card"}, "card_token": {"tok_1"}, "email": {""}}
}

// to sends a step and fails unless it leads where it should.
func (w *walker) to(name string, form url.Values, want string) {
	w.h.t.Helper()
	if a := w.post(w.draft+"/"+name, form); a.To != want {
		w.h.t.Fatalf("%s leads to %q (%d), want %q\n%s", name, a.To, a.Status, want, a.Text())
	}
}

// reviewed walks to the review and returns its page.
func (w *walker) reviewed(bills, method url.Values) answer {
	w.h.t.Helper()
	w.to("bills", bills, w.draft+"/method")
	w.to("method", method, w.draft+"/review")
	a := w.get(w.draft + "/review")
	if a.Status != 200 {
		w.h.t.Fatalf("review: %d to %q", a.Status, a.To)
	}
	return a
}

// confirm is the form behind the button of a review.
func confirm(review answer) url.Values {
	m := markField.FindStringSubmatch(review.Body)
	if m == nil {
		return url.Values{}
	}
	return url.Values{"mark": {m[1]}}
}

// paid walks the whole way and returns the path of the payment.
func (v *visitor) paid(method url.Values, keys ...string) string {
	v.h.t.Helper()
	w := v.begin(keys...)
	a := w.post(w.draft+"/review", confirm(w.reviewed(v.full(keys...), method)))
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/payments/") {
		v.h.t.Fatalf("pay: %d to %q\n%s", a.Status, a.To, a.Text())
	}
	return a.To
}

func (a answer) mustSay(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.Text(), w) {
			t.Errorf("the page does not say %q: %s", w, a.Text())
		}
	}
}

func (a answer) mustNotSay(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.Text(), w) {
			t.Errorf("the page says %q: %s", w, a.Text())
		}
	}
}

func TestGuestPaysByBank(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		w := v.begin("M-204118907", "M-204118908")
		a := w.get(w.draft + "/bills")
		a.mustSay(t, "Choose what to pay", "Full amount", "Other amount", "Continue", "$150.00", "$25.50")
		a.mustNotSay(t, "Hillcrest", "biopsy")
		review := w.reviewed(v.full("M-204118907", "M-204118908"), bankForm1())
		review.mustSay(t, "Review your payment", "Pay $175.50", "Checking account ending in 6789", "Larkspur Medical Group, Inc.",
			"I, Rosa Quintero, on November 23, 2026 authorize")
		review.mustNotSay(t, "000123456789", "123456789")
		a = w.post(w.draft+"/review", confirm(review))
		page := v.follow(a)
		page.mustSay(t, "Payment submitted", "$175.50", "Checking account ending in 6789", "Download receipt (PDF)", "Print",
			"rosa@mail.example", "paid in full")
		// However often the steps are opened again, they lead to the payment.
		for _, path := range []string{"/bills", "/method", "/review"} {
			if got := v.get(w.draft + path); got.To != a.To {
				t.Errorf("%s leads to %q, want %q", path, got.To, a.To)
			}
		}
		if again := w.post(w.draft+"/review", confirm(review)); again.To != a.To {
			t.Errorf("the second press leads to %q, want %q", again.To, a.To)
		}
		var n int
		h.must(h.db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM payment").Scan(&n))
		if n != 1 {
			t.Errorf("%d payments", n)
		}
	})
}
