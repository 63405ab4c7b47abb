package desk

import (
	"net/http"
	"strconv"
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/caller"
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

// Rows of one record that are shown.
const (
	mostBills    = 100
	mostDrafts   = 10
	mostMessages = 20
)

// recordView is a member's record, or the question why it is to be opened.
type recordView struct {
	Member   string // row id
	Ask      bool
	Reason   string
	Until    string
	Jumps    []ui.Jump
	OnCall   *ui.Notice // the call that whoever reads is on
	CallLink *ui.Link
	About    []ui.Row
	Bills    ui.Table
	Payments ui.Table
	Drafts   ui.Table
	Messages ui.Table
	Notes    []ui.Moment
	Strikes  []ui.Option
	NoteText string
	Taken    string // says that card numbers were taken out of a note
	Timeline []ui.Moment
	Cut      bool   // the timeline has more
	Code     string // to join with, shown once
	CodeNote string
	MayCode  bool
	NoCode   string // why the reader may not make one, "" where they may or it is not theirs
	// MayVerify: they may find out who calls or stands before them.
	MayVerify bool
	Changes   []changeRow // of how the member is reached, that wait
	Warning   *ui.Notice  // that somebody stopped one they had not asked for
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
	frame.Path, frame.Problems, frame.Wide = "/desk/members/"+m.ID, problems, true
	frame.Back = &ui.Link{Label: c.T("desk.members.title"), Href: "/desk/members"}
	opening, err := d.Staff.View(ctx, c.Now, who(c), m.ID, "record")
	if fault.CodeOf(err) == staff.ErrClosed.Code {
		v.Ask = true
		return c.Render(status, recordPage(frame, v))
	}
	if err != nil {
		return err
	}
	v.Reason = c.Reason(opening.Reason)
	v.Until = c.T("desk.record.until", "Time", c.Words.DateTime(opening.Until, c.Site.Brand.Zone()))
	if err := d.fill(c, m, &v); err != nil {
		return err
	}
	v.MayVerify = c.Session.Actor().May(identity.VerifyMember)
	if v.MayCode, v.NoCode, err = d.mayCode(c, m.ID); err != nil {
		return err
	}
	return c.Render(status, recordPage(frame, v))
}

// mayCode reports whether the reader may make a code for a member to join with, and why not otherwise ("" where it is not
// theirs at all): the member has proved to them who they are, and has no account, or the reader is a supervisor.
func (d *Desk) mayCode(c *web.Context, memberID string) (may bool, why string, err error) {
	if d.JoinCode == nil || !c.Session.Actor().May(identity.VerifyMember) {
		return false, "", nil
	}
	proved, err := caller.Proved(c.R.Context(), d.DB.Read(), c.Now, c.Session.AccountID, memberID)
	if err != nil {
		return false, "", err
	}
	accounts, err := c.Site.Accounts.Holding(c.R.Context(), d.DB.Read(), memberID)
	switch {
	case err != nil:
		return false, "", err
	case len(accounts) > 0 && !c.Session.Actor().May(identity.Supervise):
		return false, c.T("desk.record.join.has"), nil
	case !proved:
		return false, c.T("desk.error.checked"), nil
	}
	return true, "", nil
}

// fill reads the parts of a record that is open.
func (d *Desk) fill(c *web.Context, m member.Member, v *recordView) (err error) {
	email := ""
	if m.Email != "" {
		email = identity.MaskEmail(m.Email)
	}
	v.About = []ui.Row{{Key: c.T("desk.record.name"), Value: m.Name()}, {Key: c.T("desk.record.number"), Value: ending(m.MemberID)},
		{Key: c.T("find.birth"), Value: dateOf(c, m.BirthDate)}, {Key: c.T("signin.email"), Value: email}, {Key: c.T("desk.record.phone"), Value: ending(m.Phone)}}
	for i, part := range []string{"bills", "payments", "drafts", "messages", "notes", "timeline"} {
		// words: desk.record.bills desk.record.payments desk.record.drafts desk.record.messages desk.record.notes desk.record.timeline
		v.Jumps = append(v.Jumps, ui.Jump{Key: strconv.Itoa(i + 1), Label: c.T("desk.record." + part), Href: "#" + part})
	}
	v.Jumps = append(v.Jumps, ui.Jump{Key: "s", Label: c.T("desk.members.title"), Href: "/desk/members"})
	if n, err := strconv.Atoi(c.R.URL.Query().Get("taken")); err == nil && n > 0 && n < 1000 {
		v.Taken = c.Words.N("desk.note.taken", n)
	}
	if v.Bills, err = d.bills(c, m); err != nil {
		return err
	}
	if v.Payments, err = d.payments(c, m); err != nil {
		return err
	}
	if v.Drafts, err = d.drafts(c, m); err != nil {
		return err
	}
	if v.Messages, err = d.messages(c, m); err != nil {
		return err
	}
	if v.Notes, v.Strikes, err = d.notes(c, m); err != nil {
		return err
	}
	if err := d.onCall(c, m, v); err != nil {
		return err
	}
	if err := d.changes(c, m, v); err != nil {
		return err
	}
	v.Timeline, v.Cut, err = d.timeline(c, m)
	return err
}

// onCall says which call whoever reads is on, and whether this member has proved in it who they are.
func (d *Desk) onCall(c *web.Context, m member.Member, v *recordView) error {
	call, ok, err := d.Calls.Now(c.R.Context(), d.DB.Read(), c.Now, c.Session.AccountID)
	if err != nil || !ok {
		return err
	}
	v.CallLink = &ui.Link{Label: c.T("call.go_on", "Reference", call.Reference), Href: "/desk/calls/" + call.ID}
	v.OnCall = &ui.Notice{Tone: ui.Warning, Title: c.T("desk.record.unproved"), Text: c.T("desk.record.unproved.body")}
	if call.MemberID != m.ID {
		return nil
	}
	proof, ok, err := d.verification(c, call)
	if ok {
		v.OnCall = &ui.Notice{Tone: ui.Success, Title: c.T("call.verified"), Text: c.T("call.until", "Time", c.Words.DateTime(proof.Until, c.Site.Brand.Zone()))}
	}
	return err
}

// bills is the money of a member's bills: no service, no provider.
func (d *Desk) bills(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.bills"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.record.bill")},
		{Label: c.T("desk.record.due")}, {Label: c.T("desk.record.open"), Money: true}}}
	list, err := bill.List(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{m.ID}}, mostBills)
	for _, b := range list {
		due := c.T("bill.due.none")
		if !b.DueDate.IsZero() {
			due = dateOf(c, b.DueDate)
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: numberOf(b), Href: billPath(m.ID, b.ID), What: c.T("desk.bill.see.what")}, {Text: due}, {Text: c.Words.Amount(b.Due())}})
	}
	return t, err
}

