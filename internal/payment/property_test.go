package payment_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/payment/paymenttest"
	"memberpay/internal/verify"
)

// TestAnythingKeepsTheBookRight runs random lives of a few bills: they are paid by card and bank, in parts and several
// at once, settled, returned, disputed, canceled, and changed by their source in between. Whatever happens, every rule
// of the book holds afterwards, and no money is lost or made.
func TestAnythingKeepsTheBookRight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := paymenttest.New(t, d)
		rapid.Check(t, func(r *rapid.T) {
			l := &life{t: t, r: r, w: w, person: w.Person(t)}
			for range 3 {
				in := w.Incoming(l.person, l.amount("share"))
				l.sources = append(l.sources, in)
				l.bills = append(l.bills, w.Import(t, in)[0].BillID)
			}
			r.Repeat(map[string]func(*rapid.T){
				"pay": l.pay, "revise": l.revise, "news": l.news, "settle": l.settle, "return": l.giveBack, "cancel": l.cancel, "refund": l.refund, "refund news": l.refundNews, "check": l.check,
				"": func(*rapid.T) { l.sane() },
			})
			l.rules()
		})
	})
}

// life is one random run.
type life struct {
	t       *testing.T
	r       *rapid.T
	w       *paymenttest.World
	person  string
	sources []bill.Incoming
	bills   []string
	cards   []string // payments
	queued  []string
	filed   []string
	refunds []string
	asked   int
}

var (
	asker = audit.Who{Actor: "acc_agent", Role: audit.Agent}
	boss  = audit.Who{Actor: "acc_boss", Role: audit.Supervisor}
)

func (l *life) amount(what string) money.Cents {
	return money.Cents(rapid.Int64Range(1, 20_000).Draw(l.r, what))
}

func (l *life) one(list []string, what string) string {
	if len(list) == 0 {
		l.r.Skip("nothing to choose from")
	}
	return rapid.SampledFrom(list).Draw(l.r, what)
}

// pay asks to pay one or two bills, now and then for more than is due.
func (l *life) pay(r *rapid.T) {
	l.r = r
	token := rapid.SampledFrom([]string{"", paymenttest.Good, paymenttest.Decline, paymenttest.Challenge, paymenttest.Silent}).Draw(r, "method")
	first := l.w.Look(l.t, l.one(l.bills, "bill"))
	req := l.w.Request(first, l.amount("amount"), token)
	fits := req.Lines[0].Amount <= first.Due()
	if other := l.w.Look(l.t, l.one(l.bills, "second bill")); other.ID != first.ID {
		part := l.amount("second amount")
		req.Lines = append(req.Lines, payment.Line{BillID: other.ID, Amount: part})
		fits = fits && part <= other.Due()
	}
	pay, err := l.w.Payments.Pay(l.t.Context(), req)
	if fits != (err == nil) || (err != nil && !errors.Is(err, payment.ErrTaken)) {
		r.Fatalf("fits is %t, and the answer: %v", fits, err)
	}
	switch {
	case err != nil:
	case pay.Rail == payment.Bank:
		l.queued = append(l.queued, pay.ID)
	default:
		l.cards = append(l.cards, pay.ID)
	}
}

// revise lets the source say something else about a bill.
func (l *life) revise(r *rapid.T) {
	l.r = r
	i := rapid.IntRange(0, len(l.sources)-1).Draw(r, "which")
	in := &l.sources[i]
	in.Responsibility = money.Cents(rapid.Int64Range(0, 20_000).Draw(r, "new share"))
	in.PriorPaid = min(in.Responsibility, money.Cents(rapid.Int64Range(0, 3_000).Draw(r, "paid elsewhere")))
	in.Void = rapid.IntRange(0, 5).Draw(r, "void") == 0
	l.w.Import(l.t, *in)
}

// news tells of a card payment whatever comes to mind; the state machine must sort it out. A charge that is open is
// asked for instead, as callbacks and the sweep do.
func (l *life) news(r *rapid.T) {
	l.r = r
	pay := l.w.Payment(l.t, l.one(l.cards, "card payment"))
	if pay.State.Holds() {
		l.w.Cards.Settle(pay.ID, rapid.Bool().Draw(r, "moved"))
		if _, err := l.w.Payments.Refresh(l.t.Context(), pay); err != nil {
			r.Fatal(err)
		}
		return
	}
	to := rapid.SampledFrom(payment.States).Draw(r, "news")
	if _, err := l.w.Payments.Record(l.t.Context(), pay.ID, payment.Change{To: to}); err != nil {
		r.Fatal(err)
	}
}

// settle cuts a file and lets the bank settle one of its debits.
func (l *life) settle(r *rapid.T) {
	l.r = r
	l.w.Cut(l.t)
	l.filed, l.queued = append(l.filed, l.queued...), nil
	l.w.Settled(l.t, l.one(l.filed, "debit"))
}

// giveBack lets the payer's bank return a debit, before or after it settled.
func (l *life) giveBack(r *rapid.T) {
	l.r = r
	l.w.Returned(l.t, rapid.SampledFrom([]string{"R01", "R02", "R29"}).Draw(r, "code"), l.one(l.filed, "debit"))
}

