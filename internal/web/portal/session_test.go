package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/identity"
)

// TestSessionIsExtended lets a reader stay who asks for it before the end, and nobody beyond the longest time.
func TestSessionIsExtended(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa, guest := h.rosa(), h.guest(averyNumber, averyBirth)
	for _, v := range []*visitor{rosa, guest} {
		a := v.get("/bills")
		if !strings.Contains(a.Body, `data-left="1800" data-last="43200" data-warn="120" data-extend="/session/extend"`) {
			t.Errorf("the page does not say when the session ends: %s", a.Body[strings.Index(a.Body, "<template"):])
		}
		if !strings.Contains(a.Text(), "we close your pages after 30 minutes without a click") {
			t.Error("the limit is not told where no script runs")
		}
	}
	if a := h.visitor().get("/"); strings.Contains(a.Body, "data-extend") || strings.Contains(a.Body, "session.js") {
		t.Error("somebody without a session is warned of its end")
	}
	began := h.clock()
	for range 23 {
		h.pass(29*time.Minute + 30*time.Second)
		for _, v := range []*visitor{rosa, guest} {
			if a := v.post("/session/extend", nil); a.Status != http.StatusOK || !strings.Contains(a.Body, `"left":1800`) {
				t.Fatalf("after %s: %d %s", h.clock().Sub(began), a.Status, a.Body)
			}
		}
	}
	h.pass(29*time.Minute + 30*time.Second)
	rosa.post("/session/extend", nil)
	h.pass(7 * time.Minute) // 11 hours and 55 minutes
	if a := rosa.post("/session/extend", nil); a.Body != `{"left":300,"longest":300}`+"\n" {
		t.Errorf("close to the longest time: %s", a.Body)
	}
	h.pass(6 * time.Minute)
	h.walk([]row{
		{name: "over", who: rosa, path: "/session/extend", form: url.Values{}, status: 401},
		{name: "nobody", who: h.visitor(), path: "/session/extend", form: url.Values{}, status: 401},
	})
}

// TestALookUpDoesNotExtend: a guest look-up in somebody's account proves nothing of them, so their time goes on.
func TestALookUpDoesNotExtend(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rosa := h.rosa()
	for range 25 {
		h.pass(28 * time.Minute)
		rosa.post("/pay", findForm(averyNumber, averyBirth))
	}
	if a := rosa.get("/bills"); !strings.Contains(a.Body, `data-left="1200" data-last="1200"`) {
		t.Errorf("after 11 hours and 40 minutes: %s", a.Body[strings.Index(a.Body, "<template"):])
	}
	h.pass(21 * time.Minute)
	h.walk([]row{{name: "over", who: rosa, path: "/bills", status: 303, to: "/sign-in?to=%2Fbills"}})
}

// TestADraftOutlivesTheSession begins a payment, lets the session end, signs in again and goes on where it stood.
func TestADraftOutlivesTheSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := h.rosa().begin("M-300")
	w.post(w.draft+"/bills", url.Values{"how": {"full"}, "bills": {h.bills["M-300"].ID}})
	h.pass(identity.Idle + time.Minute)
	sent := w.post(w.draft+"/method", url.Values{"method": {"bank"}})
	if sent.Status != 401 || !strings.Contains(sent.Body, `href="/sign-in?to=`+url.QueryEscape(w.draft+"/method")+`"`) || !strings.Contains(sent.Text(), "kept") {
		t.Fatalf("an answer after the end: %d %s", sent.Status, sent.Text())
	}
	door := w.follow(w.get(w.draft + "/method"))
	again := "/sign-in?to=" + url.QueryEscape(w.draft+"/method")
	if !strings.Contains(door.Body, `href="`+again+`"`) {
		t.Fatalf("no way to sign in again: %s", door.Text())
	}
	if a := w.get(again); !strings.Contains(a.Text(), "kept") {
		t.Errorf("the sign-in page does not say that the payment is kept: %s", a.Text())
	}
	a := w.post("/sign-in", signInForm(rosaEmail, rosaPassword, w.draft+"/method"))
	if a.To != w.draft+"/method" {
		t.Fatalf("signing in leads to %q", a.To)
	}
	if page := w.get(a.To); page.Status != 200 || !strings.Contains(page.Text(), "How do you want to pay?") {
		t.Errorf("the draft does not go on: %d %s", page.Status, page.Text())
	}
	if page := w.follow(w.post(w.draft+"/method", bankForm1())); !strings.Contains(page.Text(), "Pay $64.00") {
		t.Errorf("the draft lost its bill: %d %s", page.Status, page.Text())
	}
}

func TestWellKnownChangePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.walk([]row{{name: "the page", who: h.visitor(), path: "/.well-known/change-password", status: 302, to: "/account/security"}})
}
