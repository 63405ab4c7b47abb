package bill_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/ledger"
	"memberpay/internal/money"
	"memberpay/internal/payment/paymenttest"
)

func TestAmounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		cents := func(name string) money.Cents { return money.Cents(rapid.Int64Range(0, 100_000).Draw(r, name)) }
		b := bill.Bill{Responsibility: cents("share"), PriorPaid: cents("prior"), Applied: cents("applied"), Pending: cents("pending"),
			State: rapid.SampledFrom([]bill.State{bill.Open, bill.Paid, bill.NothingDue, bill.Void}).Draw(r, "state")}
		switch {
		case b.Open() < 0 || b.Due() < 0:
			r.Fatalf("open %s, due %s", b.Open(), b.Due())
		case b.Due() > b.Open():
			r.Fatalf("more is due than open: %+v", b)
		case b.State != bill.Open && b.Due() != 0:
			r.Fatalf("a %s bill has %s due", b.State, b.Due())
		case b.Payable() != (b.Due() > 0):
			r.Fatalf("payable %t with %s due", b.Payable(), b.Due())
		}
	})
}

func TestOverdue(t *testing.T) {
	t.Parallel()
	today := day.MustParse("2026-12-03")
	open := bill.Bill{Responsibility: 100, State: bill.Open, DueDate: today}
	for name, c := range map[string]struct {
		change func(*bill.Bill)
		want   bool
	}{
		"due today":     {func(*bill.Bill) {}, false},
		"due yesterday": {func(b *bill.Bill) { b.DueDate = today.AddDays(-1) }, true},
		"no date":       {func(b *bill.Bill) { b.DueDate = day.Date{} }, false},
		"on its way":    {func(b *bill.Bill) { b.DueDate, b.Pending = today.AddDays(-1), 100 }, false},
		"paid":          {func(b *bill.Bill) { b.DueDate, b.State = today.AddDays(-1), bill.Paid }, false},
	} {
		b := open
		c.change(&b)
		if b.Overdue(today) != c.want {
			t.Errorf("%s: %t", name, b.Overdue(today))
		}
	}
}

// hold reserves amounts on bills for one payment id.
func hold(t *testing.T, d *db.DB, paymentID string, amounts map[string]money.Cents) error {
	t.Helper()
	return d.Write(t.Context(), func(tx *db.Tx) error {
		var list []bill.Reservation
		for billID, amount := range amounts {
			list = append(list, bill.Reservation{PaymentID: paymentID, BillID: billID, Payee: "medical", Amount: amount})
		}
		return bill.Reserve(t.Context(), tx, time.Now(), list)
	})
}

func TestReserveNamesTheLosers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		one, two := w.Bill(t, 1_000), w.Bill(t, 1_000)
		reserve := func(list ...bill.Reservation) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return bill.Reserve(t.Context(), tx, time.Now(), list) })
		}
		fits := bill.Reservation{PaymentID: "pay_1", BillID: one.ID, Payee: "medical", Amount: 1_000}
		for name, loser := range map[string]bill.Reservation{
			"too much":      {PaymentID: "pay_2", BillID: two.ID, Payee: "medical", Amount: 1_001},
			"another payee": {PaymentID: "pay_2", BillID: two.ID, Payee: "premium", Amount: 1},
			"no such bill":  {PaymentID: "pay_2", BillID: "bill_none", Payee: "medical", Amount: 1},
		} {
			var taken bill.ErrTaken
			if err := reserve(fits, loser); !errors.As(err, &taken) || !slices.Equal(taken.PaymentIDs, []string{"pay_2"}) {
				t.Errorf("%s: %v", name, err)
			}
			if b := w.Look(t, one.ID); b.Pending != 0 {
				t.Errorf("%s: %s is held all the same", name, b.Pending)
			}
		}
		if err := reserve(fits, fits); !errors.Is(err, bill.ErrTwice) {
			t.Errorf("a bill twice: %v", err)
		}
		if err := reserve(fits); err != nil {
			t.Fatal(err)
		}
		if b := w.Look(t, one.ID); b.Pending != 1_000 || b.Payable() {
			t.Errorf("%s held, payable %t", b.Pending, b.Payable())
		}
	})
}

