package nacha

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moov-io/ach"

	"memberpay/internal/day"
)

var today = day.MustParse("2026-11-25")

// Every file of the shared test data gets a clear verdict: what it holds, or why it is refused.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	root := testdata(t, "nacha")
	// file -> answers taken, or the words of the refusal
	want := map[string]any{
		"derived/returns-R01-R29.ach": 10, "derived/returns-duplicate-of-first-batch.ach": 4,
		"derived/return-amount-mismatch.ach": 1, "derived/return-unknown-original-trace.ach": 1,
		"derived/noc-C01-C02-C03-C05-C06.ach": 5, "derived/origination-web-tel-ppd.ach": "none of its 10 entries",
		"returns/return-WEB.ach": 2, "returns/iat-addenda99.ach": 1, "returns/contested-return.ach": 1,
		"returns/dishonored-return.ach": 2, "returns/issue1620_return.ach": 1, "returns/pos-invalidReturnFile.ach": 1,
		"returns/issue1620.ach":                     "counts 000002 batches, there are 1",
		"returns/return-no-batch-controls.ach":      "line 1: a batch comes before any file header",
		"returns/return-no-batch-header.ach":        "line 1: an entry stands outside of a batch",
		"returns/return-no-file-header-control.ach": "line 1: a batch comes before any file header",
		"noc/cor-example.ach":                       1, "noc/cor-read.ach": 1,
		"hostile-derived/crlf.ach": 10, "hostile-derived/cr-only.ach": 10, "hostile-derived/no-newlines.ach": 10,
		"hostile-derived/trailing-0x1a-eof.ach": 10, "hostile-derived/tabs-in-names.ach": 10,
		"hostile-derived/return-reason-R99.ach":     10,
		"hostile-derived/batch-total-wrong.ach":     "line 11: the batch control record totals 578124 cents",
		"hostile-derived/entry-hash-off-by-one.ach": "file control record has the entry hash 91012981",
		"hostile-derived/empty.ach":                 "the file is empty",
		"hostile-derived/html-error-page.ach":       "web page",
		"hostile-derived/only-padding.ach":          "only padding",
		"hostile-derived/truncated-mid-record.ach":  "line 6: the record has 35 characters",
		"hostile-derived/utf16le-bom.ach":           "not plain text",
		"malformed/file_header_control.rtf":         "word processor",
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(path) == "manifest.csv" {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		content, err := load(path)
		if err != nil {
			return err
		}
		for _, incomplete := range []bool{true, false} {
			got, bad := read(content, today, incomplete)
			if bad != nil && (bad.what == "" || bad.remedy == "" || len(bad.Error()) > 400 || !printable(bad.Error())) {
				t.Errorf("%s: the refusal says %q", rel, bad)
			}
			for _, a := range got.list {
				if a.on.IsZero() || a.line == 0 || len(a.code) != 3 || a.amount < 0 {
					t.Errorf("%s: %+v", rel, a)
				}
			}
			if incomplete {
				continue
			}
			switch w := want[rel].(type) {
			case int:
				if bad != nil || len(got.list) != w {
					t.Errorf("%s: %d answers, %v; want %d", rel, len(got.list), bad, w)
				}
			case string:
				if bad == nil || !strings.Contains(bad.Error(), w) {
					t.Errorf("%s: %v; want %q", rel, bad, w)
				}
			case nil:
				if bad == nil && len(got.list) == 0 && got.other == 0 {
					t.Errorf("%s: taken, with nothing in it", rel)
				}
			}
			seen[rel] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for rel := range want {
		if !seen[rel] {
			t.Errorf("%s is missing", rel)
		}
	}
}

func load(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// A bank that sends no control records can be told apart by configuration.
func TestIncompleteFilesWhereAllowed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"return-no-batch-controls.ach": 2, "return-no-batch-header.ach": 2,
		"return-no-file-header-control.ach": 1} {
		content, err := os.ReadFile(testdata(t, "nacha/returns/"+name))
		if err != nil {
			t.Fatal(err)
		}
		got, bad := read(content, today, true)
		if bad != nil || len(got.list) != want || !got.incomplete {
			t.Errorf("%s: %d answers, incomplete %v, %v; want %d", name, len(got.list), got.incomplete, bad, want)
		}
	}
}

// On a well-formed file this reader and another one must find the same returns.
func TestReadAgreesWithAnotherReader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"derived/returns-R01-R29.ach", "returns/return-WEB.ach", "derived/return-amount-mismatch.ach",
		"derived/returns-duplicate-of-first-batch.ach", "returns/issue1620_return.ach"} {
		content, err := os.ReadFile(testdata(t, "nacha/"+name))
		if err != nil {
			t.Fatal(err)
		}
		reader := ach.NewReader(bytes.NewReader(content))
		reader.SetValidation(&ach.ValidateOpts{CustomTraceNumbers: true}) // real banks do not keep them in order
		other, err := reader.Read()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, bad := read(content, today, false)
		if bad != nil {
			t.Fatalf("%s: %v", name, bad)
		}
		i := 0
		for _, b := range other.Batches {
			for _, e := range b.GetEntries() {
				a := got.list[i]
				i++
				if a.trace != e.Addenda99.OriginalTrace || a.code != e.Addenda99.ReturnCode || int(a.amount) != e.Amount ||
					a.individualID != strings.TrimSpace(e.IdentificationNumber) {
					t.Errorf("%s: %+v, the other reader has %s", name, a, e.TraceNumber)
				}
			}
		}
		if i != len(got.list) {
			t.Errorf("%s: %d answers, the other reader has %d", name, len(got.list), i)
		}
	}
}

