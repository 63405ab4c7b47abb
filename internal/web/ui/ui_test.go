package ui_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"memberpay/internal/brand"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

func page(t *testing.T, lang string) ui.Page {
	t.Helper()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return ui.Page{Title: "Title", W: c.For(lang), Brand: brand.Default(), Now: time.Date(2026, 12, 2, 20, 0, 0, 0, time.UTC)}
}

// contains checks that the rendered component has every part, in this order.
func contains(t *testing.T, c templ.Component, parts ...string) {
	t.Helper()
	html := string(render(t, c))
	rest := html
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("no %q (in this order) in:\n%s", part, html)
			return
		}
		rest = after
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	p := page(t, "es")
	p.Path, p.SignedIn, p.SignOutURL, p.CSRF, p.Nonce = "/bills?page=2&lang=es", true, "/out", "tok\"en", "n0nce"
	p.Step, p.RefreshAfter = ui.Step{Number: 2, Total: 4}, 5
	contains(t, ui.Layout(p), `<html lang="es">`, `<title>Title (paso 2 de 4) – Larkspur Health</title>`,
		ui.URL("app.css"), ui.BrandURL(p.Brand), `type="module"`, `nonce="n0nce"`, `href="#main"`,
		`href="/bills?lang=en&amp;page=2"`, `hreflang="en"`, `action="/out"`, `value="tok&#34;en"`, `Cerrar sesión`,
		`id="main"`, `data-refresh="5"`, `<footer`, `href="tel:+18005550142"`, `Abierto ahora hasta las 6:00`)
}

func TestLanguageLinksStayOnThisSite(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/pay": "/pay?lang=es", "/pay?a=1": "/pay?a=1&amp;lang=es", "//evil.example/x": "/?lang=es",
		"https://evil.example": "/?lang=es", "javascript:alert(1)": "/?lang=es", "/a b": "/a%20b?lang=es", "%": "/?lang=es",
	} {
		p := page(t, "en")
		p.Path = path
		contains(t, ui.Layout(p), `href="`+want+`"`)
	}
}

func TestProblemsComeFirstAndLinkToTheirFields(t *testing.T) {
	t.Parallel()
	p := page(t, "en")
	p.Problems = []ui.Problem{{Field: "routing", Text: "Enter the <9-digit> number"}, {Text: "No field"}}
	contains(t, ui.Layout(p), "<title>Check your answers: Title – Larkspur Health</title>", `role="alert"`, `tabindex="-1"`,
		`href="#routing"`, "Enter the &lt;9-digit&gt; number", "No field")
	if p.Problem("routing") == "" || p.Problem("account") != "" {
		t.Error("Problem finds the wrong field")
	}
}

func TestTextField(t *testing.T) {
	t.Parallel()
	p := page(t, "en")
	contains(t, ui.TextField(p, ui.Field{Name: "routing", Label: "Routing number", Hint: "9 digits", Error: "Check it",
		Value: `"><script>`, Autocomplete: "off", InputMode: "numeric", Digits: true, Optional: true}),
		`<label for="routing">Routing number`, "(optional)", `id="routing-hint"`, `id="routing-error"`, "Check this:", "Check it",
		`id="routing" name="routing" type="text" value="&#34;&gt;&lt;script&gt;"`, `inputmode="numeric"`,
		`aria-describedby="routing-hint routing-error"`, `aria-invalid="true"`)
	html := string(render(t, ui.TextField(p, ui.Field{Name: "password", Label: "Password", Type: "password", Value: "secret"})))
	if strings.Contains(html, "secret") || strings.Contains(html, "aria-describedby") || strings.Contains(html, "aria-invalid") {
		t.Errorf("a plain password field: %s", html)
	}
}

func TestDateField(t *testing.T) {
	t.Parallel()
	p := page(t, "en")
	contains(t, ui.DateField(p, ui.Date{Name: "birth", Label: "Date of birth", Hint: "h", Error: "e", Wrong: []string{"day"},
		Month: "2", Day: "30", Year: "1985", Birth: true}),
		`<fieldset`, `id="birth"`, `aria-describedby="birth-hint birth-error"`, `<legend>Date of birth</legend>`,
		`<label for="birth_month">Month</label>`, `autocomplete="bday-month"`,
		`<label for="birth_day">Day</label>`, `value="30" autocomplete="bday-day" aria-invalid="true"`,
		`<label for="birth_year">Year</label>`, `value="1985"`)
}

