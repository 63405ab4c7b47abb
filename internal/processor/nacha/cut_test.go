package nacha

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/money"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestCutMakesOneFileOfTwoBatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		if r := b.mustCut(); len(r.Files) != 0 || r.Entries() != 0 || len(b.outboundFiles()) != 0 {
			t.Fatalf("a cut of nothing made %+v", r)
		}
		b.enqueueN(1, 8)
		r := b.mustCut()
		if len(r.Files) != 1 || r.Entries() != 8 || r.Total() != 8036 || len(r.Delivered) != 1 || r.Waiting != 0 {
			t.Fatalf("the cut made %+v", r)
		}
		names := b.outboundFiles()
		if want := []string{"091000019-1123456789-20261123-0930-A.ach"}; !slices.Equal(names, want) {
			t.Fatalf("outbound has %q, want %q", names, want)
		}
		golden(t, filepath.Join(b.conf.OutboundDir, names[0]))
		if state, _, trace := b.state("pay_00001"); state != Filed || trace != "091000010000001" {
			t.Errorf("pay_00001 is %s with trace %s", state, trace)
		}
		if got := one[string](b, "SELECT effective_on FROM ach_entry WHERE payment_id = 'pay_00008'"); got != "2026-11-24" {
			t.Errorf("effective on %s", got)
		}
		if got := one[string](b, "SELECT state FROM ach_file"); got != "delivered" {
			t.Errorf("the file is %s", got)
		}
		facts, err := event.Of(b.ctx(), d.Read(), r.Files[0].ID)
		if err != nil || len(facts) != 2 || facts[0].Kind != "ach.filed" || facts[1].Kind != "ach.delivered" {
			t.Errorf("events %+v, %v", facts, err)
		}
		if entries, err := audit.List(b.ctx(), d.Read(), audit.Filter{}, 10); err != nil || len(entries) != 1 || entries[0].Action != "bank_file.cut" || entries[0].Subject != r.Files[0].ID {
			t.Errorf("the audit log has %+v, %v", entries, err)
		}
		if again := b.mustCut(); len(again.Files) != 0 || len(again.Delivered) != 0 {
			t.Errorf("a second cut made %+v", again)
		}
		assertSecret(t, b, r.Files[0])
	})
}

// golden compares a file with the one under version control, byte by byte.
func golden(t *testing.T, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const kept = "testdata/cut.golden.ach"
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(kept, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
}

// assertSecret looks for account numbers where none may be: the database's columns and the log.
func assertSecret(t *testing.T, b *bench, f FileReport) {
	t.Helper()
	secret := entry(1).Account
	if strings.Contains(b.log.String(), secret) || strings.Contains(b.log.String(), "Zo") {
		t.Errorf("the log has an account number or a name: %s", b.log)
	}
	for _, query := range []string{"SELECT account_sealed FROM ach_entry WHERE payment_id = 'pay_00001'",
		"SELECT content_sealed FROM ach_file WHERE id = '" + f.ID + "'"} {
		if bytes.Contains(one[[]byte](b, query), []byte(secret)) {
			t.Errorf("%s has an account number in clear", query)
		}
	}
}

func TestManyEntriesMakeManyFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.perFile = 10
		b.enqueueN(1, 25)
		r := b.mustCut()
		if len(r.Files) != 3 || r.Entries() != 25 || len(b.outboundFiles()) != 3 {
			t.Fatalf("the cut made %+v", r)
		}
		seen := map[string]bool{}
		for _, e := range b.sentEntries() {
			if seen[e.TraceNumber] || seen[e.IdentificationNumber] {
				t.Errorf("trace %s or payment %s twice", e.TraceNumber, e.IdentificationNumber)
			}
			seen[e.TraceNumber], seen[e.IdentificationNumber] = true, true
		}
		if len(seen) != 50 {
			t.Errorf("%d entries in the files", len(seen)/2)
		}
		// All 36 modifiers of this minute, then none; the next minute has them again.
		for n := range 33 {
			b.enqueueN(100+n, 100+n)
			b.mustCut()
		}
		b.enqueueN(200, 200)
		if _, err := b.Cut(b.ctx()); !errors.Is(err, errTooManyFiles) {
			t.Errorf("the 37th file of a minute: %v", err)
		}
		b.clock.set(monday.Add(time.Minute))
		if r := b.mustCut(); len(r.Files) != 1 || len(b.outboundFiles()) != 37 {
			t.Errorf("a minute later: %+v, %d files", r, len(b.outboundFiles()))
		}
	})
}

