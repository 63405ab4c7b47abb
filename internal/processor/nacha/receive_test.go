package nacha

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/ach"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

var tuesday = monday.AddDate(0, 0, 1)

// cutSix queues and cuts six entries.
func cutSix(t testing.TB, d *db.DB) *bench {
	b := newBench(t, d)
	b.enqueueN(1, 6)
	b.mustCut()
	return b
}

func ids(n ...int) (out []string) {
	for _, i := range n {
		out = append(out, entry(i).PaymentID)
	}
	return out
}

func TestSettlementsAndReturns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		returns := returnFile(b, tuesday, nil, map[string]string{entry(2).IndividualID: "R01", entry(4).IndividualID: "R29"})
		b.put("1-settled.csv", report(b, "2026-11-24", ids(1, 2, 3, 4)...))
		b.put("2-returns.ach", returns)
		if n := b.mustReceive(); n != 6 {
			t.Errorf("%d changes, want 6", n)
		}
		want := []Result{
			{"pay_00001", Settled, "", 1001, day.MustParse("2026-11-24")}, {"pay_00002", Settled, "", 1002, day.MustParse("2026-11-24")},
			{"pay_00003", Settled, "", 1003, day.MustParse("2026-11-24")}, {"pay_00004", Settled, "", 1004, day.MustParse("2026-11-24")},
			{"pay_00002", Returned, "R01", 1002, day.MustParse("2026-11-24")}, {"pay_00004", Returned, "R29", 1004, day.MustParse("2026-11-24")},
		}
		if !slices.Equal(b.seen, want) {
			t.Errorf("results %+v, want %+v", b.seen, want)
		}
		for id, state := range map[string]string{"pay_00001": "settled", "pay_00002": "returned R01", "pay_00004": "returned R29",
			"pay_00005": "filed"} {
			s, code, _ := b.state(id)
			if got := strings.TrimSpace(string(s) + " " + code); got != state {
				t.Errorf("%s is %s, want %s", id, got, state)
			}
		}
		// The same file again, under another name; then the same returns in another file; then a late settlement.
		b.put("again.ach", returns)
		b.put("other.ach", strings.Replace(returns, "0830A", "0831B", 1))
		b.put("late.csv", report(b, "2026-11-25", ids(2, 1)...))
		if n := b.mustReceive(); n != 0 || len(b.seen) != 6 || len(b.exceptions()) != 0 {
			t.Errorf("a second delivery changed %d, exceptions %q", n, b.exceptions())
		}
		left, err := os.ReadDir(b.conf.InboundDir)
		if err != nil || len(left) != 1 || left[0].Name() != "done" {
			t.Errorf("inbound has %v, %v", left, err)
		}
		if n := one[int](b, "SELECT COUNT(*) FROM ach_inbound WHERE done_at > 0 AND problem = ''"); n != 4 {
			t.Errorf("%d files are kept, want 4", n)
		}
		if log := b.log.String(); strings.Contains(log, entry(2).Account) || strings.Contains(log, "ZOE") {
			t.Errorf("the log has personal data: %s", log)
		}
	})
}

func TestWhatDoesNotFitIsForAPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		all := map[string]string{entry(1).IndividualID: "R01", entry(2).IndividualID: "R03", entry(3).IndividualID: "R68",
			entry(5).IndividualID: "R97", entry(6).IndividualID: "R10"}
		b.put("returns.ach", returnFile(b, tuesday, func(e *ach.EntryDetail, a *ach.Addenda99) {
			switch e.IdentificationNumber {
			case entry(1).IndividualID:
				e.Amount-- // one cent off
			case entry(2).IndividualID:
				a.OriginalTrace = "091000019999999"
			case entry(5).IndividualID: // an unlisted code, as some banks use: a return all the same
				a.SetValidation(&ach.ValidateOpts{CustomReturnCodes: true})
			case entry(6).IndividualID:
				e.IdentificationNumber = "SOMEBODY ELSE"
			}
		}, all))
		b.put("settled.csv", reportHeader+"\n091000010000002,1,2026-11-24\n091000010000777,100,2026-11-24\n")
		for range 2 { // the second time from the top, as after a crash: nothing piles up
			b.mustReceive()
			b.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(b.ctx(), "UPDATE ach_inbound SET done_at = 0")
				return err
			})
			for _, name := range []string{"returns.ach", "settled.csv"} {
				if err := os.Rename(filepath.Join(b.conf.InboundDir, "done", name), filepath.Join(b.conf.InboundDir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := []string{"ach.amount_mismatch pay_00001", "ach.amount_mismatch pay_00002", "ach.identity_mismatch pay_00006",
			"ach.return_dispute pay_00003", "ach.unknown_trace 091000010000777", "ach.unknown_trace 091000019999999"}
		if got := b.exceptions(); !slices.Equal(got, want) {
			t.Errorf("exceptions %q, want %q", got, want)
		}
		if len(b.seen) != 1 || b.seen[0].PaymentID != "pay_00005" || b.seen[0].Code != "R97" || Lookup("R97").Kind != Other {
			t.Errorf("results %+v", b.seen)
		}
		// A returned entry is returned again for another reason.
		b.put("second.ach", returnFile(b, tuesday, nil, map[string]string{entry(5).IndividualID: "R10"}))
		b.mustReceive()
		if got := b.exceptions(); len(got) != 7 || got[3] != "ach.return_dispute pay_00003" || !slices.Contains(got, "ach.second_return pay_00005") {
			t.Errorf("exceptions %q", got)
		}
	})
}

func TestNoticesOfChangeAreMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		content, err := os.ReadFile(testdata(t, "nacha/derived/noc-C01-C02-C03-C05-C06.ach"))
		if err != nil {
			t.Fatal(err)
		}
		_, _, trace := b.state("pay_00001")
		b.put("noc.ach", strings.Replace(string(content), "798C01091012980000002", "798C01"+trace, 1))
		if n := b.mustReceive(); n != 0 {
			t.Errorf("a notice changed %d entries", n)
		}
		if got := b.exceptions(); len(got) != 5 || got[0] != "ach.change_notice pay_00001" {
			t.Errorf("exceptions %q", got)
		}
		text := one[string](b, "SELECT detail FROM exception WHERE kind = 'ach.change_notice'")
		if !strings.Contains(text, `"code":"C01"`) || !strings.Contains(text, "******1614") || strings.Contains(text, "1918171614") {
			t.Errorf("the notice says %s", text)
		}
		if n := one[int](b, "SELECT COUNT(*) FROM exception WHERE detail LIKE '%1918171614%'"); n != 0 {
			t.Error("an account number stands in clear")
		}
	})
}

func TestDamagedFilesStayAndOthersAreRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		good := returnFile(b, tuesday, nil, map[string]string{entry(2).IndividualID: "R02"})
		b.put("a-cut-off.ach", good[:len(good)/2])
		b.put("b-good.ach", good)
		b.put("c-page.html", "<html>502</html>")
		b.put("d.csv.part", "half a report")
		b.put(".hidden", "x")
		n, err := b.Receive(b.ctx(), b.apply)
		if n != 1 || len(b.seen) != 1 {
			t.Errorf("%d changes, %+v", n, b.seen)
		}
		var bad *FileError
		if !errors.As(err, &bad) || bad.Name != "a-cut-off.ach" || !strings.Contains(err.Error(), "line ") ||
			!strings.Contains(err.Error(), "ask the bank") || !strings.Contains(err.Error(), "c-page.html") {
			t.Errorf("the error says %v", err)
		}
		if text := one[string](b, "SELECT problem FROM ach_inbound WHERE name = 'a-cut-off.ach'"); !strings.Contains(text, "ask the bank") {
			t.Errorf("the kept reason is %q", text)
		}
		lines := strings.Count(b.log.String(), "not taken")
		if _, err := b.Receive(b.ctx(), b.apply); err == nil {
			t.Error("the damaged files are forgotten")
		}
		if again := strings.Count(b.log.String(), "not taken"); again != lines || lines != 2 {
			t.Errorf("logged %d times, then %d", lines, again)
		}
		// The bank sends the whole file under the same name.
		b.put("a-cut-off.ach", strings.Replace(good, "0830A", "0831B", 1))
		_, err = b.Receive(b.ctx(), b.apply)
		if err == nil || strings.Contains(err.Error(), "a-cut-off") {
			t.Errorf("after the bank sent it again: %v", err)
		}
		for _, name := range []string{"d.csv.part", ".hidden", "c-page.html"} {
			if _, err := os.Stat(filepath.Join(b.conf.InboundDir, name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// An entry and its payment change together: where the payment refuses, the entry stays, and is tried again.
func TestApplyAndEntryChangeTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		b.put("settled.csv", report(b, "2026-11-24", ids(1, 2, 3)...))
		refuse := func(ctx context.Context, tx *db.Tx, r Result) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, 'x')", r.PaymentID); err != nil {
				return err
			}
			if r.PaymentID == "pay_00002" {
				return errors.New("no such payment")
			}
			return nil
		}
		n, err := b.Receive(b.ctx(), refuse)
		if n != 2 || err == nil || !strings.Contains(err.Error(), "line 3") || !strings.Contains(err.Error(), "no such payment") {
			t.Errorf("%d changes, %v", n, err)
		}
		if s, _, _ := b.state("pay_00002"); s != Filed {
			t.Errorf("pay_00002 is %s", s)
		}
		if n := one[int](b, "SELECT COUNT(*) FROM setting WHERE name LIKE 'pay_%'"); n != 2 {
			t.Errorf("%d payments were changed, want 2", n)
		}
		if n := b.mustReceive(); n != 1 || len(b.seen) != 1 || b.seen[0].PaymentID != "pay_00002" {
			t.Errorf("the second time: %d changes, %+v", n, b.seen)
		}
	})
}

