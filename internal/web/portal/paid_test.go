package portal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/verify"
	"memberpay/internal/web"
)

// stand is a payment in one state: how it is paid, and what becomes of it.
type stand struct {
	state payment.State
	card  bool
	// become brings a payment that was just made into the state.
	become func(h *house, v *visitor, pay payment.Payment)
	answer processor.Outcome // of the card processor
}

// record gives news of a payment, one after the other. News of a bank payment is what the bank has told.
func record(list ...payment.Change) func(*house, *visitor, payment.Payment) {
	told := map[payment.State]string{payment.Succeeded: "settled", payment.Returned: "returned"}
	return func(h *house, _ *visitor, pay payment.Payment) {
		for _, c := range list {
			h.write(func(tx *db.Tx) error {
				if pay.Rail == payment.Bank {
					if _, err := tx.ExecContext(h.t.Context(), "UPDATE ach_entry SET state = $2 WHERE payment_id = $1", pay.ID, told[c.To]); err != nil {
						return err
					}
				}
				_, err := h.portal.Payments.RecordIn(h.t.Context(), tx, pay.ID, c)
				return err
			})
		}
	}
}

var stands = map[string]stand{
	"submitted":      {state: payment.Submitted, card: true},
	"action":         {state: payment.ActionRequired, card: true, answer: processor.Outcome{Status: processor.ActionRequired, ActionURL: "https://bank.example/check"}},
	"unknown":        {state: payment.Unknown, card: true, answer: processor.Outcome{Status: processor.Unknown}},
	"pending":        {state: payment.Pending},
	"received":       {state: payment.Succeeded, card: true},
	"settled":        {state: payment.Succeeded, become: record(payment.Change{To: payment.Succeeded})},
	"declined":       {state: payment.Failed, card: true, answer: processor.Outcome{Status: processor.Declined, Reason: processor.ReasonExpired, CanRetry: true}},
	"new reason":     {state: payment.Failed, card: true, answer: processor.Outcome{Status: processor.Declined, Reason: "nobody_knows"}},
	"canceled":       {state: payment.Canceled, become: func(_ *house, v *visitor, pay payment.Payment) { v.post(paymentPath(pay)+"/cancel", url.Values{}) }},
	"returned":       {state: payment.Returned, become: record(payment.Change{To: payment.Returned, Reason: "R01"})},
	"returned later": {state: payment.Returned, become: record(payment.Change{To: payment.Succeeded}, payment.Change{To: payment.Returned, Reason: "R10"})},
	"new code":       {state: payment.Returned, become: record(payment.Change{To: payment.Returned, Reason: "R77"})},
	"disputed":       {state: payment.Disputed, card: true, become: record(payment.Change{To: payment.Disputed})},
	"charged back":   {state: payment.ChargedBack, card: true, become: record(payment.Change{To: payment.Disputed}, payment.Change{To: payment.ChargedBack})},
	"dispute won":    {state: payment.Succeeded, card: true, become: record(payment.Change{To: payment.Disputed}, payment.Change{To: payment.Succeeded})},
}

// make brings a payment of two bills into the state and returns it with its draft.
func (s stand) make(h *house, v *visitor) (payment.Payment, *walker) {
	h.t.Helper()
	h.cards.say(s.answer)
	method := bankForm1()
	if s.card {
		method = cardForm1()
	}
	keys := []string{"M-204118907", "M-204118908"}
	w := v.begin(keys...)
	review := w.reviewed(v.full(keys...), method)
	if s.state == payment.Submitted { // what a crash right after the commit leaves
		d, err := payment.GetDraft(h.t.Context(), h.db.Read(), h.session(v), strings.TrimPrefix(w.draft, "/pay/"))
		h.must(err)
		r, err := d.Request(h.portal.Seal)
		h.must(err)
		_, _, err = h.portal.Payments.Submit(h.t.Context(), r)
		h.must(err)
	} else {
		w.post(w.draft+"/review", confirm(review))
	}
	pay := h.keyed(w)
	if s.become != nil {
		s.become(h, v, pay)
		pay = h.keyed(w)
	}
	if pay.State != s.state {
		h.t.Fatalf("the payment is %s, want %s", pay.State, s.state)
	}
	return pay, w
}

// session is who a visitor is to drafts.
func (h *house) session(v *visitor) payment.Owner {
	h.t.Helper()
	s, err := h.accounts.Find(h.t.Context(), h.clock(), v.cookies["memberpay_session"])
	h.must(err)
	return payment.Owner{SessionID: s.ID, AccountID: s.AccountID}
}

