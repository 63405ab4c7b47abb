package portal

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/id"
	"memberpay/internal/ledger"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// mostPayments bounds the payments read for one reader.
const mostPayments = 2000

// billView is one bill.
type billView struct {
	Bill     bill.Bill
	Number   string
	Owe      ui.Amount
	Tag      ui.Tag
	About    []ui.Row // whom it is for, dates, who is paid
	How      []string // how the amount came about, a sentence each
	Lines    *ui.Table
	Hidden   string // why there are no lines
	Visit    string // what is open for the whole visit
	Others   []ui.Row
	Payments []ui.Row
	Canceled string
	Code     string
	QR       string // data address of the picture
	PDF      string
	Case     ui.Link  // to say that the bill is wrong or cannot be paid; no Href where that is not the reader's to say
	Help     string   // beside it: that there is help with paying
	Held     string   // says that nobody asks for the bill now, "" where they may
	Cases    []ui.Row // about this bill
	Paper    paperView
}

// bill shows one bill: what is owed, how it came about, what was paid, and the ways to pay it.
func (p *Portal) bill(c *web.Context) error {
	ctx, q := c.R.Context(), p.DB.Read()
	scope, err := p.scope(c)
	if err != nil {
		return err
	}
	b, err := bill.Get(ctx, q, scope, c.R.PathValue("bill"))
	if err != nil {
		return err
	}
	others, err := bill.Visit(ctx, q, scope, b)
	if err != nil {
		return err
	}
	known, err := namesFor(ctx, q, c, scope, append([]bill.Bill{b}, others...))
	if err != nil {
		return err
	}
	sights, err := p.sights(c, scope, []bill.Bill{b})
	if err != nil {
		return err
	}
	care, amounts := sights[b.ID] == seesCare, sights[b.ID] == seesAmounts
	s := billScribe{w: c.Words, today: day.Of(c.Now, c.Site.Brand.Zone()), names: known, scope: scope}
	v := billView{Bill: b, Number: billNumber(b), Owe: s.owe(b), Tag: s.tag(b), Code: id.Grouped(b.PayCode),
		PDF: "/bills/" + b.ID + "/bill.pdf"}
	if err := p.casesOn(c, scope, b, &v); err != nil {
		return err
	}
	v.About = s.about(b, care, c.Site.Brand.Payee(b.Payee).LegalName)
	v.Visit, v.Others = s.visitOf(b, others)
	back, err := ledger.TakenOff(ctx, q, b.ID, payment.RefundPosted)
	if err != nil {
		return err
	}
	s.back = backLines(c, back)
	v.How = s.how(b)
	if v.Payments, err = p.paymentsOn(c, b, back); err != nil {
		return err
	}
	switch {
	case b.State == bill.Void:
		v.Canceled = c.T("billstate.canceled")
	case len(b.Lines) > 0 && care:
		t := s.lines(b)
		v.Lines = &t
	case len(b.Lines) > 0 && c.Session.SignedIn():
		v.Hidden = c.T("household.care.hidden", "Name", known.of(b.PatientID))
	case len(b.Lines) > 0:
		v.Hidden = c.T("bill.lines.hidden")
	}
	if amounts {
		v.Code, v.PDF, v.Hidden = "", "", c.T("household.helper.hidden")
	} else {
		svg, err := paper.QRSVG(p.payURL(b))
		if err != nil {
			return err
		}
		if v.Paper, err = p.paperOf(c, "/bills/"+b.ID, b.GuarantorID, b.PatientID); err != nil {
			return err
		}
		v.QR = "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)
	}
	if err := p.looked(c, scope, b.ID, []bill.Bill{b}); err != nil {
		return err
	}
	frame := page(c, c.T("bill.title", "Number", v.Number))
	frame.Back = &ui.Link{Label: c.T("bills.title"), Href: "/bills"}
	return c.Render(http.StatusOK, billPage(frame, v))
}

// casesOn fills in what was said of a bill, and how to say it.
func (p *Portal) casesOn(c *web.Context, scope bill.Scope, b bill.Bill, v *billView) error {
	if !scope.Owns(b) {
		return nil
	}
	list, err := p.Cases.OfBill(c.R.Context(), b.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.Cases = append(v.Cases, caseRow(c, x))
	}
	held, err := bill.Held(c.R.Context(), p.DB.Read(), []string{b.ID})
	if err != nil {
		return err
	}
	if since, ok := held[b.ID]; ok {
		v.Held = c.T("bill.held", "Date", c.Words.DateIn(since, c.Site.Brand.Zone()))
		v.Tag = ui.Tag{Text: c.T("billstate.held"), Tone: ui.Info}
	} else if b.State == bill.Open {
		v.Case, v.Help = ui.Link{Label: c.T("bill.wrong"), Href: casePath(b)}, c.Site.Brand.FinancialHelp.In(c.Words.Lang())
	}
	return nil
}

// payURL is the address in the QR code of a bill.
func (p *Portal) payURL(b bill.Bill) string { return p.BaseURL + "/p/" + b.PayCode }

// paymentsOn lists the payments that are meant for a bill, newest first, each with what refunds took off the bill again.
func (p *Portal) paymentsOn(c *web.Context, b bill.Bill, back []ledger.Posted) ([]ui.Row, error) {
	ctx, q := c.R.Context(), p.DB.Read()
	list, err := payment.List(ctx, q, payments(c), mostPayments)
	if err != nil {
		return nil, err
	}
	parts, err := allocations(ctx, p, list)
	if err != nil {
		return nil, err
	}
	var rows []ui.Row
	for _, pay := range list {
		i := slices.IndexFunc(parts[pay.ID], func(a bill.Allocation) bool { return a.BillID == b.ID })
		if i < 0 {
			continue
		}
		lines := []string{stateName(c.Words, pay), paidWith(c, pay)}
		lines = append(lines, backLines(c, slices.DeleteFunc(slices.Clone(back), func(r ledger.Posted) bool { return r.PaymentID != pay.ID }))...)
		rows = append(rows, ui.Row{
			Key:   c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone()),
			Value: c.Words.Amount(parts[pay.ID][i].Amount),
			Lines: lines,
			Change: &ui.Link{Label: c.T("history.see"), Href: paymentPath(pay),
				What: c.T("history.see.what", "Number", id.Grouped(pay.Confirmation))},
		})
	}
	return rows, nil
}

// backLines say what refunds took off a bill again, and when: money alone.
func backLines(c *web.Context, back []ledger.Posted) (out []string) {
	for _, r := range back {
		out = append(out, c.T("paid.refund.on", "Date", c.Words.DateIn(r.At, c.Site.Brand.Zone()), "Amount", r.Amount))
	}
	return out
}

// allocations reads the parts of many payments, in queries of bounded size.
func allocations(ctx context.Context, p *Portal, list []payment.Payment) (map[string][]bill.Allocation, error) {
	out := map[string][]bill.Allocation{}
	for chunk := range slices.Chunk(list, 500) {
		ids := make([]string, len(chunk))
		for i, pay := range chunk {
			ids[i] = pay.ID
		}
		part, err := bill.AllocationsOf(ctx, p.DB.Read(), ids)
		if err != nil {
			return nil, err
		}
		for k, v := range part {
			out[k] = v
		}
	}
	return out, nil
}
