package portal

import (
	"fmt"
	"net/http"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/dossier"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/paper"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// accountData offers the reader's data to take away.
func (p *Portal) accountData(c *web.Context) error {
	frame := accountFrame(c, c.T("data.title"))
	return c.Render(http.StatusOK, accountDataPage(frame))
}

// accountJSON sends everything that is kept about the reader and that they may see, piece by piece.
func (p *Portal) accountJSON(c *web.Context) error {
	ctx := c.R.Context()
	who, err := c.Site.Accounts.Get(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	patients := map[string]bool{}
	err = bill.Each(ctx, p.DB.Read(), bill.Scope{Members: who.Members}, func(b bill.Bill) error {
		patients[b.PatientID] = true
		return nil
	})
	if err != nil {
		return err
	}
	care, err := p.careOf(c, who, patients)
	if err != nil {
		return err
	}
	if err := p.downloaded(c, "json"); err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="account-`+dataDay(c)+`.json"`)
	err = dossier.Write(ctx, c.W, p.DB, c.Site.Accounts, dossier.Subject{Account: who, Now: c.Now, Today: today(c), Care: care, More: p.told(c, who)})
	if err != nil {
		c.Site.Log.Error("send the data of an account", "route", c.Route, "err", err)
		panic(http.ErrAbortHandler) // part of it is out: whoever reads it must see that the rest is missing
	}
	return nil
}

// dataDay is today, for the name of a file.
func dataDay(c *web.Context) string { return c.Now.In(c.Site.Brand.Zone()).Format("2006-01-02") }

// downloaded notes in the audit log that the data was taken away, and in which form.
func (p *Portal) downloaded(c *web.Context, form string) error {
	if c.R.Method != http.MethodGet {
		return nil // only asked how large it is
	}
	entry := c.Did("account.data_downloaded", c.Session.AccountID, "")
	entry.Detail = form
	return p.DB.Write(c.R.Context(), func(tx *db.Tx) error {
		if err := audit.Append(c.R.Context(), tx, entry); err != nil {
			return err
		}
		return p.tellOwner(c, tx, letter.DataTaken)
	})
}

// mostOnPaper bounds the rows of each table of the summary.
const mostOnPaper = 300

// accountPDF is the summary of the reader's data on paper.
func (p *Portal) accountPDF(c *web.Context) error {
	ctx, q := c.R.Context(), p.DB.Read()
	who, err := c.Site.Accounts.Get(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	people, err := member.ByIDs(ctx, q, who.Members)
	if err != nil {
		return err
	}
	blocks := []paper.Block{paper.Heading{Level: 1, Text: c.T("data.title")}, paper.Paragraph{Text: c.T("data.pdf.lead", "Date", moment(c, c.Now))},
		paper.Heading{Level: 2, Text: c.T("account.title")},
		paper.Facts{{Label: c.T("account.email"), Value: who.Email}, {Label: c.T("data.since"), Value: moment(c, who.CreatedAt)}}}
	for _, rowID := range who.Members {
		blocks = append(blocks, onFile(c, people[rowID])...)
	}
	for _, table := range []func(*web.Context, identity.Profile) ([]paper.Block, error){p.billsOnPaper, p.paymentsOnPaper, p.helpersOnPaper, p.consentsOnPaper, p.activityOnPaper} {
		more, err := table(c, who)
		if err != nil {
			return err
		}
		blocks = append(blocks, more...)
	}
	if err := p.downloaded(c, "pdf"); err != nil {
		return err
	}
	return sendPDF(c, "account-"+dataDay(c)+".pdf", document(c, c.T("data.title"), blocks))
}

// onFile is what is known of a member.
func onFile(c *web.Context, m member.Member) []paper.Block {
	facts := paper.Facts{{Label: c.T("data.member_id"), Value: m.MemberID}}
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, paper.Fact{Label: c.T(key), Value: value})
		}
	}
	if !m.BirthDate.IsZero() {
		add("find.birth", date(c, m.BirthDate))
	}
	for i, line := range m.Address() {
		key := "data.address"
		if i > 0 {
			key = "data.address.more"
		}
		add(key, line)
	}
	add("data.email_on_file", m.Email)
	add("data.phone_on_file", m.Phone)
	name := m.Name()
	if name == "" {
		name = c.T("bills.for.unnamed")
	}
	return []paper.Block{paper.Heading{Level: 2, Text: name}, facts}
}

func (p *Portal) billsOnPaper(c *web.Context, who identity.Profile) ([]paper.Block, error) {
	scope := bill.Scope{Members: who.Members}
	list, err := bill.List(c.R.Context(), p.DB.Read(), scope, mostBills)
	if err != nil {
		return nil, err
	}
	known, err := namesFor(c.R.Context(), p.DB.Read(), c, scope, list)
	if err != nil {
		return nil, err
	}
	s := billScribe{w: c.Words, names: known}
	t := paper.Table{Summary: c.T("bills.title"), Columns: []paper.Column{{Head: c.T("bill.number")}, {Head: c.T("bill.for")}, {Head: c.T("bills.col.date")},
		{Head: c.T("data.share"), Align: paper.End}, {Head: c.T("data.pending"), Align: paper.End}, {Head: c.T("data.open"), Align: paper.End}}}
	var open money.Cents
	for i, b := range list {
		if b.State == bill.Open {
			open += b.Open()
		}
		if i >= mostOnPaper {
			continue
		}
		left := money.Cents(0)
		if b.State == bill.Open {
			left = b.Open()
		}
		t.Rows = append(t.Rows, []string{billNumber(b), s.names.of(b.PatientID), s.date(b), c.Words.Amount(b.Responsibility), c.Words.Amount(b.Pending), c.Words.Amount(left)})
	}
	return tableOnPaper(c, c.T("bills.title"), t, len(list), []string{"", "", "", "", c.T("data.open"), c.Words.Amount(open)}), nil
}

func (p *Portal) paymentsOnPaper(c *web.Context, who identity.Profile) ([]paper.Block, error) {
	list, err := payment.List(c.R.Context(), p.DB.Read(), payment.Scope{Scope: bill.Scope{Members: who.Members}, AccountID: who.ID}, mostPayments)
	if err != nil {
		return nil, err
	}
	t := paper.Table{Summary: c.T("history.title"), Columns: []paper.Column{{Head: c.T("history.col.number")}, {Head: c.T("history.col.date")}, {Head: c.T("history.col.method")},
		{Head: c.T("history.col.state")}, {Head: c.T("history.col.amount"), Align: paper.End}}}
	for _, pay := range list[:min(len(list), mostOnPaper)] {
		t.Rows = append(t.Rows, []string{id.Grouped(pay.Confirmation), c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone()), paidWith(c, pay),
			stateName(c.Words, pay), c.Words.Amount(pay.Amount)})
	}
	return tableOnPaper(c, c.T("history.title"), t, len(list), nil), nil
}

// consentsOnPaper lists what was agreed to.
//
// words: data.consent.*
func (p *Portal) consentsOnPaper(c *web.Context, who identity.Profile) ([]paper.Block, error) {
	list, err := consent.History(c.R.Context(), p.DB.Read(), who.ID)
	if err != nil {
		return nil, err
	}
	t := paper.Table{Summary: c.T("data.consents"), Columns: []paper.Column{{Head: c.T("data.consents")}, {Head: c.T("paperless.version")}, {Head: c.T("paperless.since")}, {Head: c.T("data.ended")}}}
	zone := c.Site.Brand.Zone()
	on := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return c.Words.DateIn(t, zone)
	}
	for _, given := range list {
		if !given.ConsentedAt.IsZero() {
			t.Rows = append(t.Rows, []string{c.T("data.consent." + string(given.Kind)), given.Words.Version, on(given.ConsentedAt), on(given.EndedAt)})
		}
	}
	return tableOnPaper(c, c.T("data.consents"), t, len(t.Rows), nil), nil
}

// tableOnPaper is a table with its heading, or what stands there where it would be empty or is only a beginning.
func tableOnPaper(c *web.Context, title string, t paper.Table, all int, total []string) []paper.Block {
	blocks := []paper.Block{paper.Heading{Level: 2, Text: title}}
	if len(t.Rows) == 0 {
		return append(blocks, paper.Paragraph{Text: c.T("data.none")})
	}
	t.Total = total
	blocks = append(blocks, t)
	if more := all - len(t.Rows); more > 0 {
		blocks = append(blocks, paper.Paragraph{Text: c.T("data.more", "Count", fmt.Sprint(more)), Quiet: true})
	}
	return blocks
}
