package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"memberpay/test/e2e/harness"
)

// paid is a payment as "memberpay export payments" tells it.
type paid struct {
	ID           string `json:"payment_id"`
	Confirmation string `json:"confirmation"`
	Rail         string `json:"rail"`
	State        string `json:"state"`
	Amount       int64  `json:"amount_cents"`
}

// undecided are the states that a payment may not stay in.
var undecided = []string{"submitted", "unknown", "action_required"}

func (w *world) payments(t *testing.T, ctx context.Context) []paid {
	t.Helper()
	out, err := harness.Run(ctx, w.env, "export", "payments", "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var list []paid
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("export payments: %v\n%.500s", err, out)
	}
	return list
}

// settle waits until the sweep has found out about every payment.
func (w *world) settle(t *testing.T, ctx context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	began := time.Now()
	for {
		open := slices.DeleteFunc(w.payments(t, ctx), func(p paid) bool { return !slices.Contains(undecided, p.State) })
		if len(open) == 0 {
			t.Logf("every payment was decided %s after the last start", time.Since(began).Round(time.Second))
			return
		}
		pause(ctx, 500*time.Millisecond)
		if ctx.Err() != nil {
			t.Fatalf("after %s %d payments are still undecided, such as %+v\n%s", settleTime, len(open), open[0], w.server.Log())
		}
	}
}

// compare holds the processor's book, the product's book and what payers were told against each other.
func (w *world) compare(t *testing.T, ctx context.Context, all []*intent) {
	t.Helper()
	payments := w.payments(t, ctx)
	byID, byConfirmation, good := map[string]paid{}, map[string]paid{}, map[int64]int{}
	for _, p := range payments {
		byID[p.ID], byConfirmation[bare(p.Confirmation)] = p, p
		if !slices.Contains([]string{"failed", "canceled"}, p.State) {
			good[p.Amount]++
		}
	}
	charged, states := map[string]bool{}, map[string]int{}
	for _, p := range payments {
		states[p.Rail+" "+p.State]++
	}
	t.Logf("payments by rail and state: %v", states)
	for _, c := range w.charges(t, ctx) {
		p, known := byID[c.PaymentID]
		switch {
		case !known:
			t.Errorf("the processor charged %d for payment %q, which we do not know", c.Amount, c.PaymentID)
		case charged[c.PaymentID]:
			t.Errorf("payment %s was charged twice", c.PaymentID)
		case p.Amount != c.Amount:
			t.Errorf("payment %s is over %d, the processor took %d", p.ID, p.Amount, c.Amount)
		case p.State != "succeeded":
			t.Errorf("the processor took %d for payment %s, which says %q", c.Amount, p.ID, p.State)
		}
		charged[c.PaymentID] = true
	}
	for _, p := range payments {
		if p.Rail == "card" && p.State == "succeeded" && !charged[p.ID] {
			t.Errorf("payment %s says succeeded, and the processor never charged it", p.ID)
		}
	}
	for _, in := range all {
		if n := good[in.amount]; n > 1 {
			t.Errorf("one wish to pay %d became %d payments", in.amount, n)
		}
		if in.told.Confirmation == "" {
			continue
		}
		p, known := byConfirmation[bare(in.told.Confirmation)]
		switch {
		case !known:
			t.Errorf("a payer was given confirmation number %s (%q), and the payment is lost", in.told.Confirmation, in.told.Heading)
		case p.Amount != in.amount:
			t.Errorf("confirmation number %s was for %d, the payment is over %d", in.told.Confirmation, in.amount, p.Amount)
		case in.told.Heading == received && p.State != "succeeded":
			t.Errorf("payment %s: the payer read %q, the state is %q", p.ID, received, p.State)
		case in.told.Heading == submitted && !slices.Contains([]string{"pending", "succeeded"}, p.State):
			t.Errorf("payment %s: the payer read %q, the state is %q", p.ID, submitted, p.State)
		}
	}
	for text, n := range w.problems {
		t.Errorf("%d times a payer met: %s", n, text)
	}
	w.verify(t, ctx)
}

// verify lets the product check its own book and its audit log.
func (w *world) verify(t *testing.T, ctx context.Context) {
	t.Helper()
	out, err := harness.Run(ctx, w.env, "verify", "--json")
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	if !json.Valid(out) {
		t.Errorf("verify --json prints no JSON: %.300s", out)
	}
	out, err = harness.Run(ctx, w.env, "audit", "verify", "--json")
	if err != nil {
		t.Errorf("audit verify: %v: %.2000s", err, out)
	}
	var log struct {
		OK     bool
		Report struct{ Entries, Waiting int }
	}
	if err := json.Unmarshal(out, &log); err != nil || !log.OK || log.Report.Entries+log.Report.Waiting == 0 {
		t.Errorf("audit verify --json: %.2000s, %v", out, err)
	}
}

func bare(confirmation string) string { return strings.ReplaceAll(confirmation, "-", "") }
