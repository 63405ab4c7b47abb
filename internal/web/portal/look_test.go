package portal

import (
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"memberpay/internal/payment"
	"memberpay/internal/processor/stripe"
	"memberpay/internal/sandbox"
)

func TestLook(t *testing.T) {
	if os.Getenv("LOOK") == "" {
		t.Skip()
	}
	h := newHouse(t)
	out, in := t.TempDir(), t.TempDir()
	sb, err := sandbox.New(sandbox.Config{DataDir: t.TempDir(), PublicURL: "http://127.0.0.1:18081", OutboundDir: out, InboundDir: in, CallbackURL: "http://127.0.0.1:18080/callbacks/card"})
	h.must(err)
	l1, err := net.Listen("tcp", "127.0.0.1:18081")
	h.must(err)
	go http.Serve(l1, sb.Handler())
	cards, err := stripe.New(stripe.Config{APIBase: "http://127.0.0.1:18081", ScriptURL: "http://127.0.0.1:18081/v3/", SecretKey: sandbox.DefaultSecretKey, PublishableKey: sandbox.DefaultPublishableKey, WebhookSecret: sandbox.DefaultWebhookSecret})
	h.must(err)
	h.portal.Browser = cards.Browser()
	h.portal.BaseURL = "http://127.0.0.1:18080"
	t.Log(h.portal.Browser)
	p := payment.New(payment.Config{DB: h.db, Cards: cards, Bank: h.bank, Now: h.clock, Descriptor: "LARKSPUR MEDICAL BILL"})
	h.portal.Payments = p
	l2, err := net.Listen("tcp", "127.0.0.1:18080")
	h.must(err)
	go http.Serve(l2, h.handler)
	for {
		if _, err := os.Stat("/tmp/p2/stop"); err == nil {
			return
		}
		p.Sweep(t.Context())
		time.Sleep(time.Second)
	}
}
