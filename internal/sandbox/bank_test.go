package sandbox

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/ach"
)

// debits writes a WEB file with one debit for each account, of 1.00, 2.00, ... dollars.
func debits(t testing.TB, accounts ...string) []byte {
	t.Helper()
	f := ach.NewFile()
	h := ach.NewFileHeader()
	h.ImmediateDestination, h.ImmediateOrigin, h.FileIDModifier = "110000000", "110000000", "A"
	h.FileCreationDate, h.FileCreationTime = "261203", "1200"
	h.ImmediateDestinationName, h.ImmediateOriginName = "SANDBOX BANK", "LARKSPUR HEALTH"
	f.SetHeader(h)
	bh := ach.NewBatchHeader()
	bh.ServiceClassCode, bh.StandardEntryClassCode = ach.DebitsOnly, ach.WEB
	bh.CompanyName, bh.CompanyIdentification, bh.CompanyEntryDescription = "LARKSPUR HEALTH", "1123456789", "MED BILL"
	bh.EffectiveEntryDate, bh.ODFIIdentification = "261204", "11000000"
	b, err := ach.NewBatch(bh)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range accounts {
		e := ach.NewEntryDetail()
		e.TransactionCode = ach.CheckingDebit
		e.SetRDFI(testRouting)
		e.DFIAccountNumber, e.Amount = a, 100*(i+1)
		e.IdentificationNumber, e.IndividualName = "PAY"+a[len(a)-3:], "ANA LOPEZ"
		e.DiscretionaryData = "S"
		e.SetTraceNumber("11000000", i+1)
		b.AddEntry(e)
	}
	if err := b.Create(); err != nil {
		t.Fatal(err)
	}
	f.AddBatch(b)
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := ach.NewWriter(&out).Write(f); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type bankWorld struct {
	*client
	out, in string
}

func newBankWorld(t testing.TB, data string) bankWorld {
	t.Helper()
	w := bankWorld{out: t.TempDir(), in: t.TempDir()}
	w.client = start(t, Config{DataDir: data, OutboundDir: w.out, InboundDir: w.in})
	return w
}

func (w bankWorld) send(name string, body []byte) {
	w.t.Helper()
	tmp := filepath.Join(w.out, "."+name)
	if err := os.WriteFile(tmp, body, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(w.out, name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w bankWorld) book() BankBook {
	w.t.Helper()
	book, err := w.s.BankBook()
	if err != nil {
		w.t.Fatal(err)
	}
	return book
}

// answers returns the one file in the inbound folder whose name begins so.
func (w bankWorld) answers(prefix string) []byte {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.in, prefix+"*"))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("files %s*: %v, %v", prefix, found, err)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func TestBankAnswers(t *testing.T) {
	t.Parallel()
	w := newBankWorld(t, "")
	accounts := []string{"000123456789", "998877"}
	for _, a := range BankAccounts() {
		if ach.CheckRoutingNumber(a.Routing) != nil {
			t.Errorf("%s fails the check digit rule", a.Routing)
		}
		if a.ReturnCode != "" {
			accounts = append(accounts, a.Account)
		}
	}
	body := debits(t, accounts...)
	w.send("one.ach", body)
	w.send("copy.ach", body)
	os.WriteFile(filepath.Join(w.out, "notes.txt"), []byte("not for the bank"), 0o600)
	until(t, "all answers", func() bool {
		open := 0
		book := w.book()
		for _, e := range book.Entries {
			if e.Outcome == "received" || (e.Outcome == "settled" && e.ReturnCode != "") {
				open++
			}
		}
		return len(book.Entries) == len(accounts) && open == 0
	})
	settled := strings.Split(strings.TrimSpace(string(w.answers("settlement-"))), "\n")
	today := time.Now().In(w.s.bank.zone).Format("2006-01-02")
	if len(settled) != 4 || settled[0] != "trace_number,amount_cents,settled_on" || settled[1] != "110000000000001,100,"+today {
		t.Errorf("settlement %q", settled)
	}
	if got := returns(t, w.answers("return-")); got != "R01 110000000000003 300|R02 110000000000004 400|R03 110000000000005 500|R29 110000000000006 600" {
		t.Errorf("returns %s", got)
	}
	if got := returns(t, w.answers("late-return-")); got != "R01 110000000000007 700" {
		t.Errorf("late returns %s", got)
	}
	book := w.book()
	if len(book.Files) != 1 || book.Files[0].Outcome != "accepted" {
		t.Errorf("files %+v", book.Files)
	}
	if e := book.Entries[6]; e.Outcome != "settled, then returned" || e.AccountLast4 != "4401" || e.IndividualID != "PAY401" || e.SettledOn != today {
		t.Errorf("entry %+v", e)
	}
}

// returns reads a return file and writes its entries in short.
func returns(t testing.TB, body []byte) string {
	t.Helper()
	f, err := ach.NewReader(bytes.NewReader(body)).Read()
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		t.Fatalf("the return file is not valid: %v\n%s", err, body)
	}
	var out []string
	for _, b := range f.Batches {
		for _, e := range b.GetEntries() {
			if e.Addenda99 == nil || e.TransactionCode != ach.CheckingReturnNOCDebit {
				t.Fatalf("entry %+v is not a return", e)
			}
			out = append(out, strings.Join([]string{e.Addenda99.ReturnCode, e.Addenda99.OriginalTrace, strings.TrimLeft(e.AmountField(), "0")}, " "))
		}
	}
	return strings.Join(out, "|")
}

func TestBankAnswersAfterRestart(t *testing.T) {
	t.Parallel()
	data, out, in := t.TempDir(), t.TempDir(), t.TempDir()
	slowly := quick
	slowly.Settle = 300 * time.Millisecond
	first := bankWorld{client: start(t, Config{DataDir: data, OutboundDir: out, InboundDir: in, Pace: slowly}), out: out, in: in}
	first.send("a.ach", debits(t, "000123456789"))
	until(t, "the file", func() bool { return len(first.book().Entries) == 1 })
	if err := first.s.Close(); err != nil {
		t.Fatal(err)
	}
	second := bankWorld{client: start(t, Config{DataDir: data, OutboundDir: out, InboundDir: in}), out: out, in: in}
	until(t, "the settlement", func() bool { return second.book().Entries[0].Outcome == "settled" })
	if n := len(second.book().Entries); n != 1 {
		t.Errorf("the file was read twice: %d entries", n)
	}
}

func TestBankRejects(t *testing.T) {
	t.Parallel()
	w := newBankWorld(t, "")
	good := debits(t, "000123456789")
	spoiled := bytes.Replace(good, []byte("000123456789"), []byte("0001234"), 1)
	bad := map[string][]byte{"empty.ach": {}, "html.ach": []byte("<html>Login</html>"), "cut.ach": good[:300], "spoiled.ach": spoiled,
		"binary.ach": bytes.Repeat([]byte{0, 0xff}, 500)}
	for name, body := range bad {
		w.send(name, body)
	}
	until(t, "the rejections", func() bool { return len(w.book().Files) == len(bad) })
	for _, f := range w.book().Files {
		if f.Outcome != "rejected" || f.Reason == "" {
			t.Errorf("%+v", f)
		}
	}
	w.send("good.ach", good)
	until(t, "the good file", func() bool { return len(w.book().Entries) == 1 })
}

// TestHostileBankFiles checks on recorded broken files that none stops the bank.
func TestHostileBankFiles(t *testing.T) {
	t.Parallel()
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = "../../../shared/testdata"
	}
	dir := filepath.Join(root, "nacha")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s; set MEMBERPAY_TESTDATA", dir)
	}
	seen := 0
	for _, sub := range []string{"malformed", "hostile-derived", "valid", "returns", "noc"} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			seen++
			if f, reason := parseACH(body); (f == nil) == (reason == "") {
				t.Errorf("%s: neither taken nor refused", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Errorf("only %d files were read", seen)
	}
}
