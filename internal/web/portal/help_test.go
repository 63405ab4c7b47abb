package portal

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"memberpay/internal/help"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// TestEveryArticleIsTrueOfTheProduct renders every shipped article in both languages, follows each of its links to a route of
// this site or another article, and looks up every name in bold in the words of its language: what is to be chosen or pressed
// in those of something that can be, which the title of a page cannot.
func TestEveryArticleIsTrueOfTheProduct(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	there := web.Pages(h.portal.Routes())
	slugs := map[string]bool{}
	list := help.ReadShipped()
	for _, a := range list {
		slugs[a.Slug] = true
	}
	names := map[string]*regexp.Regexp{"en": sentences(t, "en", ""), "es": sentences(t, "es", "")}
	buttons := map[string]*regexp.Regexp{"en": sentences(t, "en", ".title"), "es": sentences(t, "es", ".title")}
	pressed := regexp.MustCompile(`(?i)\b(?:choose|press|tick|elija|presione|marque|oprima) \*\*(.+?)\*\*`)
	v := h.visitor()
	for _, a := range list {
		page := v.get(articlePath(a.Slug) + "?lang=" + a.Lang)
		if page.Status != 200 || !strings.Contains(page.Text(), a.Title) || strings.Contains(page.Body, "{{") {
			t.Errorf("%s (%s) answers %d:\n%s", a.Slug, a.Lang, page.Status, page.Text())
		}
		for _, to := range a.Links() {
			u, err := url.Parse(to)
			if err != nil || u.IsAbs() || u.Host != "" {
				t.Errorf("%s (%s) links to %s: shipped articles stay on this site", a.Slug, a.Lang, to)
				continue
			}
			if slug, ok := strings.CutPrefix(u.Path, "/help/articles/"); ok {
				if !slugs[slug] {
					t.Errorf("%s (%s) links to an article that is not there: %s", a.Slug, a.Lang, to)
				}
				continue
			}
			if !there(u.Path) {
				t.Errorf("%s (%s) links to a page that is not there: %s", a.Slug, a.Lang, to)
			}
		}
		for _, name := range a.Names() {
			if !names[a.Lang].MatchString(name) {
				t.Errorf("%s (%s) names %q, which no page says", a.Slug, a.Lang, name)
			}
		}
		for _, m := range pressed.FindAllStringSubmatch(a.Body, -1) {
			if !buttons[a.Lang].MatchString(m[1]) {
				t.Errorf("%s (%s) has readers choose %q, which is at most a title", a.Slug, a.Lang, m[1])
			}
		}
	}
}

// sentences matches every sentence of a language's catalog as pages show it, except of keys that end with but, where it is not "".
func sentences(t *testing.T, lang, but string) *regexp.Regexp {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "words", lang, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no catalogs", err)
	}
	blank := regexp.MustCompile(`\\\{\\\{.*?\\\}\\\}`)
	var all []string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]any
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		for key, w := range words {
			if s, ok := w.(string); ok && (but == "" || !strings.HasSuffix(key, but)) {
				s = regexp.QuoteMeta(s)
				if strings.ContainsFunc(blank.ReplaceAllString(s, ""), unicode.IsLetter) { // "{{.Name}}, {{.Date}}" would match anything
					all = append(all, blank.ReplaceAllString(s, ".+"))
				}
			}
		}
	}
	return regexp.MustCompile("^(?:" + strings.Join(all, "|") + ")$")
}

func TestHelpPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	first := v.get("/help")
	for _, want := range []string{"My payment was declined", "I was charged twice", "My bank returned my payment", "I cannot find my bill", "I lost my member ID",
		"The page timed out", "How to pay", "Search the help center", "1-800-555-0142"} {
		if !strings.Contains(first.Text(), want) {
			t.Errorf("the first page of help lacks %q", want)
		}
	}
	for _, c := range help.Categories {
		for _, lang := range []string{"en", "es"} {
			if a := v.get("/help/" + c + "?lang=" + lang); a.Status != 200 || strings.Count(a.Body, "/help/articles/") < 2 {
				t.Errorf("/help/%s (%s) answers %d with %d articles", c, lang, a.Status, strings.Count(a.Body, "/help/articles/"))
			}
		}
	}
	for _, path := range []string{"/help/nothing", "/help/articles/nothing", "/help/articles/..%2f", "/help/articles/" + strings.Repeat("x", 5000)} {
		if a := v.get(path); a.Status != 404 {
			t.Errorf("%.60s answers %d", path, a.Status)
		}
	}
}

func TestHelpSearchPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	a := v.get("/help/search?q=my+card+was+declned")
	if a.Status != 200 || !strings.Contains(a.Text(), "We looked for “my card was declined”.") || !strings.Contains(a.Body, "<mark>") ||
		!strings.Contains(a.Body, `/help/articles/payment-declined`) {
		t.Errorf("a misspelled question answers %d:\n%s", a.Status, a.Text())
	}
	if a := v.get("/help/search?lang=es&q=me+cobraron+dos+veces"); !strings.Contains(a.Text(), "Me cobraron dos veces") {
		t.Errorf("a Spanish question answers:\n%s", a.Text())
	}
	delete(v.cookies, "memberpay_language")
	if a := v.get("/help/search?q=xqzvwkj"); a.Status != 200 || !strings.Contains(a.Text(), "Nothing found for “xqzvwkj”") || !strings.Contains(a.Text(), "Call us at 1-800-555-0142") {
		t.Errorf("a question that finds nothing answers %d:\n%s", a.Status, a.Text())
	}
	for _, q := range []string{"", "%00", "%ff%fe", `"+OR+*`, "NEAR(", hostile, strings.Repeat("card ", 2000), strings.Repeat("\"", 10_000)} {
		if strings.ContainsAny(q, "<\" ") {
			q = url.QueryEscape(q)
		}
		if a := v.get("/help/search?q=" + q); a.Status != 200 {
			t.Errorf("%.40q answers %d", q, a.Status)
		}
	}
	for range 130 {
		if a = v.get("/help/search?q=card"); a.Status == 429 {
			break
		}
	}
	if a.Status != 429 || !strings.Contains(a.Text(), "Please wait a moment") {
		t.Errorf("130 searches in a row answer %d:\n%s", a.Status, a.Text())
	}
	h.pass(identity.SearchAddress.Window)
	if a := v.get("/help/search?q=card"); a.Status != 200 {
		t.Errorf("after the wait a search answers %d", a.Status)
	}
}

// TestEveryReasonHasAnAnswer holds the table of answers against everything the pages can say of a payment and of a request.
func TestEveryReasonHasAnAnswer(t *testing.T) {
	t.Parallel()
	slugs := map[string]bool{}
	for _, a := range help.ReadShipped() {
		slugs[a.Slug] = true
	}
	for key, slug := range help.Answers() {
		if !slugs[slug] {
			t.Errorf("%s leads to %q, which is no article", key, slug)
		}
	}
	var keys []string
	for _, s := range payment.States {
		keys = append(keys, "state."+string(s))
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "words", "en", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(decline\.[a-z_]+|return\.(?:R\d\d|other)|state\.[a-z_]+)(?:\.title)?":`).FindAllStringSubmatch(string(raw), -1) {
			keys = append(keys, m[1])
		}
	}
	for _, kind := range []string{"invalid", "not_found", "conflict", "sign_in", "forbidden", "declined", "busy", "internal"} {
		keys = append(keys, "fault."+kind)
	}
	if len(keys) < 50 {
		t.Fatalf("only %d things to say were found", len(keys))
	}
	for _, key := range keys {
		if help.Answer(key) == "" {
			t.Errorf("%s leads to no article", key)
		}
	}
}

func TestPagesLeadToTheirAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	if a := v.get("/no/such/page"); !strings.Contains(a.Body, articlePath("page-problem")) {
		t.Errorf("the page for a lost link leads to no help")
	}
	if a := v.post("/pay", findForm("0000000001", rosaBirth)); !strings.Contains(a.Body, articlePath("cannot-find-bill")) {
		t.Errorf("a bill that is not found leads to no help:\n%s", a.Text())
	}
	if a := v.post("/sign-in", url.Values{"email": {rosaEmail}, "password": {"not the password"}}); !strings.Contains(a.Body, articlePath("cannot-sign-in")) {
		t.Errorf("a wrong password leads to no help:\n%s", a.Text())
	}
	if a := h.rosa().get("/bills/" + h.bills["M-204118907"].ID); !strings.Contains(a.Body, articlePath("bill-wrong")) {
		t.Errorf("a bill leads to no help")
	}
}

func TestAReaderSaysWhetherItHelped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.visitor()
	path := articlePath("receipt")
	if a := v.post(path, url.Values{}); a.Status != 422 || !strings.Contains(a.Text(), "Choose yes or no") {
		t.Errorf("no choice answers %d:\n%s", a.Status, a.Text())
	}
	if a := v.post(path, url.Values{"helpful": {"no"}, "comment": {strings.Repeat("é", 1001)}}); a.Status != 422 || !strings.Contains(a.Text(), "Write at most 1,000 characters") {
		t.Errorf("a long comment answers %d", a.Status)
	}
	if a := v.post(path, url.Values{"helpful": {"no"}, "comment": {"My card 4242 4242 4242 4242 was " + hostile}}); a.To != path+"?thanks" {
		t.Fatalf("an opinion answers %d %s", a.Status, a.To)
	}
	if a := v.get(path + "?thanks"); !strings.Contains(a.Text(), "Thank you") {
		t.Errorf("nobody is thanked:\n%s", a.Text())
	}
	v.post(path, url.Values{"helpful": {"yes"}})
	said, err := h.portal.Help.Opinions(t.Context(), h.clock().Add(-time.Hour))
	if err != nil || said["receipt"] != (help.Opinion{Yes: 1, No: 1}) {
		t.Errorf("readers said %+v, %v", said, err)
	}
	list, err := h.portal.Help.Comments(t.Context(), "receipt", "en", 10)
	if err != nil || len(list) != 1 || list[0].Helpful || strings.Contains(list[0].Comment, "4242") || !strings.Contains(list[0].Comment, "[card number removed]") {
		t.Errorf("comments are %+v, %v", list, err)
	}
	for range 25 {
		if a := v.post(path, url.Values{"helpful": {"yes"}}); a.Status == 429 {
			return
		}
	}
	t.Error("opinions are not limited")
}
