package portal

import (
	"net/http"
	"slices"
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The way from the bills to the payment: choose, method, review. What was answered stands in a draft on the server, so
// every page can be left, reloaded and opened twice. A draft that has become a payment leads to that payment.

// maxBills is how many bills one reader is shown to choose from.
const maxBills = 200

const paySteps = 3

// start begins a payment of the bills that were sent.
func (p *Portal) start(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	return p.startDraft(c, "", c.Forms("bills"))
}

// startDraft begins a draft with bills ticked and leads to it. payerID is a member row id of the session; "" takes
// whoever owes the first of the bills. Bills that the reader may not see or that cannot be paid are left out.
func (p *Portal) startDraft(c *web.Context, payerID string, billIDs []string) error {
	to, err := p.newDraft(c, payerID, billIDs)
	if err != nil {
		return err
	}
	return c.Redirect(to)
}

// newDraft is startDraft without leading to it: it returns the address.
func (p *Portal) newDraft(c *web.Context, payerID string, billIDs []string) (string, error) {
	payerID, answers, err := p.ticked(c, payerID, billIDs)
	if err != nil {
		return "", err
	}
	if payerID == "" {
		return "/bills", nil
	}
	d, err := p.Payments.NewDraft(c.R.Context(), owner(c), payerID, answers)
	if err != nil {
		return "", err
	}
	return step(d.ID, "bills"), nil
}

// ticked is who pays, and the answers of a draft with bills ticked, as startDraft says. The payer is "" where nobody can.
func (p *Portal) ticked(c *web.Context, payerID string, billIDs []string) (string, payment.Answers, error) {
	if len(billIDs) > maxBills {
		billIDs = billIDs[:maxBills]
	}
	scope, err := p.scope(c)
	if err != nil {
		return "", payment.Answers{}, err
	}
	known, err := bill.ByIDs(c.R.Context(), p.DB.Read(), scope, billIDs)
	if err != nil {
		return "", payment.Answers{}, err
	}
	var ticked []string
	var first bill.Bill
	for _, billID := range billIDs {
		b, ok := known[billID]
		if !ok || !b.Payable() || slices.Contains(ticked, b.ID) || (first.ID != "" && purseOf(scope, b) != purseOf(scope, first)) {
			continue // one payment has one payee, and is for one household; the page says so
		}
		if first.ID == "" {
			first = b
		}
		ticked = append(ticked, b.ID)
	}
	of := purseOf(scope, first)
	if of.help != "" || !slices.Contains(c.Session.Members, payerID) {
		payerID = payer(scope, first)
	}
	return payerID, payment.Answers{Ticked: ticked, Help: of.help}, nil
}

// payer is who pays a bill as far as its reader may act: its guarantor, else its patient, else who is helped, else the
// reader. It is "" for a reader who acts for nobody.
func payer(scope bill.Scope, b bill.Bill) string {
	for _, m := range []string{b.GuarantorID, b.PatientID} {
		if slices.Contains(scope.Members, m) {
			return m
		}
	}
	switch help, ok := scope.Help(b); {
	case ok:
		return help.Payer
	case len(scope.Members) > 0:
		return scope.Members[0]
	case len(scope.Helped) > 0:
		return scope.Helped[0].Payer
	}
	return ""
}

func owner(c *web.Context) payment.Owner {
	return payment.Owner{SessionID: c.Session.ID, AccountID: c.Session.AccountID}
}

// step is the address of a step of a draft.
func step(draftID, name string) string { return "/pay/" + draftID + "/" + name }

// draft returns the draft of the address. It reports done where the answer was given another way: the draft has become
// a payment, or it is no longer there.
func (p *Portal) draft(c *web.Context) (d payment.Draft, done bool, err error) {
	draftID := c.R.PathValue("draft")
	if paid, err := p.paidDraft(c, draftID); paid || err != nil {
		return payment.Draft{}, true, err
	}
	d, err = payment.GetDraft(c.R.Context(), p.DB.Read(), owner(c), draftID)
	if fault.Is(err, fault.NotFound) {
		// The session ended meanwhile, or the guest has signed in: the bills are kept, how to pay is asked again.
		d, err = p.Payments.AdoptDraft(c.R.Context(), owner(c), c.Session.Members, draftID, func(sessionID string) (bool, error) {
			return c.Site.Accounts.Alive(c.R.Context(), c.Now, sessionID)
		})
	}
	if fault.Is(err, fault.NotFound) {
		stopped, err := p.stopped(c, draftID)
		if err != nil || stopped {
			return payment.Draft{}, true, err
		}
		return payment.Draft{}, true, p.overPage(c)
	}
	if err == nil && d.Answers.Help != "" {
		// What a helper may do is looked up for every page: the member may have ended it a moment ago.
		helps, err := p.helps(c)
		if err != nil {
			return payment.Draft{}, true, err
		}
		if !slices.ContainsFunc(helps, func(h member.Help) bool { return h.ID == d.Answers.Help }) {
			return payment.Draft{}, true, p.helpOver(c)
		}
	}
	if err == nil && d.Answers.Call != "" && c.R.Method == http.MethodGet {
		_, stage, _ := strings.Cut(c.Route, "/pay/{draft}/")
		err = p.Phone.At(c.R.Context(), c.Now, d.ID, stage)
	}
	return d, err != nil, err
}

// paidDraft leads to the payment that a draft has become, if there is one that the reader may see.
func (p *Portal) paidDraft(c *web.Context, draftID string) (bool, error) {
	first, err := payment.ByKey(c.R.Context(), p.DB.Read(), draftID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err = payment.ByConfirmation(c.R.Context(), p.DB.Read(), payments(c), first.Confirmation); err != nil {
		return false, ignoreNotFound(err)
	}
	return true, c.Redirect(paymentPath(first))
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func paymentPath(pay payment.Payment) string { return "/payments/" + id.Grouped(pay.Confirmation) }

// overPage says that a draft is no longer there, and leads on.
func (p *Portal) overPage(c *web.Context) error {
	return c.Render(404, overPage(page(c, c.T("draft.over.title"))))
}

// payPage is the frame of a step of a draft.
func payPage(c *web.Context, d payment.Draft, number int, title string) ui.Page {
	f := page(c, title)
	f.Step = ui.Step{Number: number, Total: paySteps}
	if f.Path == "" { // an answer to check: the language links lead to the empty page
		f.Path = c.R.URL.Path
	}
	return f
}

// billText says which bill it is, without what care it was for.
func billText(c *web.Context, b bill.Bill) string {
	number := billNumber(b)
	switch {
	case b.ServiceDate.IsZero():
		return c.T("bill.title", "Number", number)
	case b.Kind == bill.Premium:
		return c.T("choose.row.premium", "Month", monthOf(c, b), "Number", number)
	}
	return c.T("choose.row.medical", "Date", date(c, b.ServiceDate), "Number", number)
}

// billNumber is the number that people know a bill by.
func billNumber(b bill.Bill) string {
	if b.Number != "" {
		return b.Number
	}
	return id.Grouped(b.PayCode)
}

// date writes a civil day in full.
func date(c *web.Context, d day.Date) string { return c.Words.DateOf(d.Year(), d.Month(), d.Day()) }

func monthOf(c *web.Context, b bill.Bill) string {
	return c.T("bill.month", "Month", c.Words.Month(b.ServiceDate.Month()), "Year", b.ServiceDate.Year())
}