func TestSettlementDayOfYear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, created, want string }{
		{"328", "2026-11-25", "2026-11-24"}, {"001", "2026-12-31", "2027-01-01"}, {"364", "2027-01-02", "2026-12-30"},
		{"366", "2028-12-31", "2028-12-31"}, {"366", "2026-12-31", "2026-12-31"}, {"   ", "2026-11-25", "2026-11-25"},
		{"000", "2026-11-25", "2026-11-25"}, {"0x1", "2026-11-25", "2026-11-25"},
	} {
		if got := dayOfYear(c.field, day.MustParse(c.created)).String(); got != c.want {
			t.Errorf("day %q of a file of %s is %s, want %s", c.field, c.created, got, c.want)
		}
	}
}

func TestSettlementReports(t *testing.T) {
	t.Parallel()
	const good = "091012980000001,1000,2026-11-24\n"
	for text, want := range map[string]string{
		reportHeader + "\n": "", reportHeader + "\r\n" + good: "", "\xef\xbb\xbf" + reportHeader + "\r" + good: "",
		"Trace_Number, Amount_Cents, Settled_On\n\n" + good:           "",
		reportHeader + "\n" + good + "09101298000000,1,2026-11-24\n":  "line 3: the trace number",
		reportHeader + "\n" + good + "091012980000002,1.5,2026-11-24": "line 3: the amount",
		reportHeader + "\n091012980000002,-1,2026-11-24":              "line 2: the amount",
		reportHeader + "\n091012980000002,0,2026-11-24":               "line 2: the amount",
		reportHeader + "\n091012980000002,,2026-11-24":                "line 2: the amount",
		reportHeader + "\n091012980000002,9999999999999999999,x":      "line 2: the amount",
		reportHeader + "\n091012980000002,5,2026-02-30":               "line 2: the day",
		reportHeader + "\n091012980000002,5":                          "line 2: wrong number of fields",
		reportHeader + "\n\"09101298":                                 "line 2: extraneous or missing",
		"settled_on,trace_number,amount_cents\n" + good:               "line 1: the first line",
		"trace_number\n": "line 1: the first line",
	} {
		got, bad := read([]byte(text), today, false)
		switch {
		case want == "" && bad != nil:
			t.Errorf("%q: %v", text, bad)
		case want == "" && len(got.list) != strings.Count(text, good[:15]):
			t.Errorf("%q: %d lines", text, len(got.list))
		case want != "" && (bad == nil || !strings.Contains(bad.Error(), want)):
			t.Errorf("%q: %v, want %q", text, bad, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	line := func(start string) string { return start + strings.Repeat(" ", width-len(start)) }
	f.Add([]byte(line("101 091012984 0110000152611250830A094101HEALTH PLAN ODFI       TEST BANK")+"\n"+
		"5225HEALTHPLAN BILLS                    1123456789WEBBILL PAY        2611243281091012980000001\n"+
		"63609101298480552454090      0000235369BILL00000001   ALICE MEMBER          S 1011000010000001\n"+
		"799R01091012980000001      01100001                                            011000010000001\n"+
		"822500000200091012980000002353690000000000001123456789                         091012980000001\n"+
		line("9000001000001000000020009101298000000235369000000000000")+"\n"), true)
	f.Add([]byte(reportHeader+"\n091012980000001,1000,2026-11-24\n"), false)
	f.Add([]byte("7"), true)
	f.Add([]byte("6"+strings.Repeat("9", 200)+"\r\n\x1a"), true)
	f.Add([]byte("798C01"+strings.Repeat("é", 88)), true)
	f.Add([]byte("\xff\xfe1\x000\x001"), false)
	f.Add([]byte("<html>"), false)
	f.Fuzz(func(t *testing.T, content []byte, incomplete bool) {
		got, bad := read(content, today, incomplete)
		if bad != nil && (len(got.list) > 0 || bad.what == "" || bad.remedy == "") {
			t.Fatalf("refused with %d answers: %q", len(got.list), bad)
		}
		for _, a := range got.list {
			if a.amount < 0 || a.on.IsZero() || a.kind != settled && len(a.code) != 3 {
				t.Fatalf("%+v", a)
			}
		}
	})
}
