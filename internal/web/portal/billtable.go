package portal

import "memberpay/internal/web/ui"

// openTable is the table of bills that can be paid, or whose payment is on its way.
func openTable(p ui.Page, s billSection) ui.Table {
	t := ui.Table{Caption: p.T("bills.caption"), FirstIsHeader: true, Columns: []ui.Column{
		{Label: p.T("bills.col.bill")}, {Label: p.T("bills.col.for")}, {Label: s.DateLabel},
		{Label: p.T("bills.col.due")}, {Label: s.OwedLabel, Money: true}}}
	for _, r := range s.Rows {
		t.Rows = append(t.Rows, []ui.Cell{
			{Body: billCell(p, r)}, {Text: r.For}, {Text: r.Date}, {Body: dueCell(r)}, {Text: r.Amount}})
	}
	return t
}

// settledTable is the table of bills with nothing left to pay.
func settledTable(p ui.Page, rows []billRow) ui.Table {
	t := ui.Table{Caption: p.T("bills.paid"), FirstIsHeader: true, Columns: []ui.Column{
		{Label: p.T("bills.col.bill")}, {Label: p.T("bills.col.for")}, {Label: p.T("bills.col.date")},
		{Label: p.T("bills.col.state")}, {Label: p.T("bills.col.paid"), Money: true}}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []ui.Cell{
			{Body: billCell(p, r)}, {Text: r.For}, {Text: r.Date}, {Body: ui.TagFor(r.Tag)}, {Text: r.Amount}})
	}
	return t
}

// hideCaption leaves a table's caption to those who listen, where a heading beside it says the same.
func hideCaption(t ui.Table) ui.Table {
	t.HideCaption = true
	return t
}
