package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/identity"
)

// fresh is a page that asks for a proof of a short time ago.
const fresh = "/household/helpers/new"

func TestConfirm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	ask := "/confirm?to=" + url.QueryEscape(fresh)
	h.walk([]row{
		{name: "right after signing in", who: rosa, path: fresh, status: 200},
		{name: "nothing to confirm", who: rosa, path: ask, status: 303, to: fresh},
	})
	h.pass(11 * time.Minute)
	h.walk([]row{
		{name: "a page leaves time for its form", who: rosa, path: fresh, status: 303, to: ask},
		{name: "a form is in time", who: rosa, path: fresh, form: url.Values{}, status: 422},
	})
	h.pass(5 * time.Minute)
	rosa.from = fresh + "?x=1"
	late := rosa.post(fresh, url.Values{"name": {"Ada"}})
	rosa.from = ""
	if late.Status != http.StatusSeeOther || late.To != "/confirm?to="+url.QueryEscape(fresh+"?x=1")+"&late=1" {
		t.Fatalf("a form that comes too late: %d %s", late.Status, late.To)
	}
	before := rosa.cookies["memberpay_session"]
	h.walk([]row{
		{name: "says what became of it", who: rosa, path: late.To, status: 200, contains: []string{"Confirm it is you", "we did not take your answer. Nothing was changed", "Password"}},
		{name: "other pages go on", who: rosa, path: "/bills", status: 200},
		{name: "nothing", who: rosa, path: "/confirm", form: url.Values{"to": {fresh}}, status: 422, contains: []string{"Enter your password"}},
		{name: "wrong", who: rosa, path: "/confirm", form: url.Values{"to": {fresh}, "password": {"not it"}}, status: 422, contains: []string{"not your password"}},
		{name: "far too long", who: rosa, path: "/confirm", form: url.Values{"to": {fresh}, "password": {strings.Repeat("x", 2000)}}, status: 422},
		{name: "to no other site", who: rosa, path: "/confirm", form: url.Values{"to": {"https://evil.example"}, "password": {"x"}}, status: 422, lacks: []string{"evil"}},
		{name: "right", who: rosa, path: "/confirm", form: url.Values{"to": {fresh}, "password": {rosaPassword}}, status: 303, to: fresh},
		{name: "goes on", who: rosa, path: fresh, status: 200},
	})
	thief := &visitor{h: h, cookies: map[string]string{"memberpay_session": before}}
	h.walk([]row{{name: "the old token is dead", who: thief, path: "/bills", status: 303, to: "/sign-in"}})
	if rosa.cookies["memberpay_session"] == before {
		t.Error("the session keeps its token")
	}
	h.walk([]row{
		{name: "nobody", who: h.visitor(), path: "/confirm", status: 303, to: "/sign-in?to="},
		{name: "a guest", who: h.guest(rosaNumber, rosaBirth), path: fresh, status: 303, to: "/sign-in?to="},
	})
	rosa.lang = "es"
	h.pass(16 * time.Minute)
	h.walk([]row{{name: "in Spanish", who: rosa, path: ask, status: 200, contains: []string{"Confirme su identidad"}}})
}

// TestConfirmWrongIsLimited: whoever sits at an open session cannot guess for long.
func TestConfirmWrongIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.pass(16 * time.Minute)
	for range 10 {
		rosa.post("/confirm", url.Values{"password": {"not it"}})
	}
	if a := rosa.post("/confirm", url.Values{"password": {rosaPassword}}); a.Status != http.StatusTooManyRequests {
		t.Errorf("the eleventh try: %d", a.Status)
	}
	h.pass(16 * time.Minute)
	if a := rosa.post("/confirm", url.Values{"password": {rosaPassword}}); a.To != "/account" {
		t.Errorf("later: %d %s", a.Status, a.Text())
	}
}

