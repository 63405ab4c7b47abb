package portal

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/processor"
)

// sendsPayLink takes a call in which Rosa proves who she is, and sends her a link to pay a bill; it returns the token.
func (h *house) sendsPayLink() string {
	_, token := h.paysByPhone()
	return token
}

func (h *house) paysByPhone() (b payment.ByPhone, token string) {
	h.t.Helper()
	ctx := h.t.Context()
	who := audit.Who{Actor: h.account(identity.Agent), Role: audit.Agent}
	calls := &caller.Calls{DB: h.db, Accounts: h.accounts, Seal: h.portal.Seal}
	call, err := calls.Visited(ctx, h.clock(), who, h.people["Rosa"], caller.Visit{Document: caller.Documents[0], Office: "Main", Name: true, Birth: true, Photo: true})
	h.must(err)
	x := h.bills["M-204118907"]
	d, err := h.portal.Phone.Begin(ctx, h.clock(), who, call, payment.Answers{Kind: bill.Medical, Payee: x.Payee, Ticked: []string{x.ID}, Lines: []payment.Line{{BillID: x.ID, Amount: 4000}}})
	h.must(err)
	b, err = payment.PhoneDraft(ctx, h.db.Read(), d.ID)
	h.must(err)
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE member SET email = $2 WHERE id = $1", h.people["Rosa"], rosaEmail)
		return err
	})
	h.must(h.portal.Phone.SendLink(ctx, h.clock(), who, b, event.Mail, "en"))
	list := h.letters(letter.KindPayLink, rosaEmail)
	var l letter.PayLink
	h.must(list[len(list)-1].Read(&l))
	return b, l.URL[strings.LastIndex(l.URL, "/")+1:]
}

func birthOf(s string) url.Values {
	year, month, day := s[:4], s[5:7], s[8:]
	return url.Values{"birth_month": {month}, "birth_day": {day}, "birth_year": {year}}
}

// stage is where the agent sees the payer.
func (h *house) stage(draftID string) phonepay.Link {
	h.t.Helper()
	l, _, err := phonepay.LinkOf(h.t.Context(), h.db.Read(), draftID)
	h.must(err)
	return l
}

// TestPayByLink: whoever opens the link says their date of birth, and pays what was chosen in the call.
func TestPayByLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		b, token := h.paysByPhone()
		v := h.visitor()
		page := v.get("/pay-link/" + token)
		page.tells(t, 200, "Pay what you talked about on the phone", "date of birth")
		for _, secret := range []string{"$40.00", "M-204118907", "Rosa"} {
			if strings.Contains(page.Body, secret) {
				t.Errorf("the page tells %s before the date of birth", secret)
			}
		}
		if l := h.stage(b.DraftID); l.Stage != phonepay.Sent || !l.SeenAt.Equal(h.clock()) {
			t.Errorf("opened before the date of birth, or nobody sees that its page was shown: %+v", l)
		}
		v.post("/pay-link/"+token, url.Values{}).tells(t, 422, "date of birth")
		v.post("/pay-link/"+token, birthOf(averyBirth)).tells(t, 422, "not the date of birth of the person who called")
		v.post("/pay-link/"+token, birthOf(rosaBirth)).leads(t, "/pay/"+b.DraftID+"/method")
		v.get("/pay-link/"+token).leads(t, "/pay/"+b.DraftID+"/method")
		method := v.get("/pay/" + b.DraftID + "/method")
		method.tells(t, 200, "our staff see which page you are on", "How do you want to pay?")
		if !strings.Contains(method.Body, `data-pulse="/pay/`+b.DraftID+`/typing"`) || h.stage(b.DraftID).Stage != phonepay.Method {
			t.Error("the agent does not see that the payer is on the page")
		}
		if a := v.post("/pay/"+b.DraftID+"/typing", url.Values{"card": {"4242424242424242"}}); a.Status != 204 || !h.stage(b.DraftID).Types(h.clock()) {
			t.Errorf("typing: %d", a.Status)
		}
		form := bankForm1()
		form.Set("email", rosaEmail)
		v.post("/pay/"+b.DraftID+"/method", form).leads(t, "/pay/"+b.DraftID+"/review")
		review := v.get("/pay/" + b.DraftID + "/review")
		review.tells(t, 200, "$40.00")
		if h.stage(b.DraftID).Stage != phonepay.Review {
			t.Error("the agent does not see the review")
		}
		paid := v.post("/pay/"+b.DraftID+"/review", confirm(review))
		if !strings.HasPrefix(paid.To, "/payments/") {
			t.Fatalf("%d %s", paid.Status, paid.Text())
		}
		after, err := payment.PhoneDraft(t.Context(), d.Read(), b.DraftID)
		if err != nil || after.PaymentID == "" || after.Evidence != "" {
			t.Errorf("%+v, %v", after, err)
		}
		if h.count("SELECT COUNT(*) FROM ach_entry WHERE sec = 'WEB' AND payment_id = $1", after.PaymentID) != 1 {
			t.Error("what a payer authorizes on our page is no entry by telephone")
		}
		other := h.visitor()
		other.post("/pay-link/"+token, birthOf(rosaBirth)).leads(t, paid.To)
	})
}

