package paper

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	keep   = flag.String("keep", "", "folder to write the sample documents to")
	update = flag.Bool("update", false, "write the expected structure of the samples anew")
)

// samples are the documents a reader would meet, with the pages they take.
var samples = []struct {
	name  string
	doc   Document
	pages int
}{
	{"receipt.en", receipt(english), 1},
	{"receipt.es", receipt(spanish), 1},
	{"bill.en", bill(english, 3), 1},
	{"bill.es", bill(spanish, 3), 1},
	{"long.en", bill(english, 66), 5},
	{"long.es", bill(spanish, 66), 5},
}

// written returns the document as a PDF.
func written(t testing.TB, d Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// saved writes the PDF to a file, in the folder -keep names or else in one of the test's own.
func saved(t *testing.T, name string, pdf []byte) string {
	t.Helper()
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	file := filepath.Join(dir, name+".pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tool runs a program on a file and returns what it prints; the test is skipped where the program is not installed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (Debian: apt-get install poppler-utils qpdf)", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestSamplesAreSoundAndSmall(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			pdf := written(t, s.doc)
			checkFile(t, pdf)
			if len(pdf) > 60_000 {
				t.Errorf("%d bytes; a document should stay under 60 KB", len(pdf))
			}
			file := saved(t, s.name, pdf)
			if out := tool(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors") {
				t.Errorf("qpdf: %s", out)
			}
			for _, b := range s.doc.Blocks {
				if q, ok := b.(QR); ok && !strings.Contains(packedObjects(t, pdf), "/Alt"+textString(q.Alt)) {
					t.Errorf("the QR code's alternative text %q is lost", q.Alt)
				}
			}
			info := tool(t, "pdfinfo", file)
			for _, want := range []string{
				`Title: +` + regexp.QuoteMeta(s.doc.Title), `Author: +Larkspur Health`, `Tagged: +yes`,
				`Pages: +` + string(rune('0'+s.pages)) + `\n`, `Page size: +612 x 792 pts`, `PDF version: +1\.7`,
			} {
				if !regexp.MustCompile(want).MatchString(info) {
					t.Errorf("pdfinfo lacks %q:\n%s", want, info)
				}
			}
			objects := tool(t, "qpdf", "--qdf", "--object-streams=disable", file, "-")
			for _, want := range []string{"/Lang (" + s.doc.Lang + ")", "/DisplayDocTitle true", "/Marked true", "/Tabs /S",
				"/CreationDate (D:20261203150405Z)"} {
				if !strings.Contains(objects, want) {
					t.Errorf("the file lacks %s", want)
				}
			}
		})
	}
}

func TestStructureOfSamples(t *testing.T) {
	t.Parallel()
	for _, s := range samples[:4] {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := tool(t, "pdfinfo", "-struct-text", saved(t, s.name, written(t, s.doc)))
			golden := filepath.Join("testdata", s.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("structure differs from %s; if that is meant, run the test with -update:\n%s", golden, got)
			}
		})
	}
}

// The address stands where the window of an envelope shows it, and nothing else does.
func TestAddressInTheWindow(t *testing.T) {
	t.Parallel()
	d := english.frame("A letter", Heading{1, "Your code"}, Paragraph{Text: strings.Repeat("Words of the letter. ", 400)})
	d.Address = []string{"María Nuñez", "7 Long Meadow Avenue, Apartment 12", strings.Repeat("Llanfairpwllgwyngyll ", 30), "Fairhaven, OH 45000"}
	d.Masthead = append(d.Masthead, "four", "five", "six", "seven", "eight", "nine", "ten")
	file := saved(t, "address", written(t, d))
	inch := func(n float64) string { return strconv.Itoa(int(n * 72)) }
	window := func(x, y, w, h float64) string {
		return tool(t, "pdftotext", "-f", "1", "-l", "1", "-layout", "-x", inch(x), "-y", inch(y), "-W", inch(w), "-H", inch(h), file, "-")
	}
	// The window is 4.5 by 1.125 inches; with the page at the envelope's foot it shows what is 2.04 to 3.17 inches down.
	if got := window(0.4, 2.04, 4.1, 1.13); !strings.Contains(got, "María Nuñez") || !strings.Contains(got, "7 Long Meadow Avenue, Apartment 12") ||
		strings.Contains(got, "Words of") || strings.Contains(got, "seven") || strings.Contains(got, "Larkspur") {
		t.Errorf("the window shows:\n%s", got)
	}
	if got := window(0, 3.3, 8.5, 0.3); strings.TrimSpace(got) != "" {
		t.Errorf("text stands on the fold:\n%s", got)
	}
	if got := window(0, 3.67, 8.5, 3); !strings.Contains(got, "Your code") {
		t.Errorf("the letter does not begin below the fold:\n%s", got)
	}
	text := tool(t, "pdfinfo", "-struct-text", file)
	if sender, to, title := strings.Index(text, "12 Meadow Lane"), strings.Index(text, "María Nuñez"), strings.Index(text, "Your code"); sender < 0 || to < sender || title < to {
		t.Errorf("read out in another order: %d %d %d", sender, to, title)
	}
	d.Address = []string{" ", "\n"}
	if c := rehearsed(t, d, 1); c.page > 2 {
		t.Errorf("an empty address takes %d pages", c.page)
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	t.Parallel()
	want := written(t, receipt(english))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var b bytes.Buffer
			if err := Write(&b, receipt(english)); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Error("the same document gave other bytes")
			}
		})
	}
	wg.Wait()
	other := receipt(english)
	other.Created = other.Created.Add(time.Second)
	if bytes.Equal(written(t, other), want) {
		t.Error("another date gave the same bytes")
	}
}

