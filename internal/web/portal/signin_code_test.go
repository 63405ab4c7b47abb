package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/letter"
)

// rosaID is the id of Rosa's account.
func (h *house) rosaID() string {
	h.t.Helper()
	who, err := h.accounts.ByEmail(h.t.Context(), rosaEmail)
	h.must(err)
	return who.ID
}

// app is an authenticator app.
type app struct {
	h      *house
	secret string
}

// setUpApp gives an account an authenticator app as its second factor.
func (h *house) setUpApp(accountID string) app {
	h.t.Helper()
	setup, err := h.accounts.BeginTOTP(h.t.Context(), h.clock(), accountID, "Larkspur Health", rosaEmail)
	h.must(err)
	a := app{h, strings.ReplaceAll(setup.Secret, " ", "")}
	h.write(func(tx *db.Tx) error {
		return h.accounts.ConfirmTOTP(h.t.Context(), tx, h.clock(), accountID, a.code())
	})
	h.pass(30 * time.Second) // a code works once
	return a
}

// code is what the app shows now.
func (a app) code() string {
	a.h.t.Helper()
	code, err := totp.GenerateCode(a.secret, a.h.clock())
	a.h.must(err)
	return code
}

// sendSecond makes codes that are sent the second factor of an account.
func (h *house) sendSecond(accountID, kind string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		if kind == identity.TextFactor {
			point, err := h.accounts.AddContactPoint(h.t.Context(), tx, h.clock(), accountID, identity.PhonePoint, "503-555-0137")
			h.must(err)
			h.must(h.accounts.VerifyContactPoint(h.t.Context(), tx, h.clock(), accountID, point))
		}
		return h.accounts.SetSecondFactor(h.t.Context(), tx, accountID, kind)
	})
}

// recoveryCodes makes recovery codes of an account.
func (h *house) recoveryCodes(accountID string) (codes []string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) (err error) {
		codes, err = h.accounts.NewRecoveryCodes(h.t.Context(), tx, h.clock(), accountID)
		return err
	})
	return codes
}

// sentCode is the code of the latest message to somebody, and how it went.
func (h *house) sentCode(recipient string) (code, channel string) {
	h.t.Helper()
	list := h.letters(letter.KindCode, recipient)
	if len(list) == 0 {
		h.t.Fatalf("no code was sent to %s", recipient)
	}
	var l letter.Code
	m := list[len(list)-1]
	h.must(m.Read(&l))
	return l.Code, m.Channel
}

// another is a code that differs from this one.
func another(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// changes are what somebody was told of changes of their account.
func (h *house) changes(recipient string) (list []letter.Change) {
	h.t.Helper()
	for _, m := range h.letters(letter.KindAccountChanged, recipient) {
		var l letter.AccountChanged
		h.must(m.Read(&l))
		list = append(list, l.What)
	}
	return list
}

// TestSecondFactor signs in with each kind of second factor, in both languages.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		for _, kind := range []string{identity.TOTPFactor, identity.EmailFactor, identity.TextFactor} {
			t.Run(lang+" "+kind, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				w := h.words.For(lang)
				var code func() string
				switch kind {
				case identity.TOTPFactor:
					code = h.setUpApp(h.rosaID()).code
				case identity.EmailFactor:
					h.sendSecond(h.rosaID(), kind)
					code = func() string { c, _ := h.sentCode(rosaEmail); return c }
				case identity.TextFactor:
					h.sendSecond(h.rosaID(), kind)
					code = func() string {
						c, channel := h.sentCode("+15035550137")
						if channel != event.Text {
							t.Errorf("the code travels by %s", channel)
						}
						return c
					}
				}
				v := h.visitor()
				v.lang = lang
				a := v.post("/sign-in", signInForm(rosaEmail, rosaPassword, "/payments"))
				if a.Status != http.StatusSeeOther || a.To != "/sign-in/code?to=%2Fpayments" {
					t.Fatalf("after the password: %d %s", a.Status, a.To)
				}
				half := v.cookies["memberpay_session"]
				h.walk([]row{
					{name: "nothing is shown yet", who: v, path: "/bills", status: 303, to: "/sign-in"},
					{name: "nor a payment", who: v, path: "/account", status: 303, to: "/sign-in"},
					{name: "the page", who: v, path: a.To, status: 200, contains: []string{w.T("second.title." + kind), w.T("second.remember")}, lacks: []string{rosaEmail, "555-0137"}},
					{name: "nothing typed", who: v, path: "/sign-in/code", form: url.Values{"to": {"/payments"}}, status: 422, contains: []string{w.T("second.required")}},
					{name: "a wrong code", who: v, path: "/sign-in/code", form: url.Values{"code": {another(code())}}, status: 422},
					{name: "no code at all", who: v, path: "/sign-in/code", form: url.Values{"code": {hostile}}, status: 422},
					{name: "a novel", who: v, path: "/sign-in/code", form: url.Values{"code": {strings.Repeat("1", 9000)}}, status: 422},
					{name: "the code", who: v, path: "/sign-in/code", form: url.Values{"code": {" " + code()[:3] + " " + code()[3:]}, "to": {"/payments"}}, status: 303, to: "/payments"},
					{name: "in", who: v, path: "/bills", status: 200, contains: []string{"M-204118907"}},
				})
				if v.cookies["memberpay_session"] == half {
					t.Error("the session keeps its token")
				}
				thief := &visitor{h: h, cookies: map[string]string{"memberpay_session": half}}
				h.walk([]row{
					{name: "the half-open session is dead", who: thief, path: "/sign-in/code", status: 303, to: "/sign-in"},
					{name: "its code too", who: thief, path: "/sign-in/code", form: url.Values{"code": {code()}}, status: 303, to: "/sign-in"},
				})
			})
		}
	}
}

func TestSecondFactorTakesItsTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sendSecond(h.rosaID(), identity.EmailFactor)
	v := h.visitor()
	h.walk([]row{{name: "without a password", who: v, path: "/sign-in/code", status: 303, to: "/sign-in"}})
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	first, _ := h.sentCode(rosaEmail)
	h.walk([]row{{name: "another", who: v, path: "/sign-in/code/again", form: url.Values{}, status: 200, contains: []string{"We sent a new code"}}})
	second, _ := h.sentCode(rosaEmail)
	if first != second {
		h.walk([]row{{name: "the older one", who: v, path: "/sign-in/code", form: url.Values{"code": {first}}, status: 422}})
	}
	h.pass(11 * time.Minute)
	h.walk([]row{{name: "it ran out", who: v, path: "/sign-in/code", form: url.Values{"code": {second}}, status: 422, contains: []string{"does not work any more"}}})
	h.pass(5 * time.Minute)
	h.walk([]row{{name: "the password was long ago", who: v, path: "/sign-in/code", form: url.Values{"code": {second}}, status: 303, to: "/sign-in"}})
	for range 8 {
		v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	}
	a := v.post("/sign-in/code/again", url.Values{})
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the ninth code in a row: %d", a.Status)
	}
	if n := len(h.letters(letter.KindCode, rosaEmail)); n > 8 {
		t.Errorf("%d codes were sent", n)
	}
}

// TestWrongSecondFactorsAreLimited: many wrong codes have to wait, for the right one too, and not for good.
func TestWrongSecondFactorsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.setUpApp(h.rosaID())
	codes := h.recoveryCodes(h.rosaID())
	v := h.visitor()
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	for range 10 {
		v.post("/sign-in/code", url.Values{"code": {another(a.code())}})
		v.post("/sign-in/code", url.Values{"code": {"BCD-FGH-JKLM"}, "with": {"recovery"}})
	}
	for name, form := range map[string]url.Values{"app": {"code": {a.code()}}, "recovery": {"code": {codes[0]}, "with": {"recovery"}}} {
		if got := v.post("/sign-in/code", form); got.Status != http.StatusTooManyRequests || !strings.Contains(got.Text(), "many tries") {
			t.Errorf("%s: the eleventh try: %d %s", name, got.Status, got.Text())
		}
	}
	h.pass(16 * time.Minute)
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	if got := v.post("/sign-in/code", url.Values{"code": {a.code()}}); got.To != "/bills" {
		t.Errorf("later: %d %s", got.Status, got.Text())
	}
}

func TestRecoveryCodeAtSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUpApp(h.rosaID())
	codes := h.recoveryCodes(h.rosaID())
	v := h.visitor()
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	page := v.get("/sign-in/code")
	if !strings.Contains(page.Body, `href="/sign-in/code?with=recovery"`) || !strings.Contains(page.Text(), "Use a recovery code") {
		t.Fatalf("no way for who lost the phone: %s", page.Text())
	}
	h.walk([]row{
		{name: "the page", who: v, path: "/sign-in/code?with=recovery", status: 200, contains: []string{"Enter a recovery code", "Use your authenticator app"}},
		{name: "none", who: v, path: "/sign-in/code", form: url.Values{"with": {"recovery"}}, status: 422, contains: []string{"Enter one of your recovery codes"}},
		{name: "a wrong one", who: v, path: "/sign-in/code", form: url.Values{"with": {"recovery"}, "code": {"K7Q-M4T-2X9P"}}, status: 422, contains: []string{"not one of your recovery codes"}},
		{name: "a right one", who: v, path: "/sign-in/code", form: url.Values{"with": {"recovery"}, "code": {strings.ToLower(strings.ReplaceAll(codes[3], "-", " "))}}, status: 303, to: "/account/security"},
	})
	again := h.visitor()
	again.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	h.walk([]row{{name: "used up", who: again, path: "/sign-in/code", form: url.Values{"with": {"recovery"}, "code": {codes[3]}}, status: 422}})
}

