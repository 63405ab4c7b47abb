package e2e

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"memberpay/test/e2e/harness"
)

// TestDemo starts the demo as "make run" does: its card is complete, an interrupt ends it cleanly, and a second start
// finds the same people.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	demo, err := harness.StartDemo(ctx, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	var card map[string]json.RawMessage
	text, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err == nil {
		err = json.Unmarshal(text, &card)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"url", "sandbox_url", "mailbox_url", "members", "cards", "bank_accounts"} {
		if len(card[key]) < 3 {
			t.Errorf("demo.json has no %s: %s", key, card[key])
		}
	}
	accounts := 0
	for _, m := range demo.Members {
		if m.MemberID == "" || len(m.DateOfBirth) != len("2006-01-02") || m.ZIP == "" {
			t.Errorf("a demo member lacks an answer: %+v", m)
		}
		if m.Email != "" && m.Password != "" {
			accounts++
		}
	}
	if accounts < 3 {
		t.Errorf("%d demo members can sign in, want at least 3", accounts)
	}
	var staff []struct{ Name, Role, Password string }
	if err := json.Unmarshal(card["staff"], &staff); err != nil {
		t.Fatal(err)
	}
	agents := map[string]bool{} // one hands a chat to another by name
	for _, w := range staff {
		if w.Role == "agent" && w.Password != "" {
			agents[w.Name] = true
		}
	}
	if len(agents) < 2 {
		t.Errorf("%d demo agents can sign in, want at least 2", len(agents))
	}
	if err := demo.Interrupt(ctx); err != nil {
		t.Fatal(err)
	}
	if log := demo.Log(); !strings.Contains(log, demo.URL) || !strings.Contains(log, demo.Members[0].MemberID) {
		t.Errorf("the printed card names neither the address nor a member:\n%s", log)
	}
	again, err := harness.StartDemo(ctx, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Members) != len(demo.Members) || again.Members[0] != demo.Members[0] {
		t.Errorf("the second start has other people: %+v, then %+v", demo.Members, again.Members)
	}
	if err := again.Interrupt(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestTakenPort says plainly that somebody else has the address.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	listen := taken.Addr().String()
	p, err := harness.Start(t.TempDir(), "demo", []string{"MEMBERPAY_LISTEN=" + listen, "MEMBERPAY_DATA=" + t.TempDir()}, "demo")
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		t.Fatalf("the demo runs on a taken address:\n%s", p.Log())
	}
	_, port, _ := net.SplitHostPort(listen)
	if log := p.Log(); !strings.Contains(log, port) || !strings.Contains(log, "taken") {
		t.Errorf("the message does not say that port %s is taken:\n%s", port, log)
	}
}
