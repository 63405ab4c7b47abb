package portal

import (
	"errors"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// review shows every answer once more, and the button that moves the money.
func (p *Portal) review(c *web.Context) error {
	d, done, err := p.draft(c)
	if done {
		return err
	}
	if next := missing(d); next != "" {
		return c.Redirect(step(d.ID, next))
	}
	d, bills, updated, err := p.upToDate(c, d)
	if err != nil {
		return err
	}
	if bills == nil {
		return c.Redirect(step(d.ID, "bills") + "?changed")
	}
	text, until := p.authorization(c, d)
	if r := d.Answers.Reviewed; r.Authorization != text || !r.Until.Equal(until) {
		r = payment.Reviewed{Mark: id.Secret()[:22], Authorization: text, Language: c.Words.Lang(), Until: until}
		d, err = p.Payments.ReviewDraft(c.R.Context(), owner(c), d, r)
		if errors.Is(err, payment.ErrDraftChanged) {
			return c.Redirect(step(d.ID, "review"))
		}
		if err != nil {
			return err
		}
	}
	return p.reviewPage(c, d, bills, updated)
}

// missing is the first step of a draft that is not answered, "" for none.
func missing(d payment.Draft) string {
	switch {
	case !d.Chosen():
		return "bills"
	case !d.Complete():
		return "method"
	}
	return ""
}

// upToDate returns the draft with its bills as they are now. A draft that pays in full follows the bills, and updated
// says so; where its bills cannot take it any more, bills is nil.
func (p *Portal) upToDate(c *web.Context, d payment.Draft) (_ payment.Draft, bills []bill.Bill, updated bool, err error) {
	scope, err := p.scope(c)
	if err != nil {
		return d, nil, false, err
	}
	bills, fits, err := p.dueNow(c.R.Context(), scope, d.Answers.Lines)
	if err != nil || bills == nil {
		return d, nil, false, err
	}
	if !d.Answers.Full {
		if !fits {
			bills = nil
		}
		return d, bills, false, nil
	}
	lines := make([]payment.Line, len(bills))
	for i, b := range bills {
		lines[i] = payment.Line{BillID: b.ID, Amount: b.Due()}
		if !b.Payable() {
			return d, nil, false, nil
		}
		updated = updated || lines[i] != d.Answers.Lines[i]
	}
	if updated {
		d, err = p.Payments.ChangeDraft(c.R.Context(), owner(c), d.ID, func(d *payment.Draft) error {
			d.Answers.Lines = lines
			return nil
		})
	}
	return d, bills, updated, err
}

// payNow is the button. It reads the session and the draft, and submits: nothing else stands between the payer and the
// answer. The bills are checked where they are reserved, in the transaction of the payment.
func (p *Portal) payNow(c *web.Context) error {
	draftID := c.R.PathValue("draft")
	d, err := payment.GetDraft(c.R.Context(), p.DB.Read(), owner(c), draftID)
	if fault.Is(err, fault.NotFound) {
		return c.Redirect(step(draftID, "review")) // which knows whether it was paid, and what else is to say
	}
	if err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	r := d.Answers.Reviewed
	if missing(d) != "" || r.Mark == "" || c.Form("mark") != r.Mark || !c.Now.Before(r.Until) {
		return c.Redirect(step(d.ID, "review") + "?changed")
	}
	request, err := d.Request(p.Seal)
	if err != nil {
		return err
	}
	if request.Helping.HelpID != "" {
		request.Role, request.Helping.Today, request.Helping.Month = audit.Helper, today(c), monthStart(c)
	}
	request.Address, request.ReturnURL = c.Address(), c.Base(p.BaseURL)+"/payments/{ref}/return"
	pay, err := p.Payments.Pay(c.R.Context(), request)
	switch {
	case pay.Confirmation != "":
		if err != nil {
			c.Site.Log.Warn("pay", "payment", pay.ID, "err", err)
		}
		return c.Redirect(paymentPath(pay)) // the payment is the truth, whatever else went wrong
	case errors.Is(err, payment.ErrTaken):
		return c.Redirect(step(d.ID, "bills") + "?changed")
	case errors.Is(err, payment.ErrHelpPayment), errors.Is(err, payment.ErrHelpMonth):
		return c.Redirect(step(d.ID, "bills") + "?limit")
	case errors.Is(err, payment.ErrCallOver):
		return p.payLinkStopped(c)
	case errors.Is(err, payment.ErrHelpEnded):
		return p.helpOver(c)
	}
	return err
}

// reviewView is the page "Review your payment".
type reviewView struct {
	Action        string
	Mark          string
	Rows          []ui.Row
	Authorization []string // paragraphs
	Button        string
	Changed       string // what changed since it was last shown
	Warning       string
	Help, HelpURL string
}

func (p *Portal) reviewPage(c *web.Context, d payment.Draft, bills []bill.Bill, updated bool) error {
	a := d.Answers
	scope, err := p.scope(c)
	if err != nil {
		return err
	}
	people, err := namesFor(c.R.Context(), p.DB.Read(), c, scope, bills)
	if err != nil {
		return err
	}
	amount := total(a.Lines)
	v := reviewView{Action: step(d.ID, "review"), Mark: a.Reviewed.Mark, Button: c.T("review.button", "Amount", amount),
		Authorization: strings.Split(a.Reviewed.Authorization, paragraph),
		Help:          c.Site.Brand.FinancialHelp.In(c.Words.Lang()), HelpURL: c.Site.Brand.Links.FinancialHelp}
	switch {
	case updated:
		v.Changed = c.T("review.changed.amount", "Amount", amount)
	case c.R.URL.Query().Has("changed"):
		v.Changed = c.T("review.changed")
	}
	if a.Card.HSA && a.Kind == bill.Premium {
		v.Warning = c.T("method.hsa.note")
	}
	change := func(where, what string) *ui.Link { return &ui.Link{Href: step(d.ID, where), What: c.T(what)} }
	billRow := ui.Row{Key: c.T("review.bills"), Change: change("bills", "review.bills.change")}
	for i, b := range bills {
		text := c.T("review.bill", "Amount", a.Lines[i].Amount, "Name", people.of(b.PatientID), "Bill", billText(c, b))
		if billRow.Value == "" {
			billRow.Value = text
		} else {
			billRow.Lines = append(billRow.Lines, text)
		}
	}
	payee := c.T("review.payee.medical", "Payee", payeeName(c, a.Payee))
	if a.Kind == bill.Premium {
		payee = c.T("review.payee.premium", "Payee", payeeName(c, a.Payee))
	}
	method, when := ui.Row{Value: cardName(c, a.Card)}, c.T("review.when.card", "Date", date(c, day.Of(c.Now, c.Site.Brand.Zone())))
	if a.Rail == payment.Bank {
		method = ui.Row{Value: bankName(c, a.BankType, a.BankLast4), Lines: []string{a.BankName, c.T("review.routing", "Routing", a.BankRouting)}}
		when = c.T("review.when.bank", "Date", c.Words.DateIn(p.LastCall(c.Now), c.Site.Brand.Zone()))
	}
	method.Key, method.Change = c.T("review.method"), change("method", "review.method.change")
	email := a.Email
	if email == "" {
		email = c.T("review.email.none")
	}
	v.Rows = []ui.Row{billRow,
		{Key: c.T("review.payee"), Value: payee},
		method,
		{Key: c.T("review.when"), Value: when},
		{Key: c.T("review.email"), Value: email, Change: change("method#email", "review.email.change")},
		{Key: c.T("review.amount"), Value: c.Words.Amount(amount), Strong: true, Change: change("bills#how", "review.amount.change")},
	}
	f := payPage(c, d, 3, c.T("review.title"))
	f.Back = &ui.Link{Label: c.T("shell.back"), Href: step(d.ID, "method")}
	return c.Render(200, reviewPage(f, v))
}
