package ledger_test

import (
	"reflect"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

// TestCreditsOf: credit that was given and taken back is none, what stands for a bill is none, and nobody sees another's.
func TestCreditsOf(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, move := range []struct {
			payee, member string
			amount        money.Cents // less than zero: taken back
		}{{"medical", "mem_1", 1_500}, {"medical", "mem_1", -500}, {"premium", "mem_1", 70}, {"medical", "mem_2", 900}, {"medical", "mem_2", -900}, {"medical", "mem_3", 5}} {
			p := ledger.Posting{Debit: ledger.BankTransit, Credit: ledger.Credit, Amount: move.amount, MemberID: move.member, PaymentID: "pay_1"}
			if move.amount < 0 {
				p.Debit, p.Credit, p.Amount = p.Credit, p.Debit, -p.Amount
			}
			bill := ledger.Posting{Debit: ledger.BankTransit, Credit: ledger.Receivable, Amount: 3, BillID: "bill_1", PaymentID: "pay_1"}
			if err := appendAll(t, d, ledger.Entry{At: at, Kind: "x", Payee: move.payee, Postings: []ledger.Posting{p, bill}}); err != nil {
				t.Fatal(err)
			}
		}
		for who, want := range map[string][]ledger.MemberCredit{
			"": nil, "mem_2": nil, "nobody": nil, "mem_1 mem_2": {{"mem_1", "medical", 1_000}, {"mem_1", "premium", 70}},
			"mem_3 mem_1": {{"mem_1", "medical", 1_000}, {"mem_3", "medical", 5}, {"mem_1", "premium", 70}},
		} {
			got, err := ledger.CreditsOf(t.Context(), d.Read(), strings.Fields(who))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("credits of %q: %v, %v, want %v", who, got, err, want)
			}
		}
	})
}
