package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed pages
var pageFiles embed.FS

// pages holds the parsed templates.
type pages struct{ t *template.Template }

func newPages() (*pages, error) {
	t, err := template.ParseFS(pageFiles, "pages/*.html")
	return &pages{t}, err
}

// pagePolicy is the content security policy of the sandbox's own pages.
const pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"

func (p *pages) show(w http.ResponseWriter, name, policy string, data any) {
	var b bytes.Buffer
	if err := p.t.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.Write(b.Bytes())
}

// script serves what a page loads in place of Stripe.js.
func (s *Sandbox) script(w http.ResponseWriter, _ *http.Request) {
	serveFile(w, "script.js")
}

// asset serves the styles and the script of the sandbox's own pages.
func asset(w http.ResponseWriter, r *http.Request) { serveFile(w, r.PathValue("file")) }

func serveFile(w http.ResponseWriter, name string) {
	kinds := map[string]string{"script.js": "text/javascript", "frame.js": "text/javascript", "frame.css": "text/css", "site.css": "text/css"}
	kind := kinds[name]
	b, err := pageFiles.ReadFile("pages/" + name)
	if kind == "" || err != nil {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind+"; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "no-cache")
	w.Write(b)
}

var frameWords = map[string]map[string]string{
	"en": {"Title": "Card details", "Number": "Card number", "Exp": "Expiration date", "ExpHint": "Month and year, for example 08/30",
		"CVC": "Security code", "CVCHint": "3 digits on the back, or 4 on the front of American Express", "ZIP": "ZIP code"},
	"es": {"Title": "Datos de la tarjeta", "Number": "Número de tarjeta", "Exp": "Fecha de vencimiento", "ExpHint": "Mes y año, por ejemplo 08/30",
		"CVC": "Código de seguridad", "CVCHint": "3 dígitos al dorso, o 4 al frente de American Express", "ZIP": "Código postal"},
}

// frame serves the card fields. Any page that has the publishable key may embed them.
func (p *pages) frame(s *Sandbox) http.HandlerFunc {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors http: https:"
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") != s.cfg.PublishableKey {
			http.Error(w, "The publishable key is not known.", http.StatusUnauthorized)
			return
		}
		lang := r.URL.Query().Get("locale")
		if frameWords[lang] == nil {
			lang = "en"
		}
		p.show(w, "frame.html", policy, struct {
			Lang string
			T    map[string]string
		}{lang, frameWords[lang]})
	}
}

// home lists what the sandbox offers.
func (p *pages) home(*Sandbox) http.HandlerFunc {
	type row struct {
		CardScript
		Spaced string
	}
	var rows []row
	for _, c := range Cards() {
		rows = append(rows, row{c, spaced(c)})
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		p.show(w, "home.html", pagePolicy, struct {
			Cards    []row
			Accounts []AccountScript

			DeadPhone, BusyPhone string
		}{rows, BankAccounts(), DeadPhone, BusyPhone})
	}
}

// spaced writes a card number in the groups that are printed on the card.
func spaced(c CardScript) string {
	n := c.Number
	if c.Brand == "amex" {
		return n[:4] + " " + n[4:10] + " " + n[10:]
	}
	return n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:]
}

var challengeWords = map[string]map[string]string{
	"en": {"Title": "Your bank wants to check it is you", "Intro": "Confirm this card payment to go on.", "Amount": "Amount", "Card": "Card",
		"Test":     "This is a test bank. Complete passes the check, Fail does not. Close the page to leave it unfinished.",
		"Complete": "Complete", "Fail": "Fail", "Done": "This check is finished.", "Return": "Go back to your payment", "OtherName": "Español"},
	"es": {"Title": "Su banco quiere comprobar que es usted", "Intro": "Confirme este pago con tarjeta para continuar.", "Amount": "Importe", "Card": "Tarjeta",
		"Test":     "Este es un banco de prueba. Completar aprueba la comprobación, Fallar no. Cierre la página para dejarla sin terminar.",
		"Complete": "Completar", "Fail": "Fallar", "Done": "Esta comprobación ya terminó.", "Return": "Volver a su pago", "OtherName": "English"},
}

// challenge shows the bank's check of a payment that waits for it.
func (p *pages) challenge(s *Sandbox) http.HandlerFunc {
	type view struct {
		Lang, Other, ID, Amount, Card, Back string
		Open                                bool
		T                                   map[string]string
	}
	return func(w http.ResponseWriter, r *http.Request) {
		v := view{Lang: pageLanguage(r), Other: "es", ID: r.PathValue("id")}
		if v.Lang == "es" {
			v.Other = "en"
		}
		v.T = challengeWords[v.Lang]
		err := s.store.read(func(t *tx) error {
			pi, _, err := load[intent](t, kindIntent, v.ID)
			if err != nil {
				return err
			}
			v.Open, v.Amount = pi.Status == needsAction, dollars(pi.Amount)
			var asked returnTo
			if err := t.get(kindReturn, returnID(pi.ID), &record{Body: &asked}); err != nil {
				return err
			}
			v.Back = returnAddress(asked.URL, pi)
			pmID, _ := pi.PaymentMethod.(string)
			if pm, _, err := load[method](t, kindMethod, pmID); err == nil {
				v.Card = strings.ToUpper(pm.Card.Brand[:1]) + pm.Card.Brand[1:] + " ···· " + pm.Card.Last4
			}
			return nil
		})
		if err != nil {
			http.Error(w, "There is no such payment.", http.StatusNotFound)
			return
		}
		p.show(w, "challenge.html", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors http: https:", v)
	}
}

// dollars writes cents as people in the United States read them: "$1,234.50".
func dollars(cents int64) string {
	return message.NewPrinter(language.AmericanEnglish).Sprintf("$%d.%02d", cents/100, cents%100)
}

// pageLanguage is the language asked for by ?lang=, or else by the browser.
func pageLanguage(r *http.Request) string {
	lang := r.URL.Query().Get("lang")
	if lang == "" {
		lang = strings.TrimSpace(r.Header.Get("Accept-Language"))
	}
	if strings.HasPrefix(strings.ToLower(lang), "es") {
		return "es"
	}
	return "en"
}

// webAddress reports whether s is an absolute http or https address.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
