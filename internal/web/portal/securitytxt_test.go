package portal

import (
	"strings"
	"testing"
)

func TestSecurityTXT(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.visitor().get("/.well-known/security.txt")
	for _, line := range []string{"Contact: tel:+18005550142\n", "Expires: 2027-05-22T20:00:00Z\n", "Preferred-Languages: en, es\n",
		"Canonical: https://pay.larkspur.example/.well-known/security.txt\n"} {
		if !strings.Contains(a.Body, line) {
			t.Errorf("the file lacks %q:\n%s", line, a.Body)
		}
	}
	if a.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("sent as %q", a.Header.Get("Content-Type"))
	}
}
