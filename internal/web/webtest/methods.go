package webtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/web"
)

// WrongMethods asks for the path of each route with a method that no route takes. It fails where the answer is not that the
// path takes others, or differs by what is asked for: whoever may see nothing learns the list of routes and no more.
func WrongMethods(t *testing.T, site http.Handler, routes []web.Route) {
	t.Helper()
	ask := func(method, path string) (int, []string, string) {
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
		allow := rec.Header().Get("Allow")
		if allow == "" {
			return rec.Code, nil, rec.Body.String()
		}
		return rec.Code, strings.Split(allow, ", "), rec.Body.String()
	}
	for _, r := range routes {
		path := part.ReplaceAllString(strings.TrimSuffix(r.Path, "{$}"), "nothing-of-the-kind")
		code, allow, body := ask(http.MethodDelete, path)
		if code != http.StatusMethodNotAllowed || !slices.Contains(allow, r.Method) || r.Method == http.MethodGet && !slices.Contains(allow, http.MethodHead) || !strings.Contains(body, "<h1") {
			t.Errorf("DELETE %s answers %d, Allow %v, want 405 and %s", path, code, allow, r.Method)
		}
	}
	for _, method := range []string{http.MethodDelete, http.MethodPost, http.MethodGet} {
		if code, allow, _ := ask(method, "/desk/nowhere/at/all"); code != http.StatusNotFound || allow != nil {
			t.Errorf("%s of what is not there answers %d, Allow %v", method, code, allow)
		}
	}
}
