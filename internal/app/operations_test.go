package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOperationsMethods: what machines ask is asked with GET, and any other method is told so.
func TestOperationsMethods(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	(&App{metrics: newMetrics()}).operations(mux)
	for _, x := range []struct {
		method, path string
		status       int
	}{{"GET", "/healthz", 200}, {"HEAD", "/healthz", 200}, {"POST", "/healthz", 405}, {"DELETE", "/readyz", 405}} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest(x.method, x.path, nil))
		if rec.Code != x.status || (rec.Header().Get("Allow") != "") != (x.status == 405) {
			t.Errorf("%s %s: %d, Allow %q", x.method, x.path, rec.Code, rec.Header().Get("Allow"))
		}
	}
}
