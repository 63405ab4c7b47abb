package portal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/money"
)

// revise brings a bill again with another share.
func (h *house) revise(key string, share money.Cents) {
	h.t.Helper()
	b := h.bills[key]
	h.add(bill.Incoming{ClaimKey: key, Source: "test", Kind: b.Kind, Payee: b.Payee, Number: b.Number, PatientID: b.PatientID,
		GuarantorID: b.GuarantorID, Provider: b.Provider, ServiceDate: b.ServiceDate, DueDate: b.DueDate, Charged: b.Charged,
		PlanPaid: b.PlanPaid, Adjustment: b.Charged - b.PlanPaid - share, Responsibility: share, AsOf: h.clock().Add(time.Hour)})
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	h.must(h.db.Read().QueryRowContext(h.t.Context(), query, args...).Scan(&n))
	return n
}

// TestWhatIsShownIsWhatIsStored: the authorization of the review is stored word for word, in the reader's language.
func TestWhatIsShownIsWhatIsStored(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		for name, method := range map[string]url.Values{"bank": bankForm1(), "card": cardForm1(), "kept card": with(cardForm1(), "save_card", "yes")} {
			h := newHouse(t)
			v := h.rosa()
			v.lang = lang
			w := v.begin("M-204118907")
			review := w.reviewed(v.full("M-204118907"), method)
			w.post(w.draft+"/review", confirm(review))
			pay := h.keyed(w)
			if pay.Language != lang {
				t.Errorf("%s in %s: the payment speaks %s", name, lang, pay.Language)
			}
			for part := range strings.SplitSeq(pay.Authorization, "\n\n") {
				if part == "" || !strings.Contains(review.Text(), strings.ReplaceAll(part, "\u00a0", " ")) {
					t.Errorf("%s in %s: stored and not shown: %q", name, lang, part)
				}
			}
			if !strings.Contains(pay.Authorization, "$150.00") || !strings.Contains(pay.Authorization, "Larkspur Medical Group, Inc.") {
				t.Errorf("%s in %s: %q", name, lang, pay.Authorization)
			}
		}
	}
}

// TestOnlyWhatWasReviewedIsPaid: a button without a review, of another review, or of a review whose dates have passed
// moves nothing and shows the review again.
func TestOnlyWhatWasReviewedIsPaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	w := v.begin("M-204118907")
	first := w.reviewed(v.full("M-204118907"), bankForm1())
	again := func(why string, form url.Values) {
		t.Helper()
		a := w.post(w.draft+"/review", form)
		if a.To != w.draft+"/review?changed" {
			t.Errorf("%s leads to %q (%d)", why, a.To, a.Status)
		}
		w.get(a.To).mustSay(t, "Something changed while you were here", "Pay $")
	}
	again("no mark", url.Values{})
	again("a foreign mark", url.Values{"mark": {"x"}})
	w.to("method", with(bankForm1(), "account", "999911112222", "confirm", "999911112222"), w.draft+"/review")
	again("another account meanwhile", confirm(first))
	second := w.get(w.draft + "/review")
	second.mustSay(t, "ending in 2222")
	h.pass(20 * time.Minute)
	w.get(w.draft + "/review")
	h.pass(20 * time.Minute)
	w.get(w.draft + "/review")
	h.pass(20 * time.Minute)
	w.get(w.draft + "/review")
	h.pass(20 * time.Minute) // past the cut of 4:15 PM Eastern
	again("the dates have passed", confirm(second))
	if n := h.count("SELECT count(*) FROM payment"); n != 0 {
		t.Fatalf("%d payments were made", n)
	}
	third := w.get(w.draft + "/review")
	third.mustSay(t, "November 24, 2026 at 7:00 AM Pacific")
	w.get(w.post(w.draft+"/review", confirm(third)).To).mustSay(t, "Payment submitted")
}