func TestFileTotalStaysInsideItsField(t *testing.T) {
	t.Parallel()
	list := make([]queuedLine, 1500)
	for i := range list {
		list[i].amount = money.Max
	}
	fit, rest := split(list)
	if len(fit) != 999 || !rest {
		t.Errorf("%d entries fit, rest %v", len(fit), rest)
	}
	if fit, rest = split(list[:999]); len(fit) != 999 || rest {
		t.Errorf("%d of 999 fit, rest %v", len(fit), rest)
	}
}

func TestUnreadableAndUnknownEntriesWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 4)
		b.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(b.ctx(), "UPDATE ach_entry SET account_sealed = $1 WHERE payment_id = 'pay_00002'",
				[]byte("damaged"))
			return err
		})
		b.conf.Originators = map[string]Originator{"medical": medical} // pay_00004 is a premium
		b.restart()
		for range 2 {
			r := b.mustCut()
			if r.Waiting != 2 {
				t.Errorf("%d entries wait, want 2", r.Waiting)
			}
		}
		if got := b.exceptions(); !slices.Equal(got, []string{"ach.unreadable_entry pay_00002"}) {
			t.Errorf("exceptions %q", got)
		}
		for id, want := range map[string]State{"pay_00001": Filed, "pay_00002": Queued, "pay_00003": Filed, "pay_00004": Queued} {
			if got, _, _ := b.state(id); got != want {
				t.Errorf("%s is %s, want %s", id, got, want)
			}
		}
	})
}

func TestTraceNumbersComeRound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 3)
		b.mustCut()
		set := func(next int64) {
			b.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(b.ctx(), "UPDATE counter SET next = $1 WHERE name = 'ach.trace.09100001'", next)
				return err
			})
		}
		set(traceCycle - 1) // two numbers are left: three entries start the next cycle
		b.enqueueN(5, 7)
		if _, err := b.Cut(b.ctx()); !errors.Is(err, ErrTraces) {
			t.Fatalf("traces of today were used again: %v", err)
		}
		b.clock.set(monday.AddDate(0, 0, 91))
		b.enqueueN(9, 11)
		r := b.mustCut()
		if r.Entries() != 6 {
			t.Fatalf("the cut made %+v", r)
		}
		if _, _, trace := b.state("pay_00005"); trace != "091000010000001" {
			t.Errorf("the first trace of the second cycle is %s", trace)
		}
		// The trace stands for the newer entry now.
		s, err := findSent(b.ctx(), d.Read(), "091000010000001")
		if err != nil || s.paymentID != "pay_00005" {
			t.Errorf("the trace belongs to %s, %v", s.paymentID, err)
		}
	})
}

// However many processes cut at once, by hand or by the clock, every entry leaves once.
func TestConcurrentCuts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 200)
		b.clock.set(monday.Add(31 * time.Minute)) // just after the first window
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			rail, err := New(b.conf)
			if err != nil {
				t.Fatal(err)
			}
			rail.perFile = 20
			wg.Go(func() {
				if i%2 == 0 {
					_, errs[i] = rail.CutDue(b.ctx())
				} else {
					_, errs[i] = rail.Cut(b.ctx())
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Deliver(b.ctx()); err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, e := range b.sentEntries() {
			seen[e.IdentificationNumber]++
			seen[e.TraceNumber]++
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("%s stands %d times in the files", k, n)
			}
		}
		if len(seen) != 400 {
			t.Errorf("%d of 200 entries left", len(seen)/2)
		}
		if left := hidden(t, b); len(left) > 0 {
			t.Errorf("temporary files are left: %q", left)
		}
	})
}

