package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// inbox is a product that takes callbacks.
type inbox struct {
	url string

	mu     sync.Mutex
	refuse int // answers this many with 500 first
	ids    []string
	types  []string
	signed bool
}

func newInbox(t testing.TB, refuse int) *inbox {
	in := &inbox{refuse: refuse, signed: true}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.refuse > 0 {
			in.refuse--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var ev event
		if err := json.Unmarshal(body, &ev); err != nil {
			t.Errorf("callback: %v", err)
		}
		var at int64
		for _, second := range []int64{0, 1, 2} { // the signature's own second is one of the last
			at = time.Now().Unix() - second
			if Sign(body, DefaultWebhookSecret, time.Unix(at, 0)) == r.Header.Get("Stripe-Signature") {
				at = 0
				break
			}
		}
		in.signed = in.signed && at == 0
		in.ids, in.types = append(in.ids, ev.ID), append(in.types, ev.Type)
	}))
	t.Cleanup(srv.Close)
	in.url = srv.URL
	return in
}

func (in *inbox) got() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.types)
}

func (in *inbox) wait(t testing.TB, n int) []string {
	t.Helper()
	until(t, "callbacks", func() bool { return len(in.got()) >= n })
	return in.got()
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		card string
		want []string
	}{
		"success":      {"4242424242424242", []string{"payment_intent.succeeded"}},
		"decline":      {"4000000000000002", []string{"payment_intent.payment_failed"}},
		"challenge":    {"4000002760003184", []string{"payment_intent.requires_action"}},
		"repeated":     {"4999000000000054", []string{"payment_intent.succeeded", "payment_intent.succeeded", "payment_intent.succeeded"}},
		"out of order": {"4999000000000062", []string{"payment_intent.succeeded", "payment_intent.processing"}},
		"dispute":      {"4000000000000259", []string{"payment_intent.succeeded", "charge.dispute.created"}},
		"late decline": {"4999000000000047", []string{"payment_intent.payment_failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newInbox(t, 0)
			pace := quick
			pace.Hang = 10 * time.Millisecond
			c := start(t, Config{CallbackURL: in.url, Pace: pace})
			c.pay(row.card)
			got := in.wait(t, len(row.want))
			if name == "dispute" { // two callbacks under way at once may overtake each other
				slices.Sort(got)
				slices.Sort(row.want)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("callbacks %v, want %v", got, row.want)
			}
			in.mu.Lock()
			defer in.mu.Unlock()
			if !in.signed {
				t.Error("a callback was not signed as it should be")
			}
			if name == "repeated" && (in.ids[0] != in.ids[1] || in.ids[1] != in.ids[2]) {
				t.Errorf("a repeated callback changed its id: %v", in.ids)
			}
		})
	}
}

func TestCallbackBeforeAnswer(t *testing.T) {
	t.Parallel()
	in := newInbox(t, 0)
	c := start(t, Config{CallbackURL: in.url})
	_, status, a := c.pay("4999000000000070")
	if got := in.got(); !slices.Equal(got, []string{"payment_intent.succeeded"}) {
		t.Errorf("when the answer came (%d %v), the callbacks were %v", status, a, got)
	}
}

func TestCallbackRetries(t *testing.T) {
	t.Parallel()
	in := newInbox(t, 3)
	c := start(t, Config{CallbackURL: in.url})
	c.pay("4242424242424242")
	in.wait(t, 1)
	until(t, "an empty queue", func() bool {
		sum, err := c.s.Summary()
		return err == nil && sum.Callbacks == 0
	})
}

// TestCallbackSurvivesRestart pays while the product is away and the sandbox stops before it is back.
func TestCallbackSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	first := start(t, Config{DataDir: dir, CallbackURL: away.URL})
	first.pay("4242424242424242")
	if err := first.s.Close(); err != nil {
		t.Fatal(err)
	}
	in := newInbox(t, 0)
	start(t, Config{DataDir: dir, CallbackURL: in.url})
	in.wait(t, 1)
}

// TestSlowProductDoesNotBlock checks that one callback that hangs does not keep the others waiting.
func TestSlowProductDoesNotBlock(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var mu sync.Mutex
	count := 0
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		count++
		first := count == 1
		mu.Unlock()
		if first {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	defer srv.Close()
	defer close(release)
	c := start(t, Config{CallbackURL: srv.URL})
	for range 5 {
		c.pay("4242424242424242")
	}
	until(t, "the other callbacks", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return count == 5
	})
}
