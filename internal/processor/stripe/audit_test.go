package stripe_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"memberpay/internal/processor"
)

// TestReplayWithATimeOfOnesOwn plays an old callback back and puts a fresh time before the one that was signed.
func TestReplayWithATimeOfOnesOwn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	cards := callbacks(t, "whsec_1", now)
	body := []byte(`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}`)
	signed := func(at time.Time) string {
		mac := hmac.New(sha256.New, []byte("whsec_1"))
		fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
		return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
	}
	if e, err := cards.Callback(body, signed(now.Add(-time.Minute))); err != nil || e.ProcessorRef != "pi_1" {
		t.Fatalf("a fresh callback: %+v, %v", e, err)
	}
	old := signed(now.Add(-time.Hour))
	for _, header := range []string{old, fmt.Sprintf("t=%d,%s", now.Unix(), old)} {
		if _, err := cards.Callback(body, header); !errors.Is(err, processor.ErrSignature) {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// TestErrorsNameNoToken looks at a card where no processor answers: the error is for a log.
func TestErrorsNameNoToken(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	cards := newCards(t, srv.URL)
	if _, err := cards.Look(t.Context(), "ctoken_secret"); err == nil || strings.Contains(err.Error(), "ctoken_secret") {
		t.Errorf("%v", err)
	}
	if err := cards.Forget(t.Context(), "pm_secret"); err == nil || strings.Contains(err.Error(), "pm_secret") {
		t.Errorf("%v", err)
	}
}
