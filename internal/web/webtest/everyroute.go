// Package webtest tries every route of a site as everybody who might call it. It reads the list of routes and the
// permission table, so that a route added later is covered without anybody remembering it.
package webtest

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"memberpay/internal/identity"
	"memberpay/internal/web"
)

// Answer is what came back.
type Answer struct {
	Status int
	To     string // where a redirect leads
	Body   string
}

// Caller is somebody who calls routes.
type Caller struct {
	Name  string
	Actor identity.Actor // who they are in the permission table
	Owner bool           // the objects in the addresses are theirs; for everybody else they must not exist
	// Do calls a route as a browser of theirs that has just been opened.
	Do func(method, path string) Answer
}

// World is a site with somebody in it who owns things.
type World struct {
	Routes  []web.Route
	Callers []Caller
	// Objects makes an object of the owner for a part of an address, by its name ("bill"), or by "name of a route" where one
	// name means several things ("code /p/{code}").
	Objects map[string]func() string
	// Silent names the routes, as "METHOD path", that answer alike whether or not there is such an object.
	Silent map[string]bool
	// Secrets are words that stand on the owner's pages and on nobody else's.
	Secrets []string
	// State tells everything that is stored of the owner, in any form. Nobody else may change it.
	State func() string
	// Doors begin the addresses to which somebody without the needed access is sent.
	Doors []string
}

var part = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// Only is the variable of the environment that narrows EveryRoute to the routes whose path begins with its value, for a test
// that has one check in mind.
const Only = "MEMBERPAY_TEST_ROUTES"

// EveryRoute calls each route as each caller and fails where somebody is let in whom the permission table keeps out,
// somebody is kept out whom it lets in, or somebody sees or changes what is another's.
func (w World) EveryRoute(t *testing.T) {
	t.Helper()
	only, tried := os.Getenv(Only), 0
	for _, route := range w.Routes {
		if !strings.HasPrefix(route.Path, only) {
			continue
		}
		tried++
		if route.Access == web.Machine {
			continue // proves itself in the body; its own tests say how
		}
		name := route.Method + " " + route.Path
		for _, c := range w.Callers {
			path, ok := w.address(t, route)
			if !ok {
				break
			}
			w.try(t, name, path, route, c)
		}
	}
	if tried == 0 {
		t.Errorf("no route begins with %q", only)
	}
}

// address is a route's path with objects of the owner in it.
func (w World) address(t *testing.T, route web.Route) (string, bool) {
	ok := true
	path := part.ReplaceAllStringFunc(strings.TrimSuffix(route.Path, "{$}"), func(s string) string {
		name := part.FindStringSubmatch(s)[1]
		for _, key := range []string{name + " " + route.Path, name} {
			if object := w.Objects[key]; object != nil {
				return object()
			}
		}
		t.Errorf("%s %s: say in the test's Objects what {%s} is: an object that somebody owns", route.Method, route.Path, name)
		ok = false
		return s
	})
	return path, ok
}

func (w World) try(t *testing.T, name, path string, route web.Route, c Caller) {
	before := ""
	if !c.Owner {
		before = w.State()
	}
	a := c.Do(route.Method, path)
	if a.Status >= http.StatusInternalServerError {
		t.Errorf("%s as %s: status %d", name, c.Name, a.Status)
	}
	allowed, refused := c.Actor.May(route.Access), w.refused(a)
	switch {
	case !allowed && !refused:
		t.Errorf("%s lets %s in (%d %s); the permission table does not", name, c.Name, a.Status, a.To)
	case allowed && refused && (c.Owner || !strings.Contains(route.Path, "{") || route.Path == "/{$}"):
		t.Errorf("%s keeps %s out (%d %s); the permission table lets them in", name, c.Name, a.Status, a.To)
	}
	object := strings.Contains(strings.TrimSuffix(route.Path, "{$}"), "{")
	if c.Owner {
		if allowed && object && a.Status == http.StatusNotFound {
			t.Errorf("%s: the owner's own object is not found at %s; the test tries nothing there", name, path)
		}
		return
	}
	if allowed && object && !w.Silent[name] && a.Status != http.StatusNotFound && !refused {
		t.Errorf("%s as %s on somebody else's object: status %d %s, want 404", name, c.Name, a.Status, a.To)
	}
	for _, secret := range w.Secrets {
		if strings.Contains(a.Body, secret) {
			t.Errorf("%s tells %s %q", name, c.Name, secret)
		}
	}
	if after := w.State(); after != before {
		t.Errorf("%s lets %s change what is somebody else's: %s", name, c.Name, difference(before, after))
	}
}

// refused reports whether an answer keeps somebody out who is not allowed in.
func (w World) refused(a Answer) bool {
	if a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden {
		return true
	}
	for _, door := range w.Doors {
		if a.Status == http.StatusSeeOther && strings.HasPrefix(a.To, door) {
			return true
		}
	}
	return false
}

// difference is the first line that two texts do not share.
func difference(a, b string) string {
	before := map[string]bool{}
	for line := range strings.Lines(a) {
		before[line] = true
	}
	for line := range strings.Lines(b) {
		if !before[line] {
			return strings.TrimSpace(line)
		}
	}
	return "something is gone"
}
