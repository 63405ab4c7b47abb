package web

import (
	"net/http"
	"net/url"
)

// Pages returns whether a site with these routes has a page at a path.
func Pages(routes []Route) func(path string) bool {
	mux := http.NewServeMux()
	for _, r := range routes {
		if r.Method == http.MethodGet {
			mux.HandleFunc("GET "+r.Path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	return func(path string) bool {
		_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Host: "site"})
		return pattern != ""
	}
}