func (h *house) keyed(w *walker) payment.Payment {
	h.t.Helper()
	pay, err := payment.ByKey(h.t.Context(), h.db.Read(), strings.TrimPrefix(w.draft, "/pay/"))
	h.must(err)
	return pay
}

// clean fails where the book does not balance.
func (h *house) clean() {
	h.t.Helper()
	results, err := verify.Run(h.t.Context(), h.db, h.portal.Seal, nil)
	h.must(err)
	for _, r := range results {
		for _, v := range r.Violations {
			h.t.Errorf("%s: %s %s", v.Rule, v.Subject, v.Detail)
		}
	}
}

func (h *house) bill(key string) bill.Bill {
	h.t.Helper()
	b := h.bills[key]
	now, err := bill.Get(h.t.Context(), h.db.Read(), bill.Scope{Members: []string{b.GuarantorID}}, b.ID)
	h.must(err)
	return now
}

func TestEveryStateHasItsPage(t *testing.T) {
	t.Parallel()
	seen := map[payment.State]bool{}
	for _, s := range stands {
		seen[s.state] = true
	}
	for _, s := range payment.States {
		if !seen[s] {
			t.Errorf("no case brings a payment to %s", s)
		}
		if _, ok := states[s]; !ok {
			t.Errorf("state %s has no page", s)
		}
	}
	if len(states) != len(payment.States) {
		t.Errorf("%d pages for %d states", len(states), len(payment.States))
	}
}

// TestEveryStateOnEveryAddress opens every address of a payer with a payment in every state, in both languages, as the
// guest who paid, as the member signed in, as a stranger and as nobody: no page fails, and none tells what is not so.
func TestEveryStateOnEveryAddress(t *testing.T) {
	t.Parallel()
	for name, s := range stands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			v := h.guest(rosaNumber, rosaBirth)
			pay, w := s.make(h, v)
			at := paymentPath(pay)
			read := []string{at, at + "/receipt.pdf", at + "/return", w.draft + "/bills", w.draft + "/method", w.draft + "/review",
				"/bills", "/bills/" + h.bills["M-204118907"].ID, "/payments", "/payments.csv", at + "?late"}
			write := []string{w.draft + "/bills", w.draft + "/method", w.draft + "/review", at + "/cancel", at + "/again"}
			readers := map[string]*visitor{"guest": v, "member": h.rosa(), "stranger": h.guest(averyNumber, averyBirth), "nobody": h.visitor()}
			for who, r := range readers {
				for _, lang := range []string{"en", "es"} {
					r.lang = lang
					for _, path := range read {
						a := r.follow(r.get(path))
						if a.Status >= 500 {
							t.Errorf("%s opens %s in %s: %d %s", who, path, lang, a.Status, a.Text())
						}
						if (who == "stranger" || who == "nobody") && strings.Contains(a.Text(), "175.50") {
							t.Errorf("%s sees the payment at %s", who, path)
						}
					}
				}
				r.lang = "en"
			}
			for _, who := range []string{"guest", "member"} {
				for _, path := range []string{at, w.draft + "/review"} {
					truth(t, h, s.state, pay, who == "guest", readers[who].follow(readers[who].get(path)))
				}
			}
			for _, who := range []string{"nobody", "stranger", "guest"} {
				for _, path := range write {
					if who == "guest" && (strings.HasSuffix(path, "cancel") || strings.HasSuffix(path, "again")) {
						continue
					}
					a := readers[who].post(path, url.Values{"mark": {"x"}, "how": {"full"}, "method": {"bank"}})
					if a.Status >= 500 {
						t.Errorf("%s posts to %s: %d %s", who, path, a.Status, a.Text())
					}
				}
			}
			if now := h.keyed(w); now.State != s.state {
				t.Errorf("reading changed the payment from %s to %s", s.state, now.State)
			}
			if a := v.follow(v.post(at+"/again", url.Values{})); a.Status != 200 {
				t.Errorf("again: %d %s", a.Status, a.Text())
			}
			if a := v.follow(v.post(at+"/cancel", url.Values{})); a.Status != 200 {
				t.Errorf("cancel: %d %s", a.Status, a.Text())
			}
			h.clean()
		})
	}
}

