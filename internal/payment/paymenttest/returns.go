package paymenttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Returned lets the bank return payments with a code such as "R01", and takes the file in.
func (w *World) Returned(t testing.TB, code string, paymentIDs ...string) {
	t.Helper()
	var out strings.Builder
	record := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		if len(line) > 94 {
			t.Fatalf("a record of %d characters: %q", len(line), line)
		}
		fmt.Fprintf(&out, "%-94s\n", line)
	}
	var hash, total int64
	record("101 09100001910110000152611250900A094101%-23s%-23s", "FIRST TEST BANK", "RETURNS DEPARTMENT")
	record("5225%-16s%-20s%-10sPPD%-10s%-6s261125329109100001%07d", "RETURNS", "", "1123456789", "RETURN", "261125", 1)
	for i, p := range paymentIDs {
		e := w.entry(t, p)
		record("626%-9s%-17s%010d%-15s%-22s  1%-15s", "091000019", "000000000", e.amount, "", "PAYER", fmt.Sprintf("01100001%07d", i+1))
		record("799%s%s      %s%-44s%s", code, e.trace, e.routing[:8], "", fmt.Sprintf("01100001%07d", i+1))
		hash += 9100001
		total += e.amount
	}
	sums := fmt.Sprintf("%010d%012d%012d", hash%10_000_000_000, total, 0)
	n := 2 * len(paymentIDs)
	record("8225%06d%s%-10s%-25s09100001%07d", n, sums, "1123456789", "", 1)
	record("9000001%06d%08d%s", (4+n+9)/10, n, sums)
	w.receive(t, out.String())
}

// receive puts a file into the inbound folder and takes it in. Every answer in it must be new.
func (w *World) receive(t testing.TB, content string) {
	t.Helper()
	w.mu.Lock()
	w.files++
	name := fmt.Sprintf("answer-%03d.txt", w.files)
	w.mu.Unlock()
	if err := os.WriteFile(filepath.Join(w.Inbound, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Payments.Receive(t.Context()); err != nil {
		t.Fatalf("take in %s: %v\n%s", name, err, content)
	}
}
