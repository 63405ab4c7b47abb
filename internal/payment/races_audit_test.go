package payment_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/processor"
)

// scripted is a card processor whose answers a test may bend. Hooks that are nil leave the answer alone.
type scripted struct {
	*paymenttest.Cards
	prepare func(ctx context.Context) error
	confirm func(ctx context.Context)
	status  func(ref string) error
	saved   string // card that a succeeded charge leaves behind
}

func (s *scripted) Prepare(ctx context.Context, c processor.Charge) (string, error) {
	if s.prepare != nil {
		if err := s.prepare(ctx); err != nil {
			return "", err
		}
	}
	return s.Cards.Prepare(ctx, c)
}

func (s *scripted) Confirm(ctx context.Context, ref string, c processor.Charge) processor.Outcome {
	if s.confirm != nil {
		s.confirm(ctx)
	}
	return s.keeping(s.Cards.Confirm(ctx, ref, c))
}

func (s *scripted) Status(ctx context.Context, ref string) (processor.Outcome, error) {
	if s.status != nil {
		if err := s.status(ref); err != nil {
			return processor.Outcome{}, err
		}
	}
	o, err := s.Cards.Status(ctx, ref)
	return s.keeping(o), err
}

func (s *scripted) keeping(o processor.Outcome) processor.Outcome {
	if o.Status == processor.Succeeded {
		o.SavedCard = s.saved
	}
	return o
}

// over makes payments over a world that ask a scripted processor.
func over(t *testing.T, w *paymenttest.World, cards *scripted, timeout time.Duration) *payment.Payments {
	t.Helper()
	cards.Cards = w.Cards
	p := payment.New(payment.Config{DB: w.DB, Cards: cards, Bank: w.Bank, Outbox: w.Outbox, Seal: w.Seal, Now: w.Now, ChargeTimeout: timeout})
	t.Cleanup(p.Close)
	return p
}

// TestSweepSeesAnIDThatCameMeanwhile lets a slow charge make its processor's id durable after the sweep has read its
// list: the sweep must not fail a payment whose money is about to move.
func TestSweepSeesAnIDThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		cards := &scripted{}
		p := over(t, w, cards, 5*time.Second)
		first := w.Pay(t, w.Bill(t, share), part, paymenttest.Silent)
		b := w.Bill(t, share)
		slow, _, err := w.Payments.Submit(t.Context(), w.Request(b, part, paymenttest.Good))
		if err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		cards.status = func(string) error { // the sweep asks after the first payment; meanwhile the slow charge goes on
			once.Do(func() { prepared(t, w, slow.ID) })
			return nil
		}
		w.Pass(20 * time.Second)
		if n, err := p.Sweep(t.Context()); err != nil || n != 2 {
			t.Fatalf("swept %d, %v", n, err)
		}
		if got := w.Payment(t, first.ID); got.State != payment.Unknown {
			t.Fatalf("the first payment is %s", got.State)
		}
		if got := w.Payment(t, slow.ID); got.State.Final() {
			t.Errorf("the sweep made it %s (%s) though its charge is on the way", got.State, got.Reason)
		}
		record(t, w, slow.ID, payment.Succeeded) // the answer of the charge
		stands(t, w, b.ID, slow.ID, payment.Succeeded, 0)
		clean(t, w)
	})
}

// TestSlowPrepareLeavesTimeToRecord uses up the whole time of a charge before and while the card is charged: the answer
// is recorded all the same, and the payer gets their payment.
func TestSlowPrepareLeavesTimeToRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		until := func(ctx context.Context) { <-ctx.Done() }
		for name, c := range map[string]struct {
			cards *scripted
			want  payment.State
		}{
			"prepare": {&scripted{prepare: func(ctx context.Context) error { until(ctx); return ctx.Err() }}, payment.Failed},
			"confirm": {&scripted{confirm: until}, payment.Succeeded},
		} {
			p := over(t, w, c.cards, 50*time.Millisecond)
			got, err := p.Pay(t.Context(), w.Request(w.Bill(t, share), part, paymenttest.Good))
			if err != nil || got.State != c.want || got.Confirmation == "" {
				t.Errorf("%s: %s %q, %v", name, got.State, got.Confirmation, err)
			}
		}
		clean(t, w)
	})
}

