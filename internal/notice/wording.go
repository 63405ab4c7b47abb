package notice

import (
	"bytes"
	"html/template"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// wording is one letter as ready-made text, whichever way it travels.
type wording struct {
	Lang    string
	Subject string
	Name    string // of the organisation
	Hello   string
	Paras   []string
	Key     string // a code or a number that stands out, "" for none
	KeyName string // what it is
	Facts   []fact
	Link    string // "" for none
	LinkURL string
	Quote   string // words the reader agreed to
	QuoteOn string // what stands above them
	Alarm   string // what to do for somebody who did not expect this letter, "" for nothing
	AlarmOn string // what stands above it
	Small   []string
	Short   string // the whole letter as a text message, "" where it cannot be one
	PDF     []byte // the whole letter on paper; nil where it is made from the rest
}

type fact struct{ Label, Value string }

// Plain is the letter for people who read text.
func (l wording) Plain() string {
	var b strings.Builder
	para := func(s string) { b.WriteString(s + "\n\n") }
	para(l.Hello)
	for _, p := range l.Paras {
		para(p)
	}
	if l.Key != "" {
		para(l.KeyName + ":\n" + l.Key)
	}
	for _, f := range l.Facts {
		b.WriteString(f.Label + ": " + f.Value + "\n")
	}
	if len(l.Facts) > 0 {
		b.WriteString("\n")
	}
	if l.Link != "" {
		para(l.Link + ":\n" + l.LinkURL)
	}
	if l.Quote != "" {
		para(l.QuoteOn + "\n" + l.Quote)
	}
	if l.Alarm != "" {
		para(l.AlarmOn + "\n" + l.Alarm)
	}
	para(l.Name)
	for _, s := range l.Small {
		para(s)
	}
	return b.String()
}

// page is the HTML of a letter. Mail programs know no style sheets, so the little style there is stands in the tags; it
// takes the reader's own colours.
var page = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="font:17px/1.55 system-ui,sans-serif;max-width:36em;margin:0 auto;padding:24px;overflow-wrap:anywhere">
<main>
<p style="font-weight:600;font-size:19px">{{.Name}}</p>
<h1 style="font-size:25px;line-height:1.25;margin:0 0 16px">{{.Subject}}</h1>
<p>{{.Hello}}</p>
{{range .Paras}}<p>{{.}}</p>
{{end}}{{if .Key}}<p>{{.KeyName}}:<br><strong style="font-size:30px;letter-spacing:3px">{{.Key}}</strong></p>
{{end}}{{if .Facts}}<table role="presentation" style="border-collapse:collapse;margin:20px 0">
{{range .Facts}}<tr><td style="padding:6px 24px 6px 0">{{.Label}}</td><td style="padding:6px 0;font-weight:600">{{.Value}}</td></tr>
{{end}}</table>
{{end}}{{if .Link}}<p><a href="{{.LinkURL}}">{{.Link}}</a></p>
{{end}}{{if .Quote}}<p>{{.QuoteOn}}</p><blockquote style="white-space:pre-line;margin:0;padding-left:16px;border-left:3px solid">{{.Quote}}</blockquote>
{{end}}{{if .Alarm}}<p style="padding-left:16px;border-left:3px solid"><strong>{{.AlarmOn}}</strong><br>{{.Alarm}}</p>
{{end}}{{range .Small}}<p style="font-size:15px">{{.}}</p>
{{end}}</main>
</body></html>
`))

// HTML is the letter as a page.
func (l wording) HTML() (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, l); err != nil {
		return "", err
	}
	return b.String(), nil
}

// longest is the most characters of a person's name in a letter.
const longest = 60

// named is what somebody calls a person, fit to stand in a letter from the organisation: one line of at most longest
// characters, nothing that turns the direction of what follows, and nothing that a mail program makes a link of.
func named(s string) string {
	s = norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u200b':
			return ' '
		case r == '\u200c', r == '\u200d': // they belong to words of some scripts
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "")))) // what is left may go together anew
	s = strings.ReplaceAll(s, "://", ": ")
	var b strings.Builder
	n := 0
	after := rune(0)
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if after == '.' && (unicode.IsLetter(r) || unicode.IsDigit(r)) { // "evil.example" is an address, "J. R." is not
			b.WriteByte(' ')
		}
		if n++; n > longest && (!unicode.In(r, unicode.M, unicode.Cf) || n > 2*longest) {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		after = r
	}
	return strings.TrimSpace(b.String())
}
