package paper

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// rehearsed returns the composer after it has gone through the document without drawing: its structure tells what stands
// where.
func rehearsed(t interface{ Fatal(...any) }, d Document, air float64) *composer {
	fonts, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	c := newComposer(&d, fonts, air, nil)
	c.compose()
	return c
}

// pagesOf returns the first and the last page with content of the element; 0 where it has none.
func pagesOf(e *elem) (first, last int) {
	e.each(func(e *elem) {
		for _, k := range e.kids {
			if k.elem == nil && k.link == nil {
				if first == 0 || k.page < first {
					first = k.page
				}
				last = max(last, k.page)
			}
		}
	})
	return first, last
}

var anyText = rapid.Custom(func(t *rapid.T) string {
	return strings.Repeat(rapid.String().Draw(t, "text"), rapid.IntRange(0, 12).Draw(t, "times"))
})

// anyDocument draws a document of headings, text and tables whose rows each fit on a page.
func anyDocument(t *rapid.T) Document {
	d := english.frame("Any")
	for range rapid.IntRange(1, 12).Draw(t, "blocks") {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			d.Blocks = append(d.Blocks, Heading{rapid.IntRange(1, 3).Draw(t, "level"), "A heading"})
		case 1:
			d.Blocks = append(d.Blocks, Paragraph{Text: anyText.Draw(t, "paragraph")})
		case 2:
			d.Blocks = append(d.Blocks, Facts{{"Label", anyText.Draw(t, "value")}, {"Label", "Value"}})
		case 3:
			table := Table{Columns: []Column{{"One", Start}, {"Two", End}}, Total: []string{"Total", "$1.00"}}
			for range rapid.IntRange(0, 60).Draw(t, "rows") {
				table.Rows = append(table.Rows, []string{rapid.String().Draw(t, "cell") + "\nNote", "$1.00"})
			}
			d.Blocks = append(d.Blocks, table)
		}
	}
	return d
}

func TestRowsAreNotSplitAndHeadingsStayWithText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := rehearsed(t, anyDocument(t), rapid.Float64Range(0.5, 1).Draw(t, "air"))
		c.tree.root.each(func(e *elem) {
			if e.role == "TR" {
				first, last := pagesOf(e)
				if h := rowText(e); first != last && h < 30 {
					t.Fatalf("a row stands on pages %d to %d", first, last)
				}
			}
		})
		kids := c.tree.root.kids
		for i := 0; i+1 < len(kids); i++ {
			if strings.HasPrefix(kids[i].elem.role, "H") {
				_, heading := pagesOf(kids[i].elem)
				if next, _ := pagesOf(kids[i+1].elem); next != 0 && next != heading {
					t.Fatalf("the heading stands on page %d, what follows on page %d", heading, next)
				}
			}
		}
	})
}

// rowText is the number of marks in a row: a row that fits on a page has one for each cell.
func rowText(tr *elem) int {
	n := 0
	for _, k := range tr.kids {
		n += len(k.elem.kids)
	}
	return n
}

func TestRowTallerThanAPageLosesNothing(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&long, "word%d ", i)
	}
	d := english.frame("Tall", Table{Columns: []Column{{"One", Start}, {"Two", Start}}, Rows: [][]string{{long.String(), "short"}, {"after", "it"}}})
	file := saved(t, "tall", written(t, d))
	got := strings.Join(strings.Fields(tool(t, "pdfinfo", "-struct-text", file)), " ")
	for i := range 2000 {
		if !strings.Contains(got, fmt.Sprintf("word%d", i)) {
			t.Fatalf("word%d is lost", i)
		}
	}
	if !strings.Contains(got, "after") {
		t.Error("the row after it is lost")
	}
}

