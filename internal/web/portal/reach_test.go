package portal

import (
	"strings"
	"testing"

	"memberpay/internal/chat"
)

// TestMapOfAnOffice: the map is a link to another site that is told nothing; no page loads anything of it.
func TestMapOfAnOffice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/offices", "/contact"} {
		a := h.visitor().get(path)
		link := `href="https://www.openstreetmap.org/?mlat=45.52&amp;mlon=-122.67#map=17/45.52/-122.67" rel="noopener noreferrer"`
		if !strings.Contains(a.Body, link) || strings.Count(a.Body, "https://www.openstreetmap.org/") != 2 || strings.Contains(a.Body, "geo:") {
			t.Errorf("%s does not lead to a map by links alone: %s", path, a.Body)
		}
	}
}

// TestEveryWayToReachUsIsFound: pages where people look for a person lead to calls, offices and a call back in plain words, and
// the foot of every page does in few.
func TestEveryWayToReachUsIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	for _, path := range []string{"/", "/help", "/chat", "/find-my-id"} { // nobody is there for the chat
		for lang, words := range map[string][2]string{"en": {"Call us, visit us, or have us call you", "Talk to us"}, "es": {"Llámenos, visítenos o pida que le llamemos", "Hable con nosotros"}} {
			page := v.get(path + "?lang=" + lang)
			main, foot, _ := strings.Cut(page.Body, "<footer")
			if !strings.Contains(main, `href="/contact"`) || !strings.Contains(main, words[0]) {
				t.Errorf("%s (%s) does not lead to every way to reach us", path, lang)
			}
			if !strings.Contains(foot, `href="/contact"`) || !strings.Contains(foot, words[1]) {
				t.Errorf("the foot of %s (%s) does not lead to us", path, lang)
			}
		}
	}
	path := v.asks("Is anybody there?", "email", "nora@mail.example")
	h.answered(path, "Yes.")
	h.must(h.chats.Close(t.Context(), h.clock(), agent, strings.TrimPrefix(path, "/chat/"), chat.Agent))
	main, _, _ := strings.Cut(v.get(path+"?lang=en").Body, "<footer")
	if !strings.Contains(main, "Call us, visit us, or have us call you") {
		t.Error("a conversation that has ended is a dead end")
	}
}