// TestAStoppedLink: a page that is open when the desk stops the payment pays nothing, and says so.
func TestAStoppedLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, token := h.paysByPhone()
	v := h.visitor()
	v.post("/pay-link/"+token, birthOf(rosaBirth))
	v.post("/pay/"+b.DraftID+"/method", bankForm1())
	review := v.get("/pay/" + b.DraftID + "/review")
	h.must(h.portal.Phone.Cancel(t.Context(), h.clock(), audit.Who{Actor: b.AgentID, Role: audit.Agent}, b))
	v.get("/pay-link/"+token).tells(t, 404, "This link does not work any more")
	paid := v.post("/pay/"+b.DraftID+"/review", confirm(review))
	if strings.HasPrefix(paid.To, "/payments/") {
		t.Error("it was paid")
	}
	for _, at := range []string{paid.To, "/pay/" + b.DraftID + "/method", "/pay/" + b.DraftID + "/review"} {
		v.get(at).tells(t, 404, "Our staff stopped this payment", "Nothing was paid", "ask for a new link", "1-800-555-0142")
		v.get(at+"?lang=es").tells(t, 404, "Nuestro personal detuvo este pago", "No se pagó nada", "pida un enlace nuevo")
		v.get(at + "?lang=en")
	}
	if other := h.visitor().get(paid.To); strings.Contains(other.Text(), "Our staff stopped") {
		t.Errorf("somebody else reads what became of it: %d %s", other.Status, other.Text())
	}
	if n := h.count("SELECT COUNT(*) FROM payment WHERE idempotency_key = $1", b.DraftID); n != 0 {
		t.Errorf("%d payments", n)
	}
	v.get("/pay-link/none").tells(t, 404, "does not work any more")
}

func (a answer) leads(t *testing.T, to string) {
	t.Helper()
	if a.Status != 303 || a.To != to {
		t.Errorf("%d to %q, want to %q: %s", a.Status, a.To, to, a.Text())
	}
}

