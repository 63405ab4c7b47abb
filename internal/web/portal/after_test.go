package portal

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		path := v.paid(bankForm1(), "M-204118907")
		for range 2 { // twice is once
			if a := v.post(path+"/cancel", url.Values{}); a.To != path {
				t.Fatalf("cancel leads to %q (%d)", a.To, a.Status)
			}
		}
		if n := len(h.letters("payment.canceled", rosaEmail)); n != 1 {
			t.Errorf("%d letters tell that it was canceled", n)
		}
		v.get(path).mustSay(t, "You canceled this payment", "Still open on these bills: $150.00", "Pay these bills")
		// The same bills, from the page of the canceled payment.
		a := v.post(path+"/again", url.Values{})
		if !strings.HasSuffix(a.To, "/method") {
			t.Fatalf("again leads to %q", a.To)
		}
		w := &walker{v, strings.TrimSuffix(a.To, "/method")}
		w.to("method", bankForm1(), w.draft+"/review")
		w.get(w.draft+"/review").mustSay(t, "Pay $150.00")
		h.clean()
	})
}

func TestCancelTooLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	path := v.paid(bankForm1(), "M-204118907")
	if _, err := h.bank.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := v.post(path+"/cancel", url.Values{})
	if a.To != path+"?late" {
		t.Fatalf("a late cancel leads to %q", a.To)
	}
	v.get(a.To).mustSay(t, "Payment submitted", "can no longer be canceled here", "1-800-555-0142")
	h.pass(25 * time.Minute)
	card := h.guest(rosaNumber, rosaBirth)
	done := card.paid(cardForm1(), "M-300")
	if a := card.post(done+"/cancel", url.Values{}); a.To != done+"?late" {
		t.Errorf("cancelling a received payment leads to %q", a.To)
	}
	card.get(done).mustSay(t, "Payment received")
	h.clean()
}

// TestAfterTheBanksCheck: a payer who comes back from their bank finds what became of the payment.
func TestAfterTheBanksCheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	h.cards.say(processor.Outcome{Status: processor.ActionRequired, ActionURL: "https://bank.example/check?id=1"})
	path := v.paid(cardForm1(), "M-204118907")
	page := v.get(path)
	page.mustSay(t, "Your bank wants to check it is you", "Go to my bank’s page")
	if !strings.Contains(page.Body, `href="https://bank.example/check?id=1"`) {
		t.Error("the page does not lead to the bank")
	}
	if c := h.cards.charges[0]; c.ReturnURL != "https://pay.larkspur.example"+strings.ReplaceAll(path, "-", "")+"/return" {
		t.Errorf("the bank sends the payer to %q", c.ReturnURL)
	}
	h.cards.say(processor.Outcome{Status: processor.Declined, Reason: processor.ReasonAuthentication, CanRetry: true})
	if a := v.get(path + "/return"); a.To != path {
		t.Errorf("coming back leads to %q", a.To)
	}
	v.get(path).mustSay(t, "Your payment did not go through", "could not confirm that it was you")
	if b := h.bill("M-204118907"); b.Due() != 15_000 {
		t.Errorf("%s is due", b.Due())
	}

	h.cards.say(processor.Outcome{Status: processor.Unknown})
	lost := v.paid(cardForm1(), "M-204118907")
	v.get(lost).mustSay(t, "We are checking with your bank. Do not pay again.", "Check again")
	h.cards.say(processor.Outcome{})
	v.follow(v.get(lost+"/return")).mustSay(t, "Payment received", "$150.00")
	h.clean()
}

func TestPayTheRest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	w := v.begin("M-204118907")
	w.reviewed(with(v.full("M-204118907"), "how", "other", "amount", "100"), cardForm1())
	paid := w.post(w.draft+"/review", confirm(w.get(w.draft+"/review")))
	page := v.get(paid.To)
	page.mustSay(t, "Payment received", "Still open on these bills: $50.00", "Pay what is still open", "Create an account")
	rest := v.begin("M-204118907")
	rest.get(rest.draft+"/bills").mustSay(t, "$50.00")
	h.rosa().get(paid.To).mustNotSay(t, "Create an account")
}

// TestStart: a payment begins with bills that the reader may see and pay, of one payee.
func TestStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	for name, row := range map[string]struct{ send, ticked []string }{
		"none":           {nil, nil},
		"two":            {[]string{"M-300", "M-204118907"}, []string{"M-300", "M-204118907"}},
		"both payees":    {[]string{"P-88201", "M-300"}, []string{"P-88201"}},
		"somebody's":     {[]string{"A-1", "M-300"}, []string{"M-300"}},
		"paid and twice": {[]string{"M-100", "M-300", "M-300"}, []string{"M-300"}},
	} {
		w := v.begin(row.send...)
		d, err := payment.GetDraft(t.Context(), h.db.Read(), h.session(v), strings.TrimPrefix(w.draft, "/pay/"))
		h.must(err)
		var want []string
		for _, k := range row.ticked {
			want = append(want, h.bills[k].ID)
		}
		if strings.Join(d.Answers.Ticked, " ") != strings.Join(want, " ") || d.PayerID != h.people["Rosa"] {
			t.Errorf("%s: %v of %s", name, d.Answers.Ticked, d.PayerID)
		}
	}
	if a := h.visitor().post("/pay/start", url.Values{}); a.Status != http.StatusUnauthorized {
		t.Errorf("nobody starts: %d", a.Status)
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, row := range []struct {
		signature string
		body      string
		want      int
	}{{"good", "evt_1", 200}, {"", "evt_1", 400}, {"bad", hostile, 400}, {"good", strings.Repeat("x", 300<<10), 400}} {
		r := httptest.NewRequest(http.MethodPost, "/callbacks/card", strings.NewReader(row.body))
		r.Header.Set("Stripe-Signature", row.signature)
		rec := httptest.NewRecorder()
		h.handler.ServeHTTP(rec, r)
		if rec.Code != row.want {
			t.Errorf("signature %q and %d bytes: %d, want %d", row.signature, len(row.body), rec.Code, row.want)
		}
		if len(rec.Result().Cookies()) != 0 {
			t.Error("a callback gets a cookie")
		}
	}
}
