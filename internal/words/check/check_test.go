package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/words"
)

// TestProject holds the real program to the real catalogs. Unused keys are left to `make build`, so that a sentence can
// be written before the page that shows it.
func TestProject(t *testing.T) {
	t.Parallel()
	wrong, _, err := run(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	langs := map[string]map[string]words.Entry{
		"en": {
			"a.same":    {Key: "a.same", File: "en/a.json", Other: "Pay {{.Amount}}"},
			"a.differ":  {Key: "a.differ", File: "en/a.json", Other: "Pay {{.Amount}}"},
			"a.only_en": {Key: "a.only_en", File: "en/a.json", Other: "x"},
			"a.plural":  {Key: "a.plural", File: "en/a.json", One: "one", Other: "{{.Count}}"},
			"a.moved":   {Key: "a.moved", File: "en/a.json", Other: "x"},
		},
		"es": {
			"a.same":    {Key: "a.same", File: "es/a.json", Other: "Pagar {{.Amount}}"},
			"a.differ":  {Key: "a.differ", File: "es/a.json", Other: "Pagar {{.Amont}}"},
			"a.only_es": {Key: "a.only_es", File: "es/a.json", Other: "x"},
			"a.plural":  {Key: "a.plural", File: "es/a.json", Other: "x"},
			"a.moved":   {Key: "a.moved", File: "es/b.json", Other: "x"},
		},
	}
	got := strings.Join(compare(langs), "\n")
	for _, want := range []string{
		`a.differ: en/a.json fills in [Amount], es/a.json fills in [Amont]`,
		`a.moved: stands in en/a.json and in es/b.json`,
		`a.only_en: missing in "es"`,
		`a.only_es: missing in "en"`,
		`a.plural: has plural forms in one of`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "a.same") {
		t.Errorf("a good key is reported:\n%s", got)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("web/page.go", "package web\n\n// words: state.* return.*\n// w.T(\"in.comment\") is not a call\n"+
		"func f() {\n\tw.T(\"page.title\")\n\tp.W.N(`page.count`, 3)\n\tw.T(\"decline.\" + reason)\n\tx := table{\"in.table\"}\n}\n")
	write("web/page.templ", "package web\ntempl x(p Page) {\n\t<h1>{ p.T(\"templ.title\") }</h1>\n\t@Link(p.W.T(\"templ.\" + kind), \"templ.table\")\n}\n")
	write("web/page_templ.go", "package web\nfunc g() { w.T(\"generated\") }\n")
	write("web/page_test.go", "package web\nfunc g() { w.T(\"tested\") }\n")
	write("internal/words/x.go", "package words\nfunc g() { w.T(\"own\") }\n")

	u, err := scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range u.asked {
		kind := "key "
		if a.prefix {
			kind = "prefix "
		}
		got = append(got, kind+a.key+" "+filepath.ToSlash(a.place))
	}
	slices.Sort(got)
	want := []string{
		"key page.count web/page.go:7", "key page.title web/page.go:6", "key templ.title web/page.templ:3",
		"prefix decline. web/page.go:8", "prefix return. web/page.go:3", "prefix state. web/page.go:3",
		"prefix templ. web/page.templ:4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !u.literals["in.table"] || !u.literals["templ.table"] {
		t.Error("a key in a table does not count as used")
	}

	entries := map[string]words.Entry{"page.title": {}, "state.x": {}, "in.table": {}, "nobody": {File: "en/a.json"}}
	if lines := idle(entries, u); len(lines) != 1 || !strings.HasPrefix(lines[0], "nobody: unused") {
		t.Errorf("unused = %q", lines)
	}
	lines := strings.Join(missing(entries, u), "\n")
	if !strings.Contains(lines, `web/page.go:7: there is no key "page.count"`) || !strings.Contains(lines, `no key begins with "return."`) {
		t.Errorf("missing = %s", lines)
	}
}
