package sandbox

import (
	"context"
	"net/http"
	"testing"
	"time"
)

func TestRefunds(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	id, _, _ := c.pay("4242424242424242")
	part := c.must("POST", "/v1/refunds", values{"payment_intent": id, "amount": "400"})
	if part.text("status") != succeeded || part.text("amount") != "400" {
		t.Errorf("refund %v", part)
	}
	if status, _ := c.do("POST", "/v1/refunds", values{"payment_intent": id, "amount": "601"}); status != http.StatusBadRequest {
		t.Errorf("a refund of more than is left: %d", status)
	}
	c.must("POST", "/v1/refunds", values{"payment_intent": id})
	status, a := c.do("POST", "/v1/refunds", values{"payment_intent": id})
	if status != http.StatusBadRequest || a.text("error.code") != "charge_already_refunded" {
		t.Errorf("a second full refund: %d %v", status, a)
	}
	if charges, _ := c.s.Charges(); len(charges) != 1 || charges[0].Refunded != 1000 {
		t.Errorf("charges %+v", charges)
	}
	declined, _, _ := c.pay("4000000000000002")
	if status, _ := c.do("POST", "/v1/refunds", values{"payment_intent": declined}); status != http.StatusBadRequest {
		t.Errorf("a refund of a declined charge: %d", status)
	}
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	for outcome, want := range map[string]string{"win": "won", "lose": "lost"} {
		id, _, a := c.pay("4000000000000259")
		if a.text("status") != succeeded {
			t.Fatalf("%v", a)
		}
		until(t, "the dispute", func() bool {
			return len(c.must("GET", "/v1/disputes", values{"payment_intent": id})["data"].([]any)) == 1
		})
		status, _ := c.do("POST", "/v1/refunds", values{"payment_intent": id})
		if status != http.StatusBadRequest {
			t.Errorf("a refund of a disputed charge: %d", status)
		}
		if d := c.must("POST", "/book/disputes/"+id+"/"+outcome, nil); d.text("status") != want {
			t.Errorf("%s: %v", outcome, d)
		}
		if status, _ := c.do("POST", "/book/disputes/"+id+"/"+outcome, nil); status != http.StatusBadRequest {
			t.Errorf("deciding twice: %d", status)
		}
	}
	if status, _ := c.do("POST", "/book/disputes/pi_none/win", nil); status != http.StatusNotFound {
		t.Errorf("a dispute that does not exist: %d", status)
	}
}

func TestPayoutAddsUp(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	if status, _ := c.do("POST", "/book/payouts", nil); status != http.StatusBadRequest {
		t.Errorf("an empty payout: %d", status)
	}
	id, _, _ := c.pay("4242424242424242")
	c.pay("5555555555554444")
	c.must("POST", "/v1/refunds", values{"payment_intent": id, "amount": "100"})
	po := c.must("POST", "/book/payouts", nil)
	if want := "1782"; po.text("amount") != want { // 2 x (1000 - 59) - 100
		t.Errorf("payout of %s, want %s", po.text("amount"), want)
	}
	var sum float64
	for _, o := range c.must("GET", "/v1/balance_transactions", values{"payout": po.text("id"), "limit": "100"})["data"].([]any) {
		sum += o.(map[string]any)["net"].(float64)
	}
	if sum != 0 {
		t.Errorf("the payout's transactions sum to %v, want 0", sum)
	}
	if status, _ := c.do("POST", "/book/payouts", nil); status != http.StatusBadRequest {
		t.Errorf("a payout of what is paid out: %d", status)
	}
}

func TestSetupIntent(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	cus := c.must("POST", "/v1/customers", values{"metadata[reference]": "m1"}).text("id")
	save := func(number string) (int, answer) {
		si := c.must("POST", "/v1/setup_intents", values{"customer": cus}).text("id")
		return c.do("POST", "/v1/setup_intents/"+si+"/confirm", values{"confirmation_token": c.token(number)})
	}
	if status, a := save("4000000000000002"); status != http.StatusPaymentRequired {
		t.Errorf("saving a declined card: %d %v", status, a)
	}
	status, a := save("4000000000000341")
	if status != http.StatusOK || a.text("status") != succeeded {
		t.Fatalf("%d %v", status, a)
	}
	pm := a.text("payment_method")
	id := c.must("POST", "/v1/payment_intents", values{"amount": "1000", "currency": "usd", "customer": cus}).text("id")
	if status, a := c.do("POST", "/v1/payment_intents/"+id+"/confirm", values{"payment_method": pm}); status != http.StatusPaymentRequired {
		t.Errorf("charging the card that only attaches: %d %v", status, a)
	}
	if n := len(c.must("GET", "/v1/customers/"+cus+"/payment_methods", nil)["data"].([]any)); n != 1 {
		t.Errorf("%d saved cards", n)
	}
	c.must("POST", "/v1/payment_methods/"+pm+"/detach", nil)
	if n := len(c.must("GET", "/v1/payment_methods", values{"customer": cus})["data"].([]any)); n != 0 {
		t.Errorf("%d saved cards after detaching", n)
	}
	c.must("POST", "/v1/payment_methods/"+pm+"/attach", values{"customer": cus})
}

func TestPause(t *testing.T) {
	t.Parallel()
	c := start(t, Config{})
	c.must("POST", "/book/pause", nil)
	if status, _ := c.do("GET", "/v1/payment_intents", nil); status != http.StatusServiceUnavailable {
		t.Errorf("paused, but answers %d", status)
	}
	c.must("GET", "/book/summary", nil)
	c.must("POST", "/book/resume", nil)
	c.must("GET", "/v1/payment_intents", nil)

	c.must("POST", "/book/pause?hang=1", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v1/payment_intents", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Errorf("paused to hang, but answers %s", res.Status)
	}
	done := make(chan int)
	go func() {
		status, _ := c.do("GET", "/v1/payment_intents", nil)
		done <- status
	}()
	c.must("POST", "/book/resume", nil)
	if status := <-done; status != http.StatusOK {
		t.Errorf("after the pause the waiting request got %d", status)
	}
}

// TestLateOutcomeSurvivesRestart closes the sandbox while a charge is under way and opens it again.
func TestLateOutcomeSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slowly := quick
	slowly.Later, slowly.Hang = 300*time.Millisecond, 10*time.Millisecond
	func() {
		c := start(t, Config{DataDir: dir, Pace: slowly})
		id, _, a := c.pay("4999000000000039")
		if a.text("status") != inProgress {
			t.Fatalf("%s: %v", id, a)
		}
		if err := c.s.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	c := start(t, Config{DataDir: dir})
	until(t, "the money to move", func() bool {
		charges, err := c.s.Charges()
		return err == nil && len(charges) == 1
	})
}