func TestConfirmWithASecondFactor(t *testing.T) {
	t.Parallel()
	right := func(pairs ...string) url.Values {
		return with(url.Values{"to": {fresh}, "password": {rosaPassword}}, pairs...)
	}
	t.Run("app", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		a := h.setUpApp(h.rosaID())
		codes := h.recoveryCodes(h.rosaID())
		v := h.opened(h.session2(rosaEmail))
		h.pass(16 * time.Minute)
		h.walk([]row{
			{name: "the page", who: v, path: "/confirm?to=" + fresh, status: 200, contains: []string{"from your authenticator app", "Use a recovery code"}},
			{name: "without a code", who: v, path: "/confirm", form: right(), status: 422, contains: []string{"Enter the 6-digit code"}},
			{name: "a wrong code", who: v, path: "/confirm", form: right("code", another(a.code())), status: 422, contains: []string{"Wait until the app shows the next one"}},
			{name: "a wrong password keeps the code good", who: v, path: "/confirm", form: with(right("code", a.code()), "password", "no"), status: 422},
			{name: "right", who: v, path: "/confirm", form: right("code", a.code()), status: 303, to: fresh},
		})
		h.pass(16 * time.Minute)
		h.walk([]row{
			{name: "the page for a lost phone", who: v, path: "/confirm?with=recovery&to=" + fresh, status: 200, contains: []string{"Recovery code", "Use your authenticator app"}},
			{name: "a recovery code", who: v, path: "/confirm", form: right("with", "recovery", "code", codes[0]), status: 303, to: fresh},
		})
	})
	for _, kind := range []string{identity.EmailFactor, identity.TextFactor} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.sendSecond(h.rosaID(), kind)
			codes := h.recoveryCodes(h.rosaID())
			recipient := map[string]string{identity.EmailFactor: rosaEmail, identity.TextFactor: "+15035550137"}[kind]
			v := h.opened(h.session2(rosaEmail))
			h.pass(16 * time.Minute)
			ask := "/confirm/code?to=" + url.QueryEscape(fresh)
			h.walk([]row{
				{name: "no code before the password", who: v, path: ask, status: 303, to: "/confirm?to="},
				{name: "none sent either", who: v, path: "/confirm/code/again", form: url.Values{"to": {fresh}}, status: 303, to: "/confirm?to="},
				{name: "nor by the way without a password", who: v, path: "/confirm/send", form: url.Values{"to": {fresh}}, status: 303, to: "/confirm?to="},
				{name: "the password", who: v, path: "/confirm", form: right(), status: 303, to: ask},
				{name: "is not enough", who: v, path: fresh, status: 303, to: "/confirm?to="},
				{name: "the page", who: v, path: ask, status: 200, contains: []string{"Use a recovery code"}},
			})
			code, _ := h.sentCode(recipient)
			thief := &visitor{h: h, cookies: map[string]string{confirmCookie: v.cookies[confirmCookie]}}
			thief.cookies["memberpay_session"] = h.opened(h.session2(rosaEmail)).cookies["memberpay_session"]
			h.walk([]row{
				{name: "in another session", who: thief, path: "/confirm/code", form: url.Values{"code": {code}, "to": {fresh}}, status: 303, to: "/confirm?to="},
				{name: "wrong", who: v, path: "/confirm/code", form: url.Values{"code": {another(code)}, "to": {fresh}}, status: 422, contains: []string{"not the code"}},
				{name: "empty", who: v, path: "/confirm/code", form: url.Values{"to": {fresh}}, status: 422},
				{name: "another one", who: v, path: "/confirm/code/again", form: url.Values{"to": {fresh}}, status: 200, contains: []string{"We sent a new code"}},
			})
			code, _ = h.sentCode(recipient)
			h.walk([]row{
				{name: "right", who: v, path: "/confirm/code", form: url.Values{"code": {code}, "to": {fresh}}, status: 303, to: fresh},
				{name: "goes on", who: v, path: fresh, status: 200},
			})
			h.pass(16 * time.Minute)
			h.walk([]row{
				{name: "a recovery code", who: v, path: "/confirm", form: right("with", "recovery", "code", codes[0]), status: 303, to: fresh},
			})
		})
	}
}

// session2 is what a session of an account begins with that has just proved itself.
func (h *house) session2(email string) identity.Opening {
	h.t.Helper()
	who, err := h.accounts.ByEmail(h.t.Context(), email)
	h.must(err)
	return identity.Opening{AccountID: who.ID, Members: who.Members, How: "password"}
}

func TestConfirmWithoutAPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	phone := h.phone(h.rosaID())
	h.write(func(tx *db.Tx) error { return h.accounts.SetPassword(t.Context(), tx, h.rosaID(), "") })
	v := h.opened(h.session2(rosaEmail))
	h.pass(16 * time.Minute)
	page := v.get("/confirm?to=" + fresh)
	if text := page.Text(); !strings.Contains(text, "Confirm with a passkey") || !strings.Contains(text, "We can send a code to r•••@m•••.example") || strings.Contains(page.Body, `name="password"`) {
		t.Errorf("the page: %s", text)
	}
	form := with(h.passkeyForm(phone, page), "to", fresh)
	h.walk([]row{
		{name: "with the passkey", who: v, path: "/confirm/passkey", form: form, status: 303, to: fresh},
		{name: "goes on", who: v, path: fresh, status: 200},
	})
	h.pass(16 * time.Minute)
	h.walk([]row{{name: "once", who: v, path: "/confirm/passkey", form: form, status: 422}})
	other := h.phone(h.account(identity.Member))
	form = with(h.passkeyForm(other, v.get("/confirm?to="+fresh)), "to", fresh)
	h.walk([]row{
		{name: "somebody else's passkey", who: v, path: "/confirm/passkey", form: form, status: 422, contains: []string{"belongs to another account"}},
		{name: "is no proof", who: v, path: fresh, status: 303, to: "/confirm?to="},
		{name: "a password there is none of", who: v, path: "/confirm", form: url.Values{"password": {rosaPassword}}, status: 422},
		{name: "a code instead", who: v, path: "/confirm/send", form: url.Values{"to": {fresh}}, status: 303, to: "/confirm/code?to="},
	})
	code, _ := h.sentCode(rosaEmail)
	h.walk([]row{{name: "the code", who: v, path: "/confirm/code", form: url.Values{"code": {code}, "to": {fresh}}, status: 303, to: fresh}})

	h.setUpApp(h.rosaID()) // now the code alone is not enough
	h.pass(16 * time.Minute)
	v.post("/confirm/send", url.Values{"to": {fresh}})
	code, _ = h.sentCode(rosaEmail)
	h.walk([]row{
		{name: "asks for the app too", who: v, path: "/confirm/code?to=" + fresh, status: 200, contains: []string{"from your authenticator app"}},
		{name: "without it", who: v, path: "/confirm/code", form: url.Values{"code": {code}, "to": {fresh}}, status: 422, contains: []string{"Enter the 6-digit code"}},
		{name: "a wrong one", who: v, path: "/confirm/code", form: url.Values{"code": {code}, "app": {"000000"}, "to": {fresh}}, status: 422},
	})
}
