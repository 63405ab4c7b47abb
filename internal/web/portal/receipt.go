package portal

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/id"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// receiptPDF is the document of a payment: a receipt where the money was received, and an honest record of what happened
// in every other state.
func (p *Portal) receiptPDF(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	d, err := p.receiptDocument(c, pay)
	if err != nil {
		return err
	}
	return sendPDF(c, "payment-"+id.Grouped(pay.Confirmation)+".pdf", d)
}

func (p *Portal) receiptDocument(c *web.Context, pay payment.Payment) (paper.Document, error) {
	blocks, err := p.receipt(c, pay)
	if err != nil {
		return paper.Document{}, err
	}
	d := document(c, c.T(states[pay.State].title)+" "+id.Grouped(pay.Confirmation), blocks)
	d.Created = pay.UpdatedAt
	return d, nil
}

// receipt is what a payment's document says.
func (p *Portal) receipt(c *web.Context, pay payment.Payment) ([]paper.Block, error) {
	words, err := p.stateWords(c, pay)
	if err != nil {
		return nil, err
	}
	list, err := p.parts(c, pay)
	if err != nil {
		return nil, err
	}
	payee := payeeName(c, pay.Payee)
	blocks := []paper.Block{
		paper.Heading{Level: 1, Text: c.T("state." + words + ".title")},
		paper.Paragraph{Text: c.T("state."+words+".body", "Amount", pay.Amount, "Payee", payee)},
		paper.Highlights{{Label: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount)}, {Label: numberLabel(c, pay), Value: id.Grouped(pay.Confirmation)}},
	}
	if pay.State == payment.Pending {
		blocks = append(blocks, paper.Callout{Title: c.T("receipt.title.pending"), Text: c.T("receipt.not_final")})
	}
	if how := states[pay.State]; how.reason != "" && words == string(pay.State) && own(c, pay) {
		why, next := reasonWords(c, how.reason, pay.Reason)
		blocks = append(blocks, paper.Callout{Title: why, Text: next})
	}
	facts := paper.Facts{{Label: c.T("paid.date"), Value: moment(c, pay.SubmittedAt)}}
	for _, r := range days(c, pay) {
		facts = append(facts, paper.Fact{Label: r.Key, Value: r.Value})
	}
	blocks = append(blocks, append(facts, paper.Fact{Label: c.T("paid.method"), Value: paidWith(c, pay)},
		paper.Fact{Label: c.T("paid.payee"), Value: payee}))
	blocks = append(blocks, p.receiptBills(c, pay, list)...)
	if pay.Refunded > 0 {
		blocks = append(blocks, paper.Callout{Title: c.T("paid.refund"), Text: c.T("receipt.refunded", "Amount", pay.Refunded)})
	}
	if pay.State == payment.Succeeded && c.Session.SignedIn() {
		blocks = append(blocks, substantiation(c, list)...)
	}
	if own(c, pay) {
		blocks = append(blocks, paper.Heading{Level: 2, Text: c.T("receipt.auth")})
		for text := range strings.SplitSeq(pay.Authorization, paragraph) {
			blocks = append(blocks, paper.Paragraph{Text: text, Quiet: true})
		}
	}
	return blocks, nil
}

// receiptBills is the table of what a payment is for.
func (p *Portal) receiptBills(c *web.Context, pay payment.Payment, list parts) []paper.Block {
	t := paper.Table{Summary: c.T("paid.bills.caption"), Columns: []paper.Column{{Head: c.T("bills.col.bill")},
		{Head: c.T("paid.bills.part"), Align: paper.End}, {Head: c.T("paid.bills.left", "Date", c.Words.DateIn(c.Now, c.Site.Brand.Zone())), Align: paper.End}},
		Total: []string{c.T("paid.amount"), c.Words.Amount(pay.Amount), ""}}
	for _, x := range list {
		row := []string{c.T("paid.bill.other"), c.Words.Amount(x.Amount), ""}
		if x.known {
			row[0] = billText(c, x.bill) + "\n" + c.T("bills.for", "Name", x.name)
			row[2] = c.Words.Amount(x.bill.Due())
		}
		t.Rows = append(t.Rows, row)
	}
	blocks := []paper.Block{paper.Heading{Level: 2, Text: c.T("paid.bills")}, t}
	if credit := list.credit(pay); credit > 0 {
		blocks = append(blocks, paper.Paragraph{Text: c.T("paid.credit", "Amount", credit)})
	}
	return blocks
}

// substantiation is what a health savings or flexible spending account asks for, bill by bill. Only who may see the care
// gets it, because it tells where somebody was cared for.
func substantiation(c *web.Context, list parts) []paper.Block {
	t := paper.Table{Summary: c.T("receipt.hsa"), Columns: []paper.Column{{Head: c.T("receipt.patient")}, {Head: c.T("receipt.provider")},
		{Head: c.T("bill.care_date")}, {Head: c.T("receipt.after_plan"), Align: paper.End}}}
	for _, x := range list {
		if !x.care || x.bill.Kind != bill.Medical || x.Applied == 0 {
			continue
		}
		on := ""
		if !x.bill.ServiceDate.IsZero() {
			on = date(c, x.bill.ServiceDate)
		}
		t.Rows = append(t.Rows, []string{x.name, x.bill.Provider, on, c.Words.Amount(x.Applied)})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []paper.Block{paper.Heading{Level: 2, Text: c.T("receipt.hsa")}, t, paper.Paragraph{Text: c.T("receipt.hsa.keep"), Quiet: true}}
}

// document is the frame of every document of this site.
func document(c *web.Context, title string, blocks []paper.Block) paper.Document {
	b := c.Site.Brand
	d := paper.Document{Lang: c.Words.Lang() + "-US", Title: title, Author: b.Name, LogoText: b.Name, Created: c.Now, Blocks: blocks,
		Footer: b.Name + " · " + c.T("receipt.questions", "Phone", b.Phone.Display), PageFormat: c.T("receipt.page", "Number", "{page}", "Total", "{pages}")}
	fmt.Sscanf(b.Colors.Light.Primary, "#%02x%02x%02x", &d.Accent[0], &d.Accent[1], &d.Accent[2]) // a loaded brand's colors are six hex digits
	if len(b.Offices) > 0 {
		d.Masthead = append(d.Masthead, b.Offices[0].Address...)
	}
	d.Masthead = append(d.Masthead, b.Phone.Display)
	return d
}

// sendPDF answers with a document to save under a name of letters, digits and dashes.
func sendPDF(c *web.Context, name string, d paper.Document) error {
	var buf bytes.Buffer
	if err := paper.Write(&buf, d); err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", fmt.Sprint(buf.Len()))
	c.W.WriteHeader(http.StatusOK)
	_, err := c.W.Write(buf.Bytes())
	return err
}
