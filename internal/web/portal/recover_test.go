package portal

import (
	"net/url"
	"strings"
	"testing"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
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
		if a := v.post("/recover/code", url.Values{"code": {h.lastCode(rosaEmail)}}); a.To != "/recover/more" {
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
	v.post("/recover/more", url.Values{"way": {"app"}, "app": {"123456"}}).mustSay(t, "That code does not work")
	if a := v.post("/recover/more", url.Values{"way": {"recovery_code"}, "recovery": {strings.ToLower(codes[0])}}); a.To != "/recover/secure" {
		t.Fatalf("a recovery code leads to %q: %s", a.To, a.Text())
	}
	if a := v.post("/recover/secure", url.Values{"password": {newPassword}}); a.To != "/account/security" {
		t.Fatalf("with both proofs: %q %s", a.To, a.Text())
	}
	if p, err := h.accounts.Get(t.Context(), rosa.ID); err != nil || p.SecondFactor != identity.EmailFactor {
		t.Errorf("the mailbox was proved, and is no longer asked for: %+v %v", p, err)
	}
	if len(h.letters(letter.KindAccountChanged, "+15035550142")) == 0 {
		t.Error("the phone on file was not told")
	}

	v = proved()
	const phone = "+15035550142"
	v.post("/recover/file", h.facts(rosaNumber, rosaBirth, "9", "text")).mustSay(t, "ZIP code")
	v.post("/recover/file", h.facts(rosaNumber, rosaBirth, "97001", "pigeon")).mustSay(t, "Choose how the code can reach you")
	var bodies []string
	for _, f := range []url.Values{h.facts(averyNumber, averyBirth, "97001", "text"), h.facts(rosaNumber, rosaBirth, "97009", "text"), h.facts("nothing", rosaBirth, "97001", "text")} {
		bodies = append(bodies, v.told(f).Alike())
	}
	if h.lastCode(phone) != "" {
		t.Fatal("a code was sent for facts that are not theirs")
	}
	if bodies = append(bodies, v.told(h.facts(rosaNumber, rosaBirth, "97001", "text")).Alike()); bodies[0] != bodies[3] || bodies[1] != bodies[3] || bodies[2] != bodies[3] {
		t.Error("the page tells right facts from wrong ones")
	}
	code := h.lastCode(phone)
	if code == "" {
		t.Fatal("no code was sent to the phone on file")
	}
	if a := v.post("/recover/file-code", url.Values{"code": {code}}); a.To != "/recover/secure" {
		t.Fatalf("the code on file leads to %q: %s", a.To, a.Text())
	}
	if a := v.post("/recover/secure", url.Values{"password": {newPassword + " again"}}); a.To != "/account/security" {
		t.Errorf("with both proofs: %q %s", a.To, a.Text())
	}
}

// facts is the form of facts with where the code is to go.
func (h *house) facts(number, birth, zip, way string) url.Values {
	f := findForm(number, birth)
	f.Set("zip", zip)
	f.Set("way", way)
	return f
}

// told is the page after facts were told, once they were answered.
func (v *visitor) told(facts url.Values) answer {
	v.h.t.Helper()
	if a := v.post("/recover/file", facts); a.To != "/recover/file-code" {
		v.h.t.Fatalf("facts lead to %q (%d): %s", a.To, a.Status, a.Text())
	}
	_, err := v.h.recoveries.Answer(v.h.t.Context())
	v.h.must(err)
	return v.get("/recover/file-code")
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

// TestALostMailbox: facts of the plan and a code to another contact on file open a plain account, with a new address; the
// old one and every contact are told.
func TestALostMailbox(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		const phone, other, fresh = "+15035550142", "rosa.work@mail.example", "rosa.new@mail.example"
		h.write(func(tx *db.Tx) error {
			_, err := member.ImportBatch(t.Context(), tx, h.clock(), []member.Incoming{{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
				BirthDate: day.MustParse(rosaBirth), ZIP: "97001", Street: "12 Alder Lane", City: "Portland", State: "OR", Email: other, Phone: "503-555-0142"}})
			return err
		})
		elsewhere := h.rosa()
		v, stranger := h.asked(rosaEmail), h.asked("nobody@mail.example")
		v.get("/recover/code").mustSay(t, "I cannot read mail at that address any more")
		if a, b := v.told(h.facts(rosaNumber, rosaBirth, "97001", "mail")), stranger.told(h.facts(rosaNumber, rosaBirth, "97001", "mail")); a.Alike() != b.Alike() {
			t.Error("the page tells a known account from an unknown one")
		}
		first := h.lastCode(other)
		v.told(h.facts(rosaNumber, rosaBirth, "97001", "text"))
		code := h.lastCode(phone)
		if first == "" || code == "" {
			t.Fatalf("codes %q %q", first, code)
		}
		secure := url.Values{"password": {newPassword}}
		h.walk([]row{
			{name: "a stranger's account", who: stranger, path: "/recover/file-code", form: url.Values{"code": {code}}, status: 422, contains: []string{"That code does not work"}},
			{name: "the older code", who: v, path: "/recover/file-code", form: url.Values{"code": {first}}, status: 422},
			{name: "no proof yet", who: v, path: "/recover/secure", form: secure, status: 303, to: "/recover/code"},
			{name: "the code", who: v, path: "/recover/file-code", form: url.Values{"code": {code}}, status: 303, to: "/recover/email"},
			{name: "no key before a new address", who: v, path: "/recover/secure", form: secure, status: 303, to: "/recover/email"},
			{name: "where it went", who: v, path: "/recover/email", status: 200, contains: []string{"ending in 42"}, lacks: []string{phone, rosaEmail}},
			{name: "no address", who: v, path: "/recover/email", form: url.Values{"email": {"rosa"}}, status: 422},
			{name: "one that has an account", who: v, path: "/recover/email", form: url.Values{"email": {rosaEmail}}, status: 303, to: "/recover/email-code"},
			{name: "a new one", who: v, path: "/recover/email", form: url.Values{"email": {fresh}}, status: 303, to: "/recover/email-code"},
			{name: "a wrong code", who: v, path: "/recover/email-code", form: url.Values{"code": {"1"}}, status: 422},
		})
		h.walk([]row{
			{name: "its code", who: v, path: "/recover/email-code", form: url.Values{"code": {h.lastCode(fresh)}}, status: 303, to: "/recover/secure"},
			{name: "the key", who: v, path: "/recover/secure", form: secure, status: 303, to: "/account/security"},
			{name: "in", who: v, path: "/bills", status: 200, contains: []string{"M-204118907"}},
			{name: "out elsewhere", who: elsewhere, path: "/bills", status: 303},
			{name: "the old address", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, newPassword, ""), status: 422},
			{name: "the new address", who: h.visitor(), path: "/sign-in", form: signInForm(fresh, newPassword, ""), status: 303, to: "/bills"},
		})
		for _, to := range []string{rosaEmail, fresh, other, phone} {
			if len(h.letters(letter.KindAccountChanged, to)) == 0 {
				t.Errorf("%s was not told", to)
			}
		}
		if h.undoLink(rosaEmail) == "" || h.undoLink(fresh) != "" {
			t.Error("the old address, and it alone, can take the change back")
		}
		if len(h.letters(letter.KindEmailTaken, rosaEmail)) != 1 {
			t.Error("the owner of a taken address was not told")
		}
	})
}

