package processortest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"memberpay/internal/id"
	"memberpay/internal/processor"
)

func (s suite) callerGivesUp(t *testing.T) {
	c := s.charge(t, Good)
	ref := s.prepare(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantStatus(t, s.cards.Confirm(ctx, ref, c), processor.Unknown)
	if _, err := s.cards.Status(ctx, ref); err == nil {
		t.Error("Status of an unreachable processor is no error")
	}
	if _, err := s.cards.Prepare(ctx, s.charge(t, Good)); err == nil {
		t.Error("Prepare with an unreachable processor is no error")
	}
}

func (s suite) prepareMovesNothing(t *testing.T) {
	c := s.charge(t, Good)
	ref := s.prepare(t, c)
	for range 3 {
		wantStatus(t, s.status(t, ref), processor.Unknown)
	}
	s.moved(t, c.Reference)
	if _, err := s.cards.Status(t.Context(), "pi_none"); err == nil {
		t.Error("Status of a charge that was never made is no error")
	}
}

func (s suite) oneReference(t *testing.T) {
	c := s.charge(t, Good)
	first, second := s.prepare(t, c), s.prepare(t, c)
	if first != second {
		t.Fatalf("one reference made two charges: %s and %s", first, second)
	}
	wantStatus(t, s.cards.Confirm(t.Context(), first, c), processor.Succeeded)
	wantStatus(t, s.cards.Confirm(t.Context(), second, c), processor.Succeeded)
	other := c
	other.Amount++
	if ref, err := s.cards.Prepare(t.Context(), other); err == nil {
		t.Errorf("the same reference with another amount was taken: %s", ref)
	}
	s.moved(t, c.Reference, amount)
}

// manyConfirms sends one confirmation many times at once: each is answered with the truth or with Unknown.
func (s suite) manyConfirms(t *testing.T) {
	c := s.charge(t, Good)
	ref := s.prepare(t, c)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			out := s.cards.Confirm(t.Context(), ref, c)
			if out.Status != processor.Succeeded && out.Status != processor.Unknown {
				t.Errorf("outcome %+v", out)
			}
		})
	}
	all.Wait()
	wantStatus(t, s.status(t, ref), processor.Succeeded)
	s.moved(t, c.Reference, amount)
}

func (s suite) usedToken(t *testing.T) {
	c := s.charge(t, Good)
	_, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	again := c
	again.Reference = id.New("att")
	_, out = s.run(t, again)
	wantStatus(t, out, processor.Declined)
	s.moved(t, again.Reference)
}

func (s suite) savedCard(t *testing.T) {
	cus, err := s.cards.NewCustomer(t.Context(), id.New("mem"))
	if err != nil || cus == "" {
		t.Fatalf("NewCustomer = %q, %v", cus, err)
	}
	c := s.charge(t, Good)
	c.Customer, c.Save = cus, true
	_, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	if out.SavedCard == "" {
		t.Fatal("the card was not saved")
	}
	again := processor.Charge{Reference: id.New("att"), PaymentID: id.New("pay"), Amount: amount, SavedCard: out.SavedCard, Customer: cus, ReturnURL: returnURL}
	_, out = s.run(t, again)
	wantStatus(t, out, processor.Succeeded)
	if out.Card.Last4 != "4242" {
		t.Errorf("card %+v", out.Card)
	}
	s.moved(t, again.Reference, amount)
	for range 2 { // forgetting what is forgotten is no error
		if err := s.cards.Forget(t.Context(), again.SavedCard); err != nil {
			t.Fatalf("Forget: %v", err)
		}
	}
	gone := again
	gone.Reference = id.New("att")
	_, out = s.run(t, gone)
	wantStatus(t, out, processor.Declined)
	s.moved(t, gone.Reference)
}

func (s suite) cancelBefore(t *testing.T) {
	c := s.charge(t, Good)
	ref := s.prepare(t, c)
	for range 2 {
		out, err := s.cards.Cancel(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		wantDeclined(t, out, processor.ReasonCanceled)
	}
	wantDeclined(t, s.cards.Confirm(t.Context(), ref, c), processor.ReasonCanceled)
	s.moved(t, c.Reference)
}

func (s suite) cancelAfter(t *testing.T) {
	c := s.charge(t, Good)
	ref, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	out, err := s.cards.Cancel(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, out, processor.Succeeded)
	s.moved(t, c.Reference, amount)
}

func (s suite) look(t *testing.T) {
	c := s.charge(t, Good)
	card, err := s.cards.Look(t.Context(), c.Token)
	if err != nil || card.Last4 != "4242" || card.Brand != "visa" || card.Funding != "credit" {
		t.Fatalf("Look = %+v, %v", card, err)
	}
	_, out := s.run(t, c)
	wantStatus(t, out, processor.Succeeded)
	for _, token := range []string{c.Token, "ctoken_none", "", "../../etc"} {
		if _, err := s.cards.Look(t.Context(), token); !errors.Is(err, processor.ErrToken) {
			t.Errorf("Look(%q) = %v, want ErrToken", token, err)
		}
	}
}

func (s suite) unsound(t *testing.T) {
	good := processor.Charge{Reference: id.New("att"), PaymentID: id.New("pay"), Amount: amount, Token: "ctoken_none"}
	for name, spoil := range map[string]func(*processor.Charge){
		"no amount":        func(c *processor.Charge) { c.Amount = 0 },
		"negative amount":  func(c *processor.Charge) { c.Amount = -1 },
		"no reference":     func(c *processor.Charge) { c.Reference = "" },
		"no card":          func(c *processor.Charge) { c.Token = "" },
		"two cards":        func(c *processor.Charge) { c.SavedCard, c.Customer = "pm_none", "cus_none" },
		"save for nobody":  func(c *processor.Charge) { c.Save = true },
		"card of nobody":   func(c *processor.Charge) { c.Token, c.SavedCard = "", "pm_none" },
		"unknown customer": func(c *processor.Charge) { c.Customer = "cus_none" },
	} {
		c := good
		c.Reference += name
		if name == "no reference" {
			c.Reference = ""
		}
		spoil(&c)
		if ref, err := s.cards.Prepare(t.Context(), c); err == nil {
			t.Errorf("%s: Prepare = %s, want an error", name, ref)
		}
	}
}

func (s suite) forgedCallback(t *testing.T) {
	for _, sig := range []string{"", "t=1,v1=00", "nonsense"} {
		if ev, err := s.cards.Callback([]byte(`{"id":"evt_1","object":"event"}`), sig); !errors.Is(err, processor.ErrSignature) {
			t.Errorf("Callback with signature %q = %+v, %v; want ErrSignature", sig, ev, err)
		}
	}
}
