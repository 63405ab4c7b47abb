package portal

import (
	"context"
	"slices"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// shown is how a payment in one state is shown. Its words stand in the catalogs as state.<state>.title, .body and .next.
type shown struct {
	tone    ui.Tone
	refresh int    // seconds after which the page looks again; 0 for a state that does not change by itself
	ask     bool   // the reader may have the processor asked now
	again   string // button to pay the same bills again; "" where that would be wrong
	reason  string // catalog area of Payment.Reason: "decline" or "return"
	pdf     string // what its document is called; "" for no link to one
	title   string // title of its document
	rest    bool   // offer to pay what is still open
	other   bool   // nothing is confirmed: its number is a payment number
	since   string // catalog key of what happened at Payment.UpdatedAt; "" where that day says nothing
}

// states is the total map from states to pages. A test holds it against payment.States.
//
// words: state.* paid.on.*
var states = map[payment.State]shown{
	payment.Submitted:      {tone: ui.Info, refresh: 2, ask: true, title: "receipt.title.other"},
	payment.ActionRequired: {tone: ui.Warning, refresh: 15, ask: true, title: "receipt.title.other"},
	payment.Unknown:        {tone: ui.Warning, refresh: 5, ask: true, title: "receipt.title.other"},
	payment.Pending:        {tone: ui.Success, pdf: "paid.receipt", title: "receipt.title.pending", rest: true},
	payment.Succeeded:      {tone: ui.Success, pdf: "paid.receipt", title: "receipt.title", rest: true},
	payment.Failed:         {tone: ui.Bad, again: "state.failed.other", reason: "decline", title: "receipt.title.other", other: true},
	payment.Canceled:       {tone: ui.Info, again: "paid.again", title: "receipt.title.other", other: true},
	payment.Returned: {tone: ui.Bad, again: "state.failed.other", reason: "return", pdf: "paid.record", title: "receipt.title.other",
		other: true, since: "paid.on.returned"},
	payment.Disputed:    {tone: ui.Warning, pdf: "paid.record", title: "receipt.title.other", since: "paid.on.disputed"},
	payment.ChargedBack: {tone: ui.Warning, again: "paid.again", pdf: "paid.record", title: "receipt.title.other", other: true, since: "paid.on.charged_back"},
}

// paidView is the page of a payment.
type paidView struct {
	Path    string
	Panel   ui.Panel
	Reason  string // why, in plain words
	Help    string // what the page says, for the help center
	Next    []string
	InOrder bool // Next is one thing after the other
	Rows    []ui.Row
	Bills   []ui.Row
	Left    string   // what is still open on these bills
	Credit  string   // what of the payment these bills did not need
	Refunds []string // what went back, and what is on its way back
	Shrunk  []string // what the payment will take more than its bills now need
	Keep    string
	Bank    string // address of the payer's bank, for its check
	Ask     bool
	PDF     string // label of the link
	Paper   paperView
	Again   string // label of the button
	Cancel  string // question before the payment is canceled
	Notice  string
	Rest    []string // bills to pay the rest of
	Account string   // where to create an account with this payment in it, "" for no offer
}

// payment is the page of one payment, in whatever state it is.
func (p *Portal) payment(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	if pay.State == payment.ActionRequired {
		pay = p.lookAgain(c, pay)
	}
	v, err := p.paidView(c, pay)
	if err != nil {
		return err
	}
	f := page(c, v.Panel.Title)
	f.RefreshAfter = states[pay.State].refresh
	return c.Render(200, paidPage(f, v))
}

// lookAgain asks what became of a payment whose payer was sent to their bank, because they may have been there. An answer
// that takes long is not waited for: callback and sweep bring it too.
func (p *Portal) lookAgain(c *web.Context, pay payment.Payment) payment.Payment {
	ctx, cancel := context.WithTimeout(c.R.Context(), 3*time.Second)
	defer cancel()
	now, err := p.Payments.Refresh(ctx, pay)
	if err != nil {
		c.Site.Log.Warn("look at a payment again", "payment", pay.ID, "err", err)
		return pay
	}
	return now
}

func (p *Portal) findPayment(c *web.Context) (payment.Payment, error) {
	return payment.ByConfirmation(c.R.Context(), p.DB.Read(), payments(c), c.R.PathValue("ref"))
}

// comeBack is where a payer lands after their bank's check, and behind "Check again": the processor is asked, and the
// page of the payment tells.
func (p *Portal) comeBack(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	if pay, err = p.Payments.Refresh(c.R.Context(), pay); err != nil {
		c.Site.Log.Warn("refresh", "payment", pay.ID, "err", err)
	}
	return c.Redirect("/payments/" + id.Grouped(c.R.PathValue("ref")))
}

func (p *Portal) paidView(c *web.Context, pay payment.Payment) (paidView, error) {
	how := states[pay.State]
	key, err := p.stateWords(c, pay)
	if err != nil {
		return paidView{}, err
	}
	parts, err := p.parts(c, pay)
	if err != nil {
		return paidView{}, err
	}
	v := paidView{Path: paymentPath(pay), Help: "state." + key, Ask: how.ask, Rows: p.paidRows(c, pay, key), Bills: parts.rows(c),
		Left: parts.left(c, pay),
		Panel: ui.Panel{Tone: how.tone, Title: c.T("state." + key + ".title"), Label: numberLabel(c, pay), Number: id.Grouped(pay.Confirmation),
			Text: c.T("state."+key+".body", "Amount", pay.Amount, "Payee", payeeName(c, pay.Payee))}}
	if how.pdf != "" {
		v.PDF = c.T(how.pdf)
		if own(c, pay) {
			if v.Paper, err = p.paperOf(c, v.Path, pay.PayerID); err != nil {
				return paidView{}, err
			}
		}
	}
	if credit := parts.credit(pay); credit > 0 {
		v.Credit = c.T("paid.credit", "Amount", credit)
	}
	if v.Refunds, err = p.refundLines(c, pay); err != nil {
		return paidView{}, err
	}
	v.Next, v.InOrder = p.nextSteps(c, pay, key), pay.State == payment.Pending && pay.Rail == payment.Bank
	if how.reason != "" && key == string(pay.State) && own(c, pay) {
		var next string
		v.Reason, next = reasonWords(c, how.reason, pay.Reason)
		v.Help = reasonKey(c, how.reason, pay.Reason)
		v.Next = []string{next}
	}
	if how.again != "" && key == string(pay.State) && parts.payable() {
		v.Again = c.T(how.again)
	}
	if how.rest && parts.payable() {
		v.Rest = parts.ids()
	}
	if pay.State == payment.ActionRequired && own(c, pay) {
		v.Bank = pay.ActionURL
	}
	if p.cancelable(c, pay) {
		v.Cancel = c.T("paid.cancel.sure", "Amount", pay.Amount)
	}
	v.Shrunk = parts.shrunk(c, pay, v.Cancel != "")
	v.Keep = c.T("paid.keep")
	if how.other {
		v.Keep = c.T("paid.keep.other")
	}
	if c.R.URL.Query().Has("late") {
		v.Notice = c.T("paid.cancel.late", "Phone", c.Site.Brand.Phone.Display)
	}
	if !c.Session.SignedIn() && (pay.State == payment.Succeeded || pay.State == payment.Pending) {
		v.Account = "/join?with=" + id.Grouped(pay.Confirmation)
	}
	return v, nil
}

// stateWords is the part of the catalog keys that names a payment's state. One that went back whole is refunded. Money that came after a payment was told to
// have failed has words of its own, because those of the state would not be true.
func (p *Portal) stateWords(c *web.Context, pay payment.Payment) (string, error) {
	if pay.Refunded > 0 && pay.Refunded == pay.Amount && (pay.State == payment.Succeeded || pay.State == payment.Failed || pay.State == payment.Canceled) {
		return "refunded", nil
	}
	if pay.State != payment.Failed && pay.State != payment.Canceled {
		return string(pay.State), nil
	}
	facts, err := event.Of(c.R.Context(), p.DB.Read(), pay.ID)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(facts, func(e event.Event) bool { return e.Kind == "payment.late_success" }) {
		return "late", nil
	}
	return string(pay.State), nil
}

// reasonWords is why a payment did not work, and what to do, in the reader's language.
//
// words: decline.* return.*
func reasonWords(c *web.Context, area, reason string) (why, next string) {
	key := reasonKey(c, area, reason)
	return c.T(key, "Code", reason), c.T(key + ".next")
}

// reasonKey is the key of the words for a reason: those for any other reason where it has none of its own.
func reasonKey(c *web.Context, area, reason string) string {
	key := area + "." + reason
	switch {
	case c.Words.Has(key) && c.Words.Has(key+".next"):
		return key
	case area == "return":
		return "return.other"
	}
	return "decline." + string(processor.ReasonGeneric)
}

// nextSteps says what happens next, with dates.
func (p *Portal) nextSteps(c *web.Context, pay payment.Payment, key string) []string {
	phone := c.Site.Brand.Phone.Display
	switch {
	case key == "refunded":
		return []string{c.T("state.refunded.next")}
	case pay.State == payment.Pending && pay.Rail == payment.Bank:
		return p.bankSteps(c, pay)
	case pay.State == payment.Pending:
		return []string{c.T("state.submitted.next")}
	case pay.State == payment.Succeeded:
		var steps []string
		if pay.Rail == payment.Card {
			steps = append(steps, c.T("paid.next.statement", "Descriptor", c.Site.Brand.Payee(pay.Payee).Descriptor))
			steps = append(steps, mailStep(c, pay)...) // of a bank payment the letter went when it was submitted
		}
		return append(steps, c.T("state.succeeded.next"))
	}
	if pay.State == payment.ActionRequired && !own(c, pay) {
		key = string(payment.Submitted) // only the one who paid can go to the bank's page
	}
	return []string{c.T("state."+key+".next", "Phone", phone)}
}

// bankSteps is the way of a bank payment that was submitted.
func (p *Portal) bankSteps(c *web.Context, pay payment.Payment) []string {
	cut, arrives := p.LastCall(pay.SubmittedAt), p.Arrives(pay.SubmittedAt)
	zone := c.Site.Brand.Zone()
	var steps []string
	if c.Now.Before(cut) {
		steps = append(steps, c.T("paid.next.file", "Cutoff", moment(c, cut)))
	} else {
		steps = append(steps, c.T("paid.next.sent"))
	}
	if day.Of(c.Now, zone).After(arrives) {
		steps = append(steps, c.T("paid.next.waiting", "Date", date(c, arrives)))
	} else {
		steps = append(steps, c.T("state.pending.next", "Date", date(c, arrives)))
	}
	return append(steps, mailStep(c, pay)...)
}

// mailStep says where the receipt goes, to the one who gave the address.
func mailStep(c *web.Context, pay payment.Payment) []string {
	if pay.Email == "" || !own(c, pay) {
		return nil
	}
	return []string{c.T("paid.next.email", "Email", pay.Email)}
}

// own reports whether the reader is the one who made the payment, and not only somebody who may know of it.
func own(c *web.Context, pay payment.Payment) bool {
	return pay.MadeBy(payments(c))
}

// cancelable reports whether the reader made the payment and can still stop it.
func (p *Portal) cancelable(c *web.Context, pay payment.Payment) bool {
	if !own(c, pay) {
		return false
	}
	switch pay.State {
	case payment.Pending:
		return pay.Rail == payment.Bank && c.Now.Before(p.LastCall(pay.SubmittedAt))
	case payment.ActionRequired:
		return pay.Rail == payment.Card
	}
	return false
}

func (p *Portal) paidRows(c *web.Context, pay payment.Payment, key string) []ui.Row {
	status := stateName(c.Words, pay)
	if key != string(pay.State) {
		status = c.T("state." + key + ".short")
	}
	rows := []ui.Row{
		{Key: c.T("paid.status"), Value: status},
		{Key: c.T("paid.date"), Value: moment(c, pay.SubmittedAt)},
	}
	rows = append(rows, days(c, pay)...)
	return append(rows,
		ui.Row{Key: c.T("paid.method"), Value: paidWith(c, pay)},
		ui.Row{Key: c.T("paid.payee"), Value: payeeName(c, pay.Payee)},
		ui.Row{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount), Strong: true})
}

// days are the days on which the money was good, and on which it went back or was put in doubt.
func days(c *web.Context, pay payment.Payment) []ui.Row {
	var rows []ui.Row
	zone := c.Site.Brand.Zone()
	if !pay.SettledAt.IsZero() {
		rows = append(rows, ui.Row{Key: c.T("paid.on.settled"), Value: c.Words.DateIn(pay.SettledAt, zone)})
	}
	if since := states[pay.State].since; since != "" {
		rows = append(rows, ui.Row{Key: c.T(since), Value: c.Words.DateIn(pay.UpdatedAt, zone)})
	}
	return rows
}

// numberLabel is what the number of a payment is called.
func numberLabel(c *web.Context, pay payment.Payment) string {
	if states[pay.State].other {
		return c.T("paid.number.other")
	}
	return c.T("paid.number")
}
