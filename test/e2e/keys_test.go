package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/audit"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/payment"
	"memberpay/test/e2e/harness"
)

// keysList is what "memberpay keys list --json" says.
type keysList struct {
	Generation int64
	Keys       []struct {
		ID     uint32
		State  string
		Values int64
	}
	Lost    []string
	Servers []struct{ Generation int64 }
}

func (w *world) keys(t *testing.T, ctx context.Context) keysList {
	t.Helper()
	var l keysList
	out, err := harness.Run(ctx, w.env, "keys", "list", "--json")
	if err == nil {
		err = json.Unmarshal(out, &l)
	}
	if err != nil {
		t.Fatalf("list the keys: %v\n%s", err, out)
	}
	return l
}

// drafts seals bank account numbers with the world's keys, as payers do, and returns a check that they open.
func (w *world) drafts(t *testing.T, ctx context.Context, n int) (check func()) {
	t.Helper()
	d, err := db.Open(ctx, w.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	k, err := app.OpenKeys(ctx, d, config.Store{Data: w.dir, Database: w.database}, audit.Program, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	owner := payment.Owner{SessionID: "ses_keys"}
	var list []payment.Draft
	for i := range n {
		draft := payment.Draft{ID: fmt.Sprintf("draft_keys%05d", i), SessionID: owner.SessionID, PayerID: "mem_none", CreatedAt: time.Now(), UpdatedAt: time.Now()}
		if err := draft.SetBank(k.Box, payment.BankAccount{Name: "Pat Example", Routing: "011000015", Number: fmt.Sprintf("%012d", i), Type: "checking"}); err != nil {
			t.Fatal(err)
		}
		list = append(list, draft)
	}
	if err := d.Write(ctx, func(tx *db.Tx) error { return payment.KeepDrafts(ctx, tx, list) }); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		for i, draft := range list {
			got, err := payment.GetDraft(ctx, d.Read(), owner, draft.ID)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := got.Request(k.Box); err != nil || r.Method.Bank.Number != fmt.Sprintf("%012d", i) {
				t.Fatalf("draft %s: %v", draft.ID, err)
			}
		}
	}
}

// TestKeysAreRotatedUnderARunningServer kills a rotation in the middle and starts it again.
func TestKeysAreRotatedUnderARunningServer(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			w := newWorld(t, ctx, engine, 1)
			w.start(t, ctx)
			defer w.stop(t)
			const values = 3000
			check := w.drafts(t, ctx, values)

			killed, err := harness.Start(w.dir, "rotate", w.env, "keys", "rotate")
			if err != nil {
				t.Fatal(err)
			}
			for !strings.Contains(killed.Log(), "seals from now on") {
				select {
				case <-killed.Done():
					t.Fatalf("it ended:\n%s", killed.Log())
				case <-ctx.Done():
					t.Fatal(ctx.Err())
				case <-time.After(time.Millisecond):
				}
			}
			killed.Kill()
			check()
			out, err := harness.Run(ctx, w.env, "keys", "rotate")
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			check()
			l := w.keys(t, ctx)
			if len(l.Keys) != 2 || len(l.Lost) > 0 || l.Keys[0].State != "old" || l.Keys[0].Values != 0 || l.Keys[1].State != "primary" || l.Keys[1].Values < values {
				t.Errorf("%+v\n%s", l, out)
			}
			if len(l.Servers) != 1 || l.Servers[0].Generation != l.Generation {
				t.Errorf("servers: %+v", l.Servers)
			}
			if out, err := harness.Run(ctx, w.env, "keys", "retire"); err == nil || !strings.Contains(err.Error(), "may still be on its way") {
				t.Errorf("an old key was taken out at once: %v\n%s", err, out)
			}
			w.nothingSecretIn(t, "serve.log", "rotate.log")
			if r, err := http.Get(w.URL + "/readyz"); err != nil || r.StatusCode != http.StatusOK {
				t.Errorf("the server: %v, %v", r, err)
			} else if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
		})
	}
}

// nothingSecretIn looks for the master key in logs.
func (w *world) nothingSecretIn(t *testing.T, logs ...string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(w.dir, "master.key"))
	if err != nil || len(key) < 40 {
		t.Fatalf("the master key: %v", err)
	}
	for _, name := range logs {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil || len(text) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(string(text), strings.TrimSpace(string(key))) {
			t.Errorf("the master key stands in %s", name)
		}
	}
}

// TestWrongMasterKeyIsTold: neither serving nor the doctor goes on, and both say what to do; with the right key in the
// environment the file is not needed.
func TestWrongMasterKeyIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWorld(t, ctx, db.SQLite, 1)
	w.start(t, ctx)
	w.stop(t)
	path := filepath.Join(w.dir, "master.key")
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wrong := append(w.env[:len(w.env):len(w.env)], "MEMBERPAY_MASTER_KEY="+base64.StdEncoding.EncodeToString([]byte("01234567890123456789012345678901")))
	for name, env := range map[string][]string{"none": w.env, "another": wrong} {
		for _, command := range []string{"serve", "doctor"} {
			out, err := harness.Run(ctx, env, command)
			if err == nil || ctx.Err() != nil {
				t.Fatalf("%s, %s: it ran: %v", name, command, err)
			}
			if said := string(out) + err.Error(); !strings.Contains(said, "wrong master key") || !strings.Contains(said, path) || !strings.Contains(said, "MEMBERPAY_MASTER_KEY") {
				t.Errorf("%s, %s does not say what to do:\n%s", name, command, said)
			}
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a master key was made though keys are wrapped under another one")
	}
	w.env = append(w.env, "MEMBERPAY_MASTER_KEY="+string(key))
	w.start(t, ctx)
	w.stop(t)
}