// truth holds a payment's page against what is so. made tells whether the reader is the one who paid.
func truth(t *testing.T, h *house, s payment.State, pay payment.Payment, made bool, a answer) {
	t.Helper()
	headings := map[payment.State]string{payment.Submitted: "Payment in progress", payment.ActionRequired: "Your bank wants to check it is you",
		payment.Unknown: "We are checking with your bank. Do not pay again.", payment.Pending: "Payment submitted",
		payment.Succeeded: "Payment received", payment.Failed: "Your payment did not go through", payment.Canceled: "You canceled this payment",
		payment.Returned: "Your bank returned this payment", payment.Disputed: "This payment is being disputed", payment.ChargedBack: "This payment was reversed"}
	for state, heading := range headings {
		shows := strings.Contains(a.Body, "<h1>"+heading+"</h1>")
		if shows != (state == s) {
			t.Errorf("a payment in state %s and the heading %q: %v", s, heading, shows)
		}
	}
	a.mustSay(t, "$175.50")
	over := s == payment.Failed || s == payment.Canceled || s == payment.Returned || s == payment.ChargedBack
	says := map[string]bool{
		"ending in":              made,
		"Why this happened":      made && (s == payment.Failed || s == payment.Returned),
		"Go to my bank’s page":   made && s == payment.ActionRequired,
		"Payment number":         over,
		"Confirmation number":    !over,
		"Paid on":                !pay.SettledAt.IsZero(),
		"Returned on":            s == payment.Returned,
		"Disputed on":            s == payment.Disputed,
		"Reversed on":            s == payment.ChargedBack,
		"Download receipt (PDF)": s == payment.Succeeded || s == payment.Pending,
		"No money was taken":     s == payment.Failed || s == payment.Canceled,
		"Thank you":              s == payment.Succeeded || s == payment.Pending,
		"Check again":            s == payment.Submitted || s == payment.Unknown || s == payment.ActionRequired,
		"Yes, cancel it":         made && (s == payment.Pending || s == payment.ActionRequired),
	}
	for words, want := range says {
		if strings.Contains(a.Text(), words) != want {
			t.Errorf("state %s says %q: %v", s, words, !want)
		}
	}
	if strings.Contains(a.Body, "/again") != over {
		t.Errorf("state %s offers to pay again: %v", s, !over)
	}
	if strings.Contains(a.Body, `action="/pay/start"`) {
		t.Errorf("state %s offers to pay bills that are held or paid", s)
	}
	due := h.bill("M-204118907").Due()
	if (due == 15_000) != over {
		t.Errorf("state %s leaves %s to pay", s, due)
	}
	if strings.Contains(a.Text(), "Still open on these bills: $175.50") != over || strings.Contains(a.Text(), "now paid in full") && s != payment.Succeeded && s != payment.Disputed {
		t.Errorf("state %s says what is open: %s", s, a.Text())
	}
}

// TestReasonsHaveWords holds every reason a card is declined for, in both languages, against the page.
func TestReasonsHaveWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	reasons := []processor.Reason{processor.ReasonGeneric, processor.ReasonInsufficientFunds, processor.ReasonLost, processor.ReasonStolen,
		processor.ReasonExpired, processor.ReasonSecurityCode, processor.ReasonZIP, processor.ReasonProcessing, processor.ReasonNumber,
		processor.ReasonVelocity, processor.ReasonFraud, processor.ReasonNotPermitted, processor.ReasonAuthentication,
		processor.ReasonAbandoned, processor.ReasonUnreachable, processor.ReasonCanceled}
	for _, reason := range reasons {
		h.cards.say(processor.Outcome{Status: processor.Declined, Reason: reason})
		path := v.paid(cardForm1(), "M-300")
		for _, lang := range []string{"en", "es"} {
			v.lang = lang
			w := h.words.For(lang)
			v.get(path).mustSay(t, w.T("decline."+string(reason)), w.T("decline."+string(reason)+".next"))
		}
		v.lang = "en"
	}
}

// TestLateSuccessIsTold: money that comes after a payment was told to have failed is not told as "no money was taken".
func TestLateSuccessIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		pay, _ := stands["declined"].make(h, v)
		_, err := h.portal.Payments.Record(t.Context(), pay.ID, payment.Change{To: payment.Succeeded, Amount: pay.Amount})
		h.must(err)
		a := v.get(paymentPath(pay))
		a.mustSay(t, "Do not pay again", "The money is kept for you")
		a.mustNotSay(t, "No money was taken", "Pay another way", "Payment received")
		if again := v.post(paymentPath(pay)+"/again", url.Values{}); again.To != paymentPath(pay) {
			t.Errorf("again leads to %q", again.To)
		}
		h.clean()
	})
}

