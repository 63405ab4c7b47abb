package portal

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/web"
)

// form is a form that some page of the site has, with the names of its fields.
type form struct {
	action string
	fields map[string]string // as the page filled them in
}

var (
	formTag   = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	attribute = regexp.MustCompile(`\b([a-z-]+)="([^"]*)"`)
	fieldTag  = regexp.MustCompile(`<(?:input|select|textarea)\b([^>]*)>`)
)

// formsOf are the forms of a page that are posted.
func formsOf(body string) []form {
	var out []form
	for _, m := range formTag.FindAllStringSubmatch(body, -1) {
		tag := attributes(m[1])
		if tag["method"] != "post" {
			continue
		}
		f := form{action: tag["action"], fields: map[string]string{}}
		for _, x := range fieldTag.FindAllStringSubmatch(m[2], -1) {
			if a := attributes(x[1]); a["name"] != "" {
				f.fields[a["name"]] = a["value"]
			}
		}
		out = append(out, f)
	}
	return out
}

func attributes(tag string) map[string]string {
	out := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		out[m[1]] = strings.ReplaceAll(m[2], "&amp;", "&")
	}
	return out
}

// hostileTexts are texts that break careless programs: some of our own, and those of the test data where it is.
func hostileTexts(t *testing.T) []string {
	texts := []string{hostile, "", " ", strings.Repeat("ñ", 5000), "a\x00b", "\xff\xfe", "Robert'); DROP TABLE member;--", "{{.}} ${7*7} %s%n", "../../etc/passwd",
		"line\r\nBcc: x@y.example", "\u202Eevil\u202C \u200b", "=1+1", "<svg/onload=alert(1)>", "-1", "99999999999999999999", "💳🏥"}
	dir := os.Getenv("MEMBERPAY_TESTDATA")
	if dir == "" {
		dir = "../../../../shared/testdata"
	}
	raw, err := os.ReadFile(filepath.Join(dir, "hostile-text", "names.json"))
	if err != nil {
		return texts // a clone that stands alone
	}
	var names []any
	if err := json.Unmarshal(raw, &names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		switch n := n.(type) {
		case string:
			texts = append(texts, n)
		case map[string]any:
			for _, v := range n {
				if s, ok := v.(string); ok {
					texts = append(texts, s)
				}
			}
		}
	}
	return texts
}

// logBook keeps what the site logs.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// crawl gets every page that a list of routes has for a reader and returns their forms, each action once.
func (h *house) crawl(open func() *visitor, paths []string) []form {
	seen, out := map[string]bool{}, []form{}
	for _, path := range paths {
		a := open().get(path)
		for _, f := range formsOf(a.Body) {
			key := f.action
			if !seen[key] && !strings.HasSuffix(key, "/sign-out") {
				seen[key] = true
				out = append(out, f)
			}
		}
	}
	return out
}

// TestHostileTextInEveryForm fills every field of every form that a reader meets with hostile text, one after the other.
// No answer may be our fault, no markup may get through, and nothing that was typed may stand in a log.
func TestHostileTextInEveryForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	book := &logBook{}
	h.site.Log = slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	rosa, err := h.accounts.ByEmail(t.Context(), rosaEmail)
	h.must(err)
	own := identity.Opening{AccountID: rosa.ID, Members: rosa.Members, How: "password"}
	things := h.things(own)
	readers := map[string]func() *visitor{
		"nobody": h.visitor,
		"guest":  func() *visitor { return h.opened(identity.Opening{Members: rosa.Members}) },
		"member": func() *visitor { return h.opened(own) },
	}
	texts := hostileTexts(t)
	forms := 0
	for name, open := range readers {
		var paths []string
		for _, route := range h.portal.Routes() {
			if route.Method != "GET" || route.Access == web.Machine || strings.HasSuffix(route.Path, "/events") { // a stream has no form and no end
				continue
			}
			path := strings.TrimSuffix(route.Path, "{$}")
			for part, object := range things {
				if strings.Contains(path, "{"+part+"}") {
					path = strings.ReplaceAll(path, "{"+part+"}", object())
				}
			}
			if !strings.Contains(path, "{") {
				paths = append(paths, path)
			}
		}
		for _, f := range h.crawl(open, paths) {
			forms++
			h.fill(t, name, open, f, texts)
		}
	}
	t.Logf("%d forms, %d texts each", forms, len(texts)+2)
	if forms < 12 {
		t.Errorf("only %d forms were found: the crawl meets too few pages", forms)
	}
	log := book.String()
	if strings.Contains(log, "level=ERROR") {
		i := strings.Index(log, "level=ERROR")
		t.Errorf("something was our fault: %.600s", log[i:])
	}
	for _, secret := range append(texts, marker) {
		if len([]rune(secret)) > 8 && strings.Contains(log, secret) {
			t.Errorf("what was typed stands in the log: %q", secret)
		}
	}
}

// marker is a word that stands in every answer of some rounds: it must be in no log.
const marker = "zebra-crossing-7391"

// fill posts a form once a text, with the text in every field that a person or a browser fills in.
func (h *house) fill(t *testing.T, name string, open func() *visitor, f form, texts []string) {
	fields := make([]string, 0, len(f.fields))
	for field := range f.fields {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	for i, text := range append(slices.Clone(texts), marker, marker+"@mail.example") {
		sent := url.Values{}
		for j, field := range fields {
			value := f.fields[field]
			// In turn every field, and all but one: so that checks behind the first one are met too.
			if i%3 != 2 || j == i%max(1, len(fields)) || value == "" {
				value = text
			}
			sent.Set(field, value)
		}
		h.write(func(tx *db.Tx) error { // the limits would keep the rest out
			_, err := tx.ExecContext(t.Context(), "DELETE FROM rate_limit")
			return err
		})
		if a := open().post(f.action, sent); a.Status >= 500 {
			t.Errorf("%s posts %q to %s: status %d", name, text, f.action, a.Status)
		}
	}
}
