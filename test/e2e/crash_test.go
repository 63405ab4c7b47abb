package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db/dbtest"
	"memberpay/internal/sandbox"
	"memberpay/test/e2e/walker"
)

const (
	kills      = 14 // in each of the four worlds: more than 50 a run
	payers     = 6
	peopleEach = 40                     // bills that a payer goes through, so that no limit on look-ups is met
	maxUptime  = 350 * time.Millisecond // the longest the server lives under load before it is killed
	settleTime = 3 * time.Minute
)

// TestCrash kills the server again and again while people pay, lets it find out what became of their payments, and then
// holds three books against each other: the processor's own, the product's, and what people were told. In half of the
// worlds the processor's callbacks never arrive, and the sweep has to find out everything by itself.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		for name, env := range map[string][]string{"callbacks and sweep": nil, "sweep alone": {"MEMBERPAY_SANDBOX_CALLBACK="}} {
			t.Run(string(engine)+" "+name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
				defer cancel()
				w := newWorld(t, ctx, engine, payers*peopleEach, append(env, "MEMBERPAY_CARDS_TIMEOUT=1100ms")...)
				seed := time.Now().UnixNano()
				t.Logf("seed %d", seed)
				crash(t, ctx, w, seed)
			})
		}
	}
}

func crash(t *testing.T, ctx context.Context, w *world, seed int64) {
	intents := &intents{}
	working, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range payers {
		people := w.people[i*peopleEach : (i+1)*peopleEach]
		wg.Go(func() { w.keepPaying(working, people, rand.New(rand.NewPCG(uint64(seed), uint64(i))), intents) })
	}
	random := rand.New(rand.NewPCG(uint64(seed), 999))
	for range kills {
		w.start(t, ctx)
		w.awaitConfirm(ctx) // half of the kills hit a payment that was sent this moment, the others anything at all
		wait := time.Duration(random.Int64N(int64(maxUptime)))
		if random.IntN(2) == 0 {
			wait = time.Duration(random.Int64N(int64(15 * time.Millisecond)))
		}
		pause(ctx, wait)
		w.server.Kill()
	}
	w.start(t, ctx)
	stop()
	wg.Wait()
	if err := ctx.Err(); err != nil {
		t.Fatalf("ran out of time: %v", err)
	}
	w.settle(t, ctx)
	w.compare(t, ctx, intents.list())
	told, cut := 0, 0
	for _, in := range intents.list() {
		cut += in.cut
		if in.told.Confirmation != "" {
			told++
		}
	}
	t.Logf("%d kills, %d payments tried, %d confirmed to their payer, %d times the answer to the button was lost",
		kills, len(intents.list()), told, cut)
	if told < kills/2 || cut < kills/4 {
		t.Errorf("the load was too thin to prove anything")
	}
}

// pause lets the server run for a while: here time itself is what the test varies.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// intent is one payment that a person wants to make. Its amount is used by no other, so that the books can be searched
// for it whatever became of the person's connection.
type intent struct {
	amount int64 // cents
	card   bool
	cut    int // how often the connection was lost after the button was pressed
	told   receipt
}

type intents struct {
	mu  sync.Mutex
	all []*intent
}

// next makes the next intent, with its own amount.
func (l *intents) next(card bool) *intent {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := &intent{amount: 100 + int64(len(l.all)), card: card}
	l.all = append(l.all, in)
	return in
}

func (l *intents) list() []*intent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

// cards are what people in the crash test pay with: good ones, one that the processor thinks about for a second, some
// with odd callbacks, one that is declined.
var cards = []string{cardNumber("Visa"), cardNumber("Mastercard"), cardNumber("Slow"), cardNumber("Slow"),
	cardNumber("Callback first"), cardNumber("Callbacks out of order"), cardNumber("Insufficient funds")}

// cardNumber is the number of the sandbox's test card with this label.
func cardNumber(label string) string {
	for _, c := range sandbox.Cards() {
		if c.Label == label {
			return c.Number
		}
	}
	panic("the sandbox has no card " + label)
}

// keepPaying makes one payment after another until ctx ends, five for each of its people.
func (w *world) keepPaying(ctx context.Context, people []person, random *rand.Rand, all *intents) {
	for n := 0; ctx.Err() == nil; n++ {
		p, err := w.newPayer(people[n%len(people)])
		if err != nil {
			return
		}
		for range 5 {
			if ctx.Err() == nil {
				w.payOnce(ctx, p, all.next(random.IntN(10) < 6), cards[random.IntN(len(cards))])
			}
		}
		p.Close()
	}
}

// payOnce goes through with one intent, over every crash on the way. Whoever loses the connection does what people do:
// load the page again, press the button again.
func (w *world) payOnce(ctx context.Context, p *payer, in *intent, number string) {
	for ctx.Err() == nil {
		review, err := w.toReview(ctx, p, in, number)
		if err != nil {
			w.note(err)
			w.alive(ctx)
			continue
		}
		for ctx.Err() == nil {
			w.confirming()
			told, err := p.confirm(ctx, review)
			if err == nil {
				in.told = told
				return
			}
			if !errors.Is(err, errLookAgain) {
				in.cut++
				w.note(err)
				w.alive(ctx)
			}
			again, err := p.Open(ctx, review.URL.RequestURI())
			switch {
			case err != nil:
				continue
			case again.Heading() == review.Heading():
				review = again
				continue
			}
			if told, err := read(again); err == nil { // the payment was made: its page answers in the review's place
				in.told = told
			}
			return
		}
	}
}

func (w *world) toReview(ctx context.Context, p *payer, in *intent, number string) (*walker.Page, error) {
	page, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	if page, err = p.choose(ctx, page, dollars(in.amount)); err != nil {
		return nil, err
	}
	if in.card {
		return p.byCard(ctx, page, number)
	}
	return p.byBank(ctx, page)
}

func dollars(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
