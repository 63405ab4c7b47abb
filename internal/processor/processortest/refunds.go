package processortest

import (
	"context"
	"sync"
	"testing"

	"memberpay/internal/id"
	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// paid is a charge whose money moved.
func (s suite) paid(t *testing.T) (ref string) {
	t.Helper()
	ref, out := s.run(t, s.charge(t, Good))
	wantStatus(t, out, processor.Succeeded)
	return ref
}

// listed checks which refunds a charge has, by reference, and that each is as it was answered.
func (s suite) listed(t *testing.T, ref string, want ...processor.Refunded) {
	t.Helper()
	list, err := s.cards.Refunds(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(want) {
		t.Fatalf("%d refunds, want %d: %+v", len(list), len(want), list)
	}
	for _, w := range want {
		found := false
		for _, got := range list {
			found = found || got == w
		}
		if !found {
			t.Errorf("%+v is not in %+v", w, list)
		}
	}
}

func (s suite) give(t *testing.T, reference, ref string, amount money.Cents) processor.Refunded {
	t.Helper()
	out := s.cards.Refund(t.Context(), processor.Refund{Reference: reference, Charge: ref, Amount: amount})
	if out.Reference != reference || out.Amount != amount {
		t.Errorf("asked for %s as %s, answered %+v", amount, reference, out)
	}
	return out
}

func (s suite) refund(t *testing.T) {
	ref := s.paid(t)
	s.listed(t, ref)
	first := s.give(t, id.New("refund"), ref, 345)
	if first.Status != processor.Succeeded || first.ProcessorRef == "" {
		t.Fatalf("%+v", first)
	}
	if again := s.give(t, first.Reference, ref, 345); again != first {
		t.Errorf("the same reference again: %+v, want %+v", again, first)
	}
	rest := s.give(t, id.New("refund"), ref, amount-345)
	if rest.Status != processor.Succeeded {
		t.Errorf("%+v", rest)
	}
	s.listed(t, ref, first, rest)
	if got := s.status(t, ref); got.Status != processor.Succeeded {
		t.Errorf("a refunded charge is %+v", got)
	}
}

func (s suite) refundTooMuch(t *testing.T) {
	ref := s.paid(t)
	if out := s.give(t, id.New("refund"), ref, amount+1); out.Status != processor.Declined || out.Reason == "" {
		t.Errorf("more than was paid: %+v", out)
	}
	s.listed(t, ref)
	_, declined := s.run(t, s.charge(t, Generic))
	if out := s.give(t, id.New("refund"), declined.ProcessorRef, 1); out.Status != processor.Declined {
		t.Errorf("of a declined charge: %+v", out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out := s.cards.Refund(ctx, processor.Refund{Reference: id.New("refund"), Charge: ref, Amount: 1}); out.Status != processor.Unknown {
		t.Errorf("without an answer: %+v", out)
	}
	if _, err := s.cards.Refunds(ctx, ref); err == nil {
		t.Error("Refunds of an unreachable processor is no error")
	}
}

// manyRefunds asks for one refund many times at once: it is made once, and each answer is the truth or Unknown.
func (s suite) manyRefunds(t *testing.T) {
	ref, reference := s.paid(t), id.New("refund")
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			out := s.cards.Refund(t.Context(), processor.Refund{Reference: reference, Charge: ref, Amount: 500})
			if out.Status != processor.Succeeded && out.Status != processor.Unknown {
				t.Errorf("%+v", out)
			}
		})
	}
	all.Wait()
	out := s.give(t, reference, ref, 500)
	if out.Status != processor.Succeeded {
		t.Errorf("%+v", out)
	}
	s.listed(t, ref, out)
}