func TestChoices(t *testing.T) {
	t.Parallel()
	p := page(t, "en")
	c := ui.Choices{Name: "bill", Legend: "Bills", Error: "Choose one", Options: []ui.Option{
		{Value: "1", Label: "First", Aside: "$5.00", Lines: []string{"Due soon"}, Checked: true, Reveal: ui.Text("More")},
		{Value: "2", Label: "Second", Off: true},
	}}
	contains(t, ui.Checkboxes(p, c), `aria-describedby="bill-error"`, `<legend>Bills</legend>`,
		`id="bill" type="checkbox" name="bill" value="1" checked aria-describedby="bill-lines"`, `<label for="bill">`, "First", "$5.00",
		`id="bill-lines"`, "Due soon", "More", `id="bill-2"`, `value="2" disabled`, `<label for="bill-2">`)
	c.Title = true
	contains(t, ui.Radios(p, c), `<h1>Bills</h1>`, `type="radio"`)
}

func TestButtons(t *testing.T) {
	t.Parallel()
	contains(t, ui.ButtonFor(ui.Button{Label: "Pay", Name: "go", Value: "1", Form: "javascript:x"}),
		`<button class="btn"`, `type="submit" name="go" value="1" formaction="about:invalid#TemplFailedSanitizationURL"`, "Pay")
	contains(t, ui.ButtonFor(ui.Button{Label: "Change", What: "the amount", Href: "/x", Kind: ui.Secondary}),
		`<a class="btn secondary" href="/x"`, "Change", `<span class="hidden">&nbsp;the amount</span>`)
	p := page(t, "en")
	p.CSRF = "secret-token"
	if html := string(render(t, ui.Form(p, ui.FormProps{Action: "/search", Method: "get"}))); strings.Contains(html, "secret-token") || strings.Contains(html, "data-once") {
		t.Errorf("a search form carries the token or locks itself: %s", html)
	}
}

