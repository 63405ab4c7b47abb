package e2e

import (
	"context"
	"testing"
	"time"

	"memberpay/internal/db/dbtest"
)

// slowCard is answered by the processor after a while.
const slowCard = "4999000000000021"

// TestShutdown interrupts the server while the processor is still thinking about a payment: the payment is finished, its
// payer gets the answer, and only then the server ends.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			w := newWorld(t, ctx, engine, 1)
			w.start(t, ctx)
			p, err := w.newPayer(w.people[0])
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			in := &intent{amount: 777, card: true}
			page, err := w.toReview(ctx, p, in, slowCard)
			if err != nil {
				t.Fatal(err)
			}
			type result struct {
				told receipt
				err  error
			}
			came := make(chan result, 1)
			go func() {
				told, err := p.confirm(ctx, page)
				came <- result{told, err}
			}()
			for len(w.payments(t, ctx)) == 0 { // until the payment is durable
				pause(ctx, 5*time.Millisecond)
				if ctx.Err() != nil {
					t.Fatal("the payment was never submitted")
				}
			}
			w.stop(t)
			got := <-came
			if got.err != nil || got.told.Heading != received {
				t.Fatalf("the payer got %+v, %v", got.told, got.err)
			}
			in.told = got.told
			w.compare(t, ctx, []*intent{in})
		})
	}
}
