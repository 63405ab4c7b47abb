package help

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Categories are the shelves of the help center, in the order in which they are shown. Each has words "help.cat.<name>" and
// "help.cat.<name>.what".
var Categories = []string{"trouble", "paying", "payments", "bills", "account", "household", "letters", "safety", "people"}

// Languages are those that articles may be written in; every shipped article is in each.
var Languages = []string{"en", "es"}

// Where an article comes from. A later one replaces an earlier one with the same slug and language.
const (
	Shipped   = "shipped"   // part of this binary
	Folder    = "folder"    // the organisation's folder
	Published = "published" // written at the desk
)

// Article is one answer in one language.
type Article struct {
	Slug     string // its place in addresses, the same in every language
	Lang     string
	Category string
	Title    string
	Summary  string   // one or two sentences, shown in lists
	Keywords []string // words that readers use for it and that do not stand in it
	Related  []string // slugs
	Body     string   // Markdown
	Source   string   // Shipped, Folder or Published
	Version  int      // of a Published one; 0 for others
}

// Limits of an article, in characters, or in entries of a list.
const (
	maxTitle    = 120
	maxSummary  = 300
	maxBody     = 30_000
	maxKeywords = 60
	maxKeyword  = 60
	maxRelated  = 8
)

// slugs are lower-case words with dashes between.
var slugs = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// facts are what an article may ask for as {{name}}. A line that asks for one that the organisation has not set is left out.
var facts = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// FactNames are the facts that articles may use.
var FactNames = []string{"name", "phone", "tty", "mail", "site", "medical", "premium"}

// Bad is one thing in an article that is refused.
type Bad struct {
	File   string // "" for one that is being written at the desk
	Line   int    // 1 is the first, of the body where it is written at the desk; 0 for the whole
	Field  string // "title", "body" and so on
	Reason string // what is wrong: "is empty"
	Remedy string // what to do instead
	Code   string // what is wrong, for words in the writer's language: "empty"
	What   string // the part that is wrong: a link, a name; "" for the whole
	Most   int    // how much there may be; 0 where that is not the matter
}

func (b Bad) Error() string {
	return fmt.Sprintf("%s:%d: %s %s: %s", b.File, b.Line, b.Field, b.Reason, b.Remedy)
}

// fields of the front matter, in the order in which Format writes them.
var fields = []string{"category", "title", "summary", "keywords", "related"}

// Parse reads an article: a block of "field: value" lines between two lines "---", then Markdown. It returns the article
// as far as it can be read, and everything that is wrong with it.
func Parse(file, lang, slug, text string) (Article, []Bad) {
	a := Article{Slug: slug, Lang: lang}
	var bad []Bad
	at := map[string]int{}
	add := func(line int, field, reason, remedy string) {
		bad = append(bad, Bad{File: file, Line: line, Field: field, Reason: reason, Remedy: remedy, Code: "file"})
	}
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	if !utf8.ValidString(text) {
		add(1, "text", "is not UTF-8", "save the file as UTF-8")
		text = strings.ToValidUTF8(text, "�")
	}
	lines := strings.Split(text, "\n")
	if strings.TrimSpace(lines[0]) != "---" {
		add(1, "front matter", "is missing", `begin the file with a line "---", then category, title and summary, then "---"`)
		return a, bad
	}
	end := slices.IndexFunc(lines[1:], func(s string) bool { return strings.TrimSpace(s) == "---" }) + 1
	if end == 0 {
		add(1, "front matter", "does not end", `write a line "---" after the last field`)
		return a, bad
	}
	for i, line := range lines[1:end] {
		n := i + 2
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok || !slices.Contains(fields, name):
			add(n, name, "is not a field", "use only "+strings.Join(fields, ", "))
		case at[name] != 0:
			add(n, name, "stands there twice", "keep one")
		}
		at[name] = n
		a.set(name, value)
	}
	a.Body = strings.Trim(strings.Join(lines[end+1:], "\n"), "\n") + "\n"
	for _, b := range a.Check() {
		b.File = file
		switch {
		case b.Field == "body":
			b.Line += end + 1
			if trimmed := strings.Join(lines[end+1:], "\n"); b.Line > end+1 {
				b.Line += len(trimmed) - len(strings.TrimLeft(trimmed, "\n"))
			}
		case b.Line == 0:
			b.Line = max(1, at[b.Field])
		}
		bad = append(bad, b)
	}
	return a, bad
}

func (a *Article) set(field, value string) {
	switch field {
	case "category":
		a.Category = value
	case "title":
		a.Title = value
	case "summary":
		a.Summary = value
	case "keywords":
		a.Keywords = List(value)
	case "related":
		a.Related = List(value)
	}
}