func TestListsAndTables(t *testing.T) {
	t.Parallel()
	p := page(t, "en")
	contains(t, ui.SummaryList(p, []ui.Row{{Key: "Amount", Value: "$5.00", Lines: []string{"today"}, Change: &ui.Link{Href: "/a", What: "the amount"}, Strong: true}}),
		"<dt>Amount</dt>", "$5.00", "today", `<a href="/a"`, "Change", "the amount")
	contains(t, ui.TableFor(ui.Table{Caption: "Bills", HideCaption: true, FirstIsHeader: true,
		Columns: []ui.Column{{Label: "Bill"}, {Label: "Due", Money: true}},
		Rows:    [][]ui.Cell{{{Text: "M-1", Href: "/m"}, {Text: "$5.00"}, {Text: "more than columns"}}}}),
		`<caption class="hidden">Bills</caption>`, `<th scope="col" role="columnheader"`, `<th scope="row" role="rowheader" data-label="Bill"`,
		`<a href="/m"`, `<td role="cell" data-label="Due" class="num"`, "more than columns")
	contains(t, ui.Pagination(p, ui.Pages{Number: 1, Total: 2, Href: func(n int) string { return "/p" + string(rune('0'+n)) }}),
		`aria-label="Pages"`, "Page 1 of 2", `rel="next" href="/p2"`)
	if html := render(t, ui.Pagination(p, ui.Pages{Number: 1, Total: 1})); len(bytes.TrimSpace(html)) != 0 {
		t.Errorf("a single page has pagination: %s", html)
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	b := brand.Default()
	zone := b.Zone()
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, zone)
	}
	for _, x := range []struct {
		now    time.Time
		en, es string
	}{
		{at(12, 2, 10), "Open now until 6:00 PM Pacific", "Abierto ahora hasta las 6:00 p. m. hora del Pacífico"},
		{at(12, 2, 7), "Closed now. Opens today at 8:00 AM Pacific", "Cerrado ahora. Abre hoy a las 8:00 a. m. hora del Pacífico"},
		{at(12, 2, 19), "Closed now. Opens tomorrow at 8:00 AM Pacific", "Cerrado ahora. Abre mañana a las 8:00 a. m. hora del Pacífico"},
		{at(12, 5, 19), "Closed now. Opens Monday at 8:00 AM Pacific", "Cerrado ahora. Abre el lunes a las 8:00 a. m. hora del Pacífico"},
		{at(11, 26, 10), "Closed today for Thanksgiving Day. Opens tomorrow at 8:00 AM Pacific",
			"Cerrado hoy por el Día de Acción de Gracias. Abre mañana a las 8:00 a. m. hora del Pacífico"},
		{at(12, 24, 10), "Open now until 12:00 PM Pacific. Shorter hours today for Christmas Eve.",
			"Abierto ahora hasta las 12:00 p. m. hora del Pacífico. Horario reducido hoy por Nochebuena."},
	} {
		for lang, want := range map[string]string{"en": x.en, "es": x.es} {
			got := strings.ReplaceAll(ui.Hours(page(t, lang).W, b, x.now.UTC()), "\u00a0", " ")
			if got != want {
				t.Errorf("%s %s: %q, want %q", x.now, lang, got, want)
			}
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	b := brand.Default()
	h := ui.Assets(b)
	get := func(method, url, accept string) *http.Response {
		r := httptest.NewRequest(method, url, nil)
		r.Header.Set("Accept-Encoding", accept)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Result()
	}
	total := 0
	for url, kind := range map[string]string{
		ui.URL("app.css"): "text/css; charset=utf-8", ui.URL("app.js"): "text/javascript; charset=utf-8",
		ui.BrandURL(b): "text/css; charset=utf-8", ui.LogoURL(b): "image/svg+xml", ui.URL("petals.svg"): "image/svg+xml",
	} {
		plain, packed := get("GET", url, "gzip;q=0"), get("GET", url, "br, gzip")
		if plain.StatusCode != 200 || plain.Header.Get("Content-Type") != kind || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", url, plain.StatusCode, plain.Header)
		}
		if packed.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(packed.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s packed: %v", url, packed.Header)
		}
		body, err := io.ReadAll(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		total += len(body)
		zip, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err1 := io.ReadAll(zip)
		want, err2 := io.ReadAll(plain.Body)
		if err1 != nil || err2 != nil || !bytes.Equal(unpacked, want) || len(want) == 0 {
			t.Errorf("%s differs when packed", url)
		}
		if kind == "image/svg+xml" && !strings.Contains(plain.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s may run what it holds", url)
		}
	}
	if limit := 14 << 10; total > limit {
		t.Errorf("styles, script and pictures are %d bytes packed, the limit is %d", total, limit)
	}
	if r := get("GET", "/assets/app-000000000000.css", ""); r.StatusCode != 404 {
		t.Errorf("an old address: %d", r.StatusCode)
	}
	if r := get("GET", "/assets/../doc.go", ""); r.StatusCode != 404 {
		t.Errorf("outside: %d", r.StatusCode)
	}
	if r := get("POST", ui.URL("app.css"), ""); r.StatusCode != 405 || r.Header.Get("Allow") == "" {
		t.Errorf("POST: %d", r.StatusCode)
	}
	if r := get("HEAD", ui.URL("app.css"), ""); r.StatusCode != 200 || r.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes", r.StatusCode, r.ContentLength)
	}
}

// TestStyleSheetUsesOnlyTheBrandsColours finds a colour property that no brand defines, and colours written out.
func TestStyleSheetUsesOnlyTheBrandsColours(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	defined := brand.Default().CSS() + string(raw)
	for _, m := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllSubmatch(raw, -1) {
		if !strings.Contains(defined, string(m[1])+":") {
			t.Errorf("%s is used and not defined", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`[ :](#[0-9a-fA-F]{3,8})\b`).FindAllSubmatch(raw, -1) {
		if string(m[1]) != "#fff" { // paper, and the quiet zone of a code to scan
			t.Errorf("the colour %s is written out", m[1])
		}
	}
	served := httptest.NewRecorder()
	ui.Assets(brand.Default()).ServeHTTP(served, httptest.NewRequest("GET", ui.URL("app.css"), nil))
	if css := served.Body.String(); strings.Contains(css, "/*") || !strings.Contains(css, "url(petals-") ||
		strings.Count(css, "{") != strings.Count(string(raw), "{") {
		t.Error("the style sheet was squeezed wrongly")
	}
}
