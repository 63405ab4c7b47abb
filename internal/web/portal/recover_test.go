package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity/identitytest"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// lastCode is the code of the newest letter of a kind that was sent to somebody, "" for none.
func (h *house) lastCode(recipient string) string {
	h.t.Helper()
	list := h.letters(letter.KindCode, recipient)
	if len(list) == 0 {
		return ""
	}
	var c letter.Code
	h.must(list[len(list)-1].Read(&c))
	return c.Code
}

// asked is a browser that has asked to get back in with an address.
func (h *house) asked(email string) *visitor {
	h.t.Helper()
	v := h.visitor()
	if a := v.post("/recover", url.Values{"email": {email}}); a.To != "/recover/code" {
		h.t.Fatalf("asking leads to %q (%d)", a.To, a.Status)
	}
	_, err := h.recoveries.Answer(h.t.Context())
	h.must(err)
	return v
}

const newPassword = "lanterns over a quiet harbor"

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		elsewhere := h.rosa()
		v := h.asked(" ROSA@mail.example ")
		code := h.lastCode(rosaEmail)
		stranger := h.asked("nobody@mail.example")
		h.walk([]row{
			{name: "the page", who: h.visitor(), path: "/recover", status: 200, contains: []string{"Get back into your account", "Email"}},
			{name: "no address", who: h.visitor(), path: "/recover", form: url.Values{"email": {"x"}}, status: 422},
			{name: "another browser", who: h.visitor(), path: "/recover/code", form: url.Values{"code": {code}}, status: 303, to: "/recover"},
			{name: "not yet", who: v, path: "/recover/secure", status: 303, to: "/recover/code"},
			{name: "a wrong code", who: v, path: "/recover/code", form: url.Values{"code": {"000000x"}}, status: 422, contains: []string{"That code does not work"}},
			{name: "a code where there is no account", who: stranger, path: "/recover/code", form: url.Values{"code": {code}}, status: 422, contains: []string{"That code does not work"}},
			{name: "the code", who: v, path: "/recover/code", form: url.Values{"code": {code[:3] + " " + code[3:]}}, status: 303, to: "/recover/secure"},
			{name: "back", who: v, path: "/recover/code", status: 303, to: "/recover/secure"},
			{name: "a short password", who: v, path: "/recover/secure", form: url.Values{"password": {"short"}}, status: 422, contains: []string{"at least 15 characters"}},
			{name: "a personal one", who: v, path: "/recover/secure", form: url.Values{"password": {"rosa quintero 0012345678"}}, status: 422},
			{name: "a new one", who: v, path: "/recover/secure", form: url.Values{"password": {newPassword}}, status: 303, to: "/account/security"},
			{name: "signed in", who: v, path: "/bills", status: 200, contains: []string{"M-204118907"}},
			{name: "signed out elsewhere", who: elsewhere, path: "/bills", status: 303},
			{name: "once", who: v, path: "/recover/secure", status: 303, to: "/recover"},
			{name: "the old password", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 422},
			{name: "the new password", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, newPassword, ""), status: 303, to: "/bills"},
		})
		if len(h.letters(letter.KindAccountChanged, rosaEmail)) == 0 {
			t.Error("the owner was not told")
		}
		if n := h.count("SELECT COUNT(*) FROM audit_entry WHERE action = 'account.recovered'"); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

// TestRecoverySaysNothing compares the answers for an account and for none, at both steps.
func TestRecoverySaysNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	known, unknown := h.asked(rosaEmail), h.asked("rose@mail.example")
	if a, b := known.get("/recover/code"), unknown.get("/recover/code"); a.Alike() != b.Alike() || a.Status != b.Status {
		t.Error("the page after asking tells a known account from an unknown one")
	}
	wrong := url.Values{"code": {"111111"}}
	for range 6 { // more tries than a code has
		if a, b := known.post("/recover/code", wrong), unknown.post("/recover/code", wrong); a.Alike() != b.Alike() || a.Status != b.Status {
			t.Errorf("a wrong code tells a known account (%d) from an unknown one (%d)", a.Status, b.Status)
		}
	}
}

