package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/sandbox"
	"memberpay/test/e2e/harness"
)

// world is a server and the sandbox beside it, each a process of its own, over one database, and the people in it.
type world struct {
	URL, SandboxURL string
	database        string
	dir             string
	env             []string
	people          []person

	visitors atomic.Int64     // so far; gives each an address of its own
	server   *harness.Process // of the moment; nil before the first start

	mu       sync.Mutex
	sent     chan struct{} // gets a token when somebody presses the one button
	problems map[string]int
}

// person has one bill.
type person struct {
	memberID string
	born     time.Time
	bill     string
	owes     int64 // cents
}

// newWorld starts a sandbox and imports people with one large bill each. The server is started by start; env adds to its
// settings.
func newWorld(t *testing.T, ctx context.Context, engine db.Engine, people int, env ...string) *world {
	t.Helper()
	listen, sandboxListen, smtp := freeAddress(t), freeAddress(t), freeAddress(t)
	dir := t.TempDir()
	w := &world{URL: "http://" + listen, SandboxURL: "http://" + sandboxListen, dir: dir, database: dbtest.URL(t, engine),
		sent: make(chan struct{}, 1), problems: map[string]int{}}
	w.env = []string{
		"MEMBERPAY_DATA=" + dir,
		"MEMBERPAY_DATABASE=" + w.database,
		"MEMBERPAY_LISTEN=" + listen,
		"MEMBERPAY_PROXIED=true", // each payer comes from an address of their own
		"MEMBERPAY_CARDS_API=" + w.SandboxURL,
		"MEMBERPAY_CARDS_SCRIPT=" + w.SandboxURL + "/v3/",
		"MEMBERPAY_CARDS_SECRET_KEY=" + sandbox.DefaultSecretKey,
		"MEMBERPAY_CARDS_PUBLISHABLE_KEY=" + sandbox.DefaultPublishableKey,
		"MEMBERPAY_CARDS_WEBHOOK_SECRET=" + sandbox.DefaultWebhookSecret,
		"MEMBERPAY_CARDS_TIMEOUT=1s",
		"MEMBERPAY_ACH_CUT_EVERY=5s",
		"MEMBERPAY_ACH_OUTBOUND=" + filepath.Join(dir, "outbound"),
		"MEMBERPAY_ACH_INBOUND=" + filepath.Join(dir, "inbound"),
		"MEMBERPAY_SMTP_HOST=" + smtp,
		"MEMBERPAY_SMTP_PLAIN=true",
		"MEMBERPAY_SANDBOX_DATA=" + filepath.Join(dir, "sandbox"),
		"MEMBERPAY_SANDBOX_LISTEN=" + sandboxListen,
		"MEMBERPAY_SANDBOX_SMTP=" + smtp,
		"MEMBERPAY_SANDBOX_CALLBACK=" + w.URL + "/callbacks/card",
	}
	w.env = append(w.env, env...)
	p, err := harness.Start(dir, "sandbox", w.env, "sandbox", "--quick")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if err := p.Ready(ctx, w.SandboxURL+"/healthz"); err != nil {
		t.Fatal(err)
	}
	for i := range people {
		w.people = append(w.people, person{memberID: fmt.Sprintf("MPT%07d", 1000+i), born: time.Date(1960+i%40, time.Month(1+i%12), 1+i%28, 0, 0, 0, 0, time.UTC),
			bill: fmt.Sprintf("B%06d", 100+i), owes: 900_000 + int64(i)})
	}
	w.importBalances(t, ctx, w.people)
	return w
}

func freeAddress(t *testing.T) string {
	t.Helper()
	a, err := harness.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// importBalances brings the people's bills in, or up to date, as the daily balance file does.
func (w *world) importBalances(t *testing.T, ctx context.Context, people []person) {
	t.Helper()
	var b strings.Builder
	b.WriteString("bill_number,member_id,kind,patient_responsibility,charged,first_name,last_name,date_of_birth,zip,service_date,description,as_of\n")
	for _, p := range people {
		fmt.Fprintf(&b, "%s,%s,medical,%s,%s,Pat,Example%s,%s,12345,2026-01-15,Office visit,%s\n", p.bill, p.memberID, dollars(p.owes), dollars(p.owes),
			p.memberID, p.born.Format(time.DateOnly), time.Now().UTC().Format(time.RFC3339Nano))
	}
	file := filepath.Join(w.dir, "balances.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := harness.Run(ctx, w.env, "import", "csv", file); err != nil {
		t.Fatal(err)
	}
}

// start starts the server and waits until it takes requests.
func (w *world) start(t *testing.T, ctx context.Context) {
	t.Helper()
	p, err := harness.Start(w.dir, "serve", w.env, "serve")
	if err == nil {
		err = p.Ready(ctx, w.URL+"/readyz")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.server = p
}

// stop ends the server by an interrupt, which must end it cleanly.
func (w *world) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := w.server.Interrupt(ctx); err != nil {
		t.Error(err)
	}
}

// confirming is told by a payer right before the button is pressed.
func (w *world) confirming() {
	select {
	case w.sent <- struct{}{}:
	default:
	}
}

// awaitConfirm waits until somebody presses the button, at most two seconds.
func (w *world) awaitConfirm(ctx context.Context) {
	select {
	case <-w.sent: // a button pressed while the server was down
	default:
	}
	select {
	case <-w.sent:
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
}

// alive waits until the server answers again, or ctx ends.
func (w *world) alive(ctx context.Context) {
	for ctx.Err() == nil {
		r, err := http.Get(w.URL + "/healthz")
		if err == nil {
			r.Body.Close()
			return
		}
		pause(ctx, 5*time.Millisecond)
	}
}

// note counts what went wrong for payers. Lost connections are what the test is about; anything else is worth reading.
func (w *world) note(err error) {
	text := err.Error()
	for _, usual := range []string{"connection refused", "connection reset", "EOF", "broken pipe", "context canceled"} {
		if strings.Contains(text, usual) {
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems[text]++
}

// token gives a card to the processor and returns the one-time token that stands for it.
func (w *world) token(ctx context.Context, number string) (string, error) {
	form := url.Values{
		"payment_method_data[type]":                                  {"card"},
		"payment_method_data[card][number]":                          {number},
		"payment_method_data[card][exp_month]":                       {"12"},
		"payment_method_data[card][exp_year]":                        {"34"},
		"payment_method_data[card][cvc]":                             {"123"},
		"payment_method_data[billing_details][address][postal_code]": {"12345"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.SandboxURL+"/v1/confirmation_tokens", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+sandbox.DefaultPublishableKey)
	var token struct{ ID string }
	if err := answer(r, &token); err != nil {
		return "", err
	}
	return token.ID, nil
}

// charges is the processor's own book.
func (w *world) charges(t *testing.T, ctx context.Context) []sandbox.BookCharge {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.SandboxURL+"/book/charges", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []sandbox.BookCharge
	if err := answer(r, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func answer(r *http.Request, to any) error {
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", r.URL, a.StatusCode)
	}
	return json.NewDecoder(a.Body).Decode(to)
}