// TestBillsThatChange: a draft in full follows its bills and says so; one of another amount is asked again where the bill
// cannot take it any more; and what a payer confirmed on a bill that has shrunk meanwhile is not taken.
func TestBillsThatChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		w := v.begin("M-204118907")
		old := w.reviewed(v.full("M-204118907"), bankForm1())
		h.revise("M-204118907", 12_000)
		a := w.post(w.draft+"/review", confirm(old))
		if a.To != w.draft+"/bills?changed" {
			t.Fatalf("a smaller bill leads to %q", a.To)
		}
		w.get(a.To).mustSay(t, "Something changed since you chose", "You can now pay up to $120.00 on bill M-204118907")
		w.get(w.draft+"/review").mustSay(t, "What you owe is now $120.00", "Pay $120.00")
		h.revise("M-204118907", 14_000)
		review := w.get(w.draft + "/review")
		review.mustSay(t, "What you owe is now $140.00")
		w.get(w.draft+"/review").mustNotSay(t, "What you owe is now")

		part := v.begin("M-204118907")
		form := with(v.full("M-204118907"), "how", "other", "amount", "100.00")
		part.reviewed(form, bankForm1())
		w.post(w.draft+"/review", confirm(review))
		if a := part.get(part.draft + "/review"); a.To != part.draft+"/bills?changed" {
			t.Errorf("a bill that was paid meanwhile leads to %q", a.To)
		}
		part.get(part.draft+"/bills?changed").mustSay(t, "A payment of $140.00 on bill M-204118907 is already on its way")
		h.clean()
	})
}

// send sends a form as a visitor, without the checks that only the test's own goroutine may make.
func (h *house) send(cookies map[string]string, path string, form url.Values) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode())).WithContext(context.Background())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, r)
	return rec.Result()
}

// TestFiftyPresses: the same confirmation sent fifty times at once is one payment, and every press leads to it.
func TestFiftyPresses(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]url.Values{"bank": bankForm1(), "card": cardForm1()} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			h := houseOn(t, d)
			v := h.guest(rosaNumber, rosaBirth)
			w := v.begin("M-204118907")
			form := confirm(w.reviewed(v.full("M-204118907"), method))
			to := make(chan string, 50)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() { to <- h.send(v.cookies, w.draft+"/review", form).Header.Get("Location") })
			}
			wg.Wait()
			close(to)
			seen := map[string]bool{}
			for path := range to {
				seen[path] = true
			}
			if len(seen) != 1 || !seen[paymentPath(h.keyed(w))] {
				t.Errorf("%s: the presses lead to %v", name, seen)
			}
			if n := h.count("SELECT count(*) FROM payment"); n != 1 {
				t.Errorf("%s: %d payments", name, n)
			}
			if n := len(h.cards.charges); n > 1 {
				t.Errorf("%s: %d charges", name, n)
			}
			h.clean()
		})
	}
}

// TestTwoPayersOneBill: of two people who confirm the same bill at once one pays it, and the other is told.
func TestTwoPayersOneBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		const payers = 8
		type party struct {
			*walker
			form url.Values
		}
		var all []party
		for range payers {
			v := h.guest(rosaNumber, rosaBirth)
			w := v.begin("M-204118907")
			all = append(all, party{w, confirm(w.reviewed(v.full("M-204118907"), bankForm1()))})
		}
		to := make(chan string, payers)
		var wg sync.WaitGroup
		for _, p := range all {
			wg.Go(func() { to <- h.send(p.cookies, p.draft+"/review", p.form).Header.Get("Location") })
		}
		wg.Wait()
		close(to)
		paid, told := 0, 0
		for path := range to {
			switch {
			case strings.HasPrefix(path, "/payments/"):
				paid++
			case strings.HasSuffix(path, "/bills?changed"):
				told++
			}
		}
		if paid != 1 || told != payers-1 {
			t.Errorf("%d paid, %d were told", paid, told)
		}
		if b := h.bill("M-204118907"); b.Pending != 15_000 {
			t.Errorf("%s is on its way", b.Pending)
		}
		h.clean()
	})
}

// TestStepsInOrder: a step whose questions before it are not answered leads back to them.
func TestStepsInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.guest(rosaNumber, rosaBirth).begin("M-300")
	for from, to := range map[string]string{"/method": "/bills", "/review": "/bills"} {
		if a := w.get(w.draft + from); a.To != w.draft+to {
			t.Errorf("%s leads to %q", from, a.To)
		}
	}
	if a := w.post(w.draft+"/method", bankForm1()); a.To != w.draft+"/bills" {
		t.Errorf("a method before its bills leads to %q", a.To)
	}
	w.to("bills", w.full("M-300"), w.draft+"/method")
	if a := w.get(w.draft + "/review"); a.To != w.draft+"/method" {
		t.Errorf("a review without a method leads to %q", a.To)
	}
	if a := w.post(w.draft+"/review", url.Values{"mark": {""}}); a.To != w.draft+"/review?changed" {
		t.Errorf("paying without a review leads to %q", a.To)
	}
	w.to("method", bankForm1(), w.draft+"/review")
	w.to("bills", w.full("M-300"), w.draft+"/review") // a Change link comes back to the review
}
