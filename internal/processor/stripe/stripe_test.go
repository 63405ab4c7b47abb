package stripe_test

import (
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