// TestAStolenMailboxOpensNoProtectedAccount: with a second factor the code in the mail is not enough; each second proof is.
func TestAStolenMailboxOpensNoProtectedAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	var codes []string
	h.write(func(tx *db.Tx) error {
		if _, err := member.ImportBatch(t.Context(), tx, h.clock(), []member.Incoming{{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
			BirthDate: day.MustParse(rosaBirth), ZIP: "97001", Email: rosaEmail, Phone: "503-555-0142"}}); err != nil {
			return err
		}
		if err := h.accounts.SetSecondFactor(t.Context(), tx, rosa.ID, "email"); err != nil {
			return err
		}
		codes, err = h.accounts.NewRecoveryCodes(t.Context(), tx, h.clock(), rosa.ID)
		return err
	})
	proved := func() *visitor {
		h.open(t)
		v := h.asked(rosaEmail)
		if a := v.post("/recover/code", url.Values{"code": {h.lastCode(rosaEmail)}}); a.To != "/recover/secure" {
			t.Fatalf("the code leads to %q (%d) %s", a.To, a.Status, a.Text())
		}
		if a := v.get("/recover/secure"); a.To != "/recover/more" {
			t.Fatalf("a mailbox alone leads to %q (%d)", a.To, a.Status)
		}
		return v
	}
	v := proved()
	if a := v.post("/recover/secure", url.Values{"password": {newPassword}}); a.To != "/recover/more" {
		t.Fatalf("a mailbox alone sets a password: %d %q", a.Status, a.To)
	}
	v.get("/recover/more").mustSay(t, "One more proof", "recovery code", "has on file")
	v.post("/recover/more", url.Values{"way": {"recovery_code"}, "recovery": {"ZZZ-ZZZ-ZZZZ"}}).mustSay(t, "That code does not work")
	v.post("/recover/more", url.Values{"way": {"totp"}, "app": {"123456"}}).mustSay(t, "That code does not work")
	if a := v.post("/recover/more", url.Values{"way": {"recovery_code"}, "recovery": {strings.ToLower(codes[0])}}); a.To != "/recover/secure" {
		t.Fatalf("a recovery code leads to %q: %s", a.To, a.Text())
	}
	if a := v.post("/recover/secure", url.Values{"password": {newPassword}}); a.To != "/account/security" {
		t.Fatalf("with both proofs: %q %s", a.To, a.Text())
	}
	if p, err := h.accounts.Get(t.Context(), rosa.ID); err != nil || p.SecondFactor != "" {
		t.Errorf("what was lost is still asked for: %+v %v", p, err)
	}
	if len(h.letters(letter.KindAccountChanged, "+15035550142")) == 0 {
		t.Error("the phone on file was not told")
	}

	h.write(func(tx *db.Tx) error { return h.accounts.SetSecondFactor(t.Context(), tx, rosa.ID, "email") })
	v = proved()
	facts := func(number, birth, zip string) url.Values {
		f := findForm(number, birth)
		f.Set("way", "facts")
		f.Set("zip", zip)
		return f
	}
	const phone = "+15035550142"
	v.post("/recover/more", facts("", rosaBirth, "9")).mustSay(t, "ZIP code")
	var bodies []string
	for _, f := range []url.Values{facts(averyNumber, averyBirth, "97001"), facts(rosaNumber, rosaBirth, "97009"), facts("nothing", rosaBirth, "97001")} {
		a := v.post("/recover/more", f)
		bodies = append(bodies, a.To, v.get(a.To).Alike())
	}
	if h.lastCode(phone) != "" {
		t.Fatal("a code was sent for facts that are not theirs")
	}
	a := v.post("/recover/more", facts(rosaNumber, rosaBirth, "97001"))
	if bodies = append(bodies, a.To, v.get(a.To).Alike()); bodies[0] != bodies[6] || bodies[1] != bodies[7] || bodies[3] != bodies[7] {
		t.Error("the page tells right facts from wrong ones")
	}
	code := h.lastCode(phone)
	if code == "" {
		t.Fatal("no code was sent to the phone on file")
	}
	if a := v.post("/recover/more", url.Values{"way": {"on_file"}, "code": {code}}); a.To != "/recover/secure" {
		t.Fatalf("the code on file leads to %q: %s", a.To, a.Text())
	}
	if a := v.post("/recover/secure", url.Values{"password": {newPassword + " again"}}); a.To != "/account/security" {
		t.Errorf("with both proofs: %q %s", a.To, a.Text())
	}
}

// TestForgottenPasswordToPasskey: the last step offers a passkey first. It replaces the password, and recovery codes come
// with it.
func TestForgottenPasswordToPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		v := h.asked(rosaEmail)
		v.post("/recover/code", url.Values{"code": {h.lastCode(rosaEmail)}})
		page := v.get("/recover/secure")
		page.mustSay(t, "Create a passkey", "Or choose a password")
		if strings.Index(page.Body, "Create a passkey") > strings.Index(page.Body, `name="password"`) {
			t.Error("the passkey is not offered first")
		}
		phone := &identitytest.Authenticator{Origin: "https://pay.larkspur.example", Synced: true}
		if a := v.post("/recover/secure", url.Values{"ceremony": {"x"}, "response": {"{}"}}); a.Status != 422 {
			t.Errorf("no ceremony: %d", a.Status)
		}
		v.post("/recover/secure", h.passkeyForm(phone, v.get("/recover/secure"))).mustSay(t, "Your recovery codes", "I kept them")
		v.get("/bills").mustSay(t, "M-204118907")
		f, err := h.accounts.Factors(t.Context(), h.rosaID())
		h.must(err)
		if f.Password || len(f.Passkeys) != 1 || f.RecoveryLeft != 10 {
			t.Errorf("the account opens with %+v", f)
		}
		if a := h.visitor().post("/sign-in", signInForm(rosaEmail, rosaPassword, "")); a.Status != 422 {
			t.Errorf("the old password: %d", a.Status)
		}
	})
}
