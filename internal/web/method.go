package web

import (
	"net/http"
	"slices"
	"strings"
)

// allowed returns the methods with which the path of a request is on a mux, as an Allow header has them, "" for none. What
// stands behind the path, and whether whoever asks may see it, is not looked at: the answer is that of the list of routes.
func allowed(routes *http.ServeMux, methods []string, r *http.Request) string {
	var out []string
	for _, m := range methods {
		if _, pattern := routes.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host}); pattern == "" {
			continue
		}
		if out = append(out, m); m == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	return strings.Join(out, ", ")
}

// methodsOf are the methods of a list of routes and of the files of pages, in order.
func methodsOf(routes []Route) []string {
	out := []string{http.MethodGet}
	for _, r := range routes {
		out = append(out, r.Method)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nowhere answers what no route takes: the page that there is no such page, with the methods that the path takes where it
// is there for another one.
func (s *Site) nowhere(routes *http.ServeMux, methods []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, Route{Path: "none", Access: Anyone, Handle: func(c *Context) error {
			allow := allowed(routes, methods, r)
			if allow == "" {
				return errNowhere
			}
			w.Header().Set("Allow", allow)
			return s.Fail(c, http.StatusMethodNotAllowed, answers[errNowhere.Kind].word)
		}})
	}
}
