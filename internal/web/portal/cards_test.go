package portal

import (
	"context"
	"errors"
	"sync"

	"memberpay/internal/id"
	"memberpay/internal/processor"
)

// fakeCards is a card processor that says what a test wants. Every prepared charge is remembered.
type fakeCards struct {
	mu      sync.Mutex
	Next    processor.Outcome // what Confirm and Status say; Succeeded where it says nothing
	charges []processor.Charge
	refs    map[string]processor.Charge
	forgot  []string
}

func (f *fakeCards) say(o processor.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Next = o
}

func (f *fakeCards) outcome(ref string) processor.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.Next
	if o.Status == "" {
		o.Status = processor.Succeeded
	}
	o.ProcessorRef = ref
	if o.Status == processor.Succeeded {
		o.Amount = f.refs[ref].Amount
		if f.refs[ref].Save {
			o.SavedCard = "pm_" + ref
		}
	}
	return o
}

func (f *fakeCards) Prepare(_ context.Context, c processor.Charge) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refs == nil {
		f.refs = map[string]processor.Charge{}
	}
	ref := id.New("pi")
	f.refs[ref] = c
	f.charges = append(f.charges, c)
	return ref, nil
}

func (f *fakeCards) Confirm(_ context.Context, ref string, _ processor.Charge) processor.Outcome {
	return f.outcome(ref)
}

func (f *fakeCards) Status(_ context.Context, ref string) (processor.Outcome, error) {
	return f.outcome(ref), nil
}

func (f *fakeCards) Cancel(_ context.Context, ref string) (processor.Outcome, error) {
	return processor.Outcome{Status: processor.Declined, Reason: processor.ReasonCanceled, ProcessorRef: ref}, nil
}

func (f *fakeCards) Look(_ context.Context, token string) (processor.Card, error) {
	switch token {
	case "tok_used":
		return processor.Card{}, processor.ErrToken
	case "tok_down":
		return processor.Card{}, errors.New("no answer")
	case "tok_hsa":
		return processor.Card{Brand: "visa", Last4: "0003", Funding: "prepaid", HSA: true}, nil
	}
	return processor.Card{Brand: "visa", Last4: "4242", Funding: "credit"}, nil
}

// Refund gives the money back at once.
func (f *fakeCards) Refund(_ context.Context, r processor.Refund) processor.Refunded {
	return processor.Refunded{Reference: r.Reference, ProcessorRef: "re_" + r.Reference, Status: processor.Succeeded, Amount: r.Amount}
}

// Refunds knows of none: Refund is always answered.
func (f *fakeCards) Refunds(context.Context, string) ([]processor.Refunded, error) { return nil, nil }

func (f *fakeCards) NewCustomer(_ context.Context, reference string) (string, error) {
	return "cus_" + reference, nil
}

func (f *fakeCards) Forget(_ context.Context, savedCard string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgot = append(f.forgot, savedCard)
	return nil
}

func (f *fakeCards) Callback(body []byte, signature string) (processor.Event, error) {
	if signature != "good" {
		return processor.Event{}, processor.ErrSignature
	}
	return processor.Event{ID: string(body), Kind: ""}, nil
}
