package words

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"memberpay/internal/money"
)

// Default is the language for anyone who did not choose a language we have.
const Default = "en"

// Catalog is every sentence in every language. It never changes after Load and is safe for concurrent use.
type Catalog struct {
	langs   []string
	words   map[string]*Words
	missing atomic.Int64
}

// Words speaks one language. Get one from Catalog.For; it is safe for concurrent use.
type Words struct {
	lang      string
	catalog   *Catalog
	plain     map[string]string   // sentences without placeholders and without plural forms
	single    map[string]string   // sentences with placeholders and without plural forms
	templated map[string][]string // keys with plural forms, which the localizer fills in, with the names they need
	localizer *i18n.Localizer
}

// Load reads the embedded catalogs. It fails, naming file and key, on text that is not a flat JSON object of sentences,
// on a key that stands in two places, and on a sentence whose braces do not parse.
func Load() (*Catalog, error) {
	return load(embedded)
}

// Langs returns the languages that have a catalog, Default first.
func (c *Catalog) Langs() []string { return append([]string(nil), c.langs...) }

// For returns the words of a language: "es", or any tag of it such as "es-MX". A language without a catalog, and "",
// get the words of Default.
func (c *Catalog) For(lang string) *Words {
	if w, ok := c.words[lang]; ok {
		return w
	}
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if w, ok := c.words[base]; ok {
		return w
	}
	return c.words[Default]
}

// Accept picks the best language for an Accept-Language header. An empty or broken header gets Default.
func (c *Catalog) Accept(header string) *Words {
	if len(header) > 1000 {
		return c.words[Default]
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return c.words[Default]
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if w, ok := c.words[base.String()]; ok {
			return w
		}
	}
	return c.words[Default]
}

// Missing returns how many sentences were asked for and not found since Load. Anything but 0 is a mistake in the program.
func (c *Catalog) Missing() int64 { return c.missing.Load() }

// Lang returns the language's tag for the lang attribute: "en" or "es".
func (w *Words) Lang() string { return w.lang }

// Has reports whether the language has the key.
func (w *Words) Has(key string) bool {
	if _, ok := w.plain[key]; ok {
		return true
	}
	if _, ok := w.single[key]; ok {
		return true
	}
	_, ok := w.templated[key]
	return ok
}

// T returns the sentence of a key. pairs are placeholder names and values in turn: T("pay.button", "Amount", cents).
// A money.Cents value is written by Amount, every other value as fmt.Sprint does. A key that does not exist, or a
// placeholder without a value, gives a marker that stands out on the page and is counted by Catalog.Missing.
func (w *Words) T(key string, pairs ...any) string {
	if s, ok := w.plain[key]; ok {
		return s
	}
	return w.fill(key, nil, pairs)
}

// N returns the sentence of a key in the plural form that the language uses for count. The count itself is the
// placeholder {{.Count}}; pairs are as in T.
func (w *Words) N(key string, count int, pairs ...any) string {
	return w.fill(key, &count, pairs)
}

func (w *Words) fill(key string, count *int, pairs []any) string {
	if s, ok := w.plain[key]; ok {
		return s
	}
	data, ok := w.values(pairs)
	if !ok {
		return w.mark(key)
	}
	if s, ok := w.single[key]; ok {
		if count != nil {
			data["Count"] = Number(*count)
		}
		return w.place(key, s, data)
	}
	names, found := w.templated[key]
	if !found {
		return w.mark(key)
	}
	conf := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if count != nil {
		data["Count"] = Number(*count)
		conf.PluralCount = *count
	}
	for _, name := range names {
		if _, ok := data[name]; !ok {
			return w.mark(key)
		}
	}
	s, err := w.localizer.Localize(conf)
	if err != nil {
		return w.mark(key)
	}
	return s
}

// place puts values into the braces of a sentence. Braces hold names and nothing else; the catalog was checked for that.
func (w *Words) place(key, sentence string, data map[string]any) string {
	var b strings.Builder
	b.Grow(len(sentence) + 32)
	for {
		before, rest, found := strings.Cut(sentence, "{{.")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, tail, _ := strings.Cut(rest, "}}")
		value, ok := data[name].(string)
		if !ok {
			return w.mark(key)
		}
		b.WriteString(value)
		if strings.HasSuffix(value, ".") { // "6:00 p. m." ends the sentence too
			tail = strings.TrimPrefix(tail, ".")
		}
		sentence = tail
	}
}

// values turns pairs into the data of a template. It reports false where a name has no value or is not a string.
func (w *Words) values(pairs []any) (map[string]any, bool) {
	data := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, false
		}
		if c, ok := pairs[i+1].(money.Cents); ok {
			data[name] = w.Amount(c)
			continue
		}
		data[name] = fmt.Sprint(pairs[i+1])
	}
	return data, len(pairs)%2 == 0
}

func (w *Words) mark(key string) string {
	w.catalog.missing.Add(1)
	return "⟦" + key + "⟧"
}