// TestMoneyOnBills reserves random parts of bills for a payment, lets the source change the bills, and then takes the
// money, gives the reservations back, or takes the money and gives it back. Nothing is ever below zero, what was taken
// stands on bills or in credit to the cent, and giving back leaves the bills as if nobody had paid.
func TestMoneyOnBills(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		rapid.Check(t, func(r *rapid.T) {
			person := w.Person(t)
			cents := rapid.Int64Range(1, 9_999)
			want, in := map[string]money.Cents{}, []bill.Incoming{}
			for range rapid.IntRange(1, 4).Draw(r, "bills") {
				in = append(in, w.Incoming(person, money.Cents(cents.Draw(r, "share"))))
			}
			var total money.Cents
			for i, made := range w.Import(t, in...) {
				part := money.Cents(rapid.Int64Range(1, int64(in[i].Responsibility)).Draw(r, "part"))
				want[made.BillID] = part
				total += part
			}
			paymentID := "pay_" + in[0].ClaimKey
			if err := hold(t, d, paymentID, want); err != nil {
				r.Fatal(err)
			}
			for i := range in {
				in[i].Responsibility = money.Cents(rapid.Int64Range(0, 9_999).Draw(r, "new share"))
			}
			w.Import(t, in...)
			src := bill.Source{PaymentID: paymentID, Payee: "medical", PayerID: person, Account: ledger.BankTransit, Kind: "test"}
			ending := rapid.SampledFrom([]string{"taken", "released", "taken and given back"}).Draw(r, "ending")
			credit := end(t, r, d, src, ending, total)
			var applied money.Cents
			for billID := range want {
				b := w.Look(t, billID)
				applied += b.Applied
				if b.Pending != 0 || b.Applied < 0 || b.PaidTotal() > b.Responsibility || (b.Open() > 0) != (b.State == bill.Open) {
					r.Fatalf("%s: %+v", ending, b)
				}
			}
			if got := map[string]money.Cents{"taken": total}[ending]; applied+credit != got {
				r.Fatalf("%s: %s on bills and %s credit, together they should be %s", ending, applied, credit, got)
			}
		})
	})
}

// end ends a reservation and returns the credit that is left of it.
func end(t *testing.T, r *rapid.T, d *db.DB, src bill.Source, ending string, total money.Cents) (credit money.Cents) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		if ending == "released" {
			return bill.Release(t.Context(), tx, time.Now(), src.PaymentID)
		}
		if credit, err = bill.Apply(t.Context(), tx, time.Now(), src); err != nil || ending == "taken" {
			return err
		}
		credit = 0
		return bill.Reopen(t.Context(), tx, time.Now(), src, total)
	})
	if err != nil {
		r.Fatal(err)
	}
	return credit
}

func TestImportVerdicts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		in := w.Incoming(w.Person(t), 1_000)
		in.AsOf = w.Now()
		step := func(want bill.Verdict, state bill.State, change func(*bill.Incoming)) {
			t.Helper()
			change(&in)
			got := w.Import(t, in)[0]
			if got.Verdict != want || (state != "" && w.Look(t, got.BillID).State != state) {
				t.Errorf("verdict %s, want %s with state %q", got.Verdict, want, state)
			}
		}
		later := func(b *bill.Incoming) { b.AsOf = b.AsOf.Add(time.Hour) }
		gone := in
		gone.ClaimKey, gone.Void = "never-seen", true
		if got := w.Import(t, gone)[0]; got.Verdict != bill.Absent || got.BillID != "" {
			t.Errorf("a bill taken back before it came: %+v", got)
		}
		step(bill.Issued, bill.Open, func(*bill.Incoming) {})
		step(bill.Unchanged, bill.Open, func(*bill.Incoming) {})
		step(bill.Updated, bill.Open, func(b *bill.Incoming) { later(b); b.Responsibility = 2_000 })
		step(bill.Stale, bill.Open, func(b *bill.Incoming) { b.AsOf = b.AsOf.Add(-2 * time.Hour); b.Responsibility = 500 })
		step(bill.Updated, bill.NothingDue, func(b *bill.Incoming) { b.AsOf = b.AsOf.Add(4 * time.Hour); b.PriorPaid = 500 })
		step(bill.Voided, bill.Void, func(b *bill.Incoming) { later(b); b.Void = true })
		step(bill.Updated, bill.Open, func(b *bill.Incoming) { later(b); b.Void, b.PriorPaid = false, 0 })
	})
}
