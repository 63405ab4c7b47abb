package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/money"
	"memberpay/internal/payment"
)

// TestAmounts holds what people type as another amount against what the page answers.
func TestAmounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	for _, row := range []struct {
		typed string
		say   string // "" where the amount is taken
	}{
		{"", "Enter the amount you want to pay"}, {"0", "at least $0.01"}, {"0.00", "at least $0.01"}, {"-5", "dollars and cents"},
		{"1e9", "dollars and cents"}, {"12,34", "dollars and cents"}, {"NaN", "dollars and cents"}, {"1 2", "dollars and cents"},
		{"0x10", "dollars and cents"}, {"5.001", "dollars and cents"}, {hostile, "dollars and cents"}, {strings.Repeat("9", 3000), ""},
		{"175.51", "Enter $175.50 or less"}, {"99999999.99", ""}, {"٥", "dollars and cents"}, {"$1.50", "taken"}, {"175.50", "taken"}, {"25", "taken"},
	} {
		w := v.begin("M-204118907")
		form := v.full("M-204118907", "M-204118908")
		form.Set("how", "other")
		form.Set("amount", row.typed)
		a := w.post(w.draft+"/bills", form)
		if row.say == "taken" {
			if a.To != w.draft+"/method" {
				t.Errorf("%q: %d to %q: %s", row.typed, a.Status, a.To, a.Text())
			}
			continue
		}
		if a.Status != 422 || !strings.Contains(a.Text(), row.say) || !strings.Contains(a.Body, `id="amount-error"`) {
			t.Errorf("%q: %d, and the page does not say %q: %s", row.typed, a.Status, row.say, a.Text())
		}
		if len(row.typed) < 100 && row.typed != hostile && !strings.Contains(a.Body, `value="`+row.typed+`"`) {
			t.Errorf("%q is not kept", row.typed)
		}
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	stranger := url.Values{"how": {"full"}, "bills": {h.bills["A-1"].ID}}
	for name, row := range map[string]struct {
		form url.Values
		say  string
	}{
		"nothing":            {url.Values{"how": {"full"}}, "Choose at least one bill"},
		"no amount":          {url.Values{"bills": {h.bills["M-300"].ID}}, "Choose the full amount or another amount"},
		"two payees":         {v.full("M-300", "P-88201"), "one kind at a time"},
		"somebody's bill":    {stranger, "can no longer be paid"},
		"a bill that is not": {url.Values{"how": {"full"}, "bills": {"bill_x", h.bills["M-300"].ID}}, "can no longer be paid"},
		"settled":            {v.full("M-100"), "can no longer be paid"},
	} {
		w := v.begin("M-300")
		a := w.post(w.draft+"/bills", row.form)
		if a.Status != 422 || !strings.Contains(a.Text(), row.say) {
			t.Errorf("%s: %d, and the page does not say %q: %s", name, a.Status, row.say, a.Text())
		}
	}
	w := v.begin("M-300")
	w.to("bills", url.Values{"how": {"full"}, "bills": {h.bills["M-300"].ID, h.bills["M-300"].ID}}, w.draft+"/method") // the same one twice is one
}

// TestOtherAmountGoesToTheOldestBill: the bill that is due first is paid first.
func TestOtherAmountGoesToTheOldestBill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	w := v.begin("M-204118908")
	form := v.full("M-204118908", "M-204118907")
	form.Set("how", "other")
	form.Set("amount", "160.00")
	review := w.reviewed(form, bankForm1())
	review.mustSay(t, "$150.00 for Rosa Q.: Care on October 2, 2026, bill M-204118907", "$10.00 for Rosa Q.", "Pay $160.00")
	w.post(w.draft+"/review", confirm(review))
	if a, b := h.bill("M-204118907").Pending, h.bill("M-204118908").Pending; a != 15_000 || b != 1_000 {
		t.Errorf("pending %s and %s", a, b)
	}
	// What is on its way is subtracted, told, and cannot be paid again.
	next := v.begin("M-204118908")
	next.get(next.draft+"/bills").mustSay(t, "$15.50", "$10.00 is already on its way", "Payment on its way", "$150.00 is already on its way to us")
	form = v.full("M-204118907")
	if a := next.post(next.draft+"/bills", form); a.Status != 422 {
		t.Errorf("a bill that is on its way can be chosen: %d", a.Status)
	}
	form = v.full("M-204118908")
	form.Set("how", "other")
	form.Set("amount", "25.50")
	if a := next.post(next.draft+"/bills", form); !strings.Contains(a.Text(), "Enter $15.50 or less") {
		t.Errorf("more than is due: %s", a.Text())
	}
	h.clean()
}

func TestSpend(t *testing.T) {
	t.Parallel()
	open := func(id string, cents int64) bill.Bill {
		return bill.Bill{ID: id, State: bill.Open, Responsibility: 10_000, Pending: 10_000 - money.Cents(cents), DueDate: day.MustParse("2026-01-01")}
	}
	bills := []bill.Bill{open("a", 5_000), open("b", 0), open("c", 7_000)}
	for _, row := range []struct {
		amount int64
		want   []payment.Line
	}{
		{1, []payment.Line{{BillID: "a", Amount: 1}}},
		{5_000, []payment.Line{{BillID: "a", Amount: 5_000}}},
		{5_001, []payment.Line{{BillID: "a", Amount: 5_000}, {BillID: "c", Amount: 1}}},
		{12_000, []payment.Line{{BillID: "a", Amount: 5_000}, {BillID: "c", Amount: 7_000}}},
	} {
		got := payment.Spend(bills, money.Cents(row.amount))
		if total(got) != money.Cents(row.amount) || len(got) != len(row.want) || got[0] != row.want[0] {
			t.Errorf("spend %d: %v, want %v", row.amount, got, row.want)
		}
	}
}

// TestDraftsAreTheirOwners: nobody else opens a draft, and one whose session ended keeps its bills but not how to pay.
func TestDraftsAreTheirOwners(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	w := v.begin("M-300")
	w.reviewed(v.full("M-300"), bankForm1())
	stranger := h.guest(averyNumber, averyBirth)
	for _, p := range []string{"/bills", "/method", "/review"} {
		if a := stranger.get(w.draft + p); a.Status != 404 || strings.Contains(a.Text(), "Mateo") {
			t.Errorf("a stranger opens %s: %d %s", p, a.Status, a.Text())
		}
	}
	later := h.guest(rosaNumber, rosaBirth)
	for _, p := range []string{"/bills", "/method", "/review"} {
		if a := later.get(w.draft + p); a.Status != 404 {
			t.Errorf("a draft that somebody works on opens for another session at %s: %d", p, a.Status)
		}
	}
	w.get(w.draft+"/review").mustSay(t, "Checking account ending in 6789")
	w.post("/sign-out", url.Values{})
	a := later.get(w.draft + "/review")
	if a.To != w.draft+"/method" {
		t.Fatalf("the review of a session that ended leads to %q", a.To)
	}
	page := later.get(a.To)
	page.mustNotSay(t, "6789", "Rosa Quintero")
	if strings.Contains(page.Body, "rosa@mail.example") {
		t.Error("the e-mail of another session is shown")
	}
	later.get(w.draft+"/bills").mustSay(t, "Choose what to pay")
	if a := later.get("/pay/draft_nothing/review"); a.Status != 404 {
		t.Errorf("a draft that never was: %d", a.Status)
	}
}
