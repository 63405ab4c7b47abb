package desk

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const (
	mostExceptions  = 200                 // of one list
	exceptionsClose = 30 * 24 * time.Hour // how long one that was closed stays in the list of those
	exceptionLate   = 24 * time.Hour      // after how long one that waits is late
)

// exceptionsView is a list of exceptions.
type exceptionsView struct {
	Shows ui.Choices
	Table ui.Table
	None  bool
}

// exceptionView is one exception with what can be done about it.
type exceptionView struct {
	Action string
	State  ui.Tag
	Do     string // what to do about it
	About  []ui.Row
	Other  string // what the program noted, where nothing is known of it
	Steps  []exceptionStep
	Open   bool
	Seen   string // the last step that the reader sees
	Note   string // what is typed
	Lost   string // what was typed and fits no more, because somebody was faster
}

// exceptionStep is one thing that became of an exception.
type exceptionStep struct {
	Title, Text, Note string
}

// words: desk.exception.show.*
var exceptionLists = []string{"open", "closed"}

// exceptions lists what a person has to look at, whatever waits longest first, or what was closed lately. The list is noted
// down; it holds no name.
func (d *Desk) exceptions(c *web.Context) error {
	shows, show := choose(c, "desk.exception.show.", exceptionLists)
	closed := show == "closed"
	var list []payment.Exception
	var err error
	if closed {
		list, err = payment.ExceptionsDone(c.R.Context(), d.DB.Read(), c.Now.Add(-exceptionsClose), mostExceptions)
	} else {
		list, err = payment.ExceptionWork(c.R.Context(), d.DB.Read(), mostExceptions)
	}
	if err != nil {
		return err
	}
	about, err := d.Phone.Payments.ExceptionsAbout(c.R.Context(), d.DB.Read(), list)
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	records, err := d.mayOpenRecords(c)
	if err != nil {
		return err
	}
	at := func(t time.Time) string { return c.Words.DateTime(t, c.Site.Brand.Zone()) }
	v := exceptionsView{Shows: shows, None: len(list) == 0, Table: ui.Table{Caption: c.T("desk.exception.title"), HideCaption: true, FirstIsHeader: true,
		Columns: []ui.Column{{Label: c.T("desk.exception.what"), Prose: true}, {Label: c.T("desk.exception.about")}, {Label: c.T("desk.exception.do"), Prose: true},
			{Label: c.T("desk.exception.first")}, {Label: c.T("desk.exception.since")}}}}
	if closed {
		v.Table.Columns[2] = ui.Column{Label: c.T("desk.exception.closed.by")}
		v.Table.Columns[4].Label = c.T("desk.exception.closed.at")
	}
	for _, e := range list {
		what, do := exceptionWords(c, e)
		row := []ui.Cell{{Text: what, Href: "/desk/exceptions/" + e.ID, What: c.T("desk.exception.open.what")}, aboutCell(c, e, about[e.ID], records),
			{Text: do}, {Text: c.Words.DateIn(e.OpenedAt, c.Site.Brand.Zone())}, {Text: at(e.Since())}}
		switch {
		case closed:
			row[2], row[4] = ui.Cell{Text: names[e.ClosedBy]}, ui.Cell{Text: at(e.ClosedAt)}
		case !e.ReopenedAt.IsZero():
			row[4] = ui.Cell{Body: waitsAgain(at(e.Since()), ui.Tag{Text: c.T("desk.exception.state.again"), Tone: ui.Warning})}
		}
		v.Table.Rows = append(v.Table.Rows, row)
	}
	entry := who(c).Did(c.Now, "exception.listed", "", "")
	entry.Detail = strconv.Itoa(len(list)) + " " + exceptionLists[0]
	if closed {
		entry.Detail = strconv.Itoa(len(list)) + " " + exceptionLists[1]
	}
	if err := audit.Write(c.R.Context(), d.DB, entry); err != nil {
		return err
	}
	frame := page(c, c.T("desk.exception.title"))
	frame.Path, frame.Wide = "/desk/exceptions", true
	return c.Render(http.StatusOK, exceptionsPage(frame, v))
}

// exceptionWords says what happened, and what to do about it. A kind that these pages do not know, of a newer program, is
// shown by its name.
//
// words: desk.exception.kind.* desk.exception.do.*
func exceptionWords(c *web.Context, e payment.Exception) (what, do string) {
	if !c.Words.Has("desk.exception.kind." + e.Kind) {
		return c.T("desk.exception.kind.other", "Kind", e.Kind), c.T("desk.exception.do.other")
	}
	return c.T("desk.exception.kind." + e.Kind), c.T("desk.exception.do." + e.Kind)
}

