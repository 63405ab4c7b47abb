package web

import (
	"net/http/httptest"
	"testing"
)

// TestAddressBehindAProxy trusts what the proxy has appended and nothing that the client has sent, whether the proxy
// appends to the header or adds a line.
func TestAddressBehindAProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxied bool
		lines   []string
		want    string
	}{
		"no proxy":          {false, []string{"203.0.113.9"}, "192.0.2.1"},
		"one address":       {true, []string{"203.0.113.9"}, "203.0.113.9"},
		"appended":          {true, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"a line of its own": {true, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		"nothing":           {true, nil, "192.0.2.1"},
		"no address":        {true, []string{"somebody"}, "192.0.2.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil) // comes from 192.0.2.1
		for _, l := range c.lines {
			r.Header.Add("X-Forwarded-For", l)
		}
		if got := (&Site{Proxied: c.proxied}).address(r); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestSessionCookieGoesAtSignOut checks that the browser is told to drop the cookie, and how it is guarded.
func TestSessionCookieGoesAtSignOut(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	c := &Context{W: w, R: httptest.NewRequest("POST", "/sign-out", nil), Site: &Site{Secure: true}}
	if err := c.SignOut(); err != nil {
		t.Fatal(err)
	}
	k := w.Result().Cookies()[0]
	if k.Name != sessionCookie || k.MaxAge >= 0 || !k.HttpOnly || !k.Secure || k.Path != "/" {
		t.Errorf("%+v", k)
	}
}
