package e2e

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db/dbtest"
	"memberpay/test/e2e/walker"
)

// atOnce is how often the same confirm is sent at the same moment.
const atOnce = 50

// TestConcurrency: the same confirm many times at once, two people with the same bill, a balance that changes between
// the review and the button. Money moves once, and every answer is true.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			w := newWorld(t, ctx, engine, 6)
			w.start(t, ctx)
			defer w.stop(t)
			t.Run("same confirm by card", func(t *testing.T) { sameConfirm(t, ctx, w, w.people[0], &intent{amount: 4321, card: true}) })
			t.Run("same confirm by bank", func(t *testing.T) { sameConfirm(t, ctx, w, w.people[1], &intent{amount: 4322}) })
			t.Run("two people, one bill", func(t *testing.T) { twoPeople(t, ctx, w, w.people[2]) })
			t.Run("balance arrives in between", func(t *testing.T) { balanceBetween(t, ctx, w, w.people[3]) })
			w.settle(t, ctx)
			w.compare(t, ctx, nil)
		})
	}
}

// review walks a fresh guest to the review page.
func review(t *testing.T, ctx context.Context, w *world, who person, in *intent) (*payer, *walker.Page) {
	t.Helper()
	p, err := w.newPayer(who)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	page, err := w.toReview(ctx, p, in, cards[0])
	if err != nil {
		t.Fatal(err)
	}
	return p, page
}

// sendAll presses the one button of every review page at the same moment and returns the pages that came.
func sendAll(t *testing.T, ctx context.Context, visitors []*walker.Visitor, reviews []*walker.Page) []*walker.Page {
	t.Helper()
	pages, errs := make([]*walker.Page, len(visitors)), make([]error, len(visitors))
	var ready, done sync.WaitGroup
	ready.Add(len(visitors))
	for i, v := range visitors {
		done.Go(func() {
			form, err := reviews[i].Form("Pay $")
			ready.Done()
			ready.Wait()
			if err == nil {
				pages[i], err = form.Send(ctx, v)
			}
			errs[i] = err
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

func sameConfirm(t *testing.T, ctx context.Context, w *world, who person, in *intent) {
	p, page := review(t, ctx, w, who, in)
	visitors := make([]*walker.Visitor, atOnce)
	for i := range visitors {
		visitors[i] = p.Twin()
		t.Cleanup(visitors[i].Close)
	}
	refs := map[string]int{}
	for _, got := range sendAll(t, ctx, visitors, slices.Repeat([]*walker.Page{page}, atOnce)) {
		r, err := read(got)
		if err != nil {
			t.Fatal(err)
		}
		refs[r.Ref]++
	}
	if len(refs) != 1 {
		t.Fatalf("%d confirms landed on %d payments: %v", atOnce, len(refs), slices.Collect(maps.Keys(refs)))
	}
	made := slices.DeleteFunc(w.payments(t, ctx), func(p paid) bool { return p.Amount != in.amount })
	if len(made) != 1 {
		t.Fatalf("%d payments were made: %+v", len(made), made)
	}
	if !in.card {
		return
	}
	taken := 0
	for _, c := range w.charges(t, ctx) {
		if c.Amount == in.amount {
			taken++
		}
	}
	if taken != 1 {
		t.Fatalf("the processor was charged %d times", taken)
	}
}

func twoPeople(t *testing.T, ctx context.Context, w *world, who person) {
	one, first := review(t, ctx, w, who, &intent{amount: who.owes})
	two, second := review(t, ctx, w, who, &intent{amount: who.owes, card: true})
	pages := sendAll(t, ctx, []*walker.Visitor{one.Visitor, two.Visitor}, []*walker.Page{first, second})
	paidPages := 0
	for _, page := range pages {
		if page.Status >= 500 {
			t.Errorf("a payer got status %d: %s", page.Status, page.Text())
		}
		if h := page.Heading(); h == received || h == submitted {
			paidPages++
		}
	}
	if paidPages != 1 {
		t.Fatalf("%d of two payers were told that they paid: %q and %q", paidPages, pages[0].Heading(), pages[1].Heading())
	}
	made := slices.DeleteFunc(w.payments(t, ctx), func(p paid) bool { return p.Amount != who.owes || p.State == "failed" })
	if len(made) != 1 {
		t.Fatalf("the bill was paid %d times: %+v", len(made), made)
	}
}

func balanceBetween(t *testing.T, ctx context.Context, w *world, who person) {
	p, page := review(t, ctx, w, who, &intent{amount: who.owes})
	less := who
	less.owes = who.owes / 3
	w.importBalances(t, ctx, []person{less})
	form, err := page.Form("Pay $")
	if err != nil {
		t.Fatal(err)
	}
	got, err := form.Send(ctx, p.Visitor)
	if err != nil {
		t.Fatal(err)
	}
	if h := got.Heading(); got.Status >= 500 || h == received || h == submitted {
		t.Fatalf("paid %d on a bill that is now %d: status %d, %q", who.owes, less.owes, got.Status, h)
	}
	for _, made := range w.payments(t, ctx) {
		if made.Amount == who.owes {
			t.Fatalf("a payment over the old balance was made: %+v", made)
		}
	}
	in := &intent{amount: less.owes}
	again, second := review(t, ctx, w, less, in)
	told, err := again.confirm(ctx, second)
	if err != nil || told.Heading != submitted {
		t.Fatalf("the new balance could not be paid: %+v, %v", told, err)
	}
}
