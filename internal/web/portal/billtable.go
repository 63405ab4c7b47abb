package portal

import "memberpay/internal/web/ui"

// openTable is the table of bills that can be paid, or whose payment is on its way.
func openTable(p ui.Page, rows []billRow) ui.Table {
	t := ui.Table{Caption: p.T("bills.caption"), FirstIsHeader: true, Columns: []ui.Column{
		{Label: p.T("bills.col.bill")}, {Label: p.T("bills.col.for")}, {Label: p.T("bills.col.date")},
		{Label: p.T("bills.col.due")}, {Label: p.T("bills.col.amount"), Money: true}, {Label: p.T("bills.col.more")}}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []ui.Cell{
			{Body: billCell(r)}, {Text: r.For}, {Text: r.Date}, {Body: dueCell(r)}, {Text: r.Amount}, see(p, r)})
	}
	return t
}

// settledTable is the table of bills with nothing left to pay.
func settledTable(p ui.Page, rows []billRow) ui.Table {
	t := ui.Table{Caption: p.T("bills.paid"), FirstIsHeader: true, Columns: []ui.Column{
		{Label: p.T("bills.col.bill")}, {Label: p.T("bills.col.for")}, {Label: p.T("bills.col.date")},
		{Label: p.T("bills.col.state")}, {Label: p.T("bills.col.paid"), Money: true}, {Label: p.T("bills.col.more")}}}
	for _, r := range rows {
		t.Rows = append(t.Rows, []ui.Cell{
			{Text: r.Number}, {Text: r.For}, {Text: r.Date}, {Body: ui.TagFor(r.Tag)}, {Text: r.Amount}, see(p, r)})
	}
	return t
}

func see(p ui.Page, r billRow) ui.Cell {
	return ui.Cell{Text: p.T("bills.see"), Href: r.Href, What: p.T("bills.see.what", "Number", r.Number, "Name", r.For)}
}

func sectionTitle(s billSection, several bool) string {
	if several {
		return s.Title
	}
	return ""
}