// cancel tries to take back any payment.
func (l *life) cancel(r *rapid.T) {
	l.r = r
	all := append(append([]string{}, l.queued...), l.cards...)
	p := l.one(all, "payment")
	if _, err := l.w.Payments.Cancel(l.t.Context(), l.w.Payment(l.t, p), audit.Who{Role: audit.Guest}); err != nil && !fault.Is(err, fault.Conflict) {
		r.Fatal(err)
	}
	for i, q := range l.queued {
		if q == p {
			l.queued = append(l.queued[:i], l.queued[i+1:]...)
			break
		}
	}
}

// refund asks for some of any payment back, and mostly gets it approved.
func (l *life) refund(r *rapid.T) {
	l.r = r
	pay := l.w.Payment(l.t, l.one(append(append([]string{}, l.cards...), l.filed...), "payment to refund"))
	wish := payment.RefundWish{Key: fmt.Sprintf("refund-key-%s-%d", l.person, l.asked), PaymentID: pay.ID, Amount: l.amount("refund"), Reason: "too_much"}
	if l.asked++; rapid.Bool().Draw(r, "off a bill") {
		wish.Stands = l.one(l.bills, "bill to open again")
	}
	if rapid.IntRange(0, 3).Draw(r, "two weeks pass") == 0 {
		l.w.Pass(14 * 24 * time.Hour)
	}
	asked, err := l.w.Payments.AskRefund(l.t.Context(), asker, wish)
	if err != nil {
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			r.Fatal(err)
		}
		return
	}
	l.refunds = append(l.refunds, asked.ID)
	l.w.Cards.Refunding(rapid.SampledFrom([]paymenttest.Answer{paymenttest.Pays, paymenttest.Waits, paymenttest.Refuses, paymenttest.Loses, paymenttest.Drops}).Draw(r, "answer"))
	if rapid.IntRange(0, 4).Draw(r, "approved") > 0 {
		if _, err := l.w.Payments.ApproveRefund(l.t.Context(), boss, asked.ID); err != nil && !fault.Is(err, fault.Conflict) {
			r.Fatal(err)
		}
	}
}

// refundNews decides a refund at the processor, whether it was decided before or not, and lets the sweep ask.
func (l *life) refundNews(r *rapid.T) {
	l.r = r
	ref := l.one(l.refunds, "refund")
	l.w.Cards.Refunded(ref, rapid.Bool().Draw(r, "went"))
	refund, err := l.w.Payments.RefundByID(l.t.Context(), l.w.DB.Read(), ref)
	if err != nil {
		r.Fatal(err)
	}
	if body := fmt.Sprintf("evt_%d refund %s", l.asked, "ch_"+l.attempt(refund.PaymentID)); refund.Way == payment.ToCard {
		l.asked++
		if err := l.w.Payments.Callback(l.t.Context(), []byte(body), "signed"); err != nil {
			r.Fatal(err)
		}
	}
	l.w.Pass(2 * time.Hour)
	if _, err := l.w.Payments.SweepRefunds(l.t.Context()); err != nil {
		r.Fatal(err)
	}
}

func (l *life) attempt(paymentID string) (id string) {
	if err := l.w.DB.Read().QueryRowContext(l.t.Context(), "SELECT COALESCE((SELECT id FROM attempt WHERE payment_id = $1), '')", paymentID).Scan(&id); err != nil {
		l.r.Fatal(err)
	}
	return id
}

// check writes the check of a refund that may want one, under a number of its own.
func (l *life) check(r *rapid.T) {
	l.r = r
	ref := l.one(l.refunds, "refund")
	if _, err := l.w.Payments.CheckWritten(l.t.Context(), boss, ref, ref[len(ref)-16:]); err != nil && !fault.Is(err, fault.Conflict) {
		r.Fatal(err)
	}
}

// sane holds after every step.
func (l *life) sane() {
	for _, id := range l.bills {
		b := l.w.Look(l.t, id)
		if b.Applied < 0 || b.Pending < 0 || b.PaidTotal() > b.Responsibility || b.Due() < 0 {
			l.r.Fatalf("bill %s: %+v", id, b)
		}
	}
	for _, id := range l.refunds {
		if n := len(l.w.Cards.GivenBack(id)); n > 1 {
			l.r.Fatalf("refund %s went back %d times", id, n)
		}
	}
	for _, id := range append(append([]string{}, l.cards...), l.filed...) {
		if pay := l.w.Payment(l.t, id); pay.Refunded < 0 || pay.Refunded > pay.Amount {
			l.r.Fatalf("of payment %s %s was refunded: %s", id, pay.Amount, pay.Refunded)
		}
	}
	for _, id := range l.cards {
		if len(l.w.Cards.Moved(id)) > 1 {
			l.r.Fatalf("payment %s was charged %v", id, l.w.Cards.Moved(id))
		}
	}
}

// rules checks the whole book.
func (l *life) rules() {
	results, err := verify.Run(l.t.Context(), l.w.DB, l.w.Seal, nil)
	if err != nil {
		l.r.Fatal(err)
	}
	for _, v := range results {
		if v.Count > 0 {
			l.r.Fatal(fmt.Sprint(v))
		}
	}
}
