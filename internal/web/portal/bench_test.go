package portal

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// BenchmarkBills is the list of bills of a member who is signed in: session, database and page.
func BenchmarkBills(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) { benchBills(b, engine) })
	}
}

func benchBills(b *testing.B, engine db.Engine) {
	h := houseOn(b, dbtest.Open(b, engine))
	rosa := h.rosa()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/bills", nil)
		for name, value := range rosa.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		rec := httptest.NewRecorder()
		h.handler.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}