// payments is a member's payments, each with its state in words.
func (d *Desk) payments(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.payments"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("paid.number")},
		{Label: c.T("desk.record.when")}, {Label: c.T("desk.record.state")}, {Label: c.T("paid.amount"), Money: true}}}
	mayRefund := c.Session.Actor().May(identity.AskRefunds)
	if mayRefund {
		t.Columns = append(t.Columns, ui.Column{Label: c.T("desk.refund.one")})
	}
	list, _, _, err := d.paymentsOf(c, m, mostBills)
	for _, p := range list {
		row := []ui.Cell{{Text: id.Grouped(p.Confirmation)}, {Text: c.Words.DateIn(p.SubmittedAt, c.Site.Brand.Zone())},
			{Body: ui.TagFor(ui.Tag{Text: c.T("state." + string(p.State) + ".title"), Tone: toneOf(p.State)})}, {Text: c.Words.Amount(p.Amount)}}
		if mayRefund {
			refund, err := d.refundCell(c, m.ID, p)
			if err != nil {
				return t, err
			}
			row = append(row, refund)
		}
		t.Rows = append(t.Rows, row)
	}
	return t, err
}

// drafts is the payments that a member is preparing, and how far they are. What is typed is not shown.
//
// words: desk.step.*
func (d *Desk) drafts(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.drafts"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.record.begun")}, {Label: c.T("desk.record.changed")}, {Label: c.T("desk.record.step")}}}
	list, err := payment.DraftsOf(c.R.Context(), d.DB.Read(), m.ID, mostDrafts)
	for _, x := range list {
		t.Rows = append(t.Rows, []ui.Cell{{Text: c.Words.DateTime(x.CreatedAt, c.Site.Brand.Zone())}, {Text: c.Words.DateTime(x.UpdatedAt, c.Site.Brand.Zone())}, {Text: c.T("desk.step." + stepOf(x))}})
	}
	return t, err
}

// stepOf is the step that a draft waits for.
func stepOf(x payment.Draft) string {
	switch {
	case !x.Chosen():
		return "bills"
	case !x.Complete():
		return "method"
	}
	return "review"
}

// messages is what was sent to a member: not the words, and not where to.
func (d *Desk) messages(c *web.Context, m member.Member) (ui.Table, error) {
	t := ui.Table{Caption: c.T("desk.record.messages"), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.record.when")}, {Label: c.T("desk.record.what")}, {Label: c.T("call.kind")}, {Label: c.T("desk.record.state")}}}
	list, err := d.messagesOf(c, m, mostMessages)
	for _, x := range list {
		t.Rows = append(t.Rows, []ui.Cell{{Text: c.Words.DateTime(x.At, c.Site.Brand.Zone())}, {Text: messageWords(c, x.Kind)}, {Text: c.T("desk.channel." + x.Channel)}, {Text: c.T("desk.sent." + x.State)}})
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
		return d.showRecord(c, http.StatusUnprocessableEntity, recordView{Reason: clipped(c.Form("reason"), staff.MaxReason)}, p)
	}
	if err != nil {
		return err
	}
	if to := c.Form("to"); to != "" { // from where a record's reason is plain: a case
		return c.Redirect(local(to))
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
	if may, why, err := d.mayCode(c, m.ID); err != nil {
		return err
	} else if !may {
		return d.showRecord(c, http.StatusUnprocessableEntity, recordView{}, ui.Problem{Field: "join", Text: why})
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