// TestALetterGetsBackIn: where no other contact is on file, a code comes by post; it is good with the facts, in another
// browser and days later.
func TestALetterGetsBackIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write(func(tx *db.Tx) error {
		_, err := member.ImportBatch(t.Context(), tx, h.clock(), []member.Incoming{{MemberID: rosaNumber, PatientID: "p-rosa", Given: "Rosa", Family: "Quintero",
			BirthDate: day.MustParse(rosaBirth), ZIP: "97001", Street: "12 Alder Lane", City: "Portland", State: "OR", Email: rosaEmail}})
		return err
	})
	const home = "Rosa Quintero\n12 Alder Lane\nPortland, OR 97001"
	v := h.asked(rosaEmail)
	for _, way := range []string{"text", "mail"} { // the address on file is the lost one
		v.told(h.facts(rosaNumber, rosaBirth, "97001", way))
	}
	if n := len(h.letters(letter.KindCode, rosaEmail)); n != 1 {
		t.Errorf("%d codes to the lost mailbox", n)
	}
	v.told(h.facts(rosaNumber, rosaBirth, "97001", "print")).mustSay(t, "about a week")
	v.told(h.facts(rosaNumber, rosaBirth, "97001", "print"))
	if n := len(h.letters(letter.KindCode, home)); n != 1 {
		t.Fatalf("%d letters", n)
	}
	if len(h.letters(letter.KindAccountChanged, rosaEmail)) == 0 {
		t.Error("the owner was not told of the letter")
	}
	code := h.lastCode(home)
	later := h.asked(rosaEmail)
	later.told(h.facts(averyNumber, averyBirth, "97001", "given"))
	later.post("/recover/file-code", url.Values{"code": {code}}).mustSay(t, "That code does not work")
	later.told(h.facts(rosaNumber, rosaBirth, "97001", "given")).mustSay(t, "Enter the code from your letter")
	if a := later.post("/recover/file-code", url.Values{"code": {code}}); a.To != "/recover/email" {
		t.Errorf("the letter's code leads to %q: %s", a.To, a.Text())
	}
}
