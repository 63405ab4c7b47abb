package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
var settings = map[string][]string{"returns.mjs": {"MEMBERPAY_ACH_CUT_EVERY=1s"}, "exception.mjs": {"MEMBERPAY_ACH_CUT_EVERY=1s"}}

// library are the files of test/e2e/browser that hold no scenario.
var library = []string{"lib.mjs", "account.mjs", "call.mjs", "care.mjs", "journey.mjs", "keys.mjs", "words.mjs", "pictures.mjs"}

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
			run := func(demo *harness.Demo, env ...string) {
				if err := demo.Script(ctx, name, os.Stdout, env...); err != nil {
					t.Fatalf("%s: %v\nthe demo logged:\n%s", name, err, demo.Events())
				}
			}
			switch name {
			case "chat.mjs":
				run(startDemo(t, ctx, t.TempDir(), database, "MEMBERPAY_BRAND="+withHours(t, always)))
			case "out_of_hours.mjs": // the same data, the next day
				dir := t.TempDir()
				evening := startDemo(t, ctx, dir, database, "MEMBERPAY_BRAND="+withHours(t, tomorrow))
				run(evening, "MEMBERPAY_ONLY=evening")
				interrupt(t, evening)
				run(startDemo(t, ctx, dir, database, "MEMBERPAY_BRAND="+withHours(t, always)), "MEMBERPAY_ONLY=next day")
			default:
				run(startDemo(t, ctx, t.TempDir(), database, settings[name]...))
			}
		})
	}
}

// hours are the spans in which somebody is there on a day of the week, at a time in the organisation's zone.
type hours func(now time.Time, day time.Weekday) []string

func always(time.Time, time.Weekday) []string { return []string{"00:00-24:00"} }

// tomorrow is closed for the rest of the day, whenever that is.
func tomorrow(now time.Time, day time.Weekday) []string {
	if day == now.AddDate(0, 0, 1).Weekday() {
		return []string{"08:00-18:00"}
	}
	return []string{}
}

// withHours is the demo's organisation with other hours and no holidays. It returns the file.
func withHours(t *testing.T, of hours) string {
	t.Helper()
	dir, from := t.TempDir(), filepath.Join("..", "..", "internal", "brand")
	var b map[string]any
	for _, name := range []string{"larkspur.json", "larkspur.svg"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err == nil && name == "larkspur.json" {
			if err = json.Unmarshal(text, &b); err == nil {
				zone, zoneErr := time.LoadLocation(b["time_zone"].(string))
				if zoneErr != nil {
					t.Fatal(zoneErr)
				}
				week := map[string]any{}
				for day := range time.Saturday + 1 {
					week[strings.ToLower(day.String())] = of(time.Now().In(zone), day)
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

// startDemo starts a demo with its data in dir, whose slow cases are quick. It ends with the test, by an interrupt, which must end it cleanly.
func startDemo(t *testing.T, ctx context.Context, dir, database string, env ...string) *harness.Demo {
	t.Helper()
	demo, err := harness.StartDemo(ctx, dir, database, append(env, "MEMBERPAY_SANDBOX_QUICK=true", "MEMBERPAY_CARDS_TIMEOUT=2s")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { interrupt(t, demo) })
	return demo
}

// interrupt ends a demo; one that has ended already, again, is nothing.
func interrupt(t *testing.T, demo *harness.Demo) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := demo.Interrupt(ctx); err != nil {
		t.Error(err)
	}
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
