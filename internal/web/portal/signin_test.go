package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func signInForm(email, password, to string) url.Values {
	return url.Values{"email": {email}, "password": {password}, "to": {to}}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.walk([]row{
		{name: "the page", who: h.visitor(), path: "/sign-in", status: 200, contains: []string{"Sign in", "Email", "Password", "You can also pay without signing in"}},
		{name: "to the bills", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, ""), status: 303, to: "/bills"},
		{name: "spelled another way", who: h.visitor(), path: "/sign-in", form: signInForm(" ROSA@Mail.example ", rosaPassword, ""), status: 303, to: "/bills"},
		{name: "to where the reader was going", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, "/payments?q=1"), status: 303, to: "/payments?q=1"},
		{name: "to no other site", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, rosaPassword, "//evil.example"), status: 303, to: "/bills"},
		{name: "nothing", who: h.visitor(), path: "/sign-in", form: url.Values{}, status: 422, contains: []string{"Enter your email", "Enter your password", "There is a problem"}},
		{name: "no address", who: h.visitor(), path: "/sign-in", form: signInForm("rosa", "x", ""), status: 422, contains: []string{"Enter an email address like name@example.com"}},
		{name: "far too long", who: h.visitor(), path: "/sign-in", form: signInForm(strings.Repeat("x", 100_000), strings.Repeat("y", 1000), ""), status: 422,
			contains: []string{"That email address is too long", "Use at most 128 characters"}},
		{name: "spaces of a password count", who: h.visitor(), path: "/sign-in", form: signInForm(rosaEmail, " "+rosaPassword, ""), status: 422, contains: []string{"do not match"}},
		{name: "already signed in", who: h.rosa(), path: "/sign-in?to=/payments", status: 303, to: "/payments"},
	})
	if a := h.visitor().post("/sign-in", signInForm(rosaEmail, "wrong", "")); !strings.Contains(a.Body, `value="`+rosaEmail+`"`) || strings.Contains(a.Body, `value="wrong"`) {
		t.Error("the email is to be kept and the password is not")
	}
}

// TestSignInSaysNothing compares the pages of a wrong password and of an account that does not exist.
func TestSignInSaysNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	wrong := h.visitor().post("/sign-in", signInForm(rosaEmail, "not the password", ""))
	unknown := h.visitor().post("/sign-in", signInForm("rose@mail.example", "not the password", ""))
	if wrong.Status != unknown.Status || wrong.Alike() != strings.ReplaceAll(unknown.Alike(), "rose@", "rosa@") {
		t.Errorf("a known account is told from an unknown one: %d and %d", wrong.Status, unknown.Status)
	}
}

func TestWrongSignInsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 20 { // right ones do not add up
		h.rosa()
	}
	for range 10 {
		h.visitor().post("/sign-in", signInForm(rosaEmail, "wrong", ""))
	}
	a := h.visitor().post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text(), "wait 15 minutes") {
		t.Errorf("the eleventh wrong try: %d\n%s", a.Status, a.Text())
	}
	h.pass(15*time.Minute + time.Second)
	h.rosa()
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	stolen := &visitor{h: h, cookies: map[string]string{}}
	for k, v := range rosa.cookies {
		stolen.cookies[k] = v
	}
	h.walk([]row{
		{name: "before", who: rosa, path: "/bills", status: 200, contains: []string{"Sign out"}},
		{name: "out", who: rosa, path: "/sign-out", form: url.Values{}, status: 200, contains: []string{"You are signed out."}},
		{name: "after", who: rosa, path: "/bills", status: 303, to: "/sign-in"},
		{name: "the cookie is worth nothing any more", who: stolen, path: "/bills", status: 303, to: "/sign-in"},
		{name: "again", who: rosa, path: "/sign-out", form: url.Values{}, status: 200},
	})
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	h.pass(31 * time.Minute)
	h.walk([]row{{name: "idle", who: rosa, path: "/bills", status: 303, to: "/sign-in?to=%2Fbills"}})
}

// TestSessionChangesAtTheDoor: the cookie of before is not the cookie of after, so nobody can prepare one for another.
func TestSessionChangesAtTheDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.guest(averyNumber, averyBirth)
	before := v.cookies["memberpay_session"]
	v.post("/sign-in", signInForm(rosaEmail, rosaPassword, ""))
	if after := v.cookies["memberpay_session"]; after == "" || after == before {
		t.Error("the session's cookie is the same after signing in")
	}
	h.walk([]row{{name: "only the account's bills", who: v, path: "/bills", status: 200, contains: []string{"M-300"}, lacks: []string{"A-1"}}})
}