// Killed at any point, or interrupted by two processes at once, every answer is applied once.
func TestCrashAnywhereInReceive(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"receive.stored", "receive.one", "receive.applied", "receive.done"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := cutSix(t, d)
				b.put("settled.csv", report(b, "2026-11-24", ids(1, 2, 3, 4, 5, 6)...))
				b.put("t-returns.ach", returnFile(b, tuesday, nil, map[string]string{entry(2).IndividualID: "R01"}))
				for range 3 {
					b.crashAt(point)
					if _, err := b.Receive(b.ctx(), b.apply); err != nil && !errors.Is(err, errCrash) {
						t.Fatal(err)
					}
					b.restart()
				}
				b.mustReceive()
				// The return may have been read before the settlement, which then says nothing new.
				once := map[Result]bool{}
				for _, r := range b.seen {
					if once[r] {
						t.Errorf("%+v was applied twice", r)
					}
					once[r] = true
				}
				if len(once) < 6 {
					t.Errorf("only %d results: %+v", len(once), b.seen)
				}
				if n := one[int](b, "SELECT COUNT(*) FROM ach_entry WHERE state = 'settled'"); n != 5 {
					t.Errorf("%d entries settled, want 5", n)
				}
				if n := one[int](b, "SELECT COUNT(*) FROM ach_inbound WHERE done_at > 0"); n != 2 {
					t.Errorf("%d files are done", n)
				}
				if s, code, _ := b.state("pay_00002"); s != Returned || code != "R01" {
					t.Errorf("pay_00002 is %s %s", s, code)
				}
			})
		})
	}
}

func TestConcurrentReceive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 40)
		b.mustCut()
		var list []int
		for n := 1; n <= 40; n++ {
			list = append(list, n)
		}
		b.put("settled.csv", report(b, "2026-11-24", ids(list...)...))
		results := make(chan string, 400)
		errs := make(chan error, 4)
		for range 4 {
			go func() {
				_, err := b.Receive(b.ctx(), func(ctx context.Context, tx *db.Tx, r Result) error {
					// What a payment does: its row tells whether it was done.
					_, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, 'settled')", r.PaymentID)
					if err == nil {
						results <- r.PaymentID
					}
					return err
				})
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := one[int](b, "SELECT COUNT(*) FROM ach_entry WHERE state = 'settled'"); n != 40 || len(results) != 40 {
			t.Errorf("%d entries settled, %d results", n, len(results))
		}
	})
}

// The files of the shared test data, made answers to entries of ours, are posted or refused as a whole.
func TestSharedReturnFiles(t *testing.T) {
	t.Parallel()
	root := testdata(t, "nacha")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.clock.set(time.Date(2026, 11, 24, 9, 0, 0, 0, newYork))
		plantOrigination(t, b)
		for _, f := range []struct {
			name    string
			changes int
			fails   bool
			opens   int // exceptions
		}{
			{"hostile-derived/batch-total-wrong.ach", 0, true, 0}, {"hostile-derived/truncated-mid-record.ach", 0, true, 0},
			{"derived/return-amount-mismatch.ach", 0, false, 1}, {"derived/return-unknown-original-trace.ach", 0, false, 1},
			{"derived/returns-duplicate-of-first-batch.ach", 4, false, 0}, {"derived/returns-R01-R29.ach", 6, false, 0},
			{"hostile-derived/crlf.ach", 0, false, 0}, {"hostile-derived/cr-only.ach", 0, false, 0},
			{"hostile-derived/return-reason-R99.ach", 0, false, 1}, {"derived/noc-C01-C02-C03-C05-C06.ach", 0, false, 5},
		} {
			before := len(b.exceptions())
			name := filepath.Base(f.name)
			b.put(name, string(mustRead(t, filepath.Join(root, f.name))))
			n, err := b.Receive(b.ctx(), b.apply)
			if n != f.changes || (err != nil) != f.fails || len(b.exceptions())-before != f.opens {
				t.Errorf("%s: %d changes, %d exceptions, %v; want %+v", f.name, n, len(b.exceptions())-before, err, f)
			}
			os.Remove(filepath.Join(b.conf.InboundDir, name))
		}
		var codes []string
		for _, r := range b.seen {
			if r.Kind != Returned || r.On != day.MustParse("2026-11-24") {
				t.Errorf("%+v", r)
			}
			codes = append(codes, r.Code)
		}
		slices.Sort(codes)
		if want := "R01 R02 R03 R04 R07 R08 R10 R16 R20 R29"; strings.Join(codes, " ") != want {
			t.Errorf("codes %q, want %q", codes, want)
		}
	})
}

