package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// quick is the demo's pace, shortened for tests.
var quick = Pace{Slow: 50 * time.Millisecond, Hang: 20 * time.Second, Later: 100 * time.Millisecond, Reorder: 100 * time.Millisecond,
	Dispute: 20 * time.Millisecond, Retry: 20 * time.Millisecond, Settle: 30 * time.Millisecond, Poll: 10 * time.Millisecond}

// client talks to a sandbox of its own.
type client struct {
	t   testing.TB
	s   *Sandbox
	url string
}

type values map[string]string

// answer is any answer of the API, by field names.
type answer map[string]any

func (a answer) text(path string) string {
	var v any = map[string]any(a)
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func start(t testing.TB, cfg Config) *client {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	if cfg.Pace == (Pace{}) {
		cfg.Pace = quick
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		srv.CloseClientConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		srv.Close()
	})
	return &client{t, s, srv.URL}
}

// do sends a request with the secret key and returns status and answer.
func (c *client) do(method, path string, v values, header ...string) (int, answer) {
	c.t.Helper()
	form := url.Values{}
	for k, x := range v {
		form.Set(k, x)
	}
	var body io.Reader
	if method == http.MethodGet && len(form) > 0 {
		path += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+DefaultSecretKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var a answer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		c.t.Fatalf("%s %s answered %s, not JSON: %v", method, path, res.Status, err)
	}
	return res.StatusCode, a
}

// must is do where only 200 will do.
func (c *client) must(method, path string, v values, header ...string) answer {
	c.t.Helper()
	status, a := c.do(method, path, v, header...)
	if status != http.StatusOK {
		c.t.Fatalf("%s %s answered %d: %v", method, path, status, a)
	}
	return a
}

func cardFields(number string) values {
	v := values{fieldNumber: number, fieldMonth: "12", fieldYear: "2040", fieldCVC: "123", fieldZIP: "12345"}
	if strings.HasPrefix(number, "3") {
		v[fieldCVC] = "1234"
	}
	return v
}

func (c *client) token(number string) string {
	c.t.Helper()
	return c.must("POST", "/v1/confirmation_tokens", cardFields(number)).text("id")
}

// pay opens and confirms an intent.
func (c *client) pay(number string) (id string, status int, a answer) {
	c.t.Helper()
	id = c.must("POST", "/v1/payment_intents", values{"amount": "1000", "currency": "usd", "metadata[reference]": "r-" + cardByNumber[number].key}).text("id")
	status, a = c.do("POST", "/v1/payment_intents/"+id+"/confirm", values{"confirmation_token": c.token(number), "return_url": "http://127.0.0.1/back"})
	return id, status, a
}

// until polls for at most ten seconds.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