// TestRememberedDevice: a browser that is remembered needs no second factor for 90 days, and proves nothing more.
func TestRememberedDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.setUpApp(h.rosaID())
	v := h.visitor()
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	v.post("/sign-in/code", url.Values{"code": {a.code()}, "remember": {"yes"}})
	h.walk([]row{
		{name: "out", who: v, path: "/sign-out", form: url.Values{}, status: 200},
		{name: "with the password alone", who: v, path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/bills"},
		{name: "elsewhere not", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/sign-in/code"},
	})
	h.pass(16 * time.Minute)
	if page := v.get("/confirm?to=/account"); !strings.Contains(page.Body, `name="code"`) {
		t.Errorf("the second proof forgoes the second factor: %s", page.Text())
	}
	h.pass(90 * 24 * time.Hour)
	h.walk([]row{{name: "after 90 days", who: v, path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/sign-in/code"}})
}

// TestOneBrowserRemembersAFamily keeps two accounts in one browser.
func TestOneBrowserRemembersAFamily(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.accounts.Create(t.Context(), h.clock(), "avery@mail.example", "granite otter parsley wind", "en", h.people["Avery"])
	h.must(err)
	avery, err := h.accounts.ByEmail(t.Context(), "avery@mail.example")
	h.must(err)
	apps := map[string]app{rosaEmail: h.setUpApp(h.rosaID()), "avery@mail.example": h.setUpApp(avery.ID)}
	passwords := map[string]string{rosaEmail: rosaPassword, "avery@mail.example": "granite otter parsley wind"}
	v := h.visitor()
	for email, a := range apps {
		v.post("/sign-in", signInForm(email, passwords[email], ""))
		v.post("/sign-in/code", url.Values{"code": {a.code()}, "remember": {"yes"}})
	}
	for email := range apps {
		if a := v.post("/sign-in", signInForm(email, passwords[email], "")); a.To != "/bills" {
			t.Errorf("%s leads to %s", email, a.To)
		}
	}
}

var (
	ceremonyField = regexp.MustCompile(`name="ceremony" value="([^"]*)"`)
	optionsField  = regexp.MustCompile(`data-options="([^"]*)"`)
)

// passkeyForm answers the ceremony of a page as a browser with this authenticator does.
func (h *house) passkeyForm(at *identitytest.Authenticator, page answer) url.Values {
	h.t.Helper()
	ceremony, options := ceremonyField.FindStringSubmatch(page.Body), optionsField.FindStringSubmatch(page.Body)
	if ceremony == nil || options == nil {
		h.t.Fatalf("the page has no ceremony: %s", page.Text())
	}
	plain := []byte(strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(options[1]))
	answered := at.Get
	if strings.Contains(page.Body, `data-passkey="create"`) {
		answered = at.Create
	}
	response, err := answered(plain)
	h.must(err)
	return url.Values{"ceremony": {ceremony[1]}, "response": {string(response)}}
}

// phone is an authenticator with a passkey of an account.
func (h *house) phone(accountID string) *identitytest.Authenticator {
	h.t.Helper()
	at := &identitytest.Authenticator{Origin: "https://pay.larkspur.example", Synced: true}
	ceremony, options, err := h.accounts.BeginPasskey(h.t.Context(), h.clock(), accountID, rosaEmail, "Rosa")
	h.must(err)
	response, err := at.Create(options)
	h.must(err)
	credential, err := h.accounts.CheckPasskey(h.t.Context(), h.clock(), accountID, ceremony, response)
	h.must(err)
	h.write(func(tx *db.Tx) error {
		_, err := h.accounts.AddPasskey(h.t.Context(), tx, h.clock(), accountID, "phone", credential)
		return err
	})
	return at
}

// TestSignInWithAPasskey: it is both facts in one.
func TestSignInWithAPasskey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	phone := h.phone(h.rosaID())
	h.setUpApp(h.rosaID())
	for _, lang := range []string{"en", "es"} {
		v := h.visitor()
		v.lang = lang
		page := v.get("/sign-in?to=/payments")
		if !strings.Contains(page.Text(), h.words.For(lang).T("signin.passkey")) || !strings.Contains(page.Body, `autocomplete="username webauthn"`) {
			t.Errorf("%s: no passkeys on the page: %s", lang, page.Text())
		}
		form := h.passkeyForm(phone, page)
		form.Set("to", "/payments")
		h.walk([]row{
			{name: "in", who: v, path: "/sign-in/passkey", form: form, status: 303, to: "/payments"},
			{name: "the bills", who: v, path: "/bills", status: 200, contains: []string{"M-204118907"}},
			{name: "once", who: h.visitor(), path: "/sign-in/passkey", form: form, status: 422, contains: []string{"That took too long"}},
		})
	}
	stranger := &identitytest.Authenticator{Origin: "https://pay.larkspur.example"}
	_, options, err := h.accounts.BeginPasskey(t.Context(), h.clock(), "acc_none", "x", "x")
	h.must(err)
	_, err = stranger.Create(options)
	h.must(err)
	h.walk([]row{
		{name: "a passkey of nobody", who: h.visitor(), path: "/sign-in/passkey", form: h.passkeyForm(stranger, h.visitor().get("/sign-in")), status: 422, contains: []string{"The passkey did not work"}},
		{name: "nothing", who: h.visitor(), path: "/sign-in/passkey", form: url.Values{}, status: 422},
		{name: "hostile", who: h.visitor(), path: "/sign-in/passkey", form: url.Values{"ceremony": {hostile}, "response": {hostile}}, status: 422},
		{name: "a novel", who: h.visitor(), path: "/sign-in/passkey", form: url.Values{"ceremony": {"x"}, "response": {strings.Repeat("x", 100_000)}}, status: 422},
	})
}

// TestStaffSignInElsewhere: a passkey of somebody who works here opens nothing at the members' door.
func TestStaffSignInElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	phone := h.phone(h.account(identity.Agent))
	v := h.visitor()
	h.walk([]row{{name: "an agent", who: v, path: "/sign-in/passkey", form: h.passkeyForm(phone, v.get("/sign-in")), status: 422, contains: []string{"The passkey did not work"}}})
}

// TestNewBrowserIsTold: the owner hears of the first sign-in in a browser, and of no other one there.
func TestNewBrowserIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.rosa() // the account was opened a moment ago
	if got := h.changes(rosaEmail); len(got) != 0 {
		t.Errorf("told of the browser in which the account was opened: %v", got)
	}
	h.pass(2 * time.Hour)
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	if got := h.changes(rosaEmail); len(got) != 0 {
		t.Errorf("told of a known browser: %v", got)
	}
	h.visitor().post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	if got := h.changes(rosaEmail); len(got) != 1 || got[0] != letter.NewDevice {
		t.Errorf("a new browser: told of %v", got)
	}
	h.visitor().post("/sign-in", signInForm(rosaEmail, "wrong", ""))
	if got := h.changes(rosaEmail); len(got) != 1 {
		t.Errorf("a wrong password is no sign-in: %v", got)
	}
}
