package seed_test

import (
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/seed"
)

func TestVisitorsAreReadyToPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := box(t)
		if _, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: b, Members: 500}); err != nil {
			t.Fatal(err)
		}
		visitors, err := seed.Sessions(t.Context(), d, 20)
		if err != nil || len(visitors) != 20 {
			t.Fatalf("%d visitors, %v", len(visitors), err)
		}
		accounts := identity.New(d, nil, 1)
		payers := map[string]bool{}
		for _, v := range visitors {
			s, err := accounts.Find(t.Context(), time.Now(), v.Token)
			if err != nil || s.ID != v.Session.ID || s.Members[0] == "" || payers[v.Payer] {
				t.Fatalf("%+v, %v", s, err)
			}
			payers[v.Payer] = true
		}
		prepared, err := seed.Drafts(t.Context(), d, b, visitors, 300)
		if err != nil || len(prepared) != 300 {
			t.Fatalf("%d drafts, %v", len(prepared), err)
		}
		for _, p := range prepared[:50] {
			s, err := accounts.Find(t.Context(), time.Now(), p.Token)
			if err != nil {
				t.Fatal(err)
			}
			draft, err := payment.GetDraft(t.Context(), d.Read(), payment.Owner{SessionID: s.ID}, p.Draft)
			if err != nil || !draft.Complete() || draft.Answers.Reviewed.Mark != p.Mark || !draft.Answers.Reviewed.Until.After(time.Now()) {
				t.Fatalf("%+v, %v", draft, err)
			}
			r, err := draft.Request(b)
			if err != nil || r.Total() == 0 || r.Method.Bank.Number == "" {
				t.Fatalf("%+v, %v", r, err)
			}
		}
	})
}
