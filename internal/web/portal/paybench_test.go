package portal

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
)

// BenchmarkPayNow is the button of the review, pressed by many different payers at once, each with a bank account:
// session, draft, and the transaction of the payment.
func BenchmarkPayNow(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) { benchPayNow(b, engine) })
	}
}

// press is one payer's last step.
type press struct{ cookie, path, body string }

func benchPayNow(b *testing.B, engine db.Engine) {
	h := houseOn(b, dbtest.Open(b, engine))
	ready := h.crowd(b.N)
	var next atomic.Int64
	b.SetParallelism(16) // 32 payers at once on two cores
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			x := ready[next.Add(1)-1]
			r := httptest.NewRequest(http.MethodPost, x.path, strings.NewReader(x.body)).WithContext(context.Background())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(&http.Cookie{Name: "memberpay_session", Value: x.cookie})
			rec := httptest.NewRecorder()
			h.handler.ServeHTTP(rec, r)
			if to := rec.Header().Get("Location"); !strings.HasPrefix(to, "/payments/") {
				b.Errorf("%d to %q", rec.Code, to)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
	if n := h.count("SELECT count(*) FROM payment"); n != b.N {
		b.Errorf("%d payments of %d presses", n, b.N)
	}
}

// crowd brings n people with a bill each to the button of their review.
func (h *house) crowd(n int) []press {
	h.t.Helper()
	ctx := h.t.Context()
	people, bills := make([]member.Incoming, n), make([]bill.Incoming, n)
	for i := range people {
		people[i] = member.Incoming{MemberID: fmt.Sprintf("C%07d", i), Given: "Pat", Family: "Crowd", BirthDate: day.MustParse("1980-01-02")}
	}
	var who []member.Imported
	var made []bill.Imported
	h.write(func(tx *db.Tx) (err error) {
		if who, err = member.ImportBatch(ctx, tx, h.clock(), people); err != nil {
			return err
		}
		for i, m := range who {
			bills[i] = bill.Incoming{ClaimKey: fmt.Sprintf("c%d", i), Source: "test", Kind: bill.Medical, Payee: "medical",
				Number: fmt.Sprintf("N%07d", i), PatientID: m.ID, GuarantorID: m.ID, Responsibility: 5_000}
		}
		made, err = bill.ImportBatch(ctx, tx, h.clock(), bills)
		return err
	})
	out := make([]press, n)
	bank := payment.BankAccount{Name: "Pat Crowd", Routing: "021000021", Number: "000123456789", Type: "checking"}
	for i, m := range who {
		session, token, err := h.accounts.Start(ctx, h.clock(), identity.Opening{Members: []string{m.ID}})
		h.must(err)
		o := payment.Owner{SessionID: session.ID}
		d, err := h.portal.Payments.NewDraft(ctx, o, m.ID, payment.Answers{Kind: bill.Medical, Payee: "medical", Full: true, Emailed: true,
			Email: "pat@mail.example", Lines: []payment.Line{{BillID: made[i].BillID, Amount: 5_000}}})
		h.must(err)
		d, err = h.portal.Payments.ChangeDraft(ctx, o, d.ID, func(d *payment.Draft) error { return d.SetBank(h.portal.Seal, bank) })
		h.must(err)
		_, err = h.portal.Payments.ReviewDraft(ctx, o, d, payment.Reviewed{Mark: "mark", Authorization: strings.Repeat("I agree to this. ", 40),
			Language: "en", Until: h.clock().Add(time.Hour)})
		h.must(err)
		out[i] = press{token, "/pay/" + d.ID + "/review", url.Values{"mark": {"mark"}}.Encode()}
	}
	return out
}
