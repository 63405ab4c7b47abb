package processortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"memberpay/internal/money"
	"memberpay/internal/sandbox"
)

// World is a sandbox that a test runs, reached over HTTP. It implements Tokens.
type World struct {
	URL     string // without a trailing slash
	Sandbox *sandbox.Sandbox
}

// Quick is a pace for tests: what takes seconds in the demo takes a fraction of one.
var Quick = sandbox.Pace{Slow: 100 * time.Millisecond, Hang: 30 * time.Second, Later: 700 * time.Millisecond,
	Reorder: 50 * time.Millisecond, Dispute: 50 * time.Millisecond, Retry: 20 * time.Millisecond,
	Settle: 50 * time.Millisecond, Poll: 20 * time.Millisecond}

// Sandbox starts a sandbox for the length of a test. Empty fields of cfg get a temporary folder and the Quick pace.
func Sandbox(t testing.TB, cfg sandbox.Config) *World {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	if cfg.Pace == (sandbox.Pace{}) {
		cfg.Pace = Quick
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		srv.CloseClientConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close sandbox: %v", err)
		}
		srv.Close()
	})
	return &World{URL: srv.URL, Sandbox: s}
}

// Mint makes a one-time token of a test card, as the card frame in a browser does. The card is valid for years, its
// security code and ZIP code are in order.
func Mint(baseURL, publishableKey, number string) (token string, err error) {
	cvc := "123"
	if strings.HasPrefix(number, "3") {
		cvc = "1234"
	}
	res, err := http.PostForm(strings.TrimSuffix(baseURL, "/")+"/v1/confirmation_tokens", url.Values{
		"key":                                                        {publishableKey},
		"payment_method_data[type]":                                  {"card"},
		"payment_method_data[card][number]":                          {number},
		"payment_method_data[card][exp_month]":                       {"12"},
		"payment_method_data[card][exp_year]":                        {fmt.Sprint(time.Now().Year() + 4)},
		"payment_method_data[card][cvc]":                             {cvc},
		"payment_method_data[billing_details][address][postal_code]": {"12345"},
	})
	if err != nil {
		return "", fmt.Errorf("mint a card token: %w", err)
	}
	defer res.Body.Close()
	var answer struct {
		ID    string
		Error struct{ Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("mint a card token: %w", err)
	}
	if answer.ID == "" {
		return "", fmt.Errorf("mint a card token: %s", answer.Error.Message)
	}
	return answer.ID, nil
}

// numbers holds the sandbox's card for each situation.
var numbers = map[Situation]string{
	Good: "4242424242424242", HSA: "4999000000000013", Generic: "4000000000000002", InsufficientFund: "4000000000009995",
	Lost: "4000000000009987", Stolen: "4000000000009979", Expired: "4000000000000069", SecurityCode: "4000000000000127",
	ZIP: "4000000000000036", Processing: "4000000000000119", Velocity: "4000000000006975", Fraud: "4100000000000019",
	Challenge: "4000002760003184", ChallengeDecline: "4000008400001629", Slow: "4999000000000021",
	LostThenPaid: "4999000000000039", LostThenDeclined: "4999000000000047",
}

// Mint implements Tokens.
func (w *World) Mint(t testing.TB, s Situation) string {
	t.Helper()
	number, ok := numbers[s]
	if !ok {
		t.Fatalf("no test card for %q", s)
	}
	return w.Token(t, number)
}

// Token makes a one-time token of any of sandbox.Cards.
func (w *World) Token(t testing.TB, number string) string {
	t.Helper()
	token, err := Mint(w.URL, sandbox.DefaultPublishableKey, number)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Answer implements Tokens by pressing a button of the challenge page.
func (w *World) Answer(t testing.TB, actionURL string, pass bool) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer := map[bool]string{true: "complete", false: "fail"}[pass]
	res, err := client.PostForm(actionURL, url.Values{"answer": {answer}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the challenge answered %s", res.Status)
	}
	return res.Header.Get("Location")
}

// Moved implements Tokens from the sandbox's own book.
func (w *World) Moved(t testing.TB, reference string) []money.Cents {
	t.Helper()
	all, err := w.Sandbox.Charges()
	if err != nil {
		t.Fatal(err)
	}
	var out []money.Cents
	for _, c := range all {
		if c.Reference == reference {
			out = append(out, money.Cents(c.Amount))
		}
	}
	return out
}

// checkReturn checks that the payer comes back to the page that was named, with the charge.
func checkReturn(t testing.TB, back, ref string) {
	t.Helper()
	u, err := url.Parse(back)
	if err != nil || !strings.HasPrefix(back, "http://127.0.0.1/payments/back?") || u.Query().Get("step") != "1" {
		t.Fatalf("the payer is sent to %q, want %q with more", back, returnURL)
	}
	if u.Query().Get("payment_intent") != ref {
		t.Errorf("the payer comes back for %q, want %q", u.Query().Get("payment_intent"), ref)
	}
}
