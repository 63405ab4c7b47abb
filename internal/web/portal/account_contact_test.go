package portal

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/consent"
	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/payment"
)

// codeTo is the last code that went to a recipient.
func (h *house) codeTo(recipient string) string {
	h.t.Helper()
	list := h.letters(letter.KindCode, recipient)
	if len(list) == 0 {
		h.t.Fatalf("no code went out")
	}
	var c letter.Code
	h.must(list[len(list)-1].Read(&c))
	return c.Code
}

// wrongCode is a code that is not code.
func wrongCode(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func TestChangeOfTheSignInEmail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	const fresh = "rosa.new@mail.example"
	h.walk([]row{
		{name: "the page", who: rosa, path: "/account/email", status: 200, contains: []string{"Change your sign-in email", rosaEmail}},
		{name: "nothing", who: rosa, path: "/account/email", form: url.Values{}, status: 422, contains: []string{"Enter your email"}},
		{name: "no address", who: rosa, path: "/account/email", form: url.Values{"email": {hostile}}, status: 422, contains: []string{"Enter an email address like"}},
		{name: "far too long", who: rosa, path: "/account/email", form: url.Values{"email": {strings.Repeat("x", 10_000) + "@mail.example"}}, status: 422},
		{name: "the same", who: rosa, path: "/account/email", form: url.Values{"email": {" ROSA@mail.example"}}, status: 422, contains: []string{"sign in with now"}},
	})
	sent := rosa.post("/account/email", url.Values{"email": {fresh}})
	if sent.Status != 303 || !strings.HasPrefix(sent.To, "/account/contact/") {
		t.Fatalf("%d to %s\n%s", sent.Status, sent.To, sent.Text())
	}
	code := h.codeTo(fresh)
	h.walk([]row{
		{name: "nothing has changed", who: rosa, path: "/account", status: 200, contains: []string{rosaEmail}, lacks: []string{fresh}},
		{name: "the question", who: rosa, path: sent.To, status: 200, contains: []string{"Enter the code", fresh}},
		{name: "no code", who: rosa, path: sent.To, form: url.Values{}, status: 422, contains: []string{"Enter the 6-digit code"}},
		{name: "hostile", who: rosa, path: sent.To, form: url.Values{"code": {hostile}}, status: 422},
		{name: "a wrong code", who: rosa, path: sent.To, form: url.Values{"code": {wrongCode(code)}}, status: 422, contains: []string{"That is not the code"}},
		{name: "somebody else with the right code", who: h.opened(h.member("Rosa")), path: sent.To, form: url.Values{"code": {code}}, status: 404},
		{name: "right", who: rosa, path: sent.To, form: url.Values{"code": {code[:3] + " " + code[3:]}}, status: 303, to: "/account?done=email"},
		{name: "the overview", who: rosa, path: "/account?done=email", status: 200, contains: []string{fresh, "Your new email is set"}},
		{name: "the old one", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 422},
		{name: "the new one", who: h.visitor(), path: "/sign-in", form: signInForm(fresh, rosaPassword, ""), status: 303},
	})
	var told letter.AccountChanged
	mails := h.letters(letter.KindAccountChanged, rosaEmail)
	if len(mails) != 1 {
		t.Fatalf("the old address got %d letters", len(mails))
	}
	h.must(mails[0].Read(&told))
	if told.What != letter.Email || told.When.IsZero() {
		t.Errorf("told %+v", told)
	}
	if entries, err := audit.List(t.Context(), h.db.Read(), audit.Filter{Action: "account.email_changed"}, 9); err != nil || len(entries) != 1 || entries[0].Actor != h.session(rosa).AccountID {
		t.Errorf("%v %v", entries, err)
	}
}

// TestTakenEmail: an address with an account takes a code like any other, and cannot be taken over.
func TestTakenEmail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	avery := h.opened(h.member("Avery"))
	sent := avery.post("/account/email", url.Values{"email": {rosaEmail}})
	if sent.Status != 303 {
		t.Fatalf("%d tells that there is an account: %s", sent.Status, sent.Text())
	}
	h.walk([]row{{name: "taken", who: avery, path: sent.To, form: url.Values{"code": {h.codeTo(rosaEmail)}}, status: 422, contains: []string{"already belongs to another account"}}})
	h.rosa()
}

func TestCodesRunOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	sent := rosa.post("/account/email", url.Values{"email": {"rosa.new@mail.example"}})
	first := h.codeTo("rosa.new@mail.example")
	h.walk([]row{
		{name: "another", who: rosa, path: sent.To + "/again", form: url.Values{}, status: 303, to: sent.To + "?done=again"},
		{name: "it says so", who: rosa, path: sent.To + "?done=again", status: 200, contains: []string{"We sent another code"}},
	})
	code := h.codeTo("rosa.new@mail.example")
	if first != code {
		h.walk([]row{{name: "the one before", who: rosa, path: sent.To, form: url.Values{"code": {first}}, status: 422}})
	}
	for range 5 {
		rosa.post(sent.To, url.Values{"code": {wrongCode(code)}})
	}
	h.walk([]row{
		{name: "tried too often", who: rosa, path: sent.To, form: url.Values{"code": {code}}, status: 422, contains: []string{"no longer good"}},
		{name: "dropped", who: rosa, path: sent.To + "/remove", form: url.Values{}, status: 303, to: "/account"},
		{name: "gone", who: rosa, path: sent.To, status: 404},
	})
	for range 10 {
		rosa.post("/account/email", url.Values{"email": {"rosa.new@mail.example"}})
	}
	h.walk([]row{{name: "too many codes", who: rosa, path: "/account/email", form: url.Values{"email": {"rosa.new@mail.example"}}, status: 429}})
}

// addPhone verifies a phone and returns the path of its contact point.
func (v *visitor) addPhone(number, e164 string) string {
	v.h.t.Helper()
	sent := v.post("/account/phone", url.Values{"phone": {number}})
	if a := v.post(sent.To, url.Values{"code": {v.h.codeTo(e164)}}); a.To != "/account?done=phone" {
		v.h.t.Fatalf("phone: %d %s %s", a.Status, a.To, a.Text())
	}
	return sent.To
}

func TestPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.walk([]row{
		{name: "none", who: rosa, path: "/account", status: 200, contains: []string{"Phone for texts None"}},
		{name: "no number", who: rosa, path: "/account/phone", form: url.Values{"phone": {hostile}}, status: 422, contains: []string{"Enter a US mobile number"}},
		{name: "nothing", who: rosa, path: "/account/phone", form: url.Values{}, status: 422},
	})
	first := rosa.addPhone("(503) 555-0177", "+15035550177")
	rosa.get("/account?done=phone").mustSay(t, "Your phone is set", "(503) 555-0177")
	second := rosa.addPhone("503 555 0178", "+15035550178")
	if told := h.letters(letter.KindAccountChanged, "+15035550177"); len(told) != 1 || told[0].Channel != event.Text {
		t.Errorf("the old number got %v", told)
	}
	other := h.opened(h.member("Rosa"))
	h.walk([]row{
		{name: "the first is gone", who: rosa, path: first, status: 404},
		{name: "the second", who: rosa, path: "/account", status: 200, contains: []string{"(503) 555-0178"}, lacks: []string{"0177"}},
		{name: "another account removes it", who: other, path: second + "/remove", form: url.Values{}, status: 404},
		{name: "removed", who: rosa, path: second + "/remove", form: url.Values{}, status: 303, to: "/account?done=phone_removed"},
		{name: "none again", who: rosa, path: "/account?done=phone_removed", status: 200, contains: []string{"Your phone is removed", "Phone for texts None"}},
	})
	h.portal.CanText = false
	h.walk([]row{
		{name: "no texts here", who: rosa, path: "/account", status: 200, lacks: []string{"Phone for texts"}},
		{name: "the page", who: rosa, path: "/account/phone", status: 200, contains: []string{"We do not send texts"}},
		{name: "asked for all the same", who: rosa, path: "/account/phone", form: url.Values{"phone": {"503 555 0199"}}, status: 303, to: "/account/phone"},
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	id := h.session(rosa).AccountID
	wants := func(topic consent.Topic, want ...string) {
		t.Helper()
		if got, err := consent.Wants(t.Context(), h.db.Read(), id, topic); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", topic, got, err)
		}
	}
	h.walk([]row{
		{name: "without a phone", who: rosa, path: "/account/notices", status: 200, contains: []string{"Reminders", "We always email these.", "Add a phone"}, lacks: []string{"By text to"}},
		{name: "texts without a phone", who: rosa, path: "/account/notices", form: url.Values{"reminders": {"text", hostile}, "new_bills": {"mail"}, "helper_news": {"mail"}}, status: 303, to: "/account?done=notices"},
	})
	wants(consent.Reminders)
	wants(consent.Receipts, event.Mail)
	rosa.addPhone("503 555 0177", "+15035550177")
	texts := url.Values{"reminders": {"mail", "text"}, "helper_news": {"text"}, "agree": {"yes"}}
	h.walk([]row{
		{name: "with a phone", who: rosa, path: "/account/notices", status: 200, contains: []string{"By text to (503) 555-0177", "Your phone company may charge you", "You do not have to agree"}},
		{name: "not agreed", who: rosa, path: "/account/notices", form: but(texts, "agree", ""), status: 422, contains: []string{"Check the box to agree to texts"}},
		{name: "agreed", who: rosa, path: "/account/notices", form: texts, status: 303, to: "/account?done=notices"},
	})
	wants(consent.Reminders, event.Mail, event.Text)
	wants(consent.HelperNews, event.Text)
	wants(consent.NewBills)
	given, err := consent.Current(t.Context(), h.db.Read(), id, consent.Texts)
	h.must(err)
	if !strings.Contains(given.Words.Text, "ending in 0177") {
		t.Errorf("agreed to %q", given.Words.Text)
	}
	rosa.addPhone("503 555 0178", "+15035550178")
	wants(consent.HelperNews) // the consent was for another number
}

func TestCloseTheAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	id := h.session(rosa).AccountID
	rosa.paid(bankForm1(), "M-300")
	rosa.paid(with(cardForm1(), "save_card", "yes"), "M-204118907")
	rosa.post(agreePath, rosa.offered(agreePath))
	elsewhere := h.rosa()
	h.walk([]row{
		{name: "the page", who: rosa, path: "/account/close", status: 200, contains: []string{"Close your account", "1 payment is still on its way", "What the law has us keep"}},
		{name: "not sure", who: rosa, path: "/account/close", form: url.Values{"sure": {hostile}}, status: 422, contains: []string{"Check the box to close"}},
		{name: "closed", who: rosa, path: "/account/close", form: url.Values{"sure": {"yes"}}, status: 200, contains: []string{"Your account is closed"}},
		{name: "signed out", who: rosa, path: "/account", status: 303, to: "/sign-in"},
		{name: "signed out elsewhere", who: elsewhere, path: "/bills", status: 303, to: "/sign-in"},
		{name: "no way in", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 422},
	})
	if len(h.cards.forgot) != 1 {
		t.Errorf("the processor let go of %d cards", len(h.cards.forgot))
	}
	list, err := payment.List(t.Context(), h.db.Read(), payment.Scope{AccountID: id}, 10)
	h.must(err)
	if len(list) != 2 || list[0].Authorization == "" || list[1].State == payment.Canceled {
		t.Errorf("payments that are kept: %+v", list)
	}
	if history, err := consent.History(t.Context(), h.db.Read(), id); err != nil || len(history) != 1 || history[0].State != consent.Withdrawn {
		t.Errorf("consents that are kept: %+v %v", history, err)
	}
	var told letter.AccountChanged
	mails := h.letters(letter.KindAccountChanged, rosaEmail)
	h.must(mails[len(mails)-1].Read(&told))
	if told.What != letter.Closed {
		t.Errorf("told %+v", told)
	}
	again, err := h.accounts.Create(t.Context(), h.clock(), rosaEmail, rosaPassword, "en", h.people["Rosa"])
	h.must(err)
	fresh := h.rosa()
	if h.session(fresh).AccountID != again || again == id {
		t.Error("the address opens the closed account")
	}
	h.walk([]row{
		{name: "bills show again", who: fresh, path: "/bills", status: 200, contains: []string{"$410.00"}},
		{name: "payments on them too", who: fresh, path: "/payments", status: 200, contains: []string{"$64.00"}, lacks: []string{"6789"}},
		{name: "what the old account allowed does not", who: fresh, path: "/account/authorizations", status: 200, contains: []string{"None yet"}},
	})
	h.pass(time.Minute)
}