// List splits a value at commas and leaves out what is empty.
func List(value string) []string {
	var out []string
	for _, s := range strings.Split(value, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Format writes the article as Parse reads it.
func (a Article) Format() string {
	var b strings.Builder
	b.WriteString("---\n")
	for _, f := range []struct{ name, value string }{{"category", a.Category}, {"title", a.Title}, {"summary", a.Summary},
		{"keywords", strings.Join(a.Keywords, ", ")}, {"related", strings.Join(a.Related, ", ")}} {
		if f.value != "" {
			b.WriteString(f.name + ": " + f.value + "\n")
		}
	}
	return b.String() + "---\n" + a.Body
}

// Check returns everything that is wrong with an article. Line counts from the first line of the body; 0 is no line.
func (a Article) Check() []Bad {
	var bad []Bad
	add := func(b Bad) { bad = append(bad, b) }
	if !slugs.MatchString(a.Slug) || len(a.Slug) > 60 {
		add(Bad{Field: "slug", Code: "slug", Reason: "is not a name for addresses", Remedy: "use up to 60 small letters and digits with dashes between, such as pay-by-card"})
	}
	if !slices.Contains(Languages, a.Lang) {
		add(Bad{Field: "language", Code: "language", Reason: "is not one that articles are in", Remedy: "use " + strings.Join(Languages, " or ")})
	}
	if !slices.Contains(Categories, a.Category) {
		add(Bad{Field: "category", Code: "category", Reason: "is not one of the help center's", Remedy: "use one of " + strings.Join(Categories, ", ")})
	}
	a.checkTexts(add)
	for _, r := range a.Related {
		if !slugs.MatchString(r) || r == a.Slug {
			add(Bad{Field: "related", Code: "related", What: short(r), Reason: fmt.Sprintf("names %q, which is no other article", r), Remedy: "write the names of other articles, with commas between"})
		}
	}
	for i, line := range strings.Split(a.Body, "\n") {
		for _, f := range facts.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(FactNames, f[1]) {
				add(Bad{Line: i + 1, Field: "body", Code: "fact", What: short(f[0]), Reason: fmt.Sprintf("asks for {{%s}}, which is no fact", f[1]), Remedy: "use only {{" + strings.Join(FactNames, "}}, {{") + "}}"})
			}
		}
	}
	for _, t := range tags(a.Body) {
		add(Bad{Line: t.line, Field: "body", Code: "html", What: t.name, Reason: fmt.Sprintf("has the HTML tag %s, which readers never see, nor what stands in its block", t.name),
			Remedy: "write Markdown instead, such as **bold** or a list; a tag that readers are to read stands between `backticks`"})
	}
	for _, l := range links(a.Body) {
		if !safe(l.address) {
			add(Bad{Line: l.line, Field: "body", Code: "unsafe", What: short(l.address), Reason: fmt.Sprintf("has a link to %q, which is not safe", short(l.address)),
				Remedy: "link to https:// addresses, to paths of this site that begin with /, or to mailto: and tel:"})
		}
	}
	return bad
}

func (a Article) checkTexts(add func(Bad)) {
	text := func(field, value string, limit int, lines bool) {
		b := Bad{Field: field, Most: limit}
		switch {
		case strings.TrimSpace(value) == "":
			b.Code, b.Reason, b.Remedy = "empty", "is empty", fmt.Sprintf("write 1 to %d characters", limit)
		case utf8.RuneCountInString(value) > limit:
			b.Code, b.Reason, b.Remedy = "long", fmt.Sprintf("is longer than %d characters", limit), "shorten it"
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && (!lines || (r != '\n' && r != '\t')) || r == 0x7f }):
			b.Code, b.Reason, b.Remedy = "control", "has a control character", "write it anew"
		default:
			return
		}
		add(b)
	}
	text("title", a.Title, maxTitle, false)
	text("summary", a.Summary, maxSummary, false)
	text("body", a.Body, maxBody, true)
	if len(a.Keywords) > maxKeywords {
		add(Bad{Field: "keywords", Code: "many", Most: maxKeywords, Reason: fmt.Sprintf("are more than %d", maxKeywords), Remedy: "keep those that readers really use"})
	}
	for _, k := range a.Keywords {
		text("keywords", k, maxKeyword, false)
	}
	if len(a.Related) > maxRelated {
		add(Bad{Field: "related", Code: "many", Most: maxRelated, Reason: fmt.Sprintf("are more than %d", maxRelated), Remedy: "keep the nearest"})
	}
}

// short is the beginning of a long text.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
