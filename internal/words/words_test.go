package words

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"memberpay/internal/money"
)

func loaded(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestForPicksTheLanguage(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for ask, want := range map[string]string{
		"en": "en", "es": "es", "es-MX": "es", "ES-419": "es", "en-US": "en", "": "en", "fr": "en", "../es": "en", "e": "en",
	} {
		if got := c.For(ask).Lang(); got != want {
			t.Errorf("For(%q) = %q, want %q", ask, got, want)
		}
	}
	if got := strings.Join(c.Langs(), " "); got != "en es" {
		t.Errorf("Langs = %q", got)
	}
}

func TestAcceptReadsTheHeader(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	for header, want := range map[string]string{
		"": "en", "es": "es", "es-US,es;q=0.9,en;q=0.8": "es", "fr-FR,fr;q=0.9,es;q=0.5,en;q=0.4": "es",
		"en;q=0.2,es;q=0.9": "es", "zh": "en", "???;;q=": "en", strings.Repeat("es,", 1000): "en",
	} {
		if got := c.Accept(header).Lang(); got != want {
			t.Errorf("Accept(%.40q) = %q, want %q", header, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	en, es := c.For("en"), c.For("es")
	for _, x := range []struct{ got, want string }{
		{en.T("home.title"), "Pay your bill"},
		{es.T("home.title"), "Pague su factura"},
		{en.T("review.button", "Amount", money.Cents(12345)), "Pay $123.45"},
		{es.T("review.button", "Amount", money.Cents(123456789)), "Pagar $1,234,567.89"},
		{en.T("bill.left", "Amount", money.Cents(-300)), "What is left to pay is $3.00 credit."},
		{en.T("shell.step", "Number", 2, "Total", 4), "Step 2 of 4"},
		{en.T("bills.for", "Name", `<b>{{.X}} & "Q"`), `For <b>{{.X}} & "Q"`},
		{en.N("bills.count", 0), "0 open bills"},
		{en.N("bills.count", 1), "1 open bill"},
		{en.N("bills.count", 12345), "12,345 open bills"},
		{es.N("bills.count", 1), "1 factura pendiente"},
		{es.N("bills.count", 2), "2 facturas pendientes"},
		{es.N("bills.count", 1000000), "1,000,000 facturas pendientes"},
		{en.T("home.title", "Extra", "is ignored"), "Pay your bill"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
	if n := c.Missing(); n != 0 {
		t.Errorf("Missing = %d", n)
	}
}

func TestMistakesAreMarkedAndCounted(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	w := c.For("en")
	mistakes := []string{
		w.T("no.such.key"), w.N("no.such.key", 2), w.T("review.button"), w.T("review.button", "Amuont", 1),
		w.T("review.button", "Amount"), w.T("review.button", 1, 2),
	}
	for i, got := range mistakes {
		if !strings.HasPrefix(got, "⟦") {
			t.Errorf("mistake %d reads %q", i, got)
		}
	}
	if n := c.Missing(); n != int64(len(mistakes)) {
		t.Errorf("Missing = %d after %d mistakes", n, len(mistakes))
	}
	if got := w.T("bills.for", "Name", "<no value>"); got != "For <no value>" {
		t.Errorf("a strange name reads %q", got)
	}
	if w.Has("no.such.key") || !w.Has("home.title") || !w.Has("review.button") {
		t.Error("Has is wrong")
	}
}

func TestDatesAndTimes(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	en, es := c.For("en"), c.For("es")
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.December, 4, 2, 0, 0, 0, time.UTC) // the evening before on the west coast
	for _, x := range []struct{ got, want string }{
		{en.DateOf(2026, time.December, 3), "December 3, 2026"},
		{es.DateOf(2026, time.December, 3), "3 de diciembre de 2026"},
		{en.DateIn(at, zone), "December 3, 2026"},
		{en.DateIn(at, nil), "December 4, 2026"},
		{en.Date(at), "December 4, 2026"},
		{en.DateTime(at, zone), "December 3, 2026 at 6:00\u00a0PM"},
		{es.DateTime(at, zone), "3 de diciembre de 2026 a las 6:00\u00a0p.\u00a0m."},
		{es.DateTime(at.Add(-5*time.Hour), zone), "3 de diciembre de 2026 a la 1:00\u00a0p.\u00a0m."},
		{en.Time(time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC)), "12:05\u00a0AM"},
		{en.DateOf(2026, 13, 1), "2026"},
		{en.Month(0), ""}, {es.Month(time.May), "mayo"}, {es.Weekday(time.Wednesday), "miércoles"},
		{en.List([]string{"A", "B", "C"}), "A, B and C"}, {en.List([]string{"A"}), "A"}, {en.List(nil), ""},
		{es.List([]string{"Ana", "Luis"}), "Ana y Luis"}, {es.List([]string{"Ana", "Inés"}), "Ana e Inés"},
		{es.List([]string{"Ana", "Hilda"}), "Ana e Hilda"}, {es.List([]string{"agua", "hielo"}), "agua y hielo"},
		{en.Amount(123456), "$1,234.56"}, {en.Amount(-300), "$3.00 credit"}, {es.Amount(-300), "$3.00 a su favor"},
		{Number(-1234567), "-1,234,567"}, {Number(999), "999"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
}

// TestRetell: a sentence of the program is told in the reader's language, and nobody else's.
func TestRetell(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	es := c.For("es")
	kept := c.For("en").T("call.reason", "Reference", "K7Q-M4T-2X9P")
	for said, want := range map[string]string{
		kept: es.T("call.reason", "Reference", "K7Q-M4T-2X9P"),
		es.T("call.reason", "Reference", "K7Q-M4T-2X9P"): es.T("call.reason", "Reference", "K7Q-M4T-2X9P"),
		"Called about a bill":                            "Called about a bill",
		"":                                               "",
		kept + " and said more":                          kept + " and said more",
	} {
		if got := es.Retell(said, "Reference", "call.reason"); got != want {
			t.Errorf("%q becomes %q, want %q", said, got, want)
		}
	}
}

// TestADotEndsASentenceOnce puts a time that ends with a dot at the end of a sentence.
func TestADotEndsASentenceOnce(t *testing.T) {
	t.Parallel()
	es := loaded(t).For("es")
	if got := es.T("call.until", "Time", "6:00\u00a0p.\u00a0m."); got != "Vale hasta el 6:00\u00a0p.\u00a0m., solo en esta llamada." {
		t.Errorf("%q", got)
	}
	if got := es.T("desk.record.until", "Time", "6:00\u00a0p.\u00a0m."); !strings.HasSuffix(got, "\u00a0m.") || strings.HasSuffix(got, "..") {
		t.Errorf("%q", got)
	}
}

// TestCatalogFiles holds the files to their form: sorted keys, straight spelling of braces, and no marks of an unfinished text.
func TestCatalogFiles(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "es"} {
		all, err := Entries(lang)
		if err != nil {
			t.Fatal(err)
		}
		for key, e := range all {
			text := e.One + e.Other
			if key != strings.TrimSpace(key) || strings.Contains(key, " ") || !strings.Contains(key, ".") {
				t.Errorf("%s: key %q is not dotted words", e.File, key)
			}
			if strings.ContainsAny(text, "<>\n\t") || strings.Contains(text, "  ") || strings.Contains(text, `"`) {
				t.Errorf("%s: %s has markup, a line break, two spaces or a straight quote: %q", e.File, key, text)
			}
			if lang == "en" && strings.Contains(text, "Error") {
				t.Errorf("%s: %s says Error: say what to do", e.File, key)
			}
			if strings.Contains(text, "Inc..") || strings.HasSuffix(text, "{{.Payee}}.") {
				t.Errorf("%s: %s ends with a name that may end in a dot: %q", e.File, key, text)
			}
		}
	}
	for _, dir := range []string{"en", "es"} {
		files, err := embedded.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			raw, err := embedded.ReadFile(dir + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			list, err := parse(f.Name(), raw)
			if err != nil {
				t.Fatal(err)
			}
			for i := 1; i < len(list); i++ {
				if list[i].Key <= list[i-1].Key {
					t.Errorf("%s/%s: %q must stand before %q", dir, f.Name(), list[i].Key, list[i-1].Key)
				}
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ text, want string }{
		"array":       {`[]`, "one JSON object"},
		"number":      {`{"a.b": 3}`, `key "a.b"`},
		"nested":      {`{"a": {"b": "c"}}`, "unknown field"},
		"only other":  {`{"a.b": {"other": "x"}}`, `needs "one" and "other"`},
		"empty":       {`{"a.b": " "}`, "empty"},
		"braces":      {`{"a.b": "x {{.A b}}"}`, "must hold a name"},
		"open braces": {`{"a.b": "x {{.A"}`, "must hold a name"},
		"function":    {`{"a.b": "{{printf}}"}`, "must hold a name"},
		"twice":       {`{"a.b": "x", "a.b": "y"}`, "keep one"},
		"cut":         {"{\n\"a.b\": \"x\",\n", "a.json:2"},
		"after":       {`{"a.b": "x"} {}`, "after the object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(fstest.MapFS{"en/a.json": {Data: []byte(x.text)}})
			if err == nil || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), "en/a.json") {
				t.Errorf("error = %v, want one with %q", err, x.want)
			}
		})
	}
	if _, err := load(fstest.MapFS{"es/a.json": {Data: []byte(`{}`)}}); err == nil {
		t.Error("a catalog without the default language was accepted")
	}
	if _, err := load(fstest.MapFS{"en/a.json": {Data: []byte(`{"k.x":"1"}`)}, "en/b.json": {Data: []byte(`{"k.x":"2"}`)}}); err == nil {
		t.Error("a key in two files was accepted")
	}
}

func BenchmarkPlain(b *testing.B) {
	w := loaded(b).For("en")
	for b.Loop() {
		w.T("home.title")
	}
}

func BenchmarkFilled(b *testing.B) {
	w := loaded(b).For("en")
	for b.Loop() {
		w.T("bill.left", "Amount", money.Cents(12345))
	}
}
