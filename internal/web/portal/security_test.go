package portal

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/letter"
)

// lastChange is what Rosa was told last of her account, "" for nothing.
func (h *house) lastChange() letter.Change {
	h.t.Helper()
	list := h.changes(rosaEmail)
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// noted reports whether the audit log has an action of Rosa's account.
func (h *house) noted(action string) bool {
	h.t.Helper()
	var n int
	h.must(h.db.Read().QueryRowContext(h.t.Context(), "SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND subject = $2", action, h.rosaID()).Scan(&n))
	return n > 0
}

// mustTell fails where a change of Rosa's account was not noted, or not told.
func (h *house) mustTell(action string, what letter.Change) {
	h.t.Helper()
	if !h.noted(action) {
		h.t.Errorf("%s is not in the audit log", action)
	}
	if got := h.lastChange(); got != what {
		h.t.Errorf("%s: Rosa was told of %q, want %q", action, got, what)
	}
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	const at = "/account/security"
	h.walk([]row{
		{name: "the overview", who: rosa, path: at, status: 200, contains: []string{"Sign-in and security", "You have a password", "0 codes left", "No device is remembered", "This one", "Sign out everywhere"}},
		{name: "words of others", who: rosa, path: at + "?done=%3Cscript%3E", status: 200, lacks: []string{"Done"}},
		{name: "nobody", who: h.visitor(), path: at, status: 303, to: "/sign-in?to="},
	})
	for _, path := range []string{"", "/password", "/passkeys/new", "/second-step", "/second-step/code?by=email", "/app", "/recovery-codes"} {
		es := h.rosa()
		es.lang = "es"
		h.walk([]row{{name: "in Spanish", who: es, path: at + path, status: 200, contains: []string{"Cerrar sesión"}}})
	}
	h.pass(16 * time.Minute)
	for _, r := range h.portal.Routes() {
		if strings.HasPrefix(r.Path, at) && !r.Fresh {
			t.Errorf("%s %s asks for no fresh proof", r.Method, r.Path)
		}
	}
	h.walk([]row{{name: "later", who: rosa, path: at, status: 303, to: "/confirm?to=%2Faccount%2Fsecurity"}})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = "/account/security/password"
	rosa, other := h.rosa(), h.rosa()
	form := func(s string) url.Values { return url.Values{"password": {s}} }
	h.walk([]row{
		{name: "the page", who: rosa, path: at, status: 200, contains: []string{"Change your password", "At least 15 characters"}},
		{name: "nothing", who: rosa, path: at, form: form(""), status: 422, contains: []string{"Enter a new password"}},
		{name: "short", who: rosa, path: at, form: form("tulip crane"), status: 422, contains: []string{"at least 15 characters"}},
		{name: "a row of keys", who: rosa, path: at, form: form("qwertyuiopasdfgh"), status: 422, contains: []string{"easy to guess"}},
		{name: "personal", who: rosa, path: at, form: form("my name is quintero ok"), status: 422, contains: []string{"without your name"}},
		{name: "the member ID", who: rosa, path: at, form: form("harbor 0012345678 velvet"), status: 422, contains: []string{"without your name"}},
		{name: "the organisation", who: rosa, path: at, form: form("larkspur wagon thimble"), status: 422, contains: []string{"without our name"}},
		{name: "a novel", who: rosa, path: at, form: form(strings.Repeat("granite otter ", 9000)), status: 422},
	})
	if h.lastChange() != "" || h.noted("account.password_changed") {
		t.Error("a refused password is told")
	}
	before := rosa.cookies["memberpay_session"]
	h.walk([]row{
		{name: "good", who: rosa, path: at, form: form("granite otter parsley wind"), status: 303, to: "/account/security?done=password"},
		{name: "this session goes on", who: rosa, path: "/account/security?done=password", status: 200, contains: []string{"Your other devices are signed out"}},
		{name: "the other one does not", who: other, path: "/bills", status: 303, to: "/sign-in"},
		{name: "the old password", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 422},
		{name: "the new one", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, "granite otter parsley wind", ""), status: 303, to: "/bills"},
	})
	if rosa.cookies["memberpay_session"] == before {
		t.Error("the session keeps its token")
	}
	if !h.noted("account.password_changed") || h.changes(rosaEmail)[0] != letter.Password {
		t.Errorf("noted %v, told %v", h.noted("account.password_changed"), h.changes(rosaEmail))
	}
}

func TestPasskeysOfAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = "/account/security/passkeys"
	rosa := h.rosa()
	phone := &identitytest.Authenticator{Origin: "https://pay.larkspur.example", Synced: true}
	page := rosa.get(at + "/new")
	h.walk([]row{
		{name: "a long name", who: rosa, path: at + "/new", form: with(h.passkeyForm(&identitytest.Authenticator{Origin: phone.Origin}, page), "name", strings.Repeat("x", 61)), status: 422, contains: []string{"at most 60 characters"}},
		{name: "nothing", who: rosa, path: at + "/new", form: url.Values{}, status: 422, contains: []string{"That took too long"}},
		{name: "hostile", who: rosa, path: at + "/new", form: url.Values{"ceremony": {hostile}, "response": {hostile}, "name": {hostile}}, status: 422},
		{name: "added", who: rosa, path: at + "/new", form: with(h.passkeyForm(phone, rosa.get(at+"/new")), "name", hostile), status: 303, to: "/account/security?done=passkey_added"},
		{name: "in the list", who: rosa, path: "/account/security?done=passkey_added", status: 200, contains: []string{"Your passkey was added", "<script>alert(1)</script>"}},
	})
	h.mustTell("account.passkey_added", letter.PasskeyAdded)
	f, err := h.accounts.Factors(t.Context(), h.rosaID())
	h.must(err)
	key := at + "/" + f.Passkeys[0].ID
	in := h.visitor()
	h.walk([]row{
		{name: "opens the account", who: in, path: "/sign-in/passkey", form: h.passkeyForm(phone, in.get("/sign-in")), status: 303, to: "/bills"},
		{name: "its page", who: rosa, path: key, status: 200, contains: []string{"on all devices that share it"}},
		{name: "no name", who: rosa, path: key, form: url.Values{"name": {" "}}, status: 422, contains: []string{"Enter a name"}},
		{name: "renamed", who: rosa, path: key, form: url.Values{"name": {"Mi teléfono 李"}}, status: 303, to: "/account/security?done=passkey_renamed"},
		{name: "in the list", who: rosa, path: "/account/security", status: 200, contains: []string{"Mi teléfono 李"}},
	})
	h.write(func(tx *db.Tx) error { return h.accounts.SetPassword(t.Context(), tx, h.rosaID(), "") })
	h.walk([]row{
		{name: "the last way in stays", who: rosa, path: key + "/remove", form: url.Values{}, status: 409, contains: []string{"only way into your account"}},
		{name: "a password first", who: rosa, path: "/account/security/password", form: url.Values{"password": {"granite otter parsley wind"}}, status: 303},
		{name: "now it goes", who: rosa, path: key + "/remove", form: url.Values{}, status: 303, to: "/account/security?done=passkey_removed"},
		{name: "it is gone", who: rosa, path: key, status: 404},
		{name: "and so is its session", who: in, path: "/bills", status: 303, to: "/sign-in"},
	})
	h.mustTell("account.passkey_removed", letter.PasskeyRemoved)
}

var secretText = regexp.MustCompile(`<strong>([A-Z2-7 ]{20,})</strong>`)

