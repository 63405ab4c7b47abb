package web

import (
	"net/http"
	"testing"
)

// TestBase: links that come back lead to the name of this machine that the reader uses, and to no other host, whatever a
// request says of itself.
func TestBase(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ public, host, want string }{
		{"http://localhost:8080", "localhost:8080", "http://localhost:8080"},
		{"http://localhost:8080", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://localhost:8080", "[::1]:8080", "http://[::1]:8080"},
		{"http://127.0.0.1:8080", "localhost:8080", "http://localhost:8080"},
		{"http://localhost:8080", "127.0.0.1:9999", "http://localhost:8080"},
		{"http://localhost:8080", "evil.example:8080", "http://localhost:8080"},
		{"http://localhost:8080", "127.0.0.1:8080/x", "http://localhost:8080"},
		{"http://localhost:8080", "evil.example@127.0.0.1:8080", "http://localhost:8080"},
		{"http://localhost:8080", "", "http://localhost:8080"},
		{"https://pay.larkspur.example", "127.0.0.1:8080", "https://pay.larkspur.example"},
		{"https://pay.larkspur.example", "evil.example", "https://pay.larkspur.example"},
	} {
		c := &Context{R: &http.Request{Host: row.host}}
		if got := c.Base(row.public); got != row.want {
			t.Errorf("%s asked for as %q: %s, want %s", row.public, row.host, got, row.want)
		}
	}
}

// TestTidy: a path that is not as it should be leads to the one that is, and to no other host.
func TestTidy(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"/": "/", "/pay": "/pay", "/pay/": "/pay/", "//": "/", "//evil.example/": "/evil.example/", "/a//b": "/a/b", "/a/../../b": "/b", "": "/", "///pay/.": "/pay", "/%2e%2e/x": "/%2e%2e/x",
	} {
		if got := tidy(from); got != want {
			t.Errorf("%q leads to %q, want %q", from, got, want)
		}
	}
}
