package help

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// TestShippedArticlesAreWholeInBothLanguages reads every article of this binary.
func TestShippedArticlesAreWholeInBothLanguages(t *testing.T) {
	t.Parallel()
	list, bad := Read(os.DirFS("articles"), "articles", Shipped)
	for _, err := range bad {
		t.Error(err)
	}
	if len(list) < 2*70 {
		t.Errorf("only %d articles are shipped", len(list))
	}
	set := (&Set{}).with(list)
	filled := map[string]bool{}
	for _, a := range list {
		filled[a.Lang+a.Category] = true
		for _, lang := range Languages {
			other, ok := set.by[lang][a.Slug]
			if !ok {
				t.Errorf("%s is in %q and not in %q", a.Slug, a.Lang, lang)
				continue
			}
			if other.Category != a.Category || strings.Join(other.Related, " ") != strings.Join(a.Related, " ") {
				t.Errorf("%s has another category or other related articles in %q than in %q", a.Slug, a.Lang, lang)
			}
			if a.Lang != lang && other.Title == a.Title {
				t.Errorf("%s has the same title in both languages", a.Slug)
			}
			if strings.Count(a.Body, "\n") != strings.Count(other.Body, "\n") {
				t.Errorf("%s has not as many lines in %q as in %q", a.Slug, a.Lang, lang)
			}
			if strings.Join(a.Links(), " ") != strings.Join(other.Links(), " ") {
				t.Errorf("%s has other links in %q than in %q", a.Slug, a.Lang, lang)
			}
		}
		for _, slug := range a.Related {
			if _, ok := set.by[a.Lang][slug]; !ok {
				t.Errorf("%s names %q, which is no article", a.Slug, slug)
			}
		}
		if len(a.Keywords) < 4 || len(a.Related) < 2 {
			t.Errorf("%s (%s) has too few keywords or related articles to be found", a.Slug, a.Lang)
		}
	}
	for _, lang := range Languages {
		for _, c := range Categories {
			if !filled[lang+c] {
				t.Errorf("the category %s is empty in %q", c, lang)
			}
		}
	}
}

// TestArticlesAreEasyToRead holds the English articles to the eighth grade, by the formula of Flesch and Kincaid, and all of
// them to short sentences.
func TestArticlesAreEasyToRead(t *testing.T) {
	t.Parallel()
	for _, a := range ReadShipped() {
		text := a.Title + ".\n" + a.Summary + "\n" + a.Plain(Facts{"phone": "1-800-555-0142"})
		sentences, words, syllables := 0.0, 0.0, 0.0
		for _, s := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".!?:;\n", r) }) {
			n := len(strings.Fields(s))
			if n == 0 {
				continue
			}
			if n > 34 {
				t.Errorf("%s (%s) has a sentence of %d words: %s", a.Slug, a.Lang, n, s)
			}
			sentences++
			for _, w := range strings.Fields(s) {
				words++
				syllables += float64(countSyllables(w))
			}
		}
		if grade := 0.39*words/sentences + 11.8*syllables/words - 15.59; a.Lang == "en" && grade > 8 {
			t.Errorf("%s reads like grade %.1f", a.Slug, grade)
		}
	}
}

func countSyllables(w string) int {
	n, vowel := 0, false
	for _, r := range strings.ToLower(w) {
		v := strings.ContainsRune("aeiouy", r)
		if v && !vowel {
			n++
		}
		if unicode.IsLetter(r) {
			vowel = v
		}
	}
	if strings.HasSuffix(strings.Trim(strings.ToLower(w), ".,"), "e") && n > 1 {
		n--
	}
	return max(1, n)
}

