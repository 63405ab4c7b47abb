package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/paper"
)

// hostileNames are names that break careless programs: a few of our own, and all of the shared list where it is there.
func hostileNames(t testing.TB) []string {
	t.Helper()
	names := []string{"", " ", "O'Brien", "José Ñandú", "Zoë\r\nBcc: everybody@evil.example", "a\nb", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
		"</table></body>", "&lt;b&gt;", "{{.Name}}", "${jndi:ldap://127.0.0.1/x}", "Pay at https://evil.example/now", "www.evil.example", "a@evil.example",
		"\u202eRTL override", "\u200bzero\u200bwidth", "محمد الأمين", "👩\u200d⚕️ Emoji", strings.Repeat("A", 5000), strings.Repeat("e\u0301", 200), "\xff\xfe\x00 bytes",
		"\x1b[31mred", "=cmd|' /C calc'!A0", "%s%s%n", "⟦key⟧"}
	root := os.Getenv("MEMBERPAY_TESTDATA")
	if root == "" {
		root = "../../../shared/testdata"
	}
	raw, err := os.ReadFile(filepath.Join(root, "hostile-text", "names.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return names
	}
	var more []string
	if err == nil {
		err = json.Unmarshal(raw, &more)
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(names, more...)
}

// withName are the letters that hold what somebody calls a person.
func withName(name string) []letter.Letter {
	return []letter.Letter{letter.HelperInvited{From: name, URL: invited, Expires: told.AddDate(0, 0, 14)}, letter.HelperPaid{Helper: name, Amount: 100},
		letter.HelperRevoked{From: name}, letter.StaffInvited{Name: name, Role: name, URL: invited, Expires: told.AddDate(0, 0, 14)},
		letter.AccountChanged{What: letter.Password, From: name, Copy: name}, letter.Code{Purpose: letter.Join, Code: "482917", Until: told.AddDate(0, 0, 14)}}
}

// checkHarmless writes a letter by mail and on paper and holds it to what it is without the name.
func checkHarmless(t testing.TB, l *Letters, x letter.Letter, name string) {
	t.Helper()
	m := claimed(t, x, letter.To{Channel: event.Mail, Recipient: "rosa@mail.example", Language: "es"})
	text, err := l.write(t.Context(), m)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	msg, err := l.envelope(m, text)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	read, err := mail.ReadMessage(&raw)
	if err != nil {
		t.Fatalf("%q makes a mail that cannot be read: %v", name, err)
	}
	for key := range read.Header {
		if !slices.Contains([]string{"Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Content-Type", "User-Agent", "X-Mailer", "Auto-Submitted"},
			textproto.CanonicalMIMEHeaderKey(key)) {
			t.Errorf("%q makes the header %s", name, key)
		}
	}
	if to := read.Header.Get("To"); to != "<rosa@mail.example>" {
		t.Errorf("%q is sent to %s", name, to)
	}
	page, err := text.HTML()
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "img", "b", "iframe", "style"}, n.Data) {
			t.Errorf("%q makes the element %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "href" && !strings.HasPrefix(a.Val, "https://pay.larkspur.example/") || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%q makes %s=%q", name, a.Key, a.Val)
			}
		}
	}
	if _, ok := x.(letter.Code); !ok { // one sheet a name is enough
		return
	}
	var pdf bytes.Buffer
	m.Recipient = letter.Address{Name: name, Lines: []string{name, "12 Meadow Lane", "Fairhaven, OH 45000"}}.String()
	if err := paper.Write(&pdf, l.sheet(m, text)); err != nil || !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-1.7")) {
		t.Errorf("%q on paper: %v", name, err)
	}
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	l := writer(t)
	for _, name := range hostileNames(t) {
		for _, x := range withName(name) {
			checkHarmless(t, l, x, name)
		}
	}
}

// Ordinary names are told as they are written.
func TestNamesAreKept(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"O'Brien", "D’Arcy", "José Ñandú", "Nguyễn Thị Ánh", "Þórður Æ. Gisson", "محمد الأمين", "李小龍", "Mary-Ann Smith, Jr.", "X Æ A-12", "<b>", "null", "0"} {
		if got := named(name); got != name {
			t.Errorf("%q is told as %q", name, got)
		}
	}
	for name, want := range map[string]string{"see https://evil.example/now": "see https: evil. example/now", "a@evil.example": "a@evil. example", "J.R.": "J. R.",
		" two  spaces\t": "two spaces", "new\nline": "new line", "\u202eturned": "turned", "\u200bwide": "wide", "": ""} {
		if got := named(name); got != want {
			t.Errorf("%q is told as %q, want %q", name, got, want)
		}
	}
}

// link is what mail programs make a link of.
func link(s string) bool {
	return strings.Contains(s, "://") || strings.ContainsFunc(s, unicode.IsControl)
}

func TestAnyName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		got := named(name)
		if !utf8.ValidString(got) || link(got) || strings.ContainsAny(got, "\r\n\u2028\u2029\u202e") || utf8.RuneCountInString(got) > 4*longest || named(got) != got {
			t.Fatalf("%q is told as %q, and that as %q", name, got, named(got))
		}
	})
}

// FuzzNames: whatever somebody is called, the letter stays a letter.
func FuzzNames(f *testing.F) {
	l := writer(f)
	for _, name := range hostileNames(f) {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		checkHarmless(t, l, letter.HelperInvited{From: name, URL: invited, Expires: told.AddDate(0, 0, 14)}, name)
	})
}
