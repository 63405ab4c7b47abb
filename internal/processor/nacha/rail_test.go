package nacha

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moov-io/ach"

	"memberpay/internal/db"
	"memberpay/internal/money"
	"memberpay/internal/seal"
)

// testdata returns a path in the shared test data, and skips the test where there is none.
func testdata(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "testdata")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared test data (set MEMBERPAY_TESTDATA): %v", err)
	}
	return path
}

const (
	odfi       = "091000019"
	payerBank1 = "011000015"
	payerBank2 = "121000358"
)

var medical = Originator{CompanyName: "LARKSPUR HEALTH", CompanyID: "1123456789", EntryDescription: "MED BILL",
	ODFIRouting: odfi, DestinationName: "FIRST TEST BANK", OriginName: "LARKSPUR HEALTH"}

var premium = Originator{CompanyName: "LARKSPUR PLAN", CompanyID: "1123456780", EntryDescription: "INS PREM",
	ODFIRouting: odfi, DestinationName: "FIRST TEST BANK", Origin: "1123456789", OriginName: "LARKSPUR HEALTH"}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// bench is a rail with its folders and everything a test looks at.
type bench struct {
	*Rail
	t     testing.TB
	d     *db.DB
	conf  Config
	clock *clock
	log   *bytes.Buffer
	seen  []Result
}

var newYork = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

// monday is a banking day, 09:30 in New York.
var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, newYork)

