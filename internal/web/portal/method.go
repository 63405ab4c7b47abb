package portal

import (
	"slices"
	"strings"
	"unicode/utf8"

	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The answers to "How do you want to pay?" as the form names them. A saved card is methodSaved and its id.
const (
	methodCard  = "card"
	methodKept  = "kept" // the card that was entered earlier for this draft
	methodBank  = "bank"
	methodSaved = "saved:"
)

// methodForm is the form as it was sent.
type methodForm struct {
	method  string
	token   string
	save    bool
	email   string
	bank    payment.BankAccount
	confirm string
}

// method asks how to pay.
func (p *Portal) method(c *web.Context) error {
	d, done, err := p.draft(c)
	if done {
		return err
	}
	if !d.Chosen() {
		return c.Redirect(step(d.ID, "bills"))
	}
	saved, err := payment.SavedCards(c.R.Context(), p.DB.Read(), c.Session.AccountID)
	if err != nil {
		return err
	}
	f, err := p.givenMethod(c, d)
	if err != nil {
		return err
	}
	return p.methodPage(c, d, saved, f, nil)
}

// givenMethod is what a draft has as the answer, or the answer to begin with.
func (p *Portal) givenMethod(c *web.Context, d payment.Draft) (methodForm, error) {
	a := d.Answers
	f := methodForm{email: a.Email, save: a.SaveCard, bank: payment.BankAccount{Name: a.BankName, Routing: a.BankRouting, Type: a.BankType}}
	switch {
	case a.Rail == payment.Bank:
		f.method = methodBank
	case a.SavedCard != "":
		f.method = methodSaved + a.SavedCard
	case a.CardToken != "":
		f.method = methodKept
	}
	if !a.Emailed && a.Email == "" && c.Session.SignedIn() {
		account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
		if err != nil {
			return f, err
		}
		f.email = account.Email
	}
	return f, nil
}

func (p *Portal) methodPost(c *web.Context) error {
	d, done, err := p.draft(c)
	if done {
		return err
	}
	if !d.Chosen() {
		return c.Redirect(step(d.ID, "bills"))
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	saved, err := payment.SavedCards(c.R.Context(), p.DB.Read(), c.Session.AccountID)
	if err != nil {
		return err
	}
	f := methodForm{method: c.Form("method"), token: c.Form("card_token"), save: c.Form("save_card") != "" && c.Session.SignedIn(),
		email: c.Form("email"), confirm: c.Form("confirm"),
		bank: payment.BankAccount{Name: c.Form("name"), Routing: c.Form("routing"), Number: c.Form("account"), Type: c.Form("type")}}
	problems, answer, err := p.readMethod(c, d, saved, &f)
	if err != nil {
		return err
	}
	mail := emailProblem(c, f.email)
	problems = append(problems, mail...)
	if answer != nil {
		// A right answer is kept even where another one is wrong, so that no number is typed twice.
		d, err = p.Payments.ChangeDraft(c.R.Context(), owner(c), d.ID, func(d *payment.Draft) error {
			if err := answer(d); err != nil {
				return err
			}
			if len(mail) == 0 {
				d.Answers.Email, d.Answers.Emailed = strings.TrimSpace(f.email), true
			}
			return nil
		})
		if err != nil {
			return err
		}
		if f.method == methodCard {
			f.method = methodKept
		}
	}
	if len(problems) > 0 {
		return p.methodPage(c, d, saved, f, problems)
	}
	return c.Redirect(step(d.ID, "review"))
}

// readMethod checks the answer. It returns what is wrong, or how the draft is to be changed.
func (p *Portal) readMethod(c *web.Context, d payment.Draft, saved []payment.SavedCard, f *methodForm) (problems []ui.Problem, answer func(*payment.Draft) error, err error) {
	wrong := func(field, key string) ([]ui.Problem, func(*payment.Draft) error, error) {
		return []ui.Problem{{Field: field, Text: c.T(key)}}, nil, nil
	}
	if id, ok := strings.CutPrefix(f.method, methodSaved); ok && !d.TooSmallForCard(payment.Card) {
		i := slices.IndexFunc(saved, func(s payment.SavedCard) bool { return s.ID == id })
		if i < 0 {
			return wrong("method", "error.method.gone")
		}
		return nil, func(d *payment.Draft) error { d.SetSavedCard(saved[i]); return nil }, nil
	}
	if f.method != methodBank && d.TooSmallForCard(payment.Card) {
		return wrong("method", "error.card.minimum")
	}
	switch f.method {
	case methodKept:
		if d.Answers.CardToken == "" {
			return wrong("method", "error.card.required")
		}
		return nil, func(*payment.Draft) error { return nil }, nil
	case methodBank:
		return p.readBank(c, d, f)
	case methodCard:
		switch {
		case f.token == "": // the page sends none only where its scripts did not run
			return wrong("method", "error.card.scripts")
		case len(f.token) > 200:
			return wrong("method", "error.card.required")
		}
		card, err := p.Payments.LookCard(c.R.Context(), f.token)
		switch {
		case fault.Is(err, fault.Invalid):
			return wrong("method", "error.card.used")
		case fault.Is(err, fault.Busy):
			c.Site.Log.Warn("look at a card", "err", err)
			return wrong("method", "error.card.unreachable")
		case err != nil:
			return nil, nil, err
		}
		return nil, func(d *payment.Draft) error { d.SetCard(f.token, card, f.save); return nil }, nil
	}
	return wrong("method", "error.method.required")
}

func emailProblem(c *web.Context, email string) []ui.Problem {
	switch {
	case email == "" || identity.ValidEmail(email):
		return nil
	case utf8.RuneCountInString(email) > 254:
		return []ui.Problem{{Field: "email", Text: c.T("error.email.long")}}
	}
	return []ui.Problem{{Field: "email", Text: c.T("error.email.format")}}
}

// methodView is the page "How do you want to pay?".
type methodView struct {
	Action  string
	Options []ui.Option
	Email   string
	Cards   []savedCardView
	From    string // where removing a card comes back to
	Guest   bool
	Pulse   string // where to tell that something is typed, "" for nobody waits for it
}

type savedCardView struct{ ID, Name string }

// cardFields is the place of the processor's frame. What the frame calls its fields stands in the catalogs for whoever
// tests or describes the page.
//
// words: method.card.*
type cardFields struct {
	Key      string
	Language string
	Cents    money.Cents
	SignedIn bool
	Save     bool
	Note     string
}

// bankFields is the form of a bank account. Numbers are never filled in.
type bankFields struct {
	Name, Routing, Type string
	Keep                string // the account given before, which empty fields keep; "" for none
}

func (p *Portal) methodPage(c *web.Context, d payment.Draft, saved []payment.SavedCard, f methodForm, problems []ui.Problem) error {
	frame := payPage(c, d, 2, c.T("method.title"))
	frame.Problems = problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: step(d.ID, "bills")}
	v := methodView{Action: step(d.ID, "method"), Email: f.email, From: step(d.ID, "method"), Guest: !c.Session.SignedIn()}
	option := func(value, label string, more ...string) *ui.Option {
		v.Options = append(v.Options, ui.Option{Value: value, Label: label, Lines: more, Checked: f.method == value})
		return &v.Options[len(v.Options)-1]
	}
	for _, s := range saved {
		name := cardName(c, processor.Card{Brand: s.Brand, Last4: s.Last4})
		option(methodSaved+s.ID, c.T("method.saved", "Method", name))
		v.Cards = append(v.Cards, savedCardView{s.ID, name})
	}
	if d.Answers.CardToken != "" {
		option(methodKept, cardName(c, d.Answers.Card), c.T("method.kept"))
	}
	if p.Browser.ScriptURL != "" {
		fields := cardFields{Key: p.Browser.PublishableKey, Language: c.Words.Lang(), Cents: total(d.Answers.Lines),
			SignedIn: c.Session.SignedIn(), Save: f.save}
		if d.Answers.Kind == bill.Premium {
			fields.Note = c.T("method.hsa.note")
		}
		o := option(methodCard, c.T("method.card"), c.T("method.card.hint"))
		o.NoScript, o.Reveal = c.T("method.card.noscript.hint"), cardForm(frame, fields)
		frame.Modules, frame.Scripts = []string{ui.URL("card.js")}, []string{p.Browser.ScriptURL}
	}
	if d.Answers.Call != "" {
		v.Pulse = step(d.ID, "typing")
		frame.Modules = append(frame.Modules, ui.URL("pulse.js"))
	}
	bank := bankFields{Name: f.bank.Name, Routing: f.bank.Routing, Type: f.bank.Type}
	if d.Answers.Rail == payment.Bank {
		bank.Keep = bankName(c, d.Answers.BankType, d.Answers.BankLast4)
	}
	option(methodBank, c.T("method.bank"), c.T("method.bank.hint")).Reveal = bankForm(frame, bank)
	status := 200
	if len(problems) > 0 {
		status = 422
	}
	return c.Render(status, methodPage(frame, v))
}

// CSP lets the card step, and no other page, use the processor's script and frames.
func (p *Portal) CSP(c *web.Context) web.Sources {
	if c.Route != "/pay/{draft}/method" || p.Browser.ScriptURL == "" {
		return web.Sources{}
	}
	return web.Sources{Script: origin(p.Browser.ScriptURL), Frame: strings.Join(p.Browser.FrameOrigins, " "),
		Connect: strings.Join(p.Browser.ConnectOrigins, " ")}
}

// origin cuts an address to scheme, host and port.
func origin(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

func total(lines []payment.Line) money.Cents {
	return payment.Request{Lines: lines}.Total()
}

// cardName is how a card is called: "Visa card ending in 4242".
//
// words: card.*
func cardName(c *web.Context, card processor.Card) string {
	if card.Last4 == "" {
		return c.T("method.name.card_new")
	}
	brand := c.T("card.unknown")
	if key := "card." + card.Brand; c.Words.Has(key) {
		brand = c.T(key)
	}
	if card.HSA {
		return c.T("method.name.hsa", "Brand", brand, "Last4", card.Last4)
	}
	return c.T("method.name.card", "Brand", brand, "Last4", card.Last4)
}

// bankName is how a bank account is called: "Checking account ending in 6789".
func bankName(c *web.Context, kind, last4 string) string {
	if kind == "savings" {
		return c.T("method.name.savings", "Last4", last4)
	}
	return c.T("method.name.checking", "Last4", last4)
}