func TestParseNamesLineAndRemedy(t *testing.T) {
	t.Parallel()
	good := "---\ncategory: paying\ntitle: T\nsummary: S\n---\n"
	for _, c := range []struct{ slug, text, want string }{
		{"a", "Hello", "a.md:1: front matter is missing: begin"},
		{"a", "---\ntitle: T\n", "a.md:1: front matter does not end: write"},
		{"a", "---\ntitel: T\n---\nx", "a.md:2: titel is not a field: use only category"},
		{"a", "---\ncategory: paying\ntitle: T\ntitle: T\nsummary: S\n---\nx", "a.md:4: title stands there twice: keep one"},
		{"a", "---\ncategory: nowhere\ntitle: T\nsummary: S\n---\nx", "a.md:2: category is not one of the help center's: use one of trouble"},
		{"a", "---\ncategory: paying\nsummary: S\n---\nx", "a.md:1: title is empty: write 1 to 120"},
		{"a", "---\ncategory: paying\ntitle: " + strings.Repeat("x", 121) + "\nsummary: S\n---\nx", "a.md:3: title is longer than 120 characters: shorten it"},
		{"a", good, "body is empty"},
		{"a", good + "one\n\nCall {{fone}} now", "a.md:8: body asks for {{fone}}, which is no fact: use only {{name}}"},
		{"a", good + "first\n\n<div>second</div>\nthird", "a.md:8: body has the HTML tag <div>, which readers never see"},
		{"a", good + "first\n\none\ntwo <b>bold</b>", "a.md:9: body has the HTML tag <b>, which readers never see"},
		{"a", good + "<!-- for writers --> and readers", "a.md:6: body has the HTML tag <!-- for writers -->"},
		{"a", good + "- one\n- <script>\n  x\n  </script> two", "a.md:7: body has the HTML tag <script>"},
		{"a", good + "\nfirst\n\n[x](javascript:alert(1))", `a.md:9: body has a link to "javascript:alert(1)", which is not safe`},
		{"a", good + "[x](http://plain.example)", "which is not safe: link to https://"},
		{"A B", good + "x", "slug is not a name for addresses"},
		{"a", good + "bad \xff", "text is not UTF-8"},
		{"a", "---\ncategory: paying\ntitle: T\nsummary: S\nrelated: a\n---\nx", `a.md:5: related names "a", which is no other article`},
	} {
		_, bad := Parse("a.md", "en", c.slug, c.text)
		var all []string
		for _, b := range bad {
			all = append(all, b.Error())
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%q gives\n%s\nwant %s", c.text, strings.Join(all, "\n"), c.want)
		}
	}
	a, bad := Parse("a.md", "en", "a", "\ufeff---\r\ncategory: paying\r\ntitle: T: with a colon\r\nsummary: S\r\nkeywords: one, , two\r\n---\r\nBody\r\n")
	if len(bad) > 0 || a.Title != "T: with a colon" || len(a.Keywords) != 2 || a.Body != "Body\n" {
		t.Errorf("a file from Windows gives %+v, %v", a, bad)
	}
	again, bad := Parse("a.md", "en", "a", a.Format())
	if len(bad) > 0 || again.Body != a.Body || again.Title != a.Title || strings.Join(again.Keywords, ",") != strings.Join(a.Keywords, ",") {
		t.Errorf("Format is not read back: %+v, %v", again, bad)
	}
}

// TestWhatIsNoTag: comments are for writers alone, and what is only shown is no tag.
func TestWhatIsNoTag(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"one\n\n<!-- for writers,\nwith <b> -->\n\ntwo", "one <!-- for writers --> two", "`<b>`", "1 < 2 > 0", "<https://ok.example>", "\\<b>"} {
		if list := tags(body); len(list) > 0 {
			t.Errorf("%q has the tags %+v", body, list)
		}
	}
}

