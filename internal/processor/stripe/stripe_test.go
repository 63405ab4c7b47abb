package stripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"memberpay/internal/processor"
	"memberpay/internal/processor/processortest"
	"memberpay/internal/processor/stripe"
	"memberpay/internal/sandbox"
)

// newCards makes the adapter for a sandbox.
func newCards(t testing.TB, base string) *stripe.Cards {
	t.Helper()
	cards, err := stripe.New(stripe.Config{APIBase: base, ScriptURL: base + "/v3/", SecretKey: sandbox.DefaultSecretKey,
		PublishableKey: sandbox.DefaultPublishableKey, WebhookSecret: sandbox.DefaultWebhookSecret,
		Timeout: 10 * time.Second, ConfirmTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

func TestConformance(t *testing.T) {
	t.Parallel()
	processortest.Exercise(t, func(t *testing.T) (processor.Cards, processortest.Tokens) {
		w := processortest.Sandbox(t, sandbox.Config{})
		return newCards(t, w.URL), w
	})
}

// TestCallbackFromSandbox follows a callback from the sandbox through the adapter, for a charge and for its dispute.
func TestCallbackFromSandbox(t *testing.T) {
	t.Parallel()
	type delivery struct {
		body      []byte
		signature string
	}
	arrived := make(chan delivery, 10)
	product := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		arrived <- delivery{body, r.Header.Get("Stripe-Signature")}
	}))
	defer product.Close()
	w := processortest.Sandbox(t, sandbox.Config{CallbackURL: product.URL})
	cards := newCards(t, w.URL)
	c := processor.Charge{Reference: "att_9", PaymentID: "pay_9", Amount: 2500, Token: w.Token(t, "4000000000000259"), Descriptor: "123"}
	ref, err := cards.Prepare(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if out := cards.Confirm(t.Context(), ref, c); out.Status != processor.Succeeded {
		t.Fatalf("outcome %+v", out)
	}
	got := map[string]processor.Event{}
	for range 2 {
		d := <-arrived
		ev, err := cards.Callback(d.body, d.signature)
		if err != nil || ev.ID == "" {
			t.Fatalf("Callback = %+v, %v", ev, err)
		}
		ev.ID = ""
		got[ev.Kind] = ev
	}
	if want := (processor.Event{Kind: "charge", ProcessorRef: ref, PaymentID: "pay_9"}); got["charge"] != want {
		t.Errorf("charge event %+v, want %+v", got["charge"], want)
	}
	if want := (processor.Event{Kind: "dispute", ProcessorRef: ref, Dispute: "opened"}); got["dispute"] != want {
		t.Errorf("dispute event %+v, want %+v", got["dispute"], want)
	}
}