// TestCardIsKeptAfterAChallenge keeps the card of a payment that succeeded only after the payer's bank had asked.
func TestCardIsKeptAfterAChallenge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		p := over(t, w, &scripted{saved: "pm_1"}, 5*time.Second)
		r := w.Request(w.Bill(t, share), part, paymenttest.Challenge)
		r.AccountID, r.Method.SaveCard = "acc_1", true
		pay, err := p.Pay(t.Context(), r)
		if err != nil || pay.State != payment.ActionRequired {
			t.Fatalf("%s, %v", pay.State, err)
		}
		w.Cards.Settle(pay.ID, true)
		if pay, err = p.Refresh(t.Context(), pay); err != nil || pay.State != payment.Succeeded {
			t.Fatalf("%s, %v", pay.State, err)
		}
		cards, err := payment.SavedCards(t.Context(), d.Read(), "acc_1")
		if err != nil || len(cards) != 1 || cards[0].Last4 != "4242" {
			t.Errorf("%+v, %v", cards, err)
		}
	})
}

// TestNoAnswerForADayOpensACase asks a processor that knows nothing of a charge: a person hears of it, once.
func TestNoAnswerForADayOpensACase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		p := over(t, w, &scripted{status: func(string) error { return errors.New("no such charge") }}, 5*time.Second)
		pay := w.Pay(t, w.Bill(t, share), part, paymenttest.Silent)
		for i, want := range []int{0, 1, 1} {
			w.Pass(20 * time.Hour)
			if _, err := p.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := cases(t, w, "payment.no_answer", pay.ID); n != want {
				t.Errorf("round %d: %d cases, want %d", i, n, want)
			}
		}
		if got := w.Payment(t, pay.ID); got.State != payment.Unknown {
			t.Errorf("it became %s", got.State)
		}
	})
}

// cases counts the exceptions of one kind about one payment.
func cases(t *testing.T, w *paymenttest.World, kind, paymentID string) (n int) {
	t.Helper()
	if err := w.DB.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM exception WHERE kind = $1 AND subject = $2", kind, paymentID).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReturnAfterABillShrankForAnotherPayer pays as somebody who does not owe the bill, lets the source reduce the bill,
// and lets the money go back: whoever was given the credit gives it back, and nobody else.
func TestReturnAfterABillShrankForAnotherPayer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		in := w.Incoming(w.Person(t), share)
		helper := w.Person(t)
		b := w.Look(t, w.Import(t, in)[0].BillID)
		r := w.Request(b, share, paymenttest.Good)
		r.PayerID = helper
		pay, err := w.Payments.Pay(t.Context(), r)
		if err != nil || pay.State != payment.Succeeded {
			t.Fatalf("%s, %v", pay.State, err)
		}
		in.Responsibility = share / 4
		w.Import(t, in)
		clean(t, w)
		record(t, w, pay.ID, payment.Disputed)
		record(t, w, pay.ID, payment.ChargedBack)
		if b = w.Look(t, b.ID); b.Due() != share/4 {
			t.Errorf("%s is due, want %s", b.Due(), share/4)
		}
		if credit := inBook(t, w, pay.ID, "credit"); credit != 0 {
			t.Errorf("%s of credit is left", credit)
		}
		clean(t, w)
	})
}

// TestAccountNumberIsNotGuessable changes only the account number of a request: what is stored to compare requests must
// not depend on it, because a plain hash of so few digits is as good as the digits.
func TestAccountNumberIsNotGuessable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		r := w.Request(w.Bill(t, share), money.Cents(100), "")
		first, fresh, err := w.Payments.Submit(t.Context(), r)
		if err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		other := *r.Method.Bank
		other.Number = "999" + other.Number[3:]
		r.Method.Bank = &other
		again, fresh, err := w.Payments.Submit(t.Context(), r)
		if err != nil || fresh || again.ID != first.ID {
			t.Errorf("%s, fresh %t, %v", again.ID, fresh, err)
		}
		other.Number = other.Number[:len(other.Number)-1] + "0"
		if _, _, err := w.Payments.Submit(t.Context(), r); !errors.Is(err, payment.ErrOtherRequest) {
			t.Errorf("another last digit: %v", err)
		}
	})
}