// TestSetUpAnApp sets an app up, by its key, after the page was loaded again and with wrong codes between.
func TestSetUpAnApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = "/account/security/app"
	rosa := h.rosa()
	h.walk([]row{{name: "the choice leads there", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"totp"}}, status: 303, to: at}})
	page := rosa.get(at)
	found := secretText.FindStringSubmatch(page.Body)
	if found == nil || !strings.Contains(page.Body, "data:image/svg+xml;base64,") {
		t.Fatalf("neither key nor picture: %s", page.Text())
	}
	if again := secretText.FindStringSubmatch(rosa.get(at).Body); again == nil || again[1] != found[1] {
		t.Error("coming back to the page begins anew")
	}
	a := app{h, strings.ReplaceAll(found[1], " ", "")}
	h.walk([]row{
		{name: "nothing", who: rosa, path: at, form: url.Values{}, status: 422, contains: []string{"Enter the 6-digit code"}},
		{name: "wrong", who: rosa, path: at, form: url.Values{"code": {another(a.code())}}, status: 422, contains: []string{"Check the time on your phone", found[1]}},
		{name: "not on yet", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/bills"},
		{name: "right", who: rosa, path: at, form: url.Values{"code": {a.code()}}, status: 303, to: "/account/security/recovery-codes?first=1"},
		{name: "on", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/sign-in/code"},
		{name: "a second app", who: rosa, path: at, status: 303, to: "/account/security/second-step"},
		{name: "it is in use", who: rosa, path: at + "/remove", form: url.Values{}, status: 409, contains: []string{"Choose another second step first"}},
		{name: "sent twice", who: rosa, path: at, form: url.Values{"code": {a.code()}}, status: 303, to: at},
	})
	if !h.noted("account.totp_on") || !strings.Contains(strings.Join(told2(h.changes(rosaEmail)), " "), string(letter.TOTPOn)) {
		t.Errorf("told of %v", h.changes(rosaEmail))
	}
	h.pass(30 * time.Second)
	h.walk([]row{
		{name: "off without a password", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"none"}}, status: 422, contains: []string{"Enter your password"}},
		{name: "off with a wrong one", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"none"}, "password": {"x"}}, status: 422, contains: []string{"not your password"}},
		{name: "off", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"none"}, "password": {rosaPassword}}, status: 303, to: "/account/security?done=second_off"},
		{name: "the app is still there", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"totp"}}, status: 303},
		{name: "off again", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"none"}, "password": {rosaPassword}}, status: 303},
		{name: "removed", who: rosa, path: at + "/remove", form: url.Values{}, status: 303, to: "/account/security?done=app_removed"},
	})
	h.mustTell("account.totp_off", letter.TOTPOff)
}

func told2(list []letter.Change) (out []string) {
	for _, c := range list {
		out = append(out, string(c))
	}
	return out
}

// TestShortPasswordNeedsASecondStep: with a second step a password may be shorter; without one it may not.
func TestShortPasswordNeedsASecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUpApp(h.rosaID())
	rosa := h.opened(h.session2(rosaEmail))
	const short = "otter parsley" // 13
	h.walk([]row{
		{name: "is enough", who: rosa, path: "/account/security/password", form: url.Values{"password": {short}}, status: 303, to: "/account/security?done=password"},
		{name: "alone it is not", who: rosa, path: "/account/security/second-step", form: url.Values{"second": {"none"}, "password": {short}}, status: 422, contains: []string{"fewer than 15 characters"}},
	})
}

func TestSendCodesAsASecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = "/account/security/second-step"
	rosa, other := h.rosa(), h.rosa()
	h.walk([]row{
		{name: "nothing chosen", who: rosa, path: at, form: url.Values{}, status: 422, contains: []string{"Choose what we should ask for"}},
		{name: "hostile", who: rosa, path: at, form: url.Values{"second": {hostile}}, status: 422},
		{name: "a phone there is not", who: rosa, path: at, form: url.Values{"second": {"text"}}, status: 422},
		{name: "nor a code for it", who: rosa, path: at + "/code?by=text", form: url.Values{"code": {"000000"}}, status: 422},
		{name: "by e-mail", who: rosa, path: at, form: url.Values{"second": {"email"}}, status: 303, to: at + "/code?by=email"},
		{name: "the page", who: rosa, path: at + "/code?by=email", status: 200, contains: []string{"r•••@m•••.example"}},
	})
	code, _ := h.sentCode(rosaEmail)
	h.walk([]row{
		{name: "wrong", who: rosa, path: at + "/code?by=email", form: url.Values{"code": {another(code)}}, status: 422},
		{name: "for something else", who: rosa, path: at + "/code?by=text", form: url.Values{"code": {code}}, status: 422},
		{name: "right", who: rosa, path: at + "/code?by=email", form: url.Values{"code": {code}}, status: 303, to: "/account/security/recovery-codes?first=1"},
		{name: "on", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/sign-in/code"},
		{name: "other sessions end", who: other, path: "/bills", status: 303, to: "/sign-in"},
	})
	h.mustTell("account.second_factor_on", letter.SecondFactor)
	h.walk([]row{{name: "no other address of a code", who: rosa, path: at + "/code?by=fax", status: 303, to: at}})
}

var codeItem = regexp.MustCompile(`<li>([A-Z2-9-]{12})</li>`)

func TestNewRecoveryCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUpApp(h.rosaID())
	old := h.recoveryCodes(h.rosaID())
	rosa := h.opened(h.session2(rosaEmail))
	const at = "/account/security/recovery-codes"
	h.walk([]row{{name: "the page shows none", who: rosa, path: at, status: 200, contains: []string{"10 codes left"}, lacks: []string{old[0]}}})
	page := rosa.post(at, url.Values{})
	codes := codeItem.FindAllStringSubmatch(page.Body, -1)
	if page.Status != 200 || len(codes) != 10 || !strings.Contains(page.Body, "data-print") || !strings.Contains(page.Body, `data-copy="codes"`) {
		t.Fatalf("%d codes: %s", len(codes), page.Text())
	}
	if again := rosa.get(at); strings.Contains(again.Body, codes[0][1]) {
		t.Error("the codes are shown again")
	}
	h.mustTell("account.recovery_codes", letter.RecoveryCodes)
	v := h.visitor()
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	h.walk([]row{
		{name: "an old one", who: v, path: "/sign-in/code", form: url.Values{"with": {"recovery"}, "code": {old[0]}}, status: 422},
		{name: "a new one", who: v, path: "/sign-in/code", form: url.Values{"with": {"recovery"}, "code": {codes[9][1]}}, status: 303},
	})
}

func TestSessionsAndDevices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.setUpApp(h.rosaID())
	in := func() *visitor {
		v := h.visitor()
		v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
		if got := v.post("/sign-in/code", url.Values{"code": {a.code()}, "remember": {"yes"}}); got.To != "/bills" {
			t.Fatalf("not in: %d %s", got.Status, got.Text())
		}
		h.pass(30 * time.Second)
		return v
	}
	here, there, third := in(), in(), in()
	page := here.get("/account/security")
	ends := regexp.MustCompile(`action="(/account/security/sessions/[0-9a-f]+/end)"`).FindAllStringSubmatch(page.Body, -1)
	forgets := regexp.MustCompile(`action="(/account/security/devices/[0-9a-f]+/forget)"`).FindAllStringSubmatch(page.Body, -1)
	if len(ends) != 2 || len(forgets) != 3 || !strings.Contains(page.Text(), "November 23, 2026") {
		t.Fatalf("%d sessions to end and %d devices: %s", len(ends), len(forgets), page.Text())
	}
	h.walk([]row{
		{name: "one ends", who: here, path: ends[1][1], form: url.Values{}, status: 303, to: "/account/security?done=session"}, // the one seen longer ago
		{name: "it has ended", who: there, path: "/bills", status: 303, to: "/sign-in"},
		{name: "twice", who: here, path: ends[1][1], form: url.Values{}, status: 404},
		{name: "the third goes on", who: third, path: "/bills", status: 200},
		{name: "one device", who: here, path: forgets[0][1], form: url.Values{}, status: 303, to: "/account/security?done=device"},
		{name: "twice", who: here, path: forgets[0][1], form: url.Values{}, status: 404},
		{name: "all", who: here, path: "/account/security/devices/forget", form: url.Values{}, status: 303, to: "/account/security?done=devices"},
		{name: "nobody is remembered", who: there, path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/sign-in/code"},
		{name: "everywhere", who: here, path: "/account/security/sign-out-everywhere", form: url.Values{}, status: 200, contains: []string{"You are signed out."}},
		{name: "here", who: here, path: "/bills", status: 303, to: "/sign-in"},
		{name: "and there", who: third, path: "/bills", status: 303, to: "/sign-in"},
	})
	h.mustTell("account.signed_out_everywhere", letter.SignedOutEverywhere)
	if _, ok := here.cookies[identity.DeviceCookie]; ok {
		t.Error("the device's cookie stays")
	}
	list, err := h.accounts.Devices(t.Context(), h.clock(), h.rosaID())
	if len(list) != 0 || err != nil {
		t.Errorf("devices %v, %v", list, err)
	}
}

// TestEveryContactIsTold: a change of how the account opens is told to the phone as well as to the mailbox; one that
// nobody can do harm with is not.
func TestEveryContactIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	const phone = "+15035550177"
	rosa.addPhone("(503) 555-0177", phone)
	if n := len(h.letters(letter.KindAccountChanged, phone)); n != 0 {
		t.Errorf("a new phone got %d letters", n)
	}
	rosa.post("/account/security/password", url.Values{"password": {newPassword}})
	told := h.letters(letter.KindAccountChanged, phone)
	if len(told) != 1 || told[0].Channel != "text" {
		t.Errorf("of a new password the phone got %v", told)
	}
	rosa.post("/account/security/sign-out-everywhere", url.Values{})
	if n := len(h.letters(letter.KindAccountChanged, phone)); n != 1 {
		t.Errorf("of signing out the phone got %d letters", n-1)
	}
}