// TestAgainByLink: a payer whose card is declined pays another way in the same call: the same agent, call and words stand
// for it, its link leads there, and one payment is begun, however often they ask.
func TestAgainByLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		b, token := h.paysByPhone()
		v := h.visitor()
		v.post("/pay-link/"+token, birthOf(rosaBirth))
		pays := func(draftID string, form url.Values) string {
			t.Helper()
			path := "/pay/" + draftID
			v.post(path+"/method", form).leads(t, path+"/review")
			return v.post(path+"/review", confirm(v.get(path+"/review"))).To
		}
		again := func(failed string) payment.ByPhone {
			t.Helper()
			to := v.post(failed+"/again", url.Values{}).To
			next, err := payment.PhoneDraft(t.Context(), d.Read(), strings.TrimSuffix(strings.TrimPrefix(to, "/pay/"), "/method"))
			if err != nil {
				t.Fatalf("%q is in no call: %v", to, err)
			}
			return next
		}
		h.cards.say(processor.Outcome{Status: processor.Declined, Reason: processor.ReasonInsufficientFunds, CanRetry: true})
		first := pays(b.DraftID, cardForm1())
		v.get(first).tells(t, 200, "Your payment did not go through", "Pay another way")
		second := again(first)
		if again(first).DraftID != second.DraftID {
			t.Error("asking twice begins two payments")
		}
		if second.After != b.DraftID || second.CallID != b.CallID || second.Reference != b.Reference || second.AgentID != b.AgentID || second.Script != b.Script {
			t.Errorf("%+v after %+v", second, b)
		}
		v.get("/pay/"+second.DraftID+"/method").tells(t, 200, "our staff see which page you are on", "How do you want to pay?")
		if h.stage(second.DraftID).Stage != phonepay.Method {
			t.Error("the agent does not see where the payer is")
		}
		v.get("/pay-link/"+token).leads(t, "/pay/"+second.DraftID+"/method")

		// Once more, and that one is stopped by the desk.
		failed := pays(second.DraftID, cardForm1())
		h.cards.say(processor.Outcome{})
		third := again(failed)
		if again(first).DraftID != third.DraftID {
			t.Error("the first page does not lead to the payment begun last")
		}
		v.post("/pay/"+third.DraftID+"/method", bankForm1())
		review := v.get("/pay/" + third.DraftID + "/review")
		h.must(h.portal.Phone.Cancel(t.Context(), h.clock(), audit.Who{Actor: b.AgentID, Role: audit.Agent}, third))
		if a := v.post("/pay/"+third.DraftID+"/review", confirm(review)); strings.HasPrefix(a.To, "/payments/") {
			t.Error("what the desk stopped was paid")
		}

		// Another call, declined and paid: the second card carries the call.
		b, token = h.paysByPhone()
		v.post("/pay-link/"+token, birthOf(rosaBirth))
		h.cards.say(processor.Outcome{Status: processor.Declined, Reason: processor.ReasonGeneric})
		first = pays(b.DraftID, cardForm1())
		h.cards.say(processor.Outcome{})
		next := again(first)
		pays(next.DraftID, cardForm1())
		pay, err := payment.ByKey(t.Context(), d.Read(), next.DraftID)
		h.must(err)
		made, err := payment.PhonePayments(t.Context(), d.Read(), []string{pay.ID})
		if err != nil || pay.State != payment.Succeeded || made[pay.ID].AgentID != b.AgentID || made[pay.ID].Reference != b.Reference {
			t.Errorf("%+v of %s, %v", made, pay.State, err)
		}
		h.clean()
	})
}

// TestAgainAfterTheCall: long after the call, a payment that came to nothing is begun again without it.
func TestAgainAfterTheCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, token := h.paysByPhone()
	v := h.visitor()
	v.post("/pay-link/"+token, birthOf(rosaBirth))
	v.post("/pay/"+b.DraftID+"/method", cardForm1())
	h.cards.say(processor.Outcome{Status: processor.Declined, Reason: processor.ReasonGeneric})
	failed := v.post("/pay/"+b.DraftID+"/review", confirm(v.get("/pay/"+b.DraftID+"/review"))).To
	h.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE caller_verification SET ends_at = verified_at + 1")
		return err
	})
	h.pass(20 * time.Minute)
	v.get(failed)
	h.pass(15 * time.Minute)
	if to := v.post(failed+"/again", url.Values{}).To; !strings.HasSuffix(to, "/method") {
		t.Fatalf("again leads to %q", to)
	}
	if n := h.count("SELECT COUNT(*) FROM phone_payment"); n != 1 {
		t.Errorf("%d payments by phone", n)
	}
}