// aboutCell names what an exception is about, and leads there where the reader may go.
func aboutCell(c *web.Context, e payment.Exception, about payment.ExceptionAbout, records bool) ui.Cell {
	number := id.Grouped(about.Payment.Confirmation)
	switch {
	case about.Refund.ID != "":
		return ui.Cell{Text: c.T("desk.exception.about.refund", "Amount", about.Refund.Amount, "Number", number), Href: "/desk/refunds/" + about.Refund.ID, What: c.T("desk.refund.open.what")}
	case about.Payment.ID != "" && records:
		return ui.Cell{Text: c.T("desk.exception.about.payment", "Number", number), Href: "/desk/members/" + about.Payment.PayerID, What: c.T("desk.exception.record.what")}
	case about.Payment.ID != "":
		return ui.Cell{Text: c.T("desk.exception.about.payment", "Number", number)}
	case about.File != "":
		return ui.Cell{Text: c.T("desk.exception.about.file", "File", about.File)}
	}
	return ui.Cell{Text: c.T("desk.exception.about.entry", "Trace", e.Subject)}
}

// mayOpenRecords reports whether the reader may open members' records: by their role, or in an emergency.
func (d *Desk) mayOpenRecords(c *web.Context) (bool, error) {
	if c.Session.Actor().May(identity.ViewMembers) {
		return true, nil
	}
	return d.Extra(c, identity.ViewMembers)
}

// exception shows one exception. Each look is noted down first.
func (d *Desk) exception(c *web.Context) error {
	return d.showException(c, http.StatusOK, exceptionView{}, false)
}

// showException shows an exception, with what was typed to close it, or else to open it again.
//
// words: desk.exception.step.*
func (d *Desk) showException(c *web.Context, status int, v exceptionView, closing bool, problems ...ui.Problem) error {
	x, err := d.Phone.Payments.LookException(c.R.Context(), who(c), c.R.PathValue("exception"))
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	at := func(t time.Time) string { return c.Words.DateTime(t, c.Site.Brand.Zone()) }
	what, do := exceptionWords(c, x.Exception)
	v.Action, v.Open, v.Seen = "/desk/exceptions/"+x.ID, x.ClosedAt.IsZero(), strconv.Itoa(x.Seen())
	switch {
	case !v.Open:
		v.State = ui.Tag{Text: c.T("desk.exception.state.closed"), Tone: ui.Success}
	case !x.ReopenedAt.IsZero():
		v.State = ui.Tag{Text: c.T("desk.exception.state.again"), Tone: ui.Warning}
	default:
		v.State = ui.Tag{Text: c.T("desk.exception.state.open"), Tone: ui.Warning}
	}
	if v.Open {
		v.Do = do
	}
	if v.Note != "" && v.Open != closing {
		v.Note, v.Lost = "", v.Note
	}
	if v.About, err = d.exceptionRows(c, x); err != nil {
		return err
	}
	parts, other := x.Said()
	for _, s := range parts {
		v.About = append(v.About, saidRow(c, s))
	}
	v.Other = other
	v.About = append(v.About, ui.Row{Key: c.T("desk.exception.first"), Value: at(x.OpenedAt)})
	if v.Open && !x.ReopenedAt.IsZero() {
		v.About = append(v.About, ui.Row{Key: c.T("desk.exception.since"), Value: at(x.Since())})
	}
	for _, s := range x.Steps {
		step := exceptionStep{Title: c.T("desk.exception.step." + s.Step), Text: at(s.At), Note: s.Note}
		if s.Actor != "" {
			step.Text = c.T("desk.exception.step.by", "Name", names[s.Actor], "Date", at(s.At))
		}
		if s.File != "" {
			step.Text = c.T("desk.exception.step.file", "File", s.File, "Date", at(s.At))
		}
		if s.Unreadable {
			step.Note = c.T("desk.refund.unreadable")
		}
		v.Steps = append(v.Steps, step)
	}
	frame := page(c, what)
	frame.Path, frame.Problems = v.Action, problems
	frame.Back = &ui.Link{Label: c.T("desk.exception.title"), Href: "/desk/exceptions"}
	return c.Render(status, exceptionPage(frame, v))
}

