package payment_test

import (
	"errors"
	"sync"
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
)

// crowd runs fn n times at once and waits.
func crowd(n int, fn func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			fn(i)
		})
	}
	start.Done()
	done.Wait()
}

func TestSameKeyFiftyTimes(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", paymenttest.Good} {
		t.Run(map[string]string{"": "bank", paymenttest.Good: "card"}[token], func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := paymenttest.New(t, d)
				b := w.Bill(t, share)
				r := w.Request(b, part, token)
				got := make([]payment.Payment, 50)
				crowd(len(got), func(i int) {
					var err error
					if got[i], err = w.Payments.Pay(t.Context(), r); err != nil {
						t.Errorf("call %d: %v", i, err)
					}
				})
				for _, p := range got[1:] {
					if p.ID == "" || p.ID != got[0].ID || p.Confirmation != got[0].Confirmation {
						t.Fatalf("two answers for one key: %s and %s", got[0].ID, p.ID)
					}
				}
				if moved := w.Cards.Moved(got[0].ID); token != "" && (len(moved) != 1 || moved[0] != part) {
					t.Errorf("the card was charged %v", moved)
				}
				if b := w.Look(t, b.ID); b.Pending+b.Applied != part {
					t.Errorf("%s pending, %s applied", b.Pending, b.Applied)
				}
				clean(t, w)
			})
		})
	}
}

func TestSameKeyOtherRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		b := w.Bill(t, share)
		r := w.Request(b, 100, "")
		first, err := w.Payments.Pay(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.Lines = []payment.Line{{BillID: b.ID, Amount: 200}}
		second, err := w.Payments.Pay(t.Context(), r)
		if !errors.Is(err, payment.ErrOtherRequest) || second.ID != first.ID {
			t.Fatalf("%s, %v", second.ID, err)
		}
		if b := w.Look(t, b.ID); b.Pending != 100 {
			t.Errorf("%s is pending", b.Pending)
		}
		clean(t, w)
	})
}

func TestFiftyPayersOneBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		b := w.Bill(t, share)
		var mu sync.Mutex
		won, lost := 0, 0
		crowd(50, func(i int) {
			token := ""
			if i%2 == 0 {
				token = paymenttest.Good
			}
			pay, err := w.Payments.Pay(t.Context(), w.Request(b, share, token))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && pay.Amount == share:
				won++
			case errors.Is(err, payment.ErrTaken):
				lost++
			default:
				t.Errorf("call %d: %s, %v", i, pay.State, err)
			}
		})
		if won != 1 || lost != 49 {
			t.Errorf("%d won and %d lost", won, lost)
		}
		if b := w.Look(t, b.ID); b.Due() != 0 || b.Pending+b.Applied != share {
			t.Errorf("%s due, %s pending, %s applied", b.Due(), b.Pending, b.Applied)
		}
		clean(t, w)
	})
}

// TestLosersHarmNobody submits many at once, some of which ask for too much or repeat each other.
func TestLosersHarmNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		const n = 60
		requests := make([]payment.Request, n)
		wins := func(i int) bool { return i%3 != 0 }
		for i := range requests {
			amount := share
			if !wins(i) {
				amount = share + 1
			}
			requests[i] = w.Request(w.Bill(t, share), amount, "")
		}
		requests[4].Key = requests[1].Key // another wish under the same key: one of the two
		crowd(n, func(i int) {
			_, fresh, err := w.Payments.Submit(t.Context(), requests[i])
			switch {
			case i == 1 || i == 4:
				if err != nil && !errors.Is(err, payment.ErrOtherRequest) {
					t.Errorf("call %d: %v", i, err)
				}
			case wins(i) && (err != nil || !fresh):
				t.Errorf("call %d should win: %t, %v", i, fresh, err)
			case !wins(i) && !errors.Is(err, payment.ErrTaken):
				t.Errorf("call %d should lose: %v", i, err)
			}
		})
		for i, r := range requests {
			b := w.Look(t, r.Lines[0].BillID)
			if want := map[bool]money.Cents{true: share}[wins(i)]; i != 1 && i != 4 && b.Pending != want {
				t.Errorf("bill %d has %s pending, want %s", i, b.Pending, want)
			}
		}
		clean(t, w)
	})
}

// TestSeveralBillsAllOrNothing asks for two bills of which one cannot take its part.
func TestSeveralBillsAllOrNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		one, two := w.Bill(t, share), w.Bill(t, share)
		r := w.Request(one, share, "")
		r.Lines = append(r.Lines, payment.Line{BillID: two.ID, Amount: share + 1})
		if _, _, err := w.Payments.Submit(t.Context(), r); !errors.Is(err, payment.ErrTaken) {
			t.Fatalf("two bills, one too much: %v", err)
		}
		if b := w.Look(t, one.ID); b.Pending != 0 {
			t.Errorf("%s is held on the other bill", b.Pending)
		}
		if _, err := payment.ByKey(t.Context(), d.Read(), r.Key); !fault.Is(err, fault.NotFound) {
			t.Errorf("the payment exists: %v", err)
		}
		r.Lines[1].Amount = share
		if _, fresh, err := w.Payments.Submit(t.Context(), r); err != nil || !fresh {
			t.Fatalf("the same key after a refusal: %t, %v", fresh, err)
		}
		clean(t, w)
	})
}

// TestBalanceUpdateRacesMoney lets imports change bills, up, down and away, while payments on them become good, fail
// and come back.
func TestBalanceUpdateRacesMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		const n = 24
		in, paid := make([]bill.Incoming, n), make([]string, n)
		for i := range n {
			in[i] = w.Incoming(w.Person(t), share)
			b := w.Look(t, w.Import(t, in[i])[0].BillID)
			pay, _, err := w.Payments.Submit(t.Context(), w.Request(b, part, paymenttest.Good))
			if err != nil {
				t.Fatal(err)
			}
			prepared(t, w, pay.ID)
			paid[i] = pay.ID
		}
		crowd(2*n, func(k int) {
			i := k / 2
			if k%2 == 0 {
				changed := in[i]
				changed.Responsibility, changed.Void = []money.Cents{1_000, 50_000, 6_000, 0}[i%4], i%5 == 4
				if _, err := w.Bring(t.Context(), changed); err != nil {
					t.Errorf("import: %v", err)
				}
				return
			}
			to := []payment.State{payment.Succeeded, payment.Failed, payment.Succeeded}[i%3]
			if _, err := w.Payments.Record(t.Context(), paid[i], payment.Change{To: to}); err != nil {
				t.Errorf("record: %v", err)
			}
			if i%4 == 2 {
				if _, err := w.Payments.Record(t.Context(), paid[i], payment.Change{To: payment.Returned}); err != nil {
					t.Errorf("return: %v", err)
				}
			}
		})
		clean(t, w)
	})
}
