package notice

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"memberpay/internal/id"
	"memberpay/internal/payment"
	"memberpay/internal/words"
)

// letter is one e-mail as ready-made text.
type letter struct {
	Lang    string
	Subject string
	Name    string // of the organisation
	Hello   string
	Paras   []string
	Facts   []fact
	Link    string
	LinkURL string
	Quote   string // words the payer agreed to
	QuoteOn string // what stands above them
	Small   []string
}

type fact struct{ Label, Value string }

// write words a letter of a kind about a payment.
func (l *Letters) write(kind string, pay payment.Payment, w *words.Words) (letter, error) {
	zone, b := l.Brand.Zone(), l.Brand
	date := w.DateIn(pay.SubmittedAt, zone)
	out := letter{Lang: w.Lang(), Name: b.Name, Hello: w.T("mail.hello"), Link: w.T("mail.view"), LinkURL: l.BaseURL + "/payments/" + pay.Confirmation}
	switch kind {
	case "payment.receipt":
		out.Subject = w.T("mail.receipt.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.receipt.body", "Amount", pay.Amount, "Date", date)}
	case "payment.submitted":
		out.Subject = w.T("mail.pending.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.pending.body", "Amount", pay.Amount, "Date", date)}
		out.QuoteOn, out.Quote = w.T("mail.pending.auth"), pay.Authorization
	case "payment.failed":
		out.Subject = w.T("mail.failed.subject")
		out.Paras = []string{w.T("mail.failed.body", "Amount", pay.Amount, "Date", date)}
	case "payment.canceled":
		out.Subject = w.T("mail.canceled.subject", "Amount", pay.Amount)
		out.Paras = []string{w.T("mail.canceled.body", "Amount", pay.Amount, "Date", date), w.T("mail.canceled.next")}
	case "payment.returned":
		out.Subject = w.T("mail.returned.subject", "Amount", pay.Amount)
		why := returnKey(w, pay.Reason)
		out.Paras = []string{w.T("mail.returned.body", "Amount", pay.Amount, "Date", date, "Returned", w.DateIn(pay.UpdatedAt, zone)),
			w.T("mail.returned.why", "Why", w.T(why)), w.T("mail.returned.next", "Next", w.T(why+".next"))}
	default:
		return letter{}, fmt.Errorf("letter of kind %q is not known", kind)
	}
	number := "paid.number"
	switch kind {
	case "payment.failed", "payment.canceled", "payment.returned":
		number = "paid.number.other" // nothing is confirmed
	}
	out.Facts = []fact{
		{w.T(number), id.Grouped(pay.Confirmation)},
		{w.T("paid.amount"), w.Amount(pay.Amount)},
		{w.T("paid.payee"), b.Payee(pay.Payee).LegalName},
		{w.T("paid.method"), method(w, pay)},
	}
	out.Small = []string{w.T("mail.questions", "Phone", b.Phone.Display), w.T("mail.safe"), w.T("mail.why", "Name", b.Name)}
	return out, nil
}

// returnKey is the key of a bank's return code, or of any other code.
func returnKey(w *words.Words, code string) string {
	if w.Has("return." + code) {
		return "return." + code
	}
	return "return.other"
}

func method(w *words.Words, pay payment.Payment) string {
	key := "mail.method.card"
	if pay.Rail == payment.Bank {
		key = "mail.method.bank"
	}
	return w.T(key, "Last4", pay.Last4)
}

// Plain is the letter for people who read text.
func (l letter) Plain() string {
	var b strings.Builder
	para := func(s string) { b.WriteString(s + "\n\n") }
	para(l.Hello)
	for _, p := range l.Paras {
		para(p)
	}
	for _, f := range l.Facts {
		b.WriteString(f.Label + ": " + f.Value + "\n")
	}
	b.WriteString("\n")
	para(l.Link + ":\n" + l.LinkURL)
	if l.Quote != "" {
		para(l.QuoteOn + "\n" + l.Quote)
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
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="font:17px/1.55 system-ui,sans-serif;max-width:36em;margin:0 auto;padding:24px">
<p style="font-weight:600;font-size:19px">{{.Name}}</p>
<p>{{.Hello}}</p>
{{range .Paras}}<p>{{.}}</p>
{{end}}<table role="presentation" style="border-collapse:collapse;margin:20px 0">
{{range .Facts}}<tr><td style="padding:6px 24px 6px 0">{{.Label}}</td><td style="padding:6px 0;font-weight:600">{{.Value}}</td></tr>
{{end}}</table>
<p><a href="{{.LinkURL}}">{{.Link}}</a></p>
{{if .Quote}}<p>{{.QuoteOn}}</p><blockquote style="margin:0;padding-left:16px;border-left:3px solid">{{.Quote}}</blockquote>
{{end}}{{range .Small}}<p style="font-size:15px">{{.}}</p>
{{end}}</body></html>
`))

// HTML is the letter as a page.
func (l letter) HTML() (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, l); err != nil {
		return "", err
	}
	return b.String(), nil
}

func domain(address string) string {
	_, d, _ := strings.Cut(address, "@")
	return d
}