// TestHostileText sets what people really have in their names, and what they try. All of it must come back out of the file.
func TestHostileText(t *testing.T) {
	t.Parallel()
	names := []string{
		"María José Muñoz-Peña", "Nguyễn Thị Bích Ngọc", "Zoë Łukasiewicz-Ørsted", "Ἀριστοτέλης", "Дмитрий Щёкин",
		"שרה כהן", "Ann כהן (Levi)", "محمد", "王小明", "Kim 😀 Lee", "👩‍👩‍👧 family", "Jose\u0301", "<b>&amp;</b>", `a\b(c)d)`, "{page} {{.}} %s %d",
	}
	d := english.frame("Names", Heading{1, "Names"})
	for _, n := range names {
		d.Blocks = append(d.Blocks, Paragraph{Text: n}, Facts{{n, n}})
	}
	d.Blocks = append(d.Blocks, Highlights{{"Payer", names[10]}}, Callout{names[8], names[5]},
		Paragraph{Text: "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308algo \u202Egnp.exe \x00\x07\xff end"})
	pdf := written(t, d)
	checkFile(t, pdf)
	file := saved(t, "hostile", pdf)
	tool(t, "qpdf", "--check", file)
	fonts, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	structure := packedObjects(t, pdf)
	for _, n := range names {
		n = clean(n)
		replaced := fonts.regular.shown(n) != n
		if replaced != strings.Contains(structure, "/ActualText"+textString(n)) {
			t.Errorf("%q is replaced by %q: %v; the real text must be kept just then", n, fonts.regular.shown(n), replaced)
		}
	}
	got := tool(t, "pdftotext", file, "-")
	for _, n := range append(names, "gnp.exe \uFFFD end") {
		if n = clean(n); !strings.ContainsFunc(n, rightToLeft) && !strings.Contains(got, n) { // poppler turns these once more
			t.Errorf("%q is not in the file's text", n)
		}
	}
	if strings.ContainsRune(got, '\u202E') {
		t.Error("a character that turns the text's direction has survived")
	}
}

func rightToLeft(r rune) bool { return r >= 0x590 && r < 0x700 }

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	good := english.frame("Title")
	with := func(change func(*Document)) Document {
		d := good
		change(&d)
		return d
	}
	block := func(b Block) Document { return with(func(d *Document) { d.Blocks = []Block{Rule{}, b} }) }
	for want, d := range map[string]Document{
		`Lang "" is not`:         with(func(d *Document) { d.Lang = "" }),
		`Lang "en)/X" is not`:    with(func(d *Document) { d.Lang = "en)/X" }),
		"Title is empty":         with(func(d *Document) { d.Title = " \n\u200B\u202E"[:2] }),
		"Created":                with(func(d *Document) { d.Created = time.Time{} }),
		"block 2 is nil":         block(nil),
		"heading level 4":        block(Heading{4, "x"}),
		"0 highlights":           block(Highlights{}),
		"table has 0 columns":    block(Table{}),
		"table has 13 columns":   block(Table{Columns: make([]Column, 13)}),
		"row 2 has 2 cells":      block(Table{Columns: make([]Column, 1), Rows: [][]string{{"a"}, {"b", "c"}}}),
		"total has 2 cells":      block(Table{Columns: make([]Column, 1), Total: []string{"b", "c"}}),
		"no Alt text":            block(QR{Content: "x"}),
		"no content":             block(QR{Alt: "x"}),
		"QR code for 4000 bytes": block(QR{Alt: "x", Content: strings.Repeat("x", 4000)}),
		"does not start with":    block(Paragraph{Text: "x", Link: "javascript:alert(1)"}),
		"spacer of -1 points":    block(Spacer(-1)),
		"block 2: link":          block(QR{Content: "x", Alt: "x", Link: "file:///etc/passwd"}),
	} {
		var b bytes.Buffer
		err := Write(&b, d)
		if err == nil || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("error %v with %d bytes written, want %q and none", err, b.Len(), want)
		}
	}
}

// broken is a writer that fails.
type broken struct{}

var errFull = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestWriterErrorIsReturned(t *testing.T) {
	t.Parallel()
	if err := Write(broken{}, english.frame("Title")); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

func TestEmptyAndOddBlocksAreHarmless(t *testing.T) {
	t.Parallel()
	checkFile(t, written(t, Document{Lang: "en", Title: "Nothing", Created: time.Unix(0, 0)}))
	checkFile(t, written(t, english.frame("Odd", Heading{1, ""}, Paragraph{}, Facts{}, Facts{{}}, Highlights{{}}, Callout{},
		Table{Columns: make([]Column, 1)}, Table{Columns: make([]Column, 12), Rows: [][]string{nil, {"a"}}, Total: []string{}},
		Rule{}, Spacer(0), Spacer(500), Spacer(500), Rule{}, QR{Content: "x", Alt: "x"})))
}

func BenchmarkReceipt(b *testing.B) {
	d := receipt(english)
	b.ReportAllocs()
	for b.Loop() {
		written(b, d)
	}
}

func BenchmarkFivePages(b *testing.B) {
	d := bill(english, 66)
	b.ReportAllocs()
	for b.Loop() {
		written(b, d)
	}
}
