package ledger_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
)

var at = time.Date(2026, time.December, 3, 12, 0, 0, 123456000, time.UTC)

func appendAll(t *testing.T, d *db.DB, entries ...ledger.Entry) error {
	t.Helper()
	return d.Write(t.Context(), func(tx *db.Tx) error { return ledger.Append(t.Context(), tx, entries...) })
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := ledger.Posting{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: 1, BillID: "bill_1"}
	with := func(change func(*ledger.Posting)) []ledger.Posting {
		p := good
		change(&p)
		return []ledger.Posting{good, p}
	}
	for name, c := range map[string]struct {
		postings []ledger.Posting
		want     error
	}{
		"good":                 {[]ledger.Posting{good}, nil},
		"empty":                {nil, ledger.ErrEmpty},
		"nothing moves":        {with(func(p *ledger.Posting) { p.Amount = 0 }), ledger.ErrAmount},
		"backwards":            {with(func(p *ledger.Posting) { p.Amount = -1 }), ledger.ErrAmount},
		"to itself":            {with(func(p *ledger.Posting) { p.Credit = p.Debit }), ledger.ErrSides},
		"from nowhere":         {with(func(p *ledger.Posting) { p.Credit = "" }), ledger.ErrSides},
		"to nowhere":           {with(func(p *ledger.Posting) { p.Debit = "" }), ledger.ErrSides},
		"nobody's receivable":  {with(func(p *ledger.Posting) { p.BillID = "" }), ledger.ErrName},
		"nobody's credit":      {with(func(p *ledger.Posting) { p.Credit = ledger.Credit }), ledger.ErrName},
		"nobody's credit used": {with(func(p *ledger.Posting) { p.Debit, p.Credit = ledger.Credit, ledger.Billed }), ledger.ErrName},
	} {
		if err := (ledger.Entry{Postings: c.postings}).Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestBadEntryWritesNothing: one bad entry among good ones keeps all of them out.
func TestBadEntryWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		good := ledger.Entry{At: at, Kind: "x", Payee: "medical", Postings: []ledger.Posting{{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: 5, BillID: "b"}}}
		if err := appendAll(t, d, good, ledger.Entry{At: at, Kind: "y", Payee: "medical"}); !errors.Is(err, ledger.ErrEmpty) {
			t.Fatal(err)
		}
		if n := count(t, d); n != 0 {
			t.Fatalf("%d lines", n)
		}
	})
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := ledger.Lines(t.Context(), d.Read(), func(ledger.Line) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTrial writes random entries, more than one statement holds, and checks that the trial balance is zero, that each
// account is what was written, and that every line comes back as it went in.
func TestTrial(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		accounts := []ledger.Account{ledger.Receivable, ledger.Billed, ledger.Credit, ledger.CardClearing, ledger.BankTransit, ledger.Dispute}
		type side struct {
			payee   string
			account ledger.Account
		}
		want := map[side]money.Cents{}
		lines := 0
		entry := rapid.Custom(func(r *rapid.T) ledger.Entry {
			e := ledger.Entry{At: at, Kind: "test", Payee: rapid.SampledFrom([]string{"medical", "premium"}).Draw(r, "payee")}
			for range rapid.IntRange(1, 5).Draw(r, "postings") {
				debit := rapid.IntRange(0, len(accounts)-1).Draw(r, "debit")
				credit := (debit + rapid.IntRange(1, len(accounts)-1).Draw(r, "credit")) % len(accounts)
				e.Postings = append(e.Postings, ledger.Posting{Debit: accounts[debit], Credit: accounts[credit], BillID: "bill_1", MemberID: "mem_1",
					PaymentID: "pay_1", Amount: money.Cents(rapid.Int64Range(1, int64(money.Max)).Draw(r, "amount"))})
			}
			return e
		})
		rapid.Check(t, func(r *rapid.T) {
			list := rapid.SliceOfN(entry, 0, 20).Draw(r, "entries")
			if err := appendAll(t, d, list...); err != nil {
				r.Fatal(err)
			}
			for _, e := range list {
				lines += len(e.Postings)
				for _, p := range e.Postings {
					want[side{e.Payee, p.Debit}] += p.Amount
					want[side{e.Payee, p.Credit}] -= p.Amount
				}
			}
		})
		trial, err := ledger.Trial(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		var debits, credits money.Cents
		for _, b := range trial {
			debits, credits = debits+b.Debits, credits+b.Credits
			if got := b.Debits - b.Credits; got != want[side{b.Payee, b.Account}] {
				t.Errorf("%s %s is %d, want %d", b.Payee, b.Account, got, want[side{b.Payee, b.Account}])
			}
		}
		if debits != credits || debits == 0 {
			t.Errorf("debits %d, credits %d", debits, credits)
		}
		if n := count(t, d); n != lines {
			t.Errorf("%d lines in the book, %d written", n, lines)
		}
	})
}

func TestLinesComeBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		want := ledger.Posting{Debit: ledger.CardClearing, Credit: ledger.Credit, Amount: 123, BillID: "bill_1", PaymentID: "pay_1", MemberID: "mem_1"}
		if err := appendAll(t, d, ledger.Entry{ID: "ent_1", At: at, Kind: "payment.succeeded", Payee: "medical", Postings: []ledger.Posting{want, want}}); err != nil {
			t.Fatal(err)
		}
		n := 0
		err := ledger.Lines(t.Context(), d.Read(), func(l ledger.Line) error {
			n++
			if l.Posting != want || l.EntryID != "ent_1" || l.Line != n || !l.At.Equal(at) || l.Kind != "payment.succeeded" || l.Payee != "medical" {
				t.Errorf("line %d is %+v", n, l)
			}
			return nil
		})
		if err != nil || n != 2 {
			t.Fatalf("%d lines, %v", n, err)
		}
		if err := appendAll(t, d, ledger.Entry{ID: "ent_1", At: at, Kind: "x", Payee: "medical", Postings: []ledger.Posting{want}}); !db.Unique(err) {
			t.Errorf("an entry was written twice: %v", err)
		}
	})
}

// TestBookIsAppendOnly: the database itself refuses what no code of ours does.
func TestBookIsAppendOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := ledger.Entry{ID: "ent_1", At: at, Kind: "x", Payee: "medical", Postings: []ledger.Posting{{Debit: ledger.Receivable, Credit: ledger.Billed, Amount: 5, BillID: "b"}}}
		if err := appendAll(t, d, e); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			"UPDATE ledger_posting SET amount_cents = 6", "DELETE FROM ledger_posting",
			"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents) VALUES ('ent_2', 1, 1, 'x', 'medical', 'billed', 'receivable', 0)",
			"INSERT INTO ledger_posting (entry_id, line, at, kind, payee, debit, credit, amount_cents) VALUES ('ent_2', 1, 1, 'x', 'medical', 'billed', 'billed', 5)",
		} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
			if err == nil {
				t.Errorf("the database took: %s", statement)
			}
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%d lines", n)
		}
	})
}
