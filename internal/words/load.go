package words

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed en/*.json es/*.json
var embedded embed.FS

// Entry is one sentence as its file has it.
type Entry struct {
	Key   string
	File  string // "en/pay.json"
	One   string // "" where the sentence does not depend on a count
	Other string
}

// Plural reports whether the sentence depends on a count.
func (e Entry) Plural() bool { return e.One != "" }

// Entries returns every sentence of a language by key. It fails as Load does.
func Entries(lang string) (map[string]Entry, error) { return entries(embedded, lang) }

func load(files fs.FS) (*Catalog, error) {
	dirs, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	c := &Catalog{words: map[string]*Words{}}
	for _, dir := range dirs {
		if !dir.IsDir() {
			continue
		}
		w, err := speak(c, files, dir.Name())
		if err != nil {
			return nil, err
		}
		c.words[dir.Name()] = w
		c.langs = append(c.langs, dir.Name())
	}
	if c.words[Default] == nil {
		return nil, fmt.Errorf("words: there is no catalog for %q", Default)
	}
	sort.Slice(c.langs, func(i, j int) bool {
		return c.langs[i] == Default || (c.langs[j] != Default && c.langs[i] < c.langs[j])
	})
	return c, nil
}

// speak builds the words of one language from its folder.
func speak(c *Catalog, files fs.FS, lang string) (*Words, error) {
	tag, err := language.Parse(lang)
	if err != nil {
		return nil, fmt.Errorf("words: folder %q is not a language tag: %w", lang, err)
	}
	all, err := entries(files, lang)
	if err != nil {
		return nil, err
	}
	w := &Words{lang: lang, catalog: c, plain: map[string]string{}, single: map[string]string{}, templated: map[string][]string{}}
	bundle := i18n.NewBundle(tag)
	for key, e := range all {
		if !e.Plural() && !strings.Contains(e.Other, "{{") {
			w.plain[key] = e.Other
			continue
		}
		names, err := Placeholders(e.One + e.Other)
		if err != nil {
			return nil, fmt.Errorf("words: %s: key %q: %w", e.File, key, err)
		}
		if !e.Plural() {
			w.single[key] = e.Other
			continue
		}
		w.templated[key] = names
		// Spanish has a form of its own for whole millions; we use the general one for it.
		m := &i18n.Message{ID: key, One: e.One, Many: e.Other, Other: e.Other}
		if err := bundle.AddMessages(tag, m); err != nil {
			return nil, fmt.Errorf("words: %s: key %q: %w", e.File, key, err)
		}
	}
	w.localizer = i18n.NewLocalizer(bundle, lang)
	return w, nil
}

func entries(files fs.FS, lang string) (map[string]Entry, error) {
	names, err := fs.Glob(files, path.Join(lang, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	all := map[string]Entry{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("words: %w", err)
		}
		list, err := parse(name, raw)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if old, ok := all[e.Key]; ok {
				return nil, fmt.Errorf("words: %s: key %q stands in %s too; keep one", name, e.Key, old.File)
			}
			all[e.Key] = e
		}
	}
	return all, nil
}

// parse reads one catalog file: a flat object whose values are a sentence or {"one": ..., "other": ...}.
func parse(file string, raw []byte) ([]Entry, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	fail := func(format string, args ...any) error {
		line := 1 + bytes.Count(raw[:min(int(dec.InputOffset()), len(raw))], []byte("\n"))
		return fmt.Errorf("words: %s:%d: "+format, append([]any{file, line}, args...)...)
	}
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, fail("the file must be one JSON object")
	}
	var list []Entry
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, fail("%w", err)
		}
		e := Entry{Key: tok.(string), File: file}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fail("key %q: %w", e.Key, err)
		}
		if err := e.read(value); err != nil {
			return nil, fail("key %q: %w", e.Key, err)
		}
		list = append(list, e)
	}
	if _, err := dec.Token(); err != nil {
		return nil, fail("%w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fail("there is text after the object")
	}
	return list, nil
}

func (e *Entry) read(value json.RawMessage) error {
	if len(value) > 0 && value[0] == '"' {
		return e.check(json.Unmarshal(value, &e.Other))
	}
	var forms struct {
		One   string `json:"one"`
		Other string `json:"other"`
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&forms); err != nil {
		return fmt.Errorf(`the value must be a sentence or {"one": ..., "other": ...}: %w`, err)
	}
	e.One, e.Other = forms.One, forms.Other
	if e.One == "" {
		return errors.New(`a sentence with plural forms needs "one" and "other"`)
	}
	return e.check(nil)
}

func (e *Entry) check(err error) error {
	if err != nil {
		return err
	}
	if strings.TrimSpace(e.Other) == "" {
		return errors.New("the sentence is empty")
	}
	for _, s := range []string{e.One, e.Other} {
		if _, err := Placeholders(s); err != nil {
			return err
		}
	}
	return nil
}

// Placeholders returns the names in a sentence, sorted and each once: "Pay {{.Amount}}" gives ["Amount"]. It refuses
// braces that hold anything but a name.
func Placeholders(sentence string) ([]string, error) {
	seen := map[string]bool{}
	rest := sentence
	for {
		_, after, found := strings.Cut(rest, "{{")
		if !found {
			break
		}
		inside, tail, closed := strings.Cut(after, "}}")
		name, dotted := strings.CutPrefix(inside, ".")
		if !closed || !dotted || !identifier(name) {
			return nil, fmt.Errorf("braces in %q must hold a name, as in {{.Amount}}", sentence)
		}
		seen[name] = true
		rest = tail
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

func identifier(s string) bool {
	for i, r := range s {
		letter := (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
