package portal

import (
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/audit"
)

// TestAPageIsShared: by a code that is shown once, in every page until it is stopped, at the sign-out at the latest, and
// never with what an address holds of ids.
func TestAPageIsShared(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	says := func(a answer, words ...string) {
		t.Helper()
		for _, w := range words {
			if a.Status != 200 || !strings.Contains(a.Text(), w) {
				t.Errorf("%d, and the page does not say %q: %s", a.Status, w, a.Text())
			}
		}
	}
	says(v.get("/share"), "does not see what you type", "Show me a code")
	if a := v.get("/help"); !strings.Contains(a.Body, `href="/share"`) || strings.Contains(a.Body, "Stop sharing") {
		t.Error("a page lacks the way to share it, or is shared already")
	}
	a := v.post("/share", nil)
	code := regexp.MustCompile(`\d{3} \d{3}`).FindString(a.Text())
	if code == "" {
		t.Fatalf("no code is shown: %s", a.Text())
	}
	says(v.get("/help"), "You share which page you are on", "Stop sharing")
	look, err := h.portal.Shares.Look(t.Context(), h.clock(), audit.Who{Actor: "acc_iris", Role: audit.Agent}, code)
	if err != nil || look.Page != "/help" {
		t.Fatalf("%+v %v", look, err)
	}
	says(v.get("/help"), "An agent can see which page you are on")
	says(v.get("/share"), "Stop sharing")
	v.post("/share/stop", nil)
	if a := v.get("/help"); strings.Contains(a.Body, "Stop sharing") {
		t.Error("it was stopped, and goes on")
	}
	if _, err := h.portal.Shares.Watch(t.Context(), h.clock(), audit.Who{Actor: "acc_iris", Role: audit.Agent}, look.ID); err == nil {
		t.Error("it was stopped, and is still seen")
	}
}
