package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"memberpay/internal/sandbox"
	"memberpay/test/e2e/harness"
)

// TestStartUpErrors: a setting that cannot work ends the program at once, and the message names it and the way out.
func TestStartUpErrors(t *testing.T) {
	t.Parallel()
	keys := []string{
		"MEMBERPAY_CARDS_SECRET_KEY=" + sandbox.DefaultSecretKey,
		"MEMBERPAY_CARDS_PUBLISHABLE_KEY=" + sandbox.DefaultPublishableKey,
		"MEMBERPAY_CARDS_WEBHOOK_SECRET=" + sandbox.DefaultWebhookSecret,
		"MEMBERPAY_LISTEN=127.0.0.1:0",
	}
	for _, c := range []struct {
		name string
		env  []string
		want []string
	}{
		{"no processor keys", []string{"MEMBERPAY_LISTEN=127.0.0.1:0"}, []string{"MEMBERPAY_CARDS_SECRET_KEY", "MEMBERPAY_CARDS_WEBHOOK_SECRET", "demo"}},
		{"address without port", append(keys[:3:3], "MEMBERPAY_LISTEN=localhost"), []string{"localhost", "port"}},
		{"unknown kind of database", append(keys, "MEMBERPAY_DATABASE=mysql://x"), []string{"sqlite:PATH", "postgres://"}},
		{"database that is not there", append(keys, "MEMBERPAY_DATABASE=postgres://nobody:secret@127.0.0.1:1/none"), []string{"127.0.0.1"}},
		{"public address without encryption", append(keys, "MEMBERPAY_URL=http://pay.example.org"), []string{"MEMBERPAY_URL", "https://"}},
		{"brand that is not there", append(keys, "MEMBERPAY_BRAND=/nowhere/brand.json"), []string{"/nowhere/brand.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := harness.Run(ctx, append([]string{"MEMBERPAY_DATA=" + filepath.Join(t.TempDir(), "data")}, c.env...), "serve")
			if err == nil || ctx.Err() != nil {
				t.Fatalf("the server ran: %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message does not name %s:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "goroutine") {
				t.Errorf("the message shows a password or a stack:\n%v", err)
			}
		})
	}
}
