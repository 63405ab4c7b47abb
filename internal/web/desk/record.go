package desk

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const mostBills = 100 // of one record

// recordView is a member's record, or the question why it is to be opened.
type recordView struct {
	Member   string // row id
	Ask      bool
	Reason   string
	Until    string
	About    []ui.Row
	Bills    ui.Table
	Payments ui.Table
	Code     string // to join with, shown once
	CodeNote string
	MayCode  bool
	// MayVerify: they may find out who calls or stands before them.
	MayVerify bool
}

// record shows a member's record to somebody who has said why, and asks why otherwise. Each look is noted down first.
func (d *Desk) record(c *web.Context) error {
	return d.showRecord(c, http.StatusOK, recordView{})
}

func (d *Desk) showRecord(c *web.Context, status int, v recordView, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	m, err := member.Get(ctx, q, c.R.PathValue("member"))
	if err != nil {
		return err
	}
	v.Member = m.ID
	frame := page(c, c.T("desk.record.title"))
	frame.Path, frame.Problems = "/desk/members/"+m.ID, problems
	frame.Back = &ui.Link{Label: c.T("desk.members.title"), Href: "/desk/members"}
	opening, err := d.Staff.View(ctx, c.Now, who(c), m.ID, "record")
	if fault.CodeOf(err) == staff.ErrClosed.Code {
		v.Ask = true
		return c.Render(status, recordPage(frame, v))
	}
	if err != nil {
		return err
	}
	v.Reason = opening.Reason
	v.Until = c.T("desk.record.until", "Time", c.Words.DateTime(opening.Until, c.Site.Brand.Zone()))
	email := ""
	if m.Email != "" {
		email = identity.MaskEmail(m.Email)
	}
	v.About = []ui.Row{{Key: c.T("desk.record.name"), Value: m.Name()}, {Key: c.T("desk.record.number"), Value: ending(m.MemberID)},
		{Key: c.T("find.birth"), Value: c.Words.DateOf(m.BirthDate.Year(), m.BirthDate.Month(), m.BirthDate.Day())},
		{Key: c.T("signin.email"), Value: email}, {Key: c.T("desk.record.phone"), Value: ending(m.Phone)}}
	if v.Bills, err = d.bills(c, m); err != nil {
		return err
	}
	if v.Payments, err = d.payments(c, m); err != nil {
		return err
	}
	v.MayVerify = c.Session.Actor().May(identity.VerifyMember)
	v.MayCode = d.JoinCode != nil && c.Session.Actor().May(identity.VerifyMember)
	return c.Render(status, recordPage(frame, v))
}

// bills is the money of a member's bills: no service, no provider.
func (d *Desk) bills(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.bills"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.record.bill")},
		{Label: c.T("desk.record.due")}, {Label: c.T("desk.record.open"), Money: true}}}
	list, err := bill.List(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, mostBills)
	for _, b := range list {
		number := b.Number
		if number == "" {
			number = id.Grouped(b.PayCode)
		}
		due := ""
		if !b.DueDate.IsZero() {
			due = dateOf(c, b.DueDate)
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: number}, {Text: due}, {Text: c.Words.Amount(b.Due())}})
	}
	return t, err
}

// payments is a member's payments.
func (d *Desk) payments(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.payments"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("paid.number")},
		{Label: c.T("desk.record.when")}, {Label: c.T("desk.record.state")}, {Label: c.T("paid.amount"), Money: true}}}
	// AccountID names the member's own accounts to the scope: the desk sees what was paid from any of them.
	list, err := payment.List(c.R.Context(), d.DB.Read(), payment.Scope{Scope: bill.Scope{Members: []string{m.ID}}, AccountID: "desk"}, mostBills)
	for _, p := range list {
		t.Rows = append(t.Rows, []ui.Cell{{Text: id.Grouped(p.Confirmation)}, {Text: c.Words.DateIn(p.SubmittedAt, c.Site.Brand.Zone())},
			{Text: c.T("state." + string(p.State) + ".title")}, {Text: c.Words.Amount(p.Amount)}})
	}
	return t, err
}

func dateOf(c *web.Context, d day.Date) string { return c.Words.DateOf(d.Year(), d.Month(), d.Day()) }

// open opens a record for a reason.
func (d *Desk) open(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	err = d.Staff.Open(c.R.Context(), c.Now, who(c), m.ID, c.Form("reason"))
	if p, ok := problem(c, err); ok {
		v := recordView{Reason: c.Form("reason")}
		if utf8.RuneCountInString(v.Reason) > staff.MaxReason {
			v.Reason = string([]rune(v.Reason)[:staff.MaxReason])
		}
		return d.showRecord(c, http.StatusUnprocessableEntity, v, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/members/" + m.ID)
}

// joinCode shows, once, a code with which a member goes on with joining whose identity was checked here.
func (d *Desk) joinCode(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "join code"); err != nil {
		return err
	}
	if c.Form("checked") != "yes" {
		return d.showRecord(c, http.StatusUnprocessableEntity, recordView{}, ui.Problem{Field: "checked", Text: c.T("desk.error.checked")})
	}
	code, until, err := d.JoinCode(c, m.ID)
	if err != nil {
		return err
	}
	return d.showRecord(c, http.StatusOK, recordView{Code: code, CodeNote: c.T("desk.record.code.until", "Time", c.Words.DateTime(until, c.Site.Brand.Zone()))})
}

// ending is the last four characters of a number: enough to compare, not enough to use.
func ending(s string) string {
	r := []rune(s)
	if len(r) <= 4 {
		return strings.Repeat("•", len(r))
	}
	return "•••• " + string(r[len(r)-4:])
}
