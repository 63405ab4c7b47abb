package e2e

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db/dbtest"
)

// TestShutdown interrupts the server while the processor is still thinking about a payment: the payment is finished and
// answered, and only then the server ends.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			w := newWorld(t, ctx, engine, 1, "MEMBERPAY_CARDS_TIMEOUT=20s")
			w.start(t, ctx)
			p, err := w.newPayer(w.people[0])
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			in := &intent{amount: 777, card: true}
			page, err := w.toReview(ctx, p, in, cardNumber("Slow"))
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
			// The answer to the button is the address of the payment's page. Where it comes last, nobody serves that page
			// any more: the payer gets it from the next server.
			var next *url.Error
			if errors.As(got.err, &next) && strings.Contains(next.URL, "/payments/") {
				w.start(t, ctx)
				defer w.stop(t)
				at, err := url.Parse(next.URL)
				if err != nil {
					t.Fatal(err)
				}
				page, err := p.Open(ctx, at.Path)
				if err != nil {
					t.Fatal(err)
				}
				got.told, got.err = read(page)
			}
			if got.err != nil || got.told.Heading != received {
				t.Fatalf("the payer got %+v, %v", got.told, got.err)
			}
			in.told = got.told
			w.compare(t, ctx, []*intent{in})
		})
	}
}
