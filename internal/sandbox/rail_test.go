package sandbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/sandbox"
	"memberpay/internal/seal"
)

// TestBankAndRail lets the product's own bank rail cut a file, the sandbox's bank answer it, and the rail take the
// answers, for every test account and both kinds of account.
func TestBankAndRail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, in := filepath.Join(dir, "out"), filepath.Join(dir, "in")
	s, err := sandbox.New(sandbox.Config{DataDir: dir, OutboundDir: out, InboundDir: in,
		Pace: sandbox.Pace{Settle: 50 * time.Millisecond, Poll: 10 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := dbtest.Open(t, db.SQLite)
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	rail, err := nacha.New(nacha.Config{Database: d, Seal: box, OutboundDir: out, InboundDir: in,
		Originators: map[string]nacha.Originator{"medical": {CompanyName: "LARKSPUR HEALTH", CompanyID: "1123456789",
			EntryDescription: "MED BILL", ODFIRouting: "110000000", DestinationName: "SANDBOX BANK", OriginName: "LARKSPUR HEALTH"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	var queue []nacha.Prepared
	for i, a := range sandbox.BankAccounts() {
		for _, kind := range []nacha.AccountType{nacha.Checking, nacha.Savings} {
			id := fmt.Sprintf("pay_%d_%s", i, kind)
			p, err := rail.Prepare(nacha.Entry{PaymentID: id, IndividualID: fmt.Sprintf("K7QM4T%04d", i), Payee: "medical", Name: "Ana Lopez",
				Routing: a.Routing, Account: a.Account, AccountType: kind, Amount: 1250})
			if err != nil {
				t.Fatal(err)
			}
			queue = append(queue, p)
			if want[id] = string(nacha.Settled); a.ReturnCode != "" {
				want[id] = string(nacha.Returned) + " " + a.ReturnCode
			}
		}
	}
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return rail.Enqueue(t.Context(), tx, queue) }); err != nil {
		t.Fatal(err)
	}
	if _, err := rail.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := rail.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[string]string{}
	apply := func(_ context.Context, _ *db.Tx, r nacha.Result) error {
		mu.Lock()
		defer mu.Unlock()
		got[r.PaymentID] = string(r.Kind)
		if r.Code != "" {
			got[r.PaymentID] += " " + r.Code
		}
		return nil
	}
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for fmt.Sprint(got) != fmt.Sprint(want) {
		if _, err := rail.Receive(t.Context(), apply); err != nil {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatalf("the rail heard %v, want %v", got, want)
		case <-tick.C:
		}
	}
}
