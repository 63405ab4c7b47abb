package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
)

// undoLink is the path in the newest letter to somebody that offers to take a change back, "" for none.
func (h *house) undoLink(recipient string) (path string) {
	h.t.Helper()
	for _, m := range h.letters(letter.KindAccountChanged, recipient) {
		var l letter.AccountChanged
		h.must(m.Read(&l))
		if l.Undo != "" {
			path = l.Undo
		}
	}
	return path
}

// changesEmail puts a new sign-in address to use.
func (v *visitor) changesEmail(email string) {
	v.h.t.Helper()
	sent := v.post("/account/email", url.Values{"email": {email}})
	if a := v.post(sent.To, url.Values{"code": {v.h.lastCode(email)}}); a.To != "/account?done=email" {
		v.h.t.Fatalf("a new address leads to %q (%d): %s", a.To, a.Status, a.Text())
	}
}

// TestUndoAnEmail: a thief with an open session changes the address twice; whoever reads the mail of the first one gets the
// account back, and the thief's links, password and passkey are worth nothing.
func TestUndoAnEmail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := houseOn(t, d)
		const second, third = "thief@mail.example", "thief2@mail.example"
		h.phone(h.rosaID())
		own, err := h.accounts.Factors(t.Context(), h.rosaID())
		h.must(err)
		h.pass(48 * time.Hour)
		thief := h.rosa()
		h.phone(h.rosaID())
		thief.post("/account/security/password", url.Values{"password": {newPassword}})
		thief.changesEmail(second)
		thief.changesEmail(third)
		link, thiefs := h.undoLink(rosaEmail), h.undoLink(second)
		if link == "" || thiefs == "" || h.undoLink(third) != "" {
			t.Fatalf("links %q %q", link, thiefs)
		}
		v := h.visitor()
		h.walk([]row{
			{name: "no link", who: v, path: "/undo/nothing", status: http.StatusGone, contains: []string{"does not work any more"}},
			{name: "the page", who: v, path: link, status: 200, contains: []string{"Was this not you?", identity.MaskEmail(rosaEmail), "Everyone is signed out"}, lacks: []string{third}},
			{name: "looking changes nothing", who: thief, path: "/bills", status: 200},
			{name: "the button", who: v, path: link, form: url.Values{}, status: 303, to: "/recover/secure"},
			{name: "once", who: h.visitor(), path: link, form: url.Values{}, status: http.StatusGone},
			{name: "the thief's link", who: h.visitor(), path: thiefs, form: url.Values{}, status: http.StatusGone},
			{name: "the thief is out", who: thief, path: "/bills", status: 303},
			{name: "the thief's password", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, newPassword, ""), status: 422},
		})
		f, err := h.accounts.Factors(t.Context(), h.rosaID())
		h.must(err)
		if f.Password || len(f.Passkeys) != 1 || f.Passkeys[0].ID != own.Passkeys[0].ID {
			t.Errorf("what opens the account now: %+v", f)
		}
		if len(h.letters(letter.KindAccountChanged, third)) == 0 {
			t.Error("the address that is gone was not told")
		}
		// The older passkey asks for one more proof than the mailbox.
		if a := v.get("/recover/secure"); a.To != "/recover/more" {
			t.Errorf("a strong account: %d %q", a.Status, a.To)
		}
		if !h.noted("account.change_undone") {
			t.Error("nothing in the audit log")
		}
	})
}

// TestUndoInTime: a plain account goes straight to its new key; after three days the link is over.
func TestUndoInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rosa().changesEmail("rosa.new@mail.example")
	link := h.undoLink(rosaEmail)
	v := h.visitor()
	v.post(link, url.Values{})
	v.get("/recover/secure").mustSay(t, "Choose how you sign in")
	if a := v.post("/recover/secure", url.Values{"password": {newPassword}}); a.To != "/account/security" {
		t.Errorf("the new key: %d %q %s", a.Status, a.To, a.Text())
	}
	if a := h.visitor().post("/sign-in", signInForm(rosaEmail, newPassword, "")); a.To != "/bills" {
		t.Errorf("the old address: %d %q", a.Status, a.To)
	}
	v.changesEmail("rosa.new@mail.example")
	h.pass(72*time.Hour + time.Minute)
	if a := h.visitor().get(h.undoLink(rosaEmail)); a.Status != http.StatusGone {
		t.Errorf("after three days: %d", a.Status)
	}
}

// TestUndoAPhone: the letter about a phone that was removed has the link too.
func TestUndoAPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	point := rosa.addPhone("(503) 555-0177", "+15035550177")
	if h.undoLink(rosaEmail) != "" {
		t.Error("a first phone replaces nothing")
	}
	h.pass(48 * time.Hour)
	h.rosa().post(point+"/remove", url.Values{})
	link := h.undoLink(rosaEmail)
	if !strings.HasPrefix(link, "/undo/") {
		t.Fatalf("link %q", link)
	}
	v := h.visitor()
	v.get(link).mustSay(t, "that ends in 77")
	if a := v.post(link, url.Values{}); a.To != "/recover" {
		t.Errorf("the button leads to %q (%d)", a.To, a.Status)
	}
	f, err := h.accounts.Factors(t.Context(), h.rosaID())
	h.must(err)
	if f.Phone != "+15035550177" || f.Password {
		t.Errorf("what opens the account now: %+v", f)
	}
}