// TestEverythingDrawnIsMarked reads the pages as drawn: whatever paints must stand inside marked content, no marked
// content inside another, and the numbers of a page run from 0 without a gap.
func TestEverythingDrawnIsMarked(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		fonts, err := loadFaces()
		if err != nil {
			t.Fatal(err)
		}
		c := newComposer(&s.doc, fonts, 1, newPDF())
		c.pdf.SetCompression(false)
		c.compose()
		c.furnish()
		var raw bytes.Buffer
		if err := c.pdf.Output(&raw); err != nil {
			t.Fatal(err)
		}
		file, err := unpack(raw.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, body := range file.objects {
			if isStream(body) && bytes.Contains(body, []byte(" BDC\n")) {
				checkPage(t, string(body))
				checked++
			}
		}
		if checked != c.page {
			t.Errorf("%s: %d pages with marks, want %d", s.name, checked, c.page)
		}
	}
}

var (
	mcid  = regexp.MustCompile(`/MCID (\d+)[ >/].*BDC$`)
	paint = regexp.MustCompile(`(^| )(Tj|f|S|B|Do)( |$)`)
)

func checkPage(t *testing.T, content string) {
	t.Helper()
	open, next := []string{}, 0
	for _, l := range strings.Split(content, "\n") {
		switch {
		case strings.HasSuffix(l, " BDC"):
			if m := mcid.FindStringSubmatch(l); m != nil {
				if m[1] != strconv.Itoa(next) {
					t.Fatalf("mark %s, want %d", m[1], next)
				}
				next++
			}
			if len(open) > 0 {
				t.Fatalf("%s inside %s", l, open[0])
			}
			open = append(open, l)
		case l == "EMC":
			if len(open) == 0 {
				t.Fatal("an end without a beginning")
			}
			open = open[:len(open)-1]
		case len(open) == 0 && paint.MatchString(l):
			t.Fatalf("drawn outside marked content: %s", l)
		}
	}
	if len(open) > 0 {
		t.Fatalf("left open: %v", open)
	}
}

// letters counts the characters of s that are not marks on others, nor invisible.
func letters(s string) int {
	n := 0
	for _, r := range strings.TrimSpace(s) {
		if !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector) {
			n++
		}
	}
	return n
}

func TestWrap(t *testing.T) {
	t.Parallel()
	fonts, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	st := style{face: fonts.regular, size: 10, leading: 12}
	rapid.Check(t, func(t *rapid.T) {
		text, width := anyText.Draw(t, "text"), rapid.Float64Range(0, 300).Draw(t, "width")
		lines := wrap(text, st, width)
		var all strings.Builder
		for _, l := range lines {
			all.WriteString(l.text)
			if w := st.width(l.text); w > width+0.01 && letters(l.text) > 1 {
				t.Fatalf("%q is %.1f wide, want at most %.1f", l.text, w, width)
			}
		}
		want := strings.Join(strings.FieldsFunc(clean(text), func(r rune) bool { return r == ' ' || r == '\n' }), " ")
		if all.String() != want {
			t.Fatalf("wrapped %q, want %q", all.String(), want)
		}
	})
}

func TestShown(t *testing.T) {
	t.Parallel()
	fonts, err := loadFaces()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Muñoz":           "Muñoz",
		"Nguyễn":          "Nguyễn",
		"王小明":             "□□□",
		"Kim 😀 Lee":       "Kim □ Lee",
		"👍🏽!":             "□!",
		"שרה":             "הרש",
		"Ann כהן Levi":    "Ann ןהכ Levi",
		"zero\u200Bwidth": "zerowidth",
	} {
		if got := fonts.regular.shown(clean(text)); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestAccentIsMadeReadable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := rgb{rapid.Byte().Draw(t, "r"), rapid.Byte().Draw(t, "g"), rapid.Byte().Draw(t, "b")}
		ground := panelGround(c)
		if got := contrast(c.readable(ground), ground); got < 4.5 {
			t.Fatalf("%v has a contrast of %.2f on its panel", c, got)
		}
	})
	for _, c := range []rgb{ink, quiet} {
		if got := contrast(c, panelGround(rgb{0, 0, 0})); got < 4.5 {
			t.Errorf("%v has a contrast of %.2f on the darkest panel", c, got)
		}
	}
}
