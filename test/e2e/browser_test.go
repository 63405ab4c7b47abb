package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/test/e2e/harness"
)

// onPostgres are the scenarios that run on PostgreSQL; the others run on the demo's own default, SQLite. Together every
// journey is walked, and every page is seen, on both.
var onPostgres = []string{"guest_card.mjs", "signed_in.mjs", "answers.mjs"}

// settings are what a file of scenarios needs beside the demo's own: a bank that works every second instead of every minute.
var settings = map[string][]string{"returns.mjs": {"MEMBERPAY_ACH_CUT_EVERY=1s"}}

// library are the files of test/e2e/browser that hold no scenario.
var library = []string{"lib.mjs", "account.mjs", "care.mjs", "journey.mjs", "keys.mjs", "words.mjs", "pictures.mjs"}

// TestBrowser runs each file of test/e2e/browser against a demo of its own.
func TestBrowser(t *testing.T) {
	needBrowser(t)
	files, err := filepath.Glob("browser/*.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if slices.Contains(library, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
			defer cancel()
			database := ""
			if slices.Contains(onPostgres, name) {
				database = dbtest.URL(t, db.Postgres)
			}
			env := settings[name]
			if name == "chat.mjs" {
				env = append(env, "MEMBERPAY_BRAND="+alwaysOpen(t))
			}
			demo := startDemo(t, ctx, database, env...)
			if err := demo.Script(ctx, name, os.Stdout); err != nil {
				t.Errorf("%s: %v\nthe demo logged:\n%s", name, err, demo.Events())
			}
		})
	}
}

// alwaysOpen is the demo's organisation with somebody there at every hour of every day. It returns the file.
func alwaysOpen(t *testing.T) string {
	t.Helper()
	dir, from := t.TempDir(), filepath.Join("..", "..", "internal", "brand")
	var b map[string]any
	for _, name := range []string{"larkspur.json", "larkspur.svg"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err == nil && name == "larkspur.json" {
			if err = json.Unmarshal(text, &b); err == nil {
				week := map[string]any{}
				for day := range b["hours"].(map[string]any) {
					week[day] = []string{"00:00-24:00"}
				}
				b["hours"], b["holidays"] = week, []string{}
				text, err = json.Marshal(b)
			}
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "larkspur.json")
}

// startDemo starts a demo whose slow cases are quick. It ends with the test, by an interrupt, which must end it cleanly.
func startDemo(t *testing.T, ctx context.Context, database string, env ...string) *harness.Demo {
	t.Helper()
	demo, err := harness.StartDemo(ctx, t.TempDir(), database, append(env, "MEMBERPAY_SANDBOX_QUICK=true", "MEMBERPAY_CARDS_TIMEOUT=2s")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := demo.Interrupt(ctx); err != nil {
			t.Error(err)
		}
	})
	return demo
}

// needBrowser skips, or fails where nothing may be skipped, a test that needs Chromium and Node.
func needBrowser(t *testing.T) {
	t.Helper()
	_, err1 := exec.LookPath("node")
	_, err2 := exec.LookPath("chromium")
	_, err3 := os.Stat("node_modules/playwright-core")
	err := errors.Join(err1, err2, err3)
	switch {
	case err == nil:
	case dbtest.RequireAll():
		t.Fatalf("the browser tests need Node, Chromium and their packages; run test/provision.sh: %v", err)
	default:
		t.Skipf("the browser tests need Node, Chromium and their packages; run test/provision.sh: %v", err)
	}
}