// TestReturnOpensTheBills: a bank return opens the same bills again, says why, and the same payment can be made anew.
func TestReturnOpensTheBills(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.guest(rosaNumber, rosaBirth)
		pay, _ := stands["returned later"].make(h, v)
		v.get(paymentPath(pay)).mustSay(t, h.words.For("en").T("return.R10"), h.words.For("en").T("return.R10.next"), "Still open on these bills: $175.50")
		a := v.post(paymentPath(pay)+"/again", url.Values{})
		if !strings.HasSuffix(a.To, "/method") {
			t.Fatalf("again leads to %q", a.To)
		}
		w := &walker{v, strings.TrimSuffix(a.To, "/method")}
		h.cards.say(processor.Outcome{})
		w.to("method", cardForm1(), w.draft+"/review")
		second := w.post(w.draft+"/review", confirm(w.get(w.draft+"/review")))
		v.get(second.To).mustSay(t, "Payment received", "$175.50", "now paid in full")
		if b := h.bill("M-204118907"); b.State != bill.Paid {
			t.Errorf("the bill is %s", b.State)
		}
		h.clean()
	})
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	path := rosa.paid(cardForm1(), "M-204118907")
	for _, lang := range []string{"en", "es"} {
		rosa.lang = lang
		a := rosa.get(path + "/receipt.pdf")
		if a.Status != 200 || !strings.HasPrefix(a.Body, "%PDF-") || a.Header.Get("Content-Type") != "application/pdf" ||
			!strings.Contains(a.Header.Get("Content-Disposition"), "payment-") {
			t.Errorf("receipt in %s: %d %v", lang, a.Status, a.Header)
		}
	}
}

// TestWhereCareWasIsForMembersOnly: the receipt and the page of a guest name no provider.
func TestWhereCareWasIsForMembersOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.guest(rosaNumber, rosaBirth)
	path := guest.paid(cardForm1(), "M-204118907")
	guest.get(path).mustNotSay(t, "Hillcrest")
	for who, want := range map[*visitor]bool{guest: false, h.rosa(): true} {
		session, err := h.accounts.Find(t.Context(), h.clock(), who.cookies["memberpay_session"])
		h.must(err)
		c := &web.Context{R: httptest.NewRequest("GET", path, nil), Site: &web.Site{Brand: brand.Default(), Accounts: h.accounts}, Session: session,
			Words: h.words.For("en"), Now: h.clock()}
		pay, err := payment.ByConfirmation(t.Context(), h.db.Read(), payments(c), strings.TrimPrefix(path, "/payments/"))
		h.must(err)
		blocks, err := h.portal.receipt(c, pay)
		h.must(err)
		if shows := strings.Contains(fmt.Sprint(blocks), "Hillcrest"); shows != want {
			t.Errorf("the receipt names the provider: %v, want %v", shows, want)
		}
	}
}

func TestBankPaymentTellsItsDates(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(rosaNumber, rosaBirth)
	path := v.paid(bankForm1(), "M-204118907")
	v.get(path).mustSay(t, "November 23, 2026 at 1:15 PM Pacific", "November 24, 2026", "Cancel this payment")
	h.pass(2 * time.Hour) // after the cut
	again := h.guest(rosaNumber, rosaBirth)
	a := again.get(path)
	a.mustSay(t, "on its way to your bank", "November 24, 2026")
	a.mustNotSay(t, "Cancel this payment", "you can still cancel", "rosa@mail.example")
	h.pass(5 * 24 * time.Hour)
	last := h.guest(rosaNumber, rosaBirth)
	last.get(path).mustSay(t, "Payment submitted", "We expected your bank’s answer by November 24, 2026", "do not pay again")
}

func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := h.guest(rosaNumber, rosaBirth).paid(bankForm1(), "M-204118907")
	stranger := h.guest(averyNumber, averyBirth)
	for _, p := range []string{path, path + "/receipt.pdf", path + "/return"} {
		if a := stranger.get(p); a.Status != http.StatusNotFound {
			t.Errorf("a stranger at %s: %d", p, a.Status)
		}
		if a := h.visitor().get(p); a.Status != http.StatusSeeOther {
			t.Errorf("nobody at %s: %d", p, a.Status)
		}
	}
	for _, p := range []string{path + "/cancel", path + "/again"} {
		if a := stranger.post(p, url.Values{}); a.Status != http.StatusNotFound {
			t.Errorf("a stranger posts to %s: %d", p, a.Status)
		}
		if a := h.visitor().post(p, url.Values{}); a.Status != http.StatusUnauthorized {
			t.Errorf("nobody posts to %s: %d", p, a.Status)
		}
	}
	if a := h.rosa().post(path+"/cancel", url.Values{}); a.Status != http.StatusForbidden {
		t.Errorf("somebody who did not make the payment cancels it: %d", a.Status)
	}
	// The same person in another browser sees it after looking the bill up again, without the address of the mail.
	again := h.guest(rosaNumber, rosaBirth).get(path)
	again.mustSay(t, "Payment submitted")
	again.mustNotSay(t, "rosa@mail.example")
}