// exceptionRows is what an exception is about: no name, no card number. Links lead where the reader may go.
func (d *Desk) exceptionRows(c *web.Context, x payment.ExceptionLook) (rows []ui.Row, err error) {
	if r := x.About.Refund; r.ID != "" {
		rows = append(rows, ui.Row{Key: c.T("desk.refund.one"), Value: c.Words.Amount(r.Amount), Lines: []string{c.T("desk.refund.way." + string(r.Way)), refundTag(c, r).Text},
			Change: &ui.Link{Label: c.T("desk.exception.refund"), Href: "/desk/refunds/" + r.ID}})
	}
	pay := x.About.Payment
	if pay.ID == "" {
		return rows, nil
	}
	row := ui.Row{Key: c.T("desk.refund.payment"), Value: id.Grouped(pay.Confirmation), Lines: []string{
		c.T("desk.refund.payment.line", "Amount", pay.Amount, "Date", c.Words.DateIn(pay.SubmittedAt, c.Site.Brand.Zone())),
		c.T("desk.exception.rail." + string(pay.Rail)), c.T("state." + string(pay.State) + ".short")}} // words: desk.exception.rail.*
	records, err := d.mayOpenRecords(c)
	if err != nil {
		return nil, err
	}
	if records {
		row.Change = &ui.Link{Label: c.T("desk.exception.record"), Href: "/desk/members/" + pay.PayerID}
	}
	rows = append(rows, row)
	if x.Kind != "payment.notice_unsent" || !c.Session.Actor().May(identity.TakePayments) {
		return rows, nil
	}
	phones, err := payment.PhonePayments(c.R.Context(), d.DB.Read(), []string{pay.ID})
	if b, ok := phones[pay.ID]; ok {
		rows = append(rows, ui.Row{Key: c.T("desk.exception.call"), Value: b.Reference, Change: &ui.Link{Label: c.T("desk.exception.consent"), Href: "/desk/calls/" + b.CallID + "/pay/" + b.DraftID}})
	}
	return rows, err
}

// saidRow is one part of what an exception says.
//
// words: desk.exception.row.* desk.exception.code.* desk.refund.state.* state.*
func saidRow(c *web.Context, s payment.Said) ui.Row {
	row := ui.Row{Key: c.T("desk.exception.row." + s.Name), Value: s.Value}
	key := ""
	switch s.Name {
	case "state", "news":
		key = "state." + s.Value + ".short"
	case "refund_state":
		key = "desk.refund.state." + s.Value
	case "means":
		key = "desk.exception.code." + s.Value
	case "day":
		if t, err := time.Parse("2006-01-02 15:04", s.Value); err == nil {
			row.Value = c.Words.DateTime(t, c.Site.Brand.Zone())
		}
	}
	if key != "" && c.Words.Has(key) {
		row.Value = c.T(key)
	}
	return row
}

// exceptionDone answers after something was done with an exception: it is shown, with what is to be corrected where something is.
func (d *Desk) exceptionDone(c *web.Context, closing bool, err error) error {
	v := exceptionView{Note: clipped(c.Form("note"), payment.MaxExceptionNote)}
	if p, ok := problem(c, err); ok {
		return d.showException(c, http.StatusUnprocessableEntity, v, closing, p)
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Conflict && c.Words.Has("desk.error."+f.Code) {
		return d.showException(c, http.StatusConflict, v, closing, ui.Problem{Text: c.T("desk.error." + f.Code)})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/exceptions/" + c.R.PathValue("exception"))
}

func (d *Desk) exceptionClose(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	return d.exceptionDone(c, true, d.Phone.Payments.CloseException(c.R.Context(), who(c), c.R.PathValue("exception"), seenStep(c), c.Form("note")))
}

func (d *Desk) exceptionReopen(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	return d.exceptionDone(c, false, d.Phone.Payments.ReopenException(c.R.Context(), who(c), c.R.PathValue("exception"), seenStep(c), c.Form("note")))
}

// seenStep is the last step that the page of a form showed, -1 where the form does not say.
func seenStep(c *web.Context) int {
	n, err := strconv.Atoi(c.Form("seen"))
	if err != nil {
		return -1
	}
	return n
}

// exceptionQueue is how many exceptions wait, for the overview.
func (d *Desk) exceptionQueue(c *web.Context) ([]ui.Cell, error) {
	b, err := payment.ExceptionBacklog(c.R.Context(), d.DB.Read(), c.Now.Add(-exceptionLate))
	n := strconv.Itoa(b.Waiting)
	return []ui.Cell{{Text: c.T("desk.exception.title"), Href: "/desk/exceptions"}, {Text: n}, {Text: n}, {Text: strconv.Itoa(b.Late)}, {Text: since(c, b.Oldest)}}, err
}