// TestNothingHostileIsRendered renders what somebody could put into an article.
func TestNothingHostileIsRendered(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<div onclick=alert(1)>\n\nx\n\n</div>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))", "[x](data:text/html,<script>alert(1)</script>)",
		"![x](https://evil.example/pixel.gif)", "![x](javascript:alert(1))", "<javascript:alert(1)>", "[x](//evil.example)", `[x](\\evil.example)`,
		"[x](vbscript:x)", "[x]( javascript:alert(1))", "[a]: javascript:alert(1)\n\n[x][a]", "# <b onmouseover=alert(1)>x</b>", "`<script>`",
		"[x](https://user:pw@evil.example)", "<https://ok.example/?a=<script>>", `[x](https://ok.example "onmouseover=alert(1)")`, "&lt;script&gt;",
	} {
		html, err := Article{Slug: "a", Body: body}.HTML(Facts{}, "other site")
		if err != nil {
			t.Errorf("%q: %v", body, err)
		}
		low := strings.ToLower(html)
		for _, never := range []string{"<script", "<img", "<div", "<b ", "href=\"javascript", "href=\"java", "href=\"data", "href=\"vb", "href=\"//", "href=\"%5c", "user:pw", "onmouseover=\"", "raw html"} {
			if strings.Contains(low, never) {
				t.Errorf("%q is rendered as %s", body, html)
			}
		}
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	a := Article{Slug: "a", Body: "# One\n\n## Two\n\nCall {{phone}} of {{name}}.\n\nTTY {{tty}}\n\nSee [here](/pay), [there](https://ok.example) and <https://auto.example>.\n"}
	html, err := a.HTML(Facts{"phone": "1-800|tel:+1800", "name": "A *b* [c](d) <e>"}, "other site")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h2>One</h2>", "<h3>Two</h3>", `<a href="tel:+1800">1-800</a>`, "A *b* [c](d) &lt;e&gt;", `<a href="/pay">here</a>`,
		`<a href="https://ok.example" rel="noopener noreferrer external">there (other site)</a>`, "(other site)"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	if strings.Contains(html, "TTY") || strings.Contains(html, "{{") {
		t.Errorf("a line with a fact that is not set stays:\n%s", html)
	}
	if plain := a.Plain(Facts{"phone": "1-800|tel:+1800", "name": "Us"}); !strings.Contains(plain, "Call 1-800 of Us.") || strings.ContainsAny(plain, "*#[") {
		t.Errorf("plain text is %q", plain)
	}
}

func TestFolderAddsAndReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("en/receipt.md", "---\ncategory: payments\ntitle: Our receipts\nsummary: S\n---\nOurs\n")
	write("en/parking.md", "---\ncategory: people\ntitle: Parking\nsummary: S\nrelated: offices, nowhere\n---\nPark behind the house.\n")
	write("en/broken.md", "no front matter")
	write("en/notes.txt", "not an article")
	list, bad := ReadFolder(dir)
	if len(list) != 2 {
		t.Errorf("%d articles are read, want 2", len(list))
	}
	var all []string
	for _, err := range bad {
		all = append(all, err.Error())
	}
	text := strings.Join(all, "\n")
	if len(bad) != 2 || !strings.Contains(text, "broken.md:1: front matter is missing") || !strings.Contains(text, `parking.md:1: related names "nowhere"`) {
		t.Errorf("what is wrong: %s", text)
	}
	set := (&Set{}).with(ReadShipped()).with(list)
	if a, _ := set.Find("en", "receipt"); a.Title != "Our receipts" || a.Source != Folder {
		t.Errorf("the folder does not replace: %+v", a)
	}
	if a, _ := set.Find("es", "receipt"); a.Source != Shipped || a.Lang != "es" {
		t.Errorf("the other language is gone: %+v", a)
	}
	if a, ok := set.Find("es", "parking"); !ok || a.Lang != "en" {
		t.Errorf("an article in one language only is not found in the other: %+v", a)
	}
	if _, bad := ReadFolder(filepath.Join(dir, "none")); len(bad) != 1 || !strings.Contains(bad[0].Error(), "MEMBERPAY_HELP") {
		t.Errorf("a folder that is not there: %v", bad)
	}
	if _, bad := Read(fstest.MapFS{"en/big.md": {Data: make([]byte, 9*maxBody)}}, "x", Folder); len(bad) != 1 {
		t.Errorf("a huge file: %v", bad)
	}
}

func FuzzParse(f *testing.F) {
	for _, a := range ReadShipped()[:5] {
		f.Add(a.Format())
	}
	f.Add("---\ntitle: x\n---\n[a](javascript:x) {{phone}}")
	f.Fuzz(func(t *testing.T, text string) {
		a, bad := Parse("a.md", "en", "a", text)
		html, err := a.HTML(Facts{"phone": "1|tel:1"}, "away")
		if err != nil {
			t.Fatal(err)
		}
		if low := strings.ToLower(html); strings.Contains(low, "<script") || strings.Contains(low, `href="javascript`) {
			t.Fatalf("%q is rendered as %s", text, html)
		}
		for _, b := range bad {
			if b.Reason == "" || b.Remedy == "" || b.Line < 0 {
				t.Fatalf("%q gives %+v", text, b)
			}
		}
		a.Plain(Facts{})
	})
}
