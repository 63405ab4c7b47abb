package portal

import (
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/id"
	"memberpay/internal/paper"
	"memberpay/internal/web"
)

// billPDF is a bill as a document, in the reader's language and with no more than the reader may see on the page.
func (p *Portal) billPDF(c *web.Context) error {
	b, d, err := p.billDocument(c)
	if err != nil {
		return err
	}
	return sendPDF(c, "bill-"+fileName(billNumber(b))+".pdf", d)
}

// billBlocks is the content of a bill on paper.
func (p *Portal) billBlocks(c *web.Context, s billScribe, b bill.Bill, care bool) []paper.Block {
	head := paper.Highlights{{Label: c.T("bill.pdf.owe", "Date", c.Words.DateIn(c.Now, c.Site.Brand.Zone())), Value: c.Words.Amount(b.Due())}}
	if b.Payable() && !b.DueDate.IsZero() {
		head = append(head, paper.Fact{Label: c.T("bill.due"), Value: s.dueDate(b)})
	}
	head = append(head, paper.Fact{Label: c.T("bill.paycode"), Value: id.Grouped(b.PayCode)})
	blocks := []paper.Block{paper.Heading{Level: 1, Text: c.T("bill.title", "Number", billNumber(b))}, head}
	var facts paper.Facts
	for _, r := range s.about(b, care, c.Site.Brand.Payee(b.Payee).LegalName) {
		facts = append(facts, paper.Fact{Label: r.Key, Value: r.Value})
	}
	blocks = append(blocks, facts, paper.Heading{Level: 2, Text: c.T("bill.how")}, paper.Paragraph{Text: strings.Join(s.how(b), "\n")})
	if care && len(b.Lines) > 0 && b.State != bill.Void {
		blocks = append(blocks, paper.Heading{Level: 2, Text: c.T("bill.lines")}, lineTable(s, b))
	}
	if !b.Payable() {
		return blocks
	}
	address := p.payURL(b)
	return append(blocks,
		paper.QR{Content: address, Alt: c.T("bill.qr", "Number", billNumber(b)), Title: c.T("bill.pdf.scan"),
			Code: id.Grouped(b.PayCode), Text: c.T("bill.paycode.hint"), Link: address, LinkText: shortAddress(p.BaseURL)},
		paper.Callout{Title: c.T("bill.wrong"), Text: strings.TrimSpace(c.Site.Brand.FinancialHelp.In(c.Words.Lang()) + " " +
			c.T("bill.wrong.body", "Phone", c.Site.Brand.Phone.Display))})
}

// lineTable is each service of a bill with its amounts.
func lineTable(s billScribe, b bill.Bill) paper.Table {
	t := paper.Table{Summary: s.w.T("bill.lines.caption"), Columns: []paper.Column{{Head: s.w.T("bill.lines.service")},
		{Head: s.w.T("bill.lines.charged"), Align: paper.End}, {Head: s.w.T("bill.lines.plan_paid"), Align: paper.End},
		{Head: s.w.T("bill.lines.discount"), Align: paper.End}, {Head: s.w.T("bill.lines.share"), Align: paper.End}}}
	for _, l := range b.Lines {
		text := strings.ReplaceAll(l.Text, "\n", " ")
		if !l.Date.IsZero() && l.Date != b.ServiceDate {
			text += "\n" + s.day(l.Date)
		}
		t.Rows = append(t.Rows, []string{text, s.w.Amount(l.Charged), s.w.Amount(l.PlanPaid), s.w.Amount(l.Adjustment), s.w.Amount(l.Share)})
	}
	return t
}

// shortAddress is an address as people type it: without https:// in front.
func shortAddress(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	return rest
}

// fileName keeps the letters, digits and dashes of a number, at most 40 of them.
func fileName(number string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			return r
		}
		return -1
	}, number)
	return out[:min(len(out), 40)]
}
