package portal

import (
	"net/http"
	"strings"

	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// permissionsView is every permission the reader gave: those that stand, and those for a single payment.
type permissionsView struct {
	Standing []standing
	Single   ui.Table
	Count    string
	Pages    ui.Pages
}

// standing is a permission that holds until it is taken back. Its kind says what it allows.
type standing struct {
	Title  string
	Rows   []ui.Row
	Remove string // address of the form that takes it back
	Button string
	What   string
}

// permissionView is one permission with its exact words.
type permissionView struct {
	Title string
	Tag   ui.Tag
	Rows  []ui.Row
	Words []string
	PDF   string
	See   ui.Link // the payment that was made with it
}

// permissionWords is what became of the permission of a payment, by the payment's state.
//
// words: authz.state.*
var permissionWords = map[payment.State]struct {
	word string
	tone ui.Tone
}{
	payment.Submitted:      {"open", ui.Info},
	payment.ActionRequired: {"open", ui.Info},
	payment.Unknown:        {"open", ui.Info},
	payment.Pending:        {"open", ui.Info},
	payment.Succeeded:      {"used", ui.Success},
	payment.Disputed:       {"used", ui.Success},
	payment.Failed:         {"unused", ui.Neutral},
	payment.Canceled:       {"canceled", ui.Neutral},
	payment.Returned:       {"returned", ui.Neutral},
	payment.ChargedBack:    {"returned", ui.Neutral},
}

// ownPayments is the payments that the reader's account made, and no others that they may know of.
func ownPayments(c *web.Context) payment.Scope { return payment.Scope{AccountID: c.Session.AccountID} }

// permissions lists every permission of the account.
func (p *Portal) permissions(c *web.Context) error {
	ctx, q := c.R.Context(), p.DB.Read()
	list, err := payment.List(ctx, q, ownPayments(c), mostPayments)
	if err != nil {
		return err
	}
	cards, err := payment.SavedCards(ctx, q, c.Session.AccountID)
	if err != nil {
		return err
	}
	shown, pages := cut(list, c.R.URL.Query().Get("page"), "/account/authorizations?page=")
	v := permissionsView{Standing: savedPermissions(c, cards, list), Count: c.Words.N("authz.single.count", len(list)), Pages: pages}
	v.Single = ui.Table{Caption: c.T("authz.single"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{
		{Label: c.T("authz.given")}, {Label: c.T("paid.payee")}, {Label: c.T("paid.method")}, {Label: c.T("authz.state")}, {Label: c.T("paid.amount"), Money: true}}}
	for _, pay := range shown {
		v.Single.Rows = append(v.Single.Rows, []ui.Cell{
			{Text: c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone()), Href: permissionPath(pay), What: c.T("history.see.what", "Number", id.Grouped(pay.Confirmation))},
			{Text: payeeName(c, pay.Payee)},
			{Text: paidWith(c, pay)},
			{Body: ui.TagFor(permissionTag(c, pay))},
			{Text: c.Words.Amount(pay.Amount)},
		})
	}
	frame := accountFrame(c, c.T("authz.title"))
	frame.Wide = true
	return c.Render(http.StatusOK, permissionsPage(frame, v))
}

// savedPermissions are the saved cards: each may be charged whenever its owner starts a payment.
func savedPermissions(c *web.Context, cards []payment.SavedCard, list []payment.Payment) []standing {
	given := map[string]payment.Payment{}
	for _, pay := range list {
		given[pay.ID] = pay
	}
	var out []standing
	for _, card := range cards {
		s := standing{Title: savedName(c, card), Button: c.T("authz.card.remove"), What: savedName(c, card), Remove: "/saved-cards/" + card.ID + "/remove",
			Rows: []ui.Row{
				{Key: c.T("authz.kind"), Value: c.T("authz.kind.card"), Lines: []string{c.T("authz.kind.card.means")}},
				{Key: c.T("authz.given"), Value: c.Words.DateIn(card.CreatedAt, c.Site.Brand.Zone())},
			}}
		if pay, ok := given[card.PaymentID]; ok {
			s.Rows[1].Change = &ui.Link{Label: c.T("authz.read"), Href: permissionPath(pay), What: c.T("authz.read.what", "Name", s.Title)}
		}
		out = append(out, s)
	}
	return out
}

// permission shows one permission: the exact words that the reader agreed to, and what became of it.
func (p *Portal) permission(c *web.Context) error {
	pay, err := p.ownPermission(c)
	if err != nil {
		return err
	}
	v := permissionView{Title: permissionTitle(c, pay), Tag: permissionTag(c, pay), Words: strings.Split(pay.Authorization, paragraph), Rows: permissionRows(c, pay),
		PDF: permissionPath(pay) + "/copy.pdf", See: ui.Link{Label: c.T("authz.payment"), Href: paymentPath(pay)}}
	frame := page(c, v.Title)
	frame.Back = &ui.Link{Label: c.T("authz.title"), Href: "/account/authorizations"}
	return c.Render(http.StatusOK, permissionPage(frame, v))
}

// permissionPDF is a copy of a permission.
func (p *Portal) permissionPDF(c *web.Context) error {
	pay, err := p.ownPermission(c)
	if err != nil {
		return err
	}
	blocks := []paper.Block{paper.Heading{Level: 1, Text: permissionTitle(c, pay)}}
	var facts paper.Facts
	for _, r := range permissionRows(c, pay) {
		facts = append(facts, paper.Fact{Label: r.Key, Value: r.Value})
	}
	blocks = append(blocks, append(facts, paper.Fact{Label: c.T("authz.state"), Value: permissionTag(c, pay).Text}), paper.Heading{Level: 2, Text: c.T("authz.words")})
	for text := range strings.SplitSeq(pay.Authorization, paragraph) {
		blocks = append(blocks, paper.Paragraph{Text: text})
	}
	d := document(c, permissionTitle(c, pay), blocks)
	d.Created = pay.UpdatedAt
	return sendPDF(c, "permission-"+id.Grouped(pay.Confirmation)+".pdf", d)
}

// ownPermission is the payment of this page's permission: one that the reader's account made, else NotFound.
func (p *Portal) ownPermission(c *web.Context) (payment.Payment, error) {
	pay, err := payment.ByConfirmation(c.R.Context(), p.DB.Read(), ownPayments(c), c.R.PathValue("ref"))
	if err == nil && !pay.MadeBy(ownPayments(c)) {
		return payment.Payment{}, fault.New(fault.NotFound, "payment.not_found")
	}
	return pay, err
}

func permissionPath(pay payment.Payment) string {
	return "/account/authorizations/" + id.Grouped(pay.Confirmation)
}

func permissionTitle(c *web.Context, pay payment.Payment) string {
	return c.T("authz.one.title", "Date", c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone()))
}

func permissionTag(c *web.Context, pay payment.Payment) ui.Tag {
	w := permissionWords[pay.State]
	return ui.Tag{Text: c.T("authz.state." + w.word), Tone: w.tone}
}

func permissionRows(c *web.Context, pay payment.Payment) []ui.Row {
	return []ui.Row{
		{Key: c.T("authz.given"), Value: moment(c, pay.SubmittedAt)},
		{Key: c.T("paid.payee"), Value: payeeName(c, pay.Payee)},
		{Key: c.T("paid.method"), Value: paidWith(c, pay)},
		{Key: c.T("paid.amount"), Value: c.Words.Amount(pay.Amount)},
		{Key: numberLabel(c, pay), Value: id.Grouped(pay.Confirmation)},
	}
}
