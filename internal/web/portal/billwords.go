package portal

import (
	"memberpay/internal/bill"
	"memberpay/internal/money"
	"memberpay/internal/web/ui"
)

// owe is the head of a bill: what is owed now and until when.
func (s billScribe) owe(b bill.Bill) ui.Amount {
	a := ui.Amount{Label: s.owedLabel(b), Text: s.w.Amount(b.Due()), Big: true}
	switch {
	case b.Payable():
		a.Note = s.due(b)
	case b.State == bill.Open:
		a.Label, a.Note = s.w.T("bill.owe.now"), s.w.T("bill.pending", "Amount", b.Pending)
	}
	return a
}

// owedLabel is what the amount of a bill is called: a helper does not owe it.
func (s billScribe) owedLabel(b bill.Bill) string {
	if _, helped := s.scope.Help(b); helped {
		return s.w.T("household.owed")
	}
	return s.w.T("bills.col.amount")
}

// about is whom the bill is for, the dates on it and who is paid. care tells whether the reader may see whom the care
// came from.
func (s billScribe) about(b bill.Bill, care bool, payee string) []ui.Row {
	rows := []ui.Row{{Key: s.w.T("bill.for"), Value: s.names.of(b.PatientID)}}
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, ui.Row{Key: s.w.T(key), Value: value})
		}
	}
	if b.Kind == bill.Premium {
		add("bill.coverage_month", s.date(b))
	} else {
		add("bill.care_date", s.date(b))
		if care {
			add("bill.from", b.Provider)
		}
	}
	if !b.DueDate.IsZero() {
		add("bill.due", s.dueDate(b))
	}
	add("bill.payee", payee)
	add("bill.number", b.Number)
	return rows
}

func (s billScribe) dueDate(b bill.Bill) string {
	if b.DueDate.IsZero() {
		return s.w.T("bill.due.none")
	}
	return s.day(b.DueDate)
}

// how says in sentences how the amount came about, and what refunds took off again of what was paid. What the source left at zero is not worth a sentence, except a plan
// that paid nothing of a charge.
func (s billScribe) how(b bill.Bill) []string {
	var out []string
	say := func(key string, amount money.Cents) {
		if amount > 0 {
			out = append(out, s.w.T(key, "Amount", amount))
		}
	}
	if b.Kind == bill.Medical && b.Charged > 0 {
		say("bill.charged", b.Charged)
		say("bill.discount", b.Adjustment)
		say("bill.adjusted.up", -b.Adjustment)
		say("bill.plan_paid", b.PlanPaid)
		if b.PlanPaid <= 0 {
			out = append(out, s.w.T("bill.plan_paid.nothing"))
		}
	}
	out = append(out, s.w.T("bill.share", "Amount", b.Responsibility))
	say("bill.you_paid", b.PaidTotal())
	out = append(out, s.back...)
	say("bill.pending", b.Pending)
	switch {
	case b.State == bill.Void:
		out = append(out, s.w.T("billstate.canceled"))
	case b.Due() > 0:
		out = append(out, s.w.T("bill.left", "Amount", b.Due()))
	case b.State == bill.Open:
		out = append(out, s.w.T("bill.owe.then"))
	default:
		out = append(out, s.w.T("bill.owe.nothing"))
	}
	return out
}

// lines is each service of a bill with its amounts.
func (s billScribe) lines(b bill.Bill) ui.Table {
	t := ui.Table{Caption: s.w.T("bill.lines.caption"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{
		{Label: s.w.T("bill.lines.service")}, {Label: s.w.T("bill.lines.charged"), Money: true},
		{Label: s.w.T("bill.lines.plan_paid"), Money: true}, {Label: s.w.T("bill.lines.discount"), Money: true},
		{Label: s.w.T("bill.lines.share"), Money: true}}}
	for _, l := range b.Lines {
		text := ui.Cell{Text: l.Text}
		if !l.Date.IsZero() && l.Date != b.ServiceDate {
			text = ui.Cell{Body: twoLines(l.Text, s.day(l.Date))}
		}
		t.Rows = append(t.Rows, []ui.Cell{text, {Text: s.w.Amount(l.Charged)}, {Text: s.w.Amount(l.PlanPaid)},
			{Text: s.w.Amount(l.Adjustment)}, {Text: s.w.Amount(l.Share)}})
	}
	return t
}

// visitOf lists the other bills of the same visit and says what is open for all of them together.
func (s billScribe) visitOf(b bill.Bill, others []bill.Bill) (open string, rows []ui.Row) {
	if len(others) == 0 {
		return "", nil
	}
	due := b.Due()
	for _, o := range others {
		due += o.Due()
		rows = append(rows, ui.Row{Key: s.w.T("bill.title", "Number", billNumber(o)), Value: s.w.Amount(o.Due()),
			Lines: []string{s.tag(o).Text}, Change: &ui.Link{Label: s.w.T("bills.see"), Href: "/bills/" + o.ID,
				What: s.w.T("bills.see.what", "Number", billNumber(o), "Name", s.names.of(o.PatientID))}})
	}
	return s.w.T("visit.still_open", "Amount", due), rows
}
