package stripe_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"memberpay/internal/processor"
	"memberpay/internal/processor/stripe"
	"memberpay/internal/sandbox"
)

// scenarios is the folder of recorded events, or skips the test where the test data is not on this machine.
func scenarios(t *testing.T) string {
	t.Helper()
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = "../../../../shared/testdata"
	}
	dir := filepath.Join(root, "stripe", "scenarios-2026-08-26.dahlia")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s; set MEMBERPAY_TESTDATA", dir)
	}
	return dir
}

func callbacks(t *testing.T, secret string, now time.Time) *stripe.Cards {
	t.Helper()
	cards, err := stripe.New(stripe.Config{SecretKey: "sk_test_1", PublishableKey: "pk_test_1", WebhookSecret: secret,
		Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	dir := scenarios(t)
	f, err := os.Open(filepath.Join(dir, "signature-vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v struct {
			File, Secret, Header, Why string
			Now                       int64
			Valid                     any
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		want, ok := v.Valid.(bool)
		if !ok {
			continue // left to the implementation
		}
		seen++
		body, err := os.ReadFile(filepath.Join(dir, v.File))
		if err != nil {
			t.Fatal(err)
		}
		_, err = callbacks(t, v.Secret, time.Unix(v.Now, 0)).Callback(body, v.Header)
		if want && err != nil || !want && !errors.Is(err, processor.ErrSignature) {
			t.Errorf("%s (%s): %v, want valid %v", v.File, v.Why, err, want)
		}
	}
	if seen < 20 {
		t.Errorf("only %d vectors were read", seen)
	}
}

func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	dir := scenarios(t)
	now := time.Unix(1790000015, 0)
	const secret = "whsec_1"
	for file, want := range map[string]processor.Event{
		"01-payment_intent.succeeded-card.json":             {ID: "evt_4cgCqjHM5KM0Sp78Fm603VsX", Kind: "charge", ProcessorRef: "pi_UYvdCBsYWgfrB6UK95asxkg2"},
		"02-charge.succeeded-card.json":                     {},
		"04-charge.refunded-partial.json":                   {ID: "evt_0ePPfV8dWuc8wQBg9KzEtfFn", Kind: "refund", ProcessorRef: "pi_UYvdCBsYWgfrB6UK95asxkg2"},
		"06-payment_intent.processing-ach.json":             {ID: "evt_wvSr1wXc0fiQQd0e455g7GxS", Kind: "charge", ProcessorRef: "pi_SUF32BJPZc85P8yUMinkZd8d"},
		"08-payment_intent.payment_failed-ach.json":         {ID: "evt_rc1h8RVC1quHFq9r3g7U6gah", Kind: "charge", ProcessorRef: "pi_GCgTsspzCxDQEdzLD88XNuyv"},
		"09-charge.dispute.created.json":                    {ID: "evt_ynQ8UVCgxz0QbchxYrtMVLhD", Kind: "dispute", ProcessorRef: "pi_UYvdCBsYWgfrB6UK95asxkg2", Dispute: "opened"},
		"10-charge.dispute.closed-lost.json":                {ID: "evt_arLGzmv1NY52UMbSqHXz1Dsw", Kind: "dispute", ProcessorRef: "pi_UYvdCBsYWgfrB6UK95asxkg2", Dispute: "lost"},
		"11-payout.paid.json":                               {},
		"16-unknown-event-type.json":                        {},
		"17-livemode-true.json":                             {},
		"18-out-of-order-succeeded-before-processing.json":  {ID: "evt_JWhHbJimoJ10qFd2gASpjQ3y", Kind: "charge", ProcessorRef: "pi_SUF32BJPZc85P8yUMinkZd8d"},
		"14-payment_intent.succeeded-no-bill-metadata.json": {ID: "evt_612pbfYycW9CB7DBuAJj6d38", Kind: "charge", ProcessorRef: "pi_js16CcjNztP7mYgpMYjuCs4W"},
	} {
		body, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := callbacks(t, secret, now).Callback(body, sandbox.Sign(body, secret, now))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", file, got, err, want)
		}
	}
}

func TestDisputeEvents(t *testing.T) {
	t.Parallel()
	now := time.Unix(1790000015, 0)
	event := func(kind, status, before string) []byte {
		return []byte(`{"id":"evt_1","object":"event","type":"` + kind + `","livemode":false,"data":{"object":{"id":"dp_1","object":"dispute",
"payment_intent":"pi_1","status":"` + status + `"},"previous_attributes":{"status":"` + before + `"}}}`)
	}
	for _, c := range []struct{ kind, status, before, want string }{
		{"charge.dispute.created", "needs_response", "", "opened"},
		{"charge.dispute.created", "warning_needs_response", "", ""},
		{"charge.dispute.updated", "needs_response", "warning_under_review", "opened"},
		{"charge.dispute.updated", "under_review", "needs_response", ""},
		{"charge.dispute.closed", "won", "under_review", "won"},
		{"charge.dispute.closed", "lost", "under_review", "lost"},
		{"charge.dispute.closed", "warning_closed", "warning_under_review", ""},
		{"charge.dispute.funds_withdrawn", "needs_response", "", ""},
	} {
		body := event(c.kind, c.status, c.before)
		got, err := callbacks(t, "whsec_1", now).Callback(body, sandbox.Sign(body, "whsec_1", now))
		if err != nil || got.Dispute != c.want || (got.Kind == "dispute") != (c.want != "") {
			t.Errorf("%s %s after %s: %+v, %v; want %q", c.kind, c.status, c.before, got, err, c.want)
		}
	}
}

// FuzzCallback checks that no body and no header break the reader: it answers with an event or an error.
func FuzzCallback(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}`), "t=1,v1=00", true)
	f.Add([]byte(`{"object":"event","type":"charge.dispute.closed","data":{"object":[]}}`), "", true)
	f.Add([]byte(`null`), "t=,v1=", false)
	now := time.Unix(1790000015, 0)
	cards, err := stripe.New(stripe.Config{SecretKey: "sk_test_1", PublishableKey: "pk_test_1", WebhookSecret: "whsec_1",
		Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, signature string, signed bool) {
		if signed {
			signature = sandbox.Sign(body, "whsec_1", now)
		}
		ev, err := cards.Callback(body, signature)
		if err != nil && ev != (processor.Event{}) {
			t.Errorf("an error and an event: %+v, %v", ev, err)
		}
	})
}