// An entry that somebody else holds for a moment (its account number is sealed again) does not miss the window.
func TestCutWaitsForAnEntryThatChanges(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Postgres) // SQLite has one writer
	b := newBench(t, d)
	b.enqueueN(1, 3)
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		b.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(b.ctx(), "UPDATE ach_entry SET account_sealed = account_sealed WHERE payment_id = 'pay_00002'")
			close(held)
			<-release
			return err
		})
	})
	<-held
	var report CutReport
	var err error
	wg.Go(func() { report, err = b.Cut(b.ctx()) })
	for waiting := 0; waiting == 0; {
		if err := d.Read().QueryRowContext(b.ctx(), `SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	wg.Wait()
	if err != nil || report.Entries() != 3 {
		t.Errorf("cut %d of 3 entries, %v", report.Entries(), err)
	}
}

func TestCutDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		due := func(at time.Time) CutReport {
			t.Helper()
			b.clock.set(at)
			r, err := b.CutDue(b.ctx())
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		due(monday) // the window of Friday, with nothing queued
		b.enqueueN(1, 2)
		if r := due(monday.Add(20 * time.Minute)); len(r.Files) != 0 {
			t.Errorf("before the window: %+v", r)
		}
		if r := due(monday.Add(30 * time.Minute)); r.Entries() != 2 || !r.Window.Equal(monday.Add(30*time.Minute)) {
			t.Errorf("at the window: %+v", r)
		}
		b.enqueueN(3, 3)
		if r := due(monday.Add(31 * time.Minute)); len(r.Files) != 0 {
			t.Errorf("the same window again: %+v", r)
		}
		// Nobody runs until Saturday; then one late cut, which counts for the last window, Friday's.
		saturday := monday.AddDate(0, 0, 5)
		if r := due(saturday); r.Entries() != 1 || r.Window.In(newYork).Format("Mon 15:04") != "Fri 16:15" ||
			r.Files[0].EffectiveOn != day.MustParse("2026-12-01") {
			t.Errorf("after a pause: %+v", r)
		}
		b.enqueueN(4, 4)
		b.restart()
		if r := due(saturday.Add(time.Hour)); len(r.Files) != 0 {
			t.Errorf("once more on Saturday, after a restart: %+v", r)
		}
	})
}

// For any entries the file is read back as what it was made from, by this package's check and in its totals.
func TestBuiltFilesAddUp(t *testing.T) {
	t.Parallel()
	routings := []string{payerBank1, payerBank2, "322271627", "021000021", "084202280"}
	rapid.Check(t, func(t *rapid.T) {
		h := head{destination: odfi, destinationName: "FIRST TEST BANK", origin: "1123456789", originName: "LARKSPUR HEALTH",
			created: monday, modifier: 'A', effective: day.MustParse("2026-11-24")}
		var batches []batch
		n, total, sum := 0, int64(0), int64(0)
		for i := range rapid.IntRange(1, 3).Draw(t, "batches") {
			o := []Originator{medical, premium, medical}[i]
			o.Origin = "1123456789"
			var list []line
			for range rapid.IntRange(1, 30).Draw(t, "entries") {
				n++
				l := line{
					paymentID: fmt.Sprint(n), individualID: fmt.Sprintf("K7Q%d", n),
					name:    rapid.StringMatching(`[A-Za-zÀ-ÿ'’ .-]{1,40}x`).Draw(t, "name"),
					routing: rapid.SampledFrom(routings).Draw(t, "routing"),
					account: rapid.StringMatching(`[0-9]{4,17}`).Draw(t, "account"), accountType: Checking,
					amount: money.Cents(rapid.Int64Range(1, int64(money.Max)).Draw(t, "amount")),
					trace:  fmt.Sprintf("%s%07d", odfi[:8], n),
				}
				if rapid.Bool().Draw(t, "savings") {
					l.accountType = Savings
				}
				total += int64(l.amount)
				sum += int64(atoi(l.routing[:8]))
				list = append(list, l)
			}
			batches = append(batches, batch{o, Web, list})
		}
		content, err := buildFile(h, batches)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkFile(content, h, batches); err != nil {
			t.Fatal(err)
		}
		again, err := buildFile(h, batches)
		if err != nil || !bytes.Equal(content, again) {
			t.Fatalf("the same entries make another file (%v)", err)
		}
		lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
		var control string
		for _, l := range lines {
			if len(l) != width {
				t.Fatalf("a record of %d characters: %q", len(l), l)
			}
			if l[0] == '9' && control == "" {
				control = l
			}
		}
		want := fmt.Sprintf("9%06d%06d%08d%010d%012d%012d", len(batches), len(lines)/10, n, sum%10_000_000_000, total, 0)
		if len(lines)%10 != 0 || !strings.HasPrefix(control, want) {
			t.Fatalf("%d lines, control %q, want %q", len(lines), control, want)
		}
		// A single changed digit does not pass the check.
		at := rapid.IntRange(0, len(content)-1).Draw(t, "at")
		if c := content[at]; c >= '0' && c <= '9' && at/(width+1) > 0 && at/(width+1) <= n {
			wrong := bytes.Clone(content)
			wrong[at] = '0' + (c-'0'+1)%10
			if l := at / (width + 1); lines[l][0] == '6' && checkFile(wrong, h, batches) == nil {
				t.Fatalf("a changed digit in line %d passes", l+1)
			}
		}
	})
}

func hidden(t testing.TB, b *bench) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(b.conf.OutboundDir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}
