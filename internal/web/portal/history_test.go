package portal

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// paid makes a bank payment of a bill by its claim key, by nobody who is here, and returns it.
func (h *house) paid(key string, amount money.Cents) payment.Payment {
	h.t.Helper()
	b := h.bills[key]
	pay, _, err := h.portal.Payments.Submit(h.t.Context(), payment.Request{Key: id.New("test"), PayerID: b.GuarantorID, Payee: b.Payee,
		Lines:  []payment.Line{{BillID: b.ID, Amount: amount}},
		Method: payment.Method{Bank: &payment.BankAccount{Name: "Rosa Quintero", Routing: "110000000", Number: "000123456789", Type: "checking"}},
		Email:  rosaEmail, Language: "en", Authorization: "yes", Address: "192.0.2.1"})
	h.must(err)
	return pay
}

func TestHistory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		rosa := h.rosa()
		h.walk([]row{{name: "none yet", who: rosa, path: "/payments", status: 200, contains: []string{"Your payments", "No payments yet"}, lacks: []string{"Search"}}})
		first := h.paid("M-300", 1_234)
		h.pass(24 * time.Hour)
		rosa = h.rosa()
		second := h.paid("P-88201", 41_000)
		other := h.paid("A-1", 500)
		one, two, not := id.Grouped(first.Confirmation), id.Grouped(second.Confirmation), id.Grouped(other.Confirmation)
		search := func(q string) string { return "/payments?" + url.Values{"q": {q}}.Encode() }
		rows := []row{
			{name: "all", path: "/payments", contains: []string{one, two, "2 payments", "$12.34", "$410.00", "November 23, 2026", "November 24, 2026",
				"Bill M-300", "Submitted", "Bank account"}, lacks: []string{not, "6789", "Checking"}},
			{name: "number", path: search(one), contains: []string{one, "1 payment"}, lacks: []string{two}},
			{name: "number in another spelling", path: search(" " + strings.ToLower(first.Confirmation) + " "), contains: []string{one}, lacks: []string{two}},
			{name: "amount", path: search("$12.34"), contains: []string{one}, lacks: []string{two}},
			{name: "round amount", path: search("410"), contains: []string{two}, lacks: []string{one}},
			{name: "last four of somebody's account", path: search("6789"), contains: []string{"No payment matches"}, lacks: []string{one, two}},
			{name: "date", path: search("11/23/2026"), contains: []string{one}, lacks: []string{two}},
			{name: "date in words", path: search("november 24"), contains: []string{two}, lacks: []string{one}},
			{name: "nothing matches", path: search(hostile), contains: []string{"No payment matches “" + hostile + "”.", "Show all payments"}, lacks: []string{one, two}},
			{name: "another's number", path: search(not), contains: []string{"No payment matches"}, lacks: []string{"$5.00"}},
		}
		for i := range rows {
			rows[i].who, rows[i].status = rosa, 200
		}
		rows = append(rows, row{name: "far too long", who: rosa, path: search(strings.Repeat("é", 2000)), status: 422, contains: []string{"Search for something shorter"}},
			row{name: "on the bill", who: rosa, path: "/bills/" + h.bills["M-300"].ID, status: 200, contains: []string{"Payments on this bill", "$12.34 Submitted", "See this payment"}})
		h.walk(rows)
	})
}

// TestOldPaymentsAskWhoItIs shows what is older than a year right after signing in, and later after another proof only; to a
// guest never.
func TestOldPaymentsAskWhoItIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := id.Grouped(h.paid("M-300", 1_234).Confirmation)
	h.pass(366 * 24 * time.Hour)
	young := id.Grouped(h.paid("P-88201", 41_000).Confirmation)
	rosa, guest := h.rosa(), h.guest(rosaNumber, rosaBirth)
	h.walk([]row{
		{name: "right after signing in", who: rosa, path: "/payments", status: 200, contains: []string{old, young}, lacks: []string{"Show older"}},
		{name: "as a file", who: rosa, path: "/payments.csv", status: 200, contains: []string{old, young}},
	})
	h.pass(16 * time.Minute)
	ask := "/confirm?to=" + url.QueryEscape("/payments?all=1&q=")
	h.walk([]row{
		{name: "later", who: rosa, path: "/payments", status: 200, contains: []string{young, "last 12 months", "Show older payments too"}, lacks: []string{old}},
		{name: "a search", who: rosa, path: "/payments?q=" + old, status: 200, contains: []string{"No payment matches", "Show older payments too"}, lacks: []string{"$12.34"}},
		{name: "the file", who: rosa, path: "/payments.csv", status: 200, contains: []string{young}, lacks: []string{old}},
		{name: "all", who: rosa, path: "/payments?all=1&q=", status: 303, to: ask},
		{name: "the file of all", who: rosa, path: "/payments.csv?all=1", status: 303, to: "/confirm?to="},
		{name: "proved", who: rosa, path: "/confirm", form: url.Values{"password": {rosaPassword}, "to": {"/payments?all=1&q="}}, status: 303, to: "/payments?all=1&q="},
		{name: "all of them", who: rosa, path: "/payments?all=1&q=", status: 200, contains: []string{old, young}},
		{name: "a guest", who: guest, path: "/payments", status: 200, lacks: []string{old}},
		{name: "a guest wants all", who: guest, path: "/payments?all=1", status: 303, to: "/sign-in?to="},
		{name: "a guest's file", who: guest, path: "/payments.csv?all=1", status: 303, to: "/sign-in?to="},
	})
}

func TestHistoryAsAFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(bill.Incoming{ClaimKey: "formula", Source: "test", Kind: bill.Medical, Payee: "medical", Number: `=HYPERLINK("x"),"y"`, PatientID: h.people["Rosa"],
		GuarantorID: h.people["Rosa"], ServiceDate: day.MustParse("2026-10-02"), Charged: 5_000, Responsibility: 5_000})
	pay := h.paid("formula", 5_000)
	h.paid("M-300", 100)
	a := h.rosa().get("/payments.csv")
	if a.Header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" || a.Header.Get("Content-Disposition") != `attachment; filename="payments-2026-11-23.csv"` {
		t.Errorf("headers: %v", a.Header)
	}
	if !strings.Contains(a.Body, "\r\n") {
		t.Error("lines do not end as RFC 4180 says")
	}
	list, err := csv.NewReader(bytes.NewReader([]byte(strings.TrimPrefix(a.Body, "\ufeff")))).ReadAll()
	if err != nil || len(list) != 3 {
		t.Fatalf("%v: %v", list, err)
	}
	want := []string{id.Grouped(pay.Confirmation), "2026-11-23", "50.00", "Submitted", "Bank account", "Larkspur Medical Group, Inc.", `'=HYPERLINK("x"),"y"`}
	found := false
	for _, got := range list[1:] {
		found = found || strings.Join(got, "|") == strings.Join(want, "|")
	}
	if !found {
		t.Errorf("rows %q do not have %q", list, want)
	}
	h.walk([]row{{name: "a search holds for the file", who: h.rosa(), path: "/payments.csv?q=1.00", status: 200, contains: []string{"1.00"}, lacks: []string{"50.00"}},
		{name: "nobody", who: h.visitor(), path: "/payments.csv", status: 303, to: "/sign-in"}})
}

// TestHistoryOfOnesOwn: whoever paid sees with which account, and finds it by its last four digits.
func TestHistoryOfOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, guest := h.rosa(), h.guest(rosaNumber, rosaBirth)
	guest.paid(bankForm1(), "M-300")
	rosa.paid(cardForm1(), "M-204118907")
	h.walk([]row{
		{name: "guest", who: guest, path: "/payments?q=6789", status: 200, contains: []string{"$64.00", "Checking account ending in 6789"}},
		{name: "member", who: h.rosa(), path: "/payments?q=4242", status: 200, contains: []string{"$150.00", "Visa card ending in 4242"}, lacks: []string{"$64.00"}},
		{name: "member, all", who: h.rosa(), path: "/payments", status: 200, contains: []string{"$64.00", "Bank account", "Visa card ending in 4242"}, lacks: []string{"6789"}},
		{name: "bill of the guest", who: rosa, path: "/bills/" + h.bills["M-300"].ID, status: 200, contains: []string{"Bank account"}, lacks: []string{"6789"}},
		{name: "file", who: rosa, path: "/payments.csv", status: 200, contains: []string{"4242"}, lacks: []string{"6789"}},
	})
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{"": "", "abc": "abc", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1",
		"\r=1": "'\r=1", "＝1": "'＝1", "1=1": "1=1", "12.34": "12.34"} {
		if got := web.Cell(cell); got != want {
			t.Errorf("web.Cell(%q) = %q, want %q", cell, got, want)
		}
	}
}

// TestEveryStateHasATag looks each state up in both languages.
func TestEveryStateHasATag(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, lang := range []string{"en", "es"} {
		seen := map[string]bool{}
		for _, s := range payment.States {
			tag := paymentTag(h.words.For(lang), payment.Payment{State: s})
			if tag.Text == "" || strings.Contains(tag.Text, "⟦") || seen[tag.Text] {
				t.Errorf("%s in %s reads %q", s, lang, tag.Text)
			}
			seen[tag.Text] = true
		}
	}
}
