package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/processor"
	"memberpay/internal/processor/stripe"
)

// charge is a sound charge for servers that never look at it.
var charge = processor.Charge{Reference: "att_1", PaymentID: "pay_1", Amount: 100, Token: "ctoken_1"}

// TestConfirmFaults checks that what is not a clear answer is Unknown, and that no request is sent twice.
func TestConfirmFaults(t *testing.T) {
	t.Parallel()
	const open = `{"id":"pi_1","object":"payment_intent","status":"requires_payment_method","amount":100}`
	for _, c := range []struct {
		name, intent, body string
		status             int
		want               processor.Status
		reason             processor.Reason
	}{
		{"500", open, `{"error":{"type":"api_error"}}`, 500, processor.Unknown, ""},
		{"502 page of a proxy", open, `<html>Bad gateway</html>`, 502, processor.Unknown, ""},
		{"503 empty", open, ``, 503, processor.Unknown, ""},
		{"409 locked", open, `{"error":{"type":"invalid_request_error","code":"lock_timeout"}}`, 409, processor.Unknown, ""},
		{"429", open, `{"error":{"type":"invalid_request_error","code":"rate_limit"}}`, 429, processor.Unknown, ""},
		{"200 garbage", open, `{"id":`, 200, processor.Unknown, ""},
		{"200 of a new status", open, `{"id":"pi_1","status":"some_new_status"}`, 200, processor.Unknown, ""},
		{"processing", open, `{"id":"pi_1","status":"processing"}`, 200, processor.Unknown, ""},
		{"400 and open", open, `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`, 400, processor.Declined, processor.ReasonProcessing},
		{"400 but paid", `{"id":"pi_1","status":"succeeded","amount":100,"amount_received":100}`,
			`{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}`, 400, processor.Succeeded, ""},
		{"400 but working on it", `{"id":"pi_1","status":"processing"}`, `{"error":{"type":"idempotency_error"}}`, 400, processor.Unknown, ""},
		{"401", open, `{"error":{"type":"invalid_request_error"}}`, 401, processor.Declined, processor.ReasonUnreachable},
		{"402 without its intent", open, `{"error":{"type":"card_error","code":"card_declined"}}`, 402, processor.Declined, processor.ReasonProcessing},
		{"402 new code", open, `{"error":{"type":"card_error","payment_intent":{"id":"pi_1","status":"requires_payment_method",
"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"brand_new"}}}}`, 402, processor.Declined, processor.ReasonGeneric},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var confirms atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					w.Write([]byte(c.intent))
					return
				}
				confirms.Add(1)
				w.WriteHeader(c.status)
				w.Write([]byte(c.body))
			}))
			defer srv.Close()
			out := newCards(t, srv.URL).Confirm(t.Context(), "pi_1", charge)
			if out.Status != c.want || out.Reason != c.reason {
				t.Errorf("outcome %+v, want %s %s", out, c.want, c.reason)
			}
			if n := confirms.Load(); n != 1 {
				t.Errorf("%d confirmations were sent", n)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	cards := newCards(t, srv.URL)
	if _, err := cards.Prepare(t.Context(), charge); err == nil {
		t.Error("Prepare found a processor where there is none")
	}
	if out := cards.Confirm(t.Context(), "pi_1", charge); out.Status != processor.Unknown || out.ProcessorRef != "pi_1" {
		t.Errorf("Confirm = %+v", out)
	}
	if _, err := cards.Cancel(t.Context(), "pi_1"); err == nil {
		t.Error("Cancel found a processor where there is none")
	}
	if _, err := cards.Look(t.Context(), "ctoken_1"); err == nil {
		t.Error("Look found a processor where there is none")
	}
}

func TestConfirmTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	cards, err := stripe.New(stripe.Config{APIBase: srv.URL, SecretKey: "sk_test_1", PublishableKey: "pk_test_1", WebhookSecret: "whsec_1",
		ConfirmTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if out := cards.Confirm(t.Context(), "pi_1", charge); out.Status != processor.Unknown {
		t.Errorf("outcome %+v", out)
	}
}

// TestErrorsKeepSecrets checks that an error that may be logged holds nothing of the payer or of the intent.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		w.Write([]byte(`{"error":{"type":"invalid_request_error","code":"x","message":"No such thing: Ana Lopez","payment_intent":{"id":"pi_1","client_secret":"pi_1_secret_2"}}}`))
	}))
	defer srv.Close()
	cards := newCards(t, srv.URL)
	_, err := cards.Prepare(t.Context(), charge)
	_, err2 := cards.Status(t.Context(), "pi_1")
	for _, err := range []error{err, err2} {
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "Ana") {
			t.Errorf("error %v", err)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	good := stripe.Config{SecretKey: "sk_test_1", PublishableKey: "pk_test_1", WebhookSecret: "whsec_1"}
	cards, err := stripe.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if b := cards.Browser(); b.ScriptURL != "https://js.stripe.com/v3/" || b.PublishableKey != "pk_test_1" || len(b.FrameOrigins) == 0 {
		t.Errorf("Browser = %+v", b)
	}
	for name, spoil := range map[string]func(*stripe.Config){
		"no secret key":      func(c *stripe.Config) { c.SecretKey = "" },
		"no publishable key": func(c *stripe.Config) { c.PublishableKey = "" },
		"no webhook secret":  func(c *stripe.Config) { c.WebhookSecret = "" },
		"mixed modes":        func(c *stripe.Config) { c.SecretKey = "sk_live_1" },
		"bad API address":    func(c *stripe.Config) { c.APIBase = "api.stripe.com" },
		"bad script address": func(c *stripe.Config) { c.ScriptURL = "javascript:alert(1)" },
	} {
		c := good
		spoil(&c)
		if _, err := stripe.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
