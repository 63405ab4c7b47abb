package bill_test

import (
	"testing"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/money"
	"memberpay/internal/payment/paymenttest"
)

// TestOlderNewsNeverWins brings what a source said on three days in every order that its files may come in: the bill ends
// as the last day has it, also where the last day says what the first had said, and within one batch.
func TestOlderNewsNeverWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		person := w.Person(t)
		type news struct {
			day   int
			share money.Cents
		}
		for name, c := range map[string]struct {
			first news
			then  [][]news
			want  money.Cents
		}{
			"the same words later, then a late file": {news{1, 1_000}, [][]news{{{3, 1_000}}, {{2, 500}}}, 1_000},
			"all in one batch":                       {news{1, 1_000}, [][]news{{{3, 1_000}, {2, 500}}}, 1_000},
			"stale words that become true again":     {news{3, 1_000}, [][]news{{{2, 500}, {4, 500}}}, 500},
			"in order":                               {news{1, 1_000}, [][]news{{{2, 500}}, {{3, 1_000}}}, 1_000},
		} {
			in := w.Incoming(person, 1_000)
			say := func(n news) bill.Incoming {
				in := in
				in.Responsibility, in.AsOf = n.share, time.Date(2026, time.March, n.day, 0, 0, 0, 0, time.UTC)
				return in
			}
			billID := w.Import(t, say(c.first))[0].BillID
			for _, batch := range c.then {
				var list []bill.Incoming
				for _, n := range batch {
					list = append(list, say(n))
				}
				w.Import(t, list...)
			}
			if b := w.Look(t, billID); b.Due() != c.want {
				t.Errorf("%s: %s is due, want %s", name, b.Due(), c.want)
			}
		}
	})
}