func newBench(t testing.TB, d *db.DB) *bench {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &bench{t: t, d: d, clock: &clock{now: monday}, log: &bytes.Buffer{}}
	b.conf = Config{
		Database: d, Seal: box, Originators: map[string]Originator{"medical": medical, "premium": premium},
		OutboundDir: filepath.Join(dir, "out"), InboundDir: filepath.Join(dir, "in"),
		Clock: b.clock.Now, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	b.restart()
	return b
}

// restart makes a new rail over the same database and folders, as a new process would.
func (b *bench) restart() {
	b.t.Helper()
	r, err := New(b.conf)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Rail = r
}

// errCrash is how a test kills a process at a point.
var errCrash = errors.New("killed")

func (b *bench) crashAt(point string) {
	b.Rail.crash = func(p string) error {
		if p == point {
			return errCrash
		}
		return nil
	}
}

func entry(n int) Entry {
	routing, kind, payee := payerBank1, Checking, "medical"
	if n%3 == 0 {
		routing, kind = payerBank2, Savings
	}
	if n%4 == 0 {
		payee = "premium"
	}
	return Entry{PaymentID: fmt.Sprintf("pay_%05d", n), IndividualID: fmt.Sprintf("K7QM4T%04d", n), Payee: payee,
		Name: "Zoë O’Brien-Nuñez", Routing: routing, Account: fmt.Sprintf("00012345%05d", n), AccountType: kind,
		Amount: money.Cents(1000 + n)}
}

func (b *bench) enqueue(entries ...Entry) {
	b.t.Helper()
	prepared := make([]Prepared, len(entries))
	for i, e := range entries {
		var err error
		if prepared[i], err = b.Prepare(e); err != nil {
			b.t.Fatal(err)
		}
	}
	b.write(func(tx *db.Tx) error { return b.Enqueue(b.ctx(), tx, prepared) })
}

func (b *bench) enqueueN(from, to int) {
	b.t.Helper()
	var list []Entry
	for n := from; n <= to; n++ {
		list = append(list, entry(n))
	}
	b.enqueue(list...)
}

func (b *bench) ctx() context.Context { return b.t.Context() }

func (b *bench) write(f func(tx *db.Tx) error) {
	b.t.Helper()
	if err := b.d.Write(b.ctx(), f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) mustCut() CutReport {
	b.t.Helper()
	report, err := b.Cut(b.ctx())
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

// outbound returns the names of the visible files for the bank, and fails where a temporary one is left.
func (b *bench) outboundFiles() []string {
	b.t.Helper()
	list, err := os.ReadDir(b.conf.OutboundDir)
	if err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// sentEntries reads every file for the bank with the other reader.
func (b *bench) sentEntries() []*ach.EntryDetail {
	b.t.Helper()
	var out []*ach.EntryDetail
	for _, name := range b.outboundFiles() {
		for _, batch := range b.parse(name).Batches {
			out = append(out, batch.GetEntries()...)
		}
	}
	return out
}

func (b *bench) parse(name string) ach.File {
	b.t.Helper()
	f, err := os.Open(filepath.Join(b.conf.OutboundDir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	reader := ach.NewReader(f)
	reader.SetValidation(originOptions())
	file, err := reader.Read()
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return file
}

func (b *bench) put(name, content string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.conf.InboundDir, name), []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) apply(_ context.Context, _ *db.Tx, r Result) error {
	b.seen = append(b.seen, r)
	return nil
}

func (b *bench) mustReceive() int {
	b.t.Helper()
	n, err := b.Receive(b.ctx(), b.apply)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// state returns "state code trace" of a payment's entry.
func (b *bench) state(paymentID string) (state State, code, trace string) {
	b.t.Helper()
	err := b.d.Read().QueryRowContext(b.ctx(), "SELECT state, return_code, trace FROM ach_entry WHERE payment_id = $1",
		paymentID).Scan(&state, &code, &trace)
	if err != nil {
		b.t.Fatal(err)
	}
	return state, code, trace
}

// one returns a single value.
func one[T any](b *bench, query string, args ...any) T {
	b.t.Helper()
	var v T
	if err := b.d.Read().QueryRowContext(b.ctx(), query, args...).Scan(&v); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return v
}

func (b *bench) exceptions() []string {
	b.t.Helper()
	var out []string
	rows, err := b.d.Read().QueryContext(b.ctx(), "SELECT kind, subject FROM exception")
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, subject string
		if err := rows.Scan(&kind, &subject); err != nil {
			b.t.Fatal(err)
		}
		out = append(out, kind+" "+subject)
	}
	slices.Sort(out)
	return out
}

// returnFile writes a return file of the payer's banks for sent entries.
func returnFile(b *bench, created time.Time, edit func(e *ach.EntryDetail, a *ach.Addenda99), codes map[string]string) string {
	b.t.Helper()
	file := ach.NewFile()
	h := ach.NewFileHeader()
	h.ImmediateDestination, h.ImmediateOrigin = odfi, payerBank1
	h.ImmediateDestinationName, h.ImmediateOriginName = "FIRST TEST BANK", "OPERATOR"
	h.FileCreationDate, h.FileCreationTime = created.Format("060102"), "0830"
	file.SetHeader(h)
	bh := ach.NewBatchHeader()
	bh.ServiceClassCode, bh.StandardEntryClassCode = ach.DebitsOnly, ach.WEB
	bh.CompanyName, bh.CompanyIdentification, bh.CompanyEntryDescription = medical.CompanyName, medical.CompanyID, "MED BILL"
	bh.EffectiveEntryDate, bh.ODFIIdentification = created.Format("060102"), payerBank1[:8]
	batch, err := ach.NewBatch(bh)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, sent := range b.sentEntries() {
		code, ok := codes[strings.TrimSpace(sent.IdentificationNumber)]
		if !ok {
			continue
		}
		n++
		e := ach.NewEntryDetail()
		e.TransactionCode = sent.TransactionCode - 1 // 27 comes back as 26
		e.SetRDFI(odfi)
		e.DFIAccountNumber, e.Amount = sent.DFIAccountNumber, sent.Amount
		e.IdentificationNumber, e.IndividualName = strings.TrimSpace(sent.IdentificationNumber), sent.IndividualName
		e.DiscretionaryData = "S "
		e.SetTraceNumber(payerBank1, n)
		e.AddendaRecordIndicator, e.Category = 1, ach.CategoryReturn
		a := ach.NewAddenda99()
		a.ReturnCode, a.OriginalTrace, a.OriginalDFI, a.TraceNumber = code, sent.TraceNumber, sent.RDFIIdentification, e.TraceNumber
		if edit != nil {
			edit(e, a)
		}
		e.Addenda99 = a
		batch.AddEntry(e)
	}
	if err := batch.Create(); err != nil {
		b.t.Fatal(err)
	}
	file.AddBatch(batch)
	if err := file.Create(); err != nil {
		b.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := ach.NewWriter(&out).Write(file); err != nil {
		b.t.Fatal(err)
	}
	return out.String()
}

// report writes a settlement report for payments.
func report(b *bench, on string, payments ...string) string {
	var out strings.Builder
	out.WriteString(reportHeader + "\n")
	for _, p := range payments {
		_, _, trace := b.state(p)
		fmt.Fprintf(&out, "%s,%d,%s\n", trace, one[int64](b, "SELECT amount_cents FROM ach_entry WHERE payment_id = $1", p), on)
	}
	return out.String()
}