// plantOrigination stores the entries of the shared origination file as sent.
func plantOrigination(t *testing.T, b *bench) {
	t.Helper()
	file, err := ach.ReadFile(testdata(t, "nacha/derived/origination-web-tel-ppd.ach"))
	if file == nil || len(file.Batches) != 3 {
		t.Fatalf("%v", err)
	}
	b.write(func(tx *db.Tx) error {
		for _, batch := range file.Batches {
			for _, e := range batch.GetEntries() {
				_, err := tx.ExecContext(b.ctx(), `INSERT INTO ach_entry (payment_id, individual_id, payee, name, routing,
 account_sealed, account_last4, account_type, amount_cents, state, trace, file_id, queued_at, filed_at, updated_at)
 VALUES ($1, $2, 'medical', $3, $4, $5, '0000', 'checking', $6, 'filed', $7, 'achf_1', 1, 1, 1)`,
					"pay_"+e.IdentificationNumber, strings.TrimSpace(e.IdentificationNumber), e.IndividualName,
					e.RDFIIdentification+e.CheckDigit, []byte("x"), e.Amount, e.TraceNumber)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Files without control records and files with other things in them are taken where that is allowed, and a person is told.
func TestIncompleteAndMixedFilesOpenExceptions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		b.conf.Incomplete = true
		b.restart()
		good := returnFile(b, tuesday, nil, map[string]string{entry(2).IndividualID: "R02", entry(3).IndividualID: "R16"})
		var open, mixed []string
		for l := range strings.Lines(good) {
			switch {
			case strings.HasPrefix(l, "8"), strings.HasPrefix(l, "9"), strings.HasPrefix(l, "1"):
			case strings.HasPrefix(l, "799R16"):
				open = append(open, l)
				continue // the second entry has no addenda: it is no return
			default:
				open = append(open, l)
			}
			if !strings.HasPrefix(l, "8") && !strings.HasPrefix(l, "9") {
				mixed = append(mixed, l)
			}
		}
		b.put("mixed.ach", strings.Join(mixed, ""))
		if n := b.mustReceive(); n != 1 {
			t.Errorf("%d changes in the mixed file, want 1", n)
		}
		b.put("open.ach", strings.Join(open, ""))
		if n := b.mustReceive(); n != 1 {
			t.Errorf("%d changes in the open file, want 1", n)
		}
		var kinds []string
		for _, e := range b.exceptions() {
			kind, _, _ := strings.Cut(e, " ")
			kinds = append(kinds, kind)
		}
		if want := []string{FileIncomplete, FileIncomplete, OtherEntries}; !slices.Equal(kinds, want) {
			t.Errorf("exceptions %q, want %q", kinds, want)
		}
	})
}

// A bank may use a name again, and a file may be larger than anything a bank sends.
func TestNamesAreUsedAgainAndHugeFilesRefused(t *testing.T) {
	t.Parallel()
	b := cutSix(t, dbtest.Open(t, db.SQLite))
	for n := 1; n <= 3; n++ {
		b.put("settled.csv", report(b, "2026-11-24", ids(n)...))
		if got := b.mustReceive(); got != 1 {
			t.Errorf("file %d changed %d", n, got)
		}
	}
	done, err := os.ReadDir(filepath.Join(b.conf.InboundDir, "done"))
	if err != nil || len(done) != 3 {
		t.Errorf("done has %v, %v", done, err)
	}
	huge := filepath.Join(b.conf.InboundDir, "huge.ach")
	b.put("huge.ach", "1")
	if err := os.Truncate(huge, maxInbound+1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(b.ctx(), b.apply); err == nil || !strings.Contains(err.Error(), "larger than 64 MB") {
		t.Errorf("a huge file: %v", err)
	}
}
