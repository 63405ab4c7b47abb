package notice

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"memberpay/internal/brand"
	"memberpay/internal/event"
	"memberpay/internal/letter"
	"memberpay/internal/words"
)

var told = time.Date(2026, 12, 4, 2, 0, 0, 0, time.UTC) // still December 3 in Oregon

// writer makes words and sends nothing.
func writer(t testing.TB) *Letters {
	t.Helper()
	catalog, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := catalog.Missing(); n > 0 {
			t.Errorf("%d words missing", n)
		}
	})
	return New(Config{Brand: brand.Default(), Words: catalog, BaseURL: "https://pay.larkspur.example", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// claimed is a letter as the outbox gives it back.
func claimed(t testing.TB, l letter.Letter, to letter.To) event.Message {
	t.Helper()
	m := letter.New(l, "sub_1", to)
	raw, err := json.Marshal(m.Data)
	if err != nil {
		t.Fatal(err)
	}
	m.ID, m.At, m.Data = "msg_1", told, json.RawMessage(raw)
	return m
}

// sample is a letter and what it must say in each language, on each channel.
type sample struct {
	name   string
	letter letter.Letter
	says   map[string][]string // by language: in mail and print
	text   map[string]string   // by language: the whole text message; nil where there is none
}

const (
	invited = "https://pay.larkspur.example/invited/tok_1?x=1&y=2"
	bound   = "\n\n@pay.larkspur.example #482917"
)

// samples are every kind of letter about accounts.
func samples() []sample {
	soon, later := told.Add(10*time.Minute), told.Add(14*24*time.Hour)
	both := func(en, es string) map[string]string { return map[string]string{"en": en, "es": es} }
	says := func(en, es []string) map[string][]string { return map[string][]string{"en": en, "es": es} }
	out := []sample{
		{"code for a letter", letter.Code{Purpose: letter.Join, Code: "482917", Until: later},
			says([]string{"Your code to create an account", "482917", "good until December 17, 2026", "Do not give this code to anyone"},
				[]string{"Su código para crear una cuenta", "482917", "sirve hasta el 17 de diciembre de 2026", "No le dé este código a nadie"}),
			both("Larkspur Health. Your code to create an account: 482917. The code is good until December 17, 2026. Do not give it to anyone."+bound,
				"Larkspur Health. Su código para crear una cuenta: 482917. El código sirve hasta el 17 de diciembre de 2026. No se lo dé a nadie."+bound)},
		{"code", letter.Code{Purpose: letter.SignIn, Code: "482917", Until: soon},
			says([]string{"Your code to sign in", "482917", "good for 10 minutes", "If you did not ask for a code", "Someone may know your password"},
				[]string{"Su código para iniciar sesión", "482917", "sirve durante 10 minutos", "Si usted no pidió un código", "sepa su contraseña"}),
			both("Larkspur Health. Your code to sign in: 482917. The code is good for 10 minutes. Do not give it to anyone."+bound,
				"Larkspur Health. Su código para iniciar sesión: 482917. El código sirve durante 10 minutos. No se lo dé a nadie."+bound)},
		{"last minute", letter.Code{Purpose: letter.StepUp, Code: "482917", Until: told.Add(40 * time.Second)},
			says([]string{"good for 1 minute."}, []string{"durante 1 minuto."}),
			both("Larkspur Health. Your code to confirm that it is you: 482917. The code is good for 1 minute. Do not give it to anyone."+bound,
				"Larkspur Health. Su código para confirmar que es usted: 482917. El código sirve durante 1 minuto. No se lo dé a nadie."+bound)},
		{"member ID", letter.MemberID{MemberID: "M7755-01"},
			says([]string{"Your member ID", "M7755-01", "https://pay.larkspur.example/"}, []string{"Su número de miembro", "M7755-01"}),
			both("Larkspur Health: you asked for your member ID. It is M7755-01. Questions? Call 1-800-555-0142.",
				"Larkspur Health: usted pidió su número de miembro. Es M7755-01. ¿Preguntas? Llame al 1-800-555-0142.")},
		{"opened", letter.AccountOpened{When: told},
			says([]string{"Your account is ready", "December 3, 2026 at 6:00\u00a0PM Pacific", "If this was not you", "/sign-in"},
				[]string{"Su cuenta está lista", "3 de diciembre de 2026 a las 6:00\u00a0p.\u00a0m. hora del Pacífico", "Si no fue usted"}),
			both("Larkspur Health: an account was opened for you. If this was not you, call 1-800-555-0142 now.",
				"Larkspur Health: se abrió una cuenta para usted. Si no fue usted, llame ahora al 1-800-555-0142.")},
		{"taken", letter.EmailTaken{},
			says([]string{"You already have an account", "/sign-in", "Nothing was changed"}, []string{"Usted ya tiene una cuenta", "No se cambió nada"}), nil},
		{"invited", letter.HelperInvited{From: "Rosa", URL: invited, Expires: later},
			says([]string{"You are invited to help pay bills", "Rosa asks you", "You will not see what a bill is for", "December 17, 2026", "we check that it is you", invited},
				[]string{"Le invitan a ayudar", "Rosa le pide", "No verá de qué es una factura", "17 de diciembre de 2026", "comprobamos que es usted", invited}),
			both("Larkspur Health: Rosa asks you to help pay bills. Good until December 17, 2026: "+invited,
				"Larkspur Health: Rosa le pide que ayude a pagar facturas. Sirve hasta el 17 de diciembre de 2026: "+invited)},
		{"pay link", letter.PayLink{URL: invited, Until: later},
			says([]string{"Your link to pay", "You are on the phone with Larkspur Health", "asks for your date of birth", "December 17, 2026", invited, "1-800-555-0142"},
				[]string{"Su enlace para pagar", "Usted está al teléfono", "17 de diciembre de 2026", invited}),
			both("Larkspur Health: your link to pay, good until December 17, 2026 at 6:00\u00a0PM Pacific: "+invited+" Never say a card number on the phone.",
				"Larkspur Health: su enlace para pagar, sirve hasta el 17 de diciembre de 2026 a las 6:00\u00a0p.\u00a0m. hora del Pacífico: "+invited+" Nunca diga un número de tarjeta por teléfono.")},
		{"contact asked", letter.ContactNews{What: letter.ContactAsked, Part: "email", When: told, From: later, Stop: "/not-me/tok_1"},
			says([]string{"Your email is about to change", "On December 3, 2026 at 6:00\u00a0PM Pacific somebody asked us", "to change the email", "from December 17, 2026", "This was not me", "https://pay.larkspur.example/not-me/tok_1", "Somebody may know your details"},
				[]string{"Su correo está por cambiar", "cambiar el correo", "17 de diciembre de 2026", "/not-me/tok_1"}),
			both("Larkspur Health: Your email is about to change. If this was not you, stop it: https://pay.larkspur.example/not-me/tok_1 or call 1-800-555-0142 now.",
				"Larkspur Health: Su correo está por cambiar. Si no fue usted, deténgalo: https://pay.larkspur.example/not-me/tok_1 o llame ahora al 1-800-555-0142.")},
		{"contact asked again", letter.ContactNews{What: letter.ContactAsked, Part: "email", When: told, From: later, Again: true, Stop: "/not-me/tok_1"},
			says([]string{"It takes the place of a change that we wrote to you about before", "stop this one"}, []string{"Sustituye a un cambio", "detenga este"}),
			both("Larkspur Health: Your email is about to change. If this was not you, stop it: https://pay.larkspur.example/not-me/tok_1 or call 1-800-555-0142 now.",
				"Larkspur Health: Su correo está por cambiar. Si no fue usted, deténgalo: https://pay.larkspur.example/not-me/tok_1 o llame ahora al 1-800-555-0142.")},
		{"contact in force", letter.ContactNews{What: letter.ContactNow, Part: "home", When: told},
			says([]string{"Your home address on file has changed", "in the place of the home address that we had", "Call us now at 1-800-555-0142"}, []string{"Su dirección registrada cambió"}),
			both("Larkspur Health: Your home address on file has changed. If this was not you, call 1-800-555-0142 now.",
				"Larkspur Health: Su dirección registrada cambió. Si no fue usted, llame ahora al 1-800-555-0142.")},
		{"contact stopped", letter.ContactNews{What: letter.ContactStopped, Part: "phone", When: told},
			says([]string{"The change of your phone number was stopped", "Everything stays as it was"}, []string{"Se detuvo el cambio de su teléfono"}),
			both("Larkspur Health: The change of your phone number was stopped. If you did not stop it, call 1-800-555-0142 now.",
				"Larkspur Health: Se detuvo el cambio de su teléfono. Si usted no lo detuvo, llame ahora al 1-800-555-0142.")},
		{"refund", letter.RefundNews{What: letter.RefundToCard, Amount: 12_050, Confirmation: "K7QM4T2X9P", Last4: "4242"},
			says([]string{"Your refund of $120.50 is on its way", "card ending in 4242", "5 to 10 business days", "K7Q-M4T-2X9P", "/payments/K7QM4T2X9P"},
				[]string{"Su reembolso de $120.50 está en camino", "termina en 4242", "5 a 10 días hábiles"}), nil},
		{"refund by check", letter.RefundNews{What: letter.RefundByCheck, Amount: 12_050, Confirmation: "K7QM4T2X9P", Check: "20017"},
			says([]string{"Your refund of $120.50 is on its way", "check number 20017", "name on the bank account"}, []string{"cheque número 20017"}), nil},
		{"refund check stopped", letter.RefundNews{What: letter.CheckStopped, Amount: 12_050, Confirmation: "K7QM4T2X9P", Check: "20017"},
			says([]string{"Your refund of $120.50 came back to us", "Check number 20017", "as your credit"}, []string{"cheque número 20017", "saldo a favor"}), nil},
		{"refund came back", letter.RefundNews{What: letter.RefundBack, Amount: 12_050, Confirmation: "K7QM4T2X9P", Last4: "4242"},
			says([]string{"Your refund of $120.50 came back to us", "The money is yours", "1-800-555-0142"}, []string{"volvió a nosotros", "Es suyo"}), nil},
		{"paid", letter.HelperPaid{Helper: "Mateo", Amount: 123450, When: told},
			says([]string{"Your helper made a payment of $1,234.50", "Mateo made a payment of $1,234.50 for you on December 3, 2026"},
				[]string{"hizo un pago de $1,234.50", "Mateo hizo un pago de $1,234.50 por usted el 3 de diciembre de 2026"}),
			both("Larkspur Health: your helper made a payment of $1,234.50 for you. If you did not expect this, call 1-800-555-0142.",
				"Larkspur Health: la persona que le ayuda hizo un pago de $1,234.50 por usted. Si no lo esperaba, llame al 1-800-555-0142.")},
		{"revoked", letter.HelperRevoked{From: "R.M."},
			says([]string{"has ended", "the bills of R. M."}, []string{"terminó", "las facturas de R. M."}),
			both("Larkspur Health: your permission to help R. M. with bills has ended. Questions? Call 1-800-555-0142.",
				"Larkspur Health: su permiso para ayudar a R. M. con las facturas terminó. ¿Preguntas? Llame al 1-800-555-0142.")},
		{"staff", letter.StaffInvited{Name: "Ada Quill", Role: "finance", URL: invited, Expires: later},
			says([]string{"Hello Ada Quill,", "Your invitation to the staff site of Larkspur Health", "Finance", "passkey", invited},
				[]string{"Hola, Ada Quill:", "Su invitación al sitio del personal de Larkspur Health", "Finanzas", invited}), nil},
		{"paperless", letter.AccountChanged{What: letter.PaperlessOn, When: told, Copy: "I agree to <b>this</b> & that.\n\nIt can be taken back."},
			says([]string{"This is what you agreed to:", "I agree to <b>this</b> & that.", "It can be taken back."}, []string{"Esto es lo que usted aceptó:", "I agree to"}),
			both("Larkspur Health: Your account went paperless. If this was not you, call 1-800-555-0142 now.",
				"Larkspur Health: Su cuenta pasó a ser sin papel. Si no fue usted, llame ahora al 1-800-555-0142.")},
	}
	out = append(out, sample{"undo", letter.AccountChanged{What: letter.Email, When: told, Undo: "/undo/tok_1"},
		says([]string{"The email address of your account was changed", "This was not me", "https://pay.larkspur.example/undo/tok_1", "by December 6, 2026"},
			[]string{"Se cambió el correo electrónico", "No fui yo", "https://pay.larkspur.example/undo/tok_1", "6 de diciembre de 2026"}),
		both("Larkspur Health: The email address of your account was changed. If this was not you, call 1-800-555-0142 now.",
			"Larkspur Health: Se cambió el correo electrónico de su cuenta. Si no fue usted, llame ahora al 1-800-555-0142.")})
	for _, c := range []struct{ change, en, es string }{
		{"email", "The email address of your account was changed", "Se cambió el correo electrónico de su cuenta"},
		{"password", "The password of your account was changed", "Se cambió la contraseña de su cuenta"},
		{"phone", "The phone number of your account was changed", "Se cambió el número de teléfono de su cuenta"},
		{"passkey_added", "A passkey was added to your account", "Se agregó una llave de acceso a su cuenta"},
		{"passkey_removed", "A passkey was removed from your account", "Se quitó una llave de acceso de su cuenta"},
		{"totp_on", "An authenticator app was added to your account", "Se agregó una aplicación de autenticación a su cuenta"},
		{"totp_off", "The authenticator app was removed from your account", "Se quitó la aplicación de autenticación de su cuenta"},
		{"recovery_codes", "New recovery codes were made for your account", "Se crearon nuevos códigos de recuperación para su cuenta"},
		{"recovered", "Access to your account was restored", "Se recuperó el acceso a su cuenta"},
		{"signed_out_everywhere", "Your account was signed out on every device", "Se cerró la sesión de su cuenta en todos los dispositivos"},
		{"contact", "The ways we can reach you were changed", "Se cambiaron las formas de comunicarnos con usted"},
		{"closed", "Your account was closed", "Se cerró su cuenta"},
		{"paperless_on", "Your account went paperless", "Su cuenta pasó a ser sin papel"},
		{"paperless_off", "Paper mail was turned on for your account", "Se activó el correo en papel para su cuenta"},
		{"new_device", "Your account was used on a new device", "Se usó su cuenta en un dispositivo nuevo"},
		{"helper_added", "A helper was added to your account", "Se agregó un ayudante a su cuenta"},
		{"helper_ended", "A helper was removed from your account", "Se quitó un ayudante de su cuenta"},
		{"language", "The language of your account was changed", "Se cambió el idioma de su cuenta"},
		{"notices", "The messages you get from us were changed", "Se cambiaron los mensajes que usted recibe de nosotros"},
		{"card_removed", "A saved way to pay was removed from your account", "Se quitó de su cuenta una forma de pago guardada"},
		{"data_taken", "The data of your account was downloaded", "Se descargaron los datos de su cuenta"},
		{"undone", "A change of your account was taken back", "Se deshizo un cambio de su cuenta"},
		{"recovery_letter", "A letter with a code to get back into your account is on its way", "Una carta con un código para volver a entrar en su cuenta está en camino"},
	} {
		out = append(out, sample{"changed " + c.change, letter.AccountChanged{What: letter.Change(c.change), When: told, From: "203.0.113.9"},
			says([]string{c.en + " on December 3, 2026 at 6:00\u00a0PM Pacific.", "203.0.113.9", "If this was not you", "Call us now at 1-800-555-0142"},
				[]string{c.es + " el 3 de diciembre de 2026 a las 6:00\u00a0p.\u00a0m. hora del Pacífico.", "203.0.113.9", "Si no fue usted", "Llámenos ahora al 1-800-555-0142"}),
			both("Larkspur Health: "+c.en+". If this was not you, call 1-800-555-0142 now.", "Larkspur Health: "+c.es+". Si no fue usted, llame ahora al 1-800-555-0142.")})
	}
	for _, p := range []letter.Purpose{letter.Join, letter.Recover, letter.Contact, letter.StepUp, letter.FindID} {
		out = append(out, sample{"code to " + string(p), letter.Code{Purpose: p, Code: "482917", Until: soon},
			says([]string{"482917", "good for 10 minutes", "Enter this code on our page to"}, []string{"482917", "durante 10 minutos", "Escriba este código en nuestra página para"}), nil})
		out[len(out)-1].text = map[string]string{"en": "", "es": ""} // there is one; its words are those of the subject
	}
	return out
}

// clinical words never stand in a letter: whoever else reads it must not learn that, where or why somebody was treated.
var clinical = regexp.MustCompile(`(?i)\b(diagnos|treatment|therap|doctor|physician|nurse|patient|clinic|medic|hospital|surg|prescri|provider|symptom|disease|illness|` +
	`lab results|appointment|visit|claim|insur|tratamiento|terapia|médic|medic|enfermer|paciente|clínic|cirug|receta|proveedor|síntoma|cita|seguro médico|reclam)`)

// TestEveryLetter holds each kind, in each language and on each channel, to what every letter must be.
func TestEveryLetter(t *testing.T) {
	t.Parallel()
	l := writer(t)
	for _, s := range samples() {
		for _, lang := range []string{"en", "es"} {
			for _, channel := range []string{event.Mail, event.Text, event.Print} {
				name := fmt.Sprintf("%s in %s by %s", s.name, lang, channel)
				m := claimed(t, s.letter, letter.To{Channel: channel, Recipient: "x", Language: lang})
				got, err := l.write(t.Context(), m)
				if _, staff := s.letter.(letter.StaffInvited); staff && channel != event.Mail {
					if err == nil {
						t.Errorf("%s: people are invited to work by e-mail only", name)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if channel == event.Text {
					checkShort(t, name, got.Short, s.text[lang], s.text != nil)
					continue
				}
				want := s.says[lang]
				if c, ok := s.letter.(letter.Code); ok && c.Purpose == letter.Join && channel == event.Print {
					want = map[string][]string{"en": {"482917", "choose “I have a code from a letter"}, "es": {"482917", "elija “Tengo un código de una carta"}}[lang]
				}
				checkLong(t, name, got, lang, channel, want)
				if got.Subject == "" || len(got.Subject) > 90 || strings.ContainsAny(got.Subject, "\r\n") || strings.Contains(got.Subject, "482917") || strings.Contains(got.Subject, "M7755") {
					t.Errorf("%s has the subject %q", name, got.Subject)
				}
			}
		}
	}
}

func checkShort(t *testing.T, name, got, want string, sent bool) {
	t.Helper()
	switch {
	case !sent && got != "":
		t.Errorf("%s is sent as %q", name, got)
	case want != "" && got != want:
		t.Errorf("%s reads\n%s\nwant\n%s", name, got, want)
	case sent && want == "" && !strings.HasSuffix(got, bound):
		t.Errorf("%s is not bound to our site: %q", name, got)
	case clinical.MatchString(got) || strings.Contains(got, "⟦") || len([]rune(got)) > 280:
		t.Errorf("%s reads, in %d characters: %s", name, len([]rune(got)), got)
	}
}

func checkLong(t *testing.T, name string, got wording, lang, channel string, says []string) {
	t.Helper()
	page, err := got.HTML()
	if err != nil {
		t.Fatal(name, err)
	}
	seen := read(t, name, page)
	if seen.lang != lang || seen.title != got.Subject {
		t.Errorf("%s: the HTML is in %q, titled %q", name, seen.lang, seen.title)
	}
	for form, body := range map[string]string{"text": got.Subject + "\n" + got.Plain(), "HTML": seen.title + "\n" + seen.text + strings.Join(seen.links, "\n")} {
		for _, s := range append([]string{"Larkspur Health", "1-800-555-0142", "pay.larkspur.example"}, says...) {
			if !strings.Contains(body, s) {
				t.Errorf("%s as %s does not say %q:\n%s", name, form, s, body)
			}
		}
		if strings.Contains(body, "⟦") {
			t.Errorf("%s as %s lacks a word", name, form)
		}
		if bad := clinical.FindString(strings.ReplaceAll(body, "Larkspur Health", "")); bad != "" {
			t.Errorf("%s as %s says %q", name, form, bad)
		}
	}
	genuine := map[string]string{"en": "Is this really from us?", "es": "¿De verdad es nuestr"}[lang]
	if !strings.Contains(got.Plain(), genuine) || strings.Contains(got.Plain(), "billing@larkspur.example") != (channel == event.Mail) {
		t.Errorf("%s does not say how to check that it is genuine", name)
	}
	for _, link := range seen.links {
		if u, err := url.Parse(link); err != nil || u.Host != "pay.larkspur.example" || u.Scheme != "https" {
			t.Errorf("%s links to %s", name, link)
		}
	}
}

// seen is what a reader of a page gets.
type seen struct {
	lang, title, text string
	links             []string
}

// read parses the HTML of a letter and fails on everything that does not belong into one.
func read(t *testing.T, name, page string) seen {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(name, err)
	}
	allowed := map[string]bool{"html": true, "head": true, "meta": true, "title": true, "body": true, "main": true, "h1": true, "p": true, "br": true, "strong": true,
		"table": true, "tbody": true, "tr": true, "td": true, "a": true, "blockquote": true}
	var out seen
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			if n.Parent.Data == "title" {
				out.title = n.Data
			} else {
				out.text += n.Data
			}
		case html.ElementNode:
			if !allowed[n.Data] {
				t.Errorf("%s has the element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case n.Data == "html" && a.Key == "lang":
					out.lang = a.Val
				case n.Data == "a" && a.Key == "href":
					out.links = append(out.links, a.Val)
				case strings.HasPrefix(a.Key, "on") || a.Key == "src":
					t.Errorf("%s has the attribute %s", name, a.Key)
				}
			}
		}
	}
	return out
}

// Nobody is sent to another site, and nothing unknown is sent at all.
func TestLettersThatAreRefused(t *testing.T) {
	t.Parallel()
	l := writer(t)
	for name, bad := range map[string]letter.Letter{
		"another host":   letter.HelperInvited{From: "Rosa", URL: "https://evil.example/invited/1"},
		"a longer host":  letter.HelperInvited{From: "Rosa", URL: "https://pay.larkspur.example.evil.example/"},
		"a user":         letter.HelperInvited{From: "Rosa", URL: "https://pay.larkspur.example@evil.example/"},
		"our user":       letter.HelperInvited{From: "Rosa", URL: "https://x@pay.larkspur.example/"},
		"a script":       letter.HelperInvited{From: "Rosa", URL: "javascript:alert(1)"},
		"plain http":     letter.HelperInvited{From: "Rosa", URL: "http://pay.larkspur.example/invited/1"},
		"no link":        letter.HelperInvited{From: "Rosa"},
		"staff":          letter.StaffInvited{Name: "Ada", URL: "https://evil.example/"},
		"no code":        letter.Code{Purpose: letter.SignIn},
		"no purpose":     letter.Code{Code: "482917"},
		"unknown change": letter.AccountChanged{What: "other"},
		"no member ID":   letter.MemberID{},
	} {
		m := claimed(t, bad, letter.To{Channel: event.Mail, Recipient: "x"})
		if got, err := l.write(t.Context(), m); !errors.Is(err, event.ErrRefused) || strings.Contains(err.Error(), "evil") || strings.Contains(err.Error(), "482917") {
			t.Errorf("%s: wrote %q, %v", name, got.Plain(), err)
		}
	}
	for _, m := range []event.Message{{Kind: "surprise", Channel: event.Mail}, {Kind: "payment.receipt", Channel: event.Text}, {Kind: "payment.receipt", Channel: event.Print}} {
		if _, err := l.write(t.Context(), m); !errors.Is(err, event.ErrRefused) {
			t.Errorf("%s by %s: %v", m.Kind, m.Channel, err)
		}
	}
	m := claimed(t, letter.MemberID{MemberID: "M1"}, letter.To{Channel: event.Mail, Recipient: "x"})
	m.Data = json.RawMessage(`[`)
	if _, err := l.write(t.Context(), m); err == nil {
		t.Error("broken data made a letter")
	}
}

// A role that is new, or a language that we do not have, is no reason to send nothing.
func TestLettersThatAreStillSent(t *testing.T) {
	t.Parallel()
	l := writer(t)
	got, err := l.write(t.Context(), claimed(t, letter.StaffInvited{Role: "wizard", URL: invited}, letter.To{Channel: event.Mail, Recipient: "x", Language: "fr"}))
	if err != nil || !strings.Contains(got.Plain(), "Your role: Staff") || got.Hello != "Hello," || got.Lang != "en" {
		t.Errorf("wrote %v\n%s", err, got.Plain())
	}
	got, err = l.write(t.Context(), claimed(t, letter.HelperInvited{URL: invited}, letter.To{Channel: event.Mail, Recipient: "x"}))
	if err != nil || !strings.Contains(got.Plain(), "Someone asks you to help") {
		t.Errorf("wrote %v\n%s", err, got.Plain())
	}
}
