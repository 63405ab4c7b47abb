package notice

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/event"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/words"
)

var paid = payment.Payment{ID: "pay_1", Confirmation: "K7QM4T2X9P", Payee: "medical", Rail: payment.Bank, Brand: "checking", Last4: "6789",
	Amount: 123450, State: payment.Pending, Authorization: `I allow <b>this</b> & "that"`, SubmittedAt: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC),
	UpdatedAt: time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC)}

func TestEveryLetterInEveryLanguage(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := New(Config{Brand: brand.Default(), Words: catalog, BaseURL: "https://pay.larkspur.example"})
	for kind, says := range map[string]map[string]string{
		"payment.receipt":   {"en": "received", "es": "Gracias"},
		"payment.submitted": {"en": "take $1,234.50 from your bank account", "es": "$1,234.50"},
		"payment.failed":    {"en": "did not go through", "es": "no se"},
		"payment.canceled":  {"en": "The permission you gave us is withdrawn: nothing is taken", "es": "La autorización que usted nos dio queda retirada"},
		"payment.returned":  {"en": "It told us so on November 30, 2026. Your bills are open again", "es": "30 de noviembre de 2026"},
	} {
		for lang, want := range says {
			pay := paid
			pay.Reason = "R01"
			text, err := l.aboutPayment(kind, pay, catalog.For(lang))
			if err != nil {
				t.Fatal(kind, err)
			}
			html, err := text.HTML()
			if err != nil {
				t.Fatal(kind, err)
			}
			for form, body := range map[string]string{"text": text.Plain(), "HTML": html} {
				for _, s := range []string{want, "K7Q-M4T-2X9P", "$1,234.50", "6789", "Larkspur Medical Group, Inc.",
					"https://pay.larkspur.example/payments/K7QM4T2X9P", "1-800-555-0142"} {
					if !strings.Contains(body, s) {
						t.Errorf("%s in %s as %s does not say %q", kind, lang, form, s)
					}
				}
				if strings.Contains(body, "⟦") {
					t.Errorf("%s in %s as %s lacks a word", kind, lang, form)
				}
			}
			confirmed := kind == "payment.receipt" || kind == "payment.submitted"
			if strings.Contains(text.Plain(), catalog.For(lang).T("paid.number")+":") != confirmed {
				t.Errorf("%s in %s calls its number a confirmation number: %v", kind, lang, !confirmed)
			}
			if kind == "payment.submitted" && (strings.Contains(html, "<b>this") || !strings.Contains(text.Plain(), paid.Authorization)) {
				t.Errorf("%s in %s: the permission is not told as it was given", kind, lang)
			}
			if !strings.Contains(html, `<html lang="`+lang+`"`) || text.Subject == "" {
				t.Errorf("%s in %s: no language or no subject", kind, lang)
			}
		}
	}
	if _, err := l.aboutPayment("payment.other", paid, catalog.For("en")); err == nil {
		t.Error("an unknown kind of letter was written")
	}
	if catalog.Missing() > 0 {
		t.Errorf("%d words missing", catalog.Missing())
	}
}

// The day in a letter is the organisation's day, not the server's.
func TestDayOfALetter(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := New(Config{Brand: brand.Default(), Words: catalog})
	text, err := l.aboutPayment("payment.receipt", paid, catalog.For("en"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.Plain(), "November 23, 2026") {
		t.Errorf("2 AM UTC on the 24th is still the 23rd in Oregon:\n%s", text.Plain())
	}
}

// TestWrittenNotice: the letter that is the evidence of a consent by telephone has the words that were read out.
func TestWrittenNotice(t *testing.T) {
	t.Parallel()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := New(Config{Brand: brand.Default(), Words: catalog, BaseURL: "https://pay.larkspur.example"})
	for _, lang := range []string{"en", "es"} {
		text, err := l.aboutPayment("payment.notice", paid, catalog.For(lang))
		if err != nil {
			t.Fatal(err)
		}
		d := l.sheet(event.Message{Kind: "payment.notice", Channel: event.Print, Recipient: "Ana Example\n1 Example Road\nHillside, OR 97004", Language: lang, At: paid.SubmittedAt}, text)
		said := fmt.Sprint(d.Blocks)
		for _, want := range []string{paid.Authorization, "K7Q-M4T-2X9P", "$1,234.50", "6789"} {
			if !strings.Contains(said, want) {
				t.Errorf("in %s the letter lacks %q: %s", lang, want, said)
			}
		}
		var pdf bytes.Buffer
		if err := paper.Write(&pdf, d); err != nil || !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) {
			t.Errorf("in %s it cannot be printed: %v", lang, err)
		}
	}
	if _, err := l.write(t.Context(), event.Message{Kind: "payment.receipt", Channel: event.Print, Subject: "pay_1", Language: "en"}); err == nil {
		t.Error("a receipt travels by post without being asked for")
	}
}
