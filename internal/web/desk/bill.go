package desk

import (
	"net/http"

	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/day"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/ledger"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// billView is the money of one bill: enough to say why somebody owes it, and nothing of the care.
type billView struct {
	State    ui.Tag
	Amounts  []ui.Row // how the amount came about, what is left at the end
	About    []ui.Row // dates, who is paid
	Payments ui.Table
	Cases    []ui.Link // that are open
}

// bill shows a bill of a member whose record is open. The look is noted down.
func (d *Desk) bill(c *web.Context) error {
	ctx, q := c.R.Context(), d.DB.Read()
	m, err := member.Get(ctx, q, c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(ctx, c.Now, who(c), m.ID, "bill"); err != nil {
		return d.closed(c, m.ID, err)
	}
	b, err := bill.Get(ctx, q, bill.Scope{Members: []string{m.ID}}, c.R.PathValue("bill"))
	if err != nil {
		return err
	}
	held, err := bill.Held(ctx, q, []string{b.ID})
	if err != nil {
		return err
	}
	_, isHeld := held[b.ID]
	back, err := ledger.TakenOff(ctx, q, b.ID, payment.RefundPosted)
	if err != nil {
		return err
	}
	v := billView{State: billTag(c, b, isHeld), Amounts: billAmounts(c, b, back), About: billAbout(c, b)}
	if v.Payments, err = d.paymentsOn(c, b); err != nil {
		return err
	}
	if c.Session.Actor().May(identity.WorkCases) {
		list, err := d.Cases.OfBill(ctx, b.ID)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.State != cases.Closed {
				v.Cases = append(v.Cases, ui.Link{Label: c.T("case.title", "Number", id.Grouped(x.Number)), Href: "/desk/cases/" + x.ID})
			}
		}
	}
	frame := page(c, c.T("bill.title", "Number", numberOf(b)))
	frame.Path = billPath(m.ID, b.ID)
	frame.Back = &ui.Link{Label: c.T("desk.record.title"), Href: "/desk/members/" + m.ID + "#bills"}
	return c.Render(http.StatusOK, billPage(frame, v))
}

func billPath(memberID, billID string) string {
	return "/desk/members/" + memberID + "/bills/" + billID
}

// billTag is where a bill stands, as the member reads it.
func billTag(c *web.Context, b bill.Bill, held bool) ui.Tag {
	switch {
	case b.State == bill.Void:
		return ui.Tag{Text: c.T("billstate.canceled")}
	case held:
		return ui.Tag{Text: c.T("billstate.held"), Tone: ui.Info}
	case b.State == bill.Paid:
		return ui.Tag{Text: c.T("billstate.paid"), Tone: ui.Success}
	case b.State == bill.NothingDue:
		return ui.Tag{Text: c.T("billstate.nothing_due")}
	case !b.Payable():
		return ui.Tag{Text: c.T("billstate.pending"), Tone: ui.Info}
	case b.Overdue(day.Of(c.Now, c.Site.Brand.Zone())):
		return ui.Tag{Text: c.T("billstate.past_due"), Tone: ui.Bad}
	case b.PaidTotal() > 0:
		return ui.Tag{Text: c.T("billstate.partly_paid"), Tone: ui.Info}
	}
	return ui.Tag{Text: c.T("billstate.open")}
}

// billAmounts is how what is to pay came about, from what was charged to what is left. Below what was paid here stands what
// refunds (back) took off again.
func billAmounts(c *web.Context, b bill.Bill, back []ledger.Posted) []ui.Row {
	var rows []ui.Row
	add := func(key string, amount money.Cents, always bool) {
		if amount != 0 || always {
			rows = append(rows, ui.Row{Key: c.T(key), Value: c.Words.Amount(amount)})
		}
	}
	if b.Kind == bill.Medical && b.Charged > 0 {
		add("desk.bill.charged", b.Charged, true)
		add("desk.bill.discount", max(0, b.Adjustment), false)
		add("desk.bill.added", max(0, -b.Adjustment), false)
		add("desk.bill.plan_paid", b.PlanPaid, true)
	}
	add("desk.bill.share", b.Responsibility, true)
	add("desk.bill.paid_before", b.PriorPaid, false)
	add("desk.bill.paid_here", b.Applied, len(back) > 0)
	for _, r := range back {
		paid := &rows[len(rows)-1]
		paid.Lines = append(paid.Lines, c.T("paid.refund.on", "Date", c.Words.DateIn(r.At, c.Site.Brand.Zone()), "Amount", r.Amount))
	}
	add("desk.bill.pending", b.Pending, false)
	return append(rows, ui.Row{Key: c.T("bill.owe.now"), Value: c.Words.Amount(b.Due()), Strong: true})
}

// billAbout is the dates of a bill and who is paid: no service and no provider.
func billAbout(c *web.Context, b bill.Bill) []ui.Row {
	var rows []ui.Row
	switch {
	case b.ServiceDate.IsZero():
	case b.Kind == bill.Premium:
		rows = append(rows, ui.Row{Key: c.T("bill.coverage_month"), Value: c.T("bill.month", "Month", c.Words.Month(b.ServiceDate.Month()), "Year", b.ServiceDate.Year())})
	default:
		rows = append(rows, ui.Row{Key: c.T("bill.care_date"), Value: dateOf(c, b.ServiceDate)})
	}
	due := c.T("bill.due.none")
	if !b.DueDate.IsZero() {
		due = dateOf(c, b.DueDate)
	}
	return append(rows, ui.Row{Key: c.T("bill.due"), Value: due}, ui.Row{Key: c.T("desk.bill.payee"), Value: payeeName(c, b.Payee)},
		ui.Row{Key: c.T("bill.paycode"), Value: id.Grouped(b.PayCode)})
}

// paymentsOn is what was paid on a bill, whoever paid, each with the part of it that was for this bill.
func (d *Desk) paymentsOn(c *web.Context, b bill.Bill) (ui.Table, error) {
	t := ui.Table{Caption: c.T("bill.payments"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("paid.number")},
		{Label: c.T("desk.record.when")}, {Label: c.T("desk.record.state")}, {Label: c.T("desk.bill.part"), Money: true}}}
	list, err := payment.OnBill(c.R.Context(), d.DB.Read(), b.ID, mostBills)
	if err != nil {
		return t, err
	}
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	parts, err := bill.AllocationsOf(c.R.Context(), d.DB.Read(), ids)
	for _, p := range list {
		for _, a := range parts[p.ID] {
			if a.BillID == b.ID {
				t.Rows = append(t.Rows, []ui.Cell{{Text: id.Grouped(p.Confirmation)}, {Text: c.Words.DateIn(p.SubmittedAt, c.Site.Brand.Zone())},
					{Body: ui.TagFor(ui.Tag{Text: c.T("state." + string(p.State) + ".title"), Tone: toneOf(p.State)})}, {Text: c.Words.Amount(a.Amount)}})
			}
		}
	}
	return t, err
}
