package desk

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const mostCases = 200 // of one list

// casesView is a list of cases.
type casesView struct {
	Shows ui.Choices
	Table ui.Table
	None  bool
}

// caseView is one case with what can be done about it.
type caseView struct {
	Action   string
	Ask      bool   // it opens with the record, for a reason
	Opens    string // address that opens the record
	Reason   string // why: the case
	State    ui.Tag
	About    []ui.Row
	Record   string // address of the member's record
	Messages []messageView
	Text     string
	Note     string
	Due      ui.Date
	Take     string // label of the button that makes the reader its owner; "" where they are
	Open     bool
	Ends     []ui.Option
	EndText  string
}

// messageView is one message of a case.
type messageView struct {
	By, Text string
	Note     bool // for staff alone
}

// words: desk.cases.show.*
var caseLists = []string{"all", "mine", "wrong", "afford", "closed"}

// caseList lists cases: those due first, those of the reader, those that say one thing of their bill, or those closed last. Names stand in none of them.
func (d *Desk) caseList(c *web.Context) error {
	shows, show := choose(c, "desk.cases.show.", caseLists)
	v := casesView{Shows: shows}
	var list []cases.Case
	var err error
	switch show {
	case "mine":
		list, err = d.Cases.Work(c.R.Context(), c.Session.AccountID, mostCases)
	case "wrong", "afford":
		list, err = d.Cases.WorkOf(c.R.Context(), cases.Kind(show), mostCases)
	case "closed":
		list, err = d.Cases.Done(c.R.Context(), mostCases)
	default:
		list, err = d.Cases.Work(c.R.Context(), "", mostCases)
	}
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	v.Table = ui.Table{Caption: c.T("desk.cases.title"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.cases.number")}, {Label: c.T("desk.cases.what")},
		{Label: c.T("desk.cases.state")}, {Label: c.T("desk.cases.due")}, {Label: c.T("desk.cases.owner")}}}
	today := day.Of(c.Now, c.Site.Brand.Zone())
	for _, x := range list {
		due := ui.Cell{Text: dateOf(c, x.Due)}
		if x.Overdue(today) {
			due = ui.Cell{Body: ui.TagFor(ui.Tag{Tone: ui.Bad, Text: c.T("desk.cases.overdue", "Date", dateOf(c, x.Due))})}
		}
		v.Table.Rows = append(v.Table.Rows, []ui.Cell{{Text: id.Grouped(x.Number), Href: "/desk/cases/" + x.ID, What: c.T("desk.cases.open.what")},
			{Text: c.T("case.kind." + string(x.Kind))}, {Text: c.T("desk.cases.state." + string(x.State))}, due, {Text: owner(c, names, x)}})
	}
	v.None = len(list) == 0
	frame := page(c, c.T("desk.cases.title"))
	frame.Path, frame.Wide = "/desk/cases", true
	return c.Render(http.StatusOK, casesPage(frame, v))
}

// staffNames are the names of the staff by account.
func (d *Desk) staffNames(c *web.Context) (map[string]string, error) {
	list, err := d.Staff.List(c.R.Context())
	out := make(map[string]string, len(list))
	for _, p := range list {
		out[p.ID] = p.Name
	}
	return out, err
}

func owner(c *web.Context, names map[string]string, x cases.Case) string {
	if x.OwnerID == "" {
		return c.T("desk.cases.nobody")
	}
	return names[x.OwnerID]
}

// oneCase shows a case: whole to somebody who has opened it, and otherwise what stands in the list. Each look is noted down
// first.
func (d *Desk) oneCase(c *web.Context) error { return d.showCase(c, http.StatusOK, caseView{}) }

// words: desk.cases.state.* case.resolution.*
func (d *Desk) showCase(c *web.Context, status int, v caseView, problems ...ui.Problem) error {
	ctx := c.R.Context()
	x, err := d.Cases.Get(ctx, c.R.PathValue("case"))
	if err != nil {
		return err
	}
	names, err := d.staffNames(c)
	if err != nil {
		return err
	}
	v.Action = "/desk/cases/" + x.ID
	frame := page(c, c.T("case.title", "Number", id.Grouped(x.Number)))
	frame.Path, frame.Problems, frame.Wide = v.Action, problems, true
	frame.Back = &ui.Link{Label: c.T("desk.cases.title"), Href: "/desk/cases"}
	v.State = ui.Tag{Text: c.T("desk.cases.state." + string(x.State)), Tone: ui.Info}
	if x.Overdue(day.Of(c.Now, c.Site.Brand.Zone())) {
		v.State = ui.Tag{Text: c.T("desk.cases.overdue", "Date", dateOf(c, x.Due)), Tone: ui.Bad}
	}
	v.About = []ui.Row{{Key: c.T("desk.cases.what"), Value: c.T("case.kind." + string(x.Kind))}, {Key: c.T("desk.cases.owner"), Value: owner(c, names, x)},
		{Key: c.T("desk.cases.due"), Value: dateOf(c, x.Due)}, {Key: c.T("desk.cases.language"), Value: c.T("shell.language." + x.Language)}}
	_, err = d.Staff.View(ctx, c.Now, who(c), x.MemberID, "case")
	if fault.CodeOf(err) == staff.ErrClosed.Code {
		v.Ask, v.Opens, v.Reason = true, "/desk/members/"+x.MemberID, frame.Title
		return c.Render(status, casePage(frame, v))
	}
	if err != nil {
		return err
	}
	if err := d.fillCase(c, x, &v); err != nil {
		return err
	}
	list, err := d.Cases.Messages(ctx, x.ID, true)
	if err != nil {
		return err
	}
	for _, m := range list {
		at := c.Words.DateTime(m.At, c.Site.Brand.Zone())
		by := c.T("desk.cases.by.member", "Date", at)
		switch m.Author {
		case cases.Staff:
			by = c.T("desk.cases.by.staff", "Name", names[m.AccountID], "Date", at)
		case cases.Note:
			by = c.T("desk.cases.by.note", "Name", names[m.AccountID], "Date", at)
		}
		v.Messages = append(v.Messages, messageView{by, m.Text, m.Author == cases.Note})
	}
	return c.Render(status, casePage(frame, v))
}

// fillCase is what a case is about and what can be done with it.
func (d *Desk) fillCase(c *web.Context, x cases.Case, v *caseView) error {
	m, err := member.Get(c.R.Context(), d.DB.Read(), x.MemberID)
	if err != nil {
		return err
	}
	b, err := bill.Get(c.R.Context(), d.DB.Read(), bill.Scope{Members: []string{x.MemberID}}, x.BillID)
	if err != nil {
		return err
	}
	number := b.Number
	if number == "" {
		number = id.Grouped(b.PayCode)
	}
	v.Record, v.Open = "/desk/members/"+m.ID, x.State != cases.Closed
	v.About = append(v.About, ui.Row{Key: c.T("desk.record.name"), Value: m.Brief()},
		ui.Row{Key: c.T("desk.record.bill"), Value: number, Lines: []string{c.Words.Amount(b.Due())}})
	if x.State == cases.Closed {
		v.About = append(v.About, ui.Row{Key: c.T("desk.cases.end"), Value: c.T("case.resolution." + string(x.Resolution))})
	}
	if x.OwnerID != c.Session.AccountID {
		v.Take = c.T("desk.cases.take")
	}
	if v.Due.Name == "" {
		due := x.Due
		v.Due = ui.Date{Month: strconv.Itoa(int(due.Month())), Day: strconv.Itoa(due.Day()), Year: strconv.Itoa(due.Year())}
	}
	v.Due.Name, v.Due.Label = "due", c.T("desk.cases.due.new")
	for _, r := range cases.Resolutions {
		v.Ends = append(v.Ends, ui.Option{Value: string(r), Label: c.T("desk.cases.end." + string(r)), Checked: c.Form("resolution") == string(r)})
	}
	return nil
}

// openCase runs what is done with a case that the reader has opened, and leads to where it is opened otherwise.
func (d *Desk) openCase(c *web.Context, v func(x cases.Case) (caseView, error)) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	x, err := d.Cases.Get(c.R.Context(), c.R.PathValue("case"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), x.MemberID, "case"); fault.CodeOf(err) == staff.ErrClosed.Code {
		return c.Redirect("/desk/cases/" + x.ID)
	} else if err != nil {
		return err
	}
	view, err := v(x)
	return d.casesDone(c, x, err, view)
}

// caseTake makes the reader the owner of a case.
func (d *Desk) caseTake(c *web.Context) error {
	return d.openCase(c, func(x cases.Case) (caseView, error) {
		return caseView{}, d.Cases.Take(c.R.Context(), c.Now, who(c), x.ID, c.Session.AccountID)
	})
}

// caseAnswer writes to whoever opened the case.
func (d *Desk) caseAnswer(c *web.Context) error {
	return d.openCase(c, func(x cases.Case) (caseView, error) {
		text := c.R.PostForm.Get("text")
		return caseView{Text: shown(text)}, d.Cases.Say(c.R.Context(), c.Now, who(c), x.ID, cases.Staff, text)
	})
}

// caseNote writes something down for staff alone.
func (d *Desk) caseNote(c *web.Context) error {
	return d.openCase(c, func(x cases.Case) (caseView, error) {
		text := c.R.PostForm.Get("note")
		return caseView{Note: shown(text)}, named(d.Cases.Say(c.R.Context(), c.Now, who(c), x.ID, cases.Note, text), "note")
	})
}

// casePostpone sets another day by which the case is answered.
func (d *Desk) casePostpone(c *web.Context) error {
	return d.openCase(c, func(x cases.Case) (caseView, error) {
		typed := ui.Date{Name: "due", Month: c.Form("due_month"), Day: c.Form("due_day"), Year: c.Form("due_year")}
		due, err := day.ParseParts(typed.Year, typed.Month, typed.Day)
		if err != nil {
			due = day.Date{} // refused as no date
		}
		return caseView{Due: typed}, d.Cases.Postpone(c.R.Context(), c.Now, who(c), x.ID, due)
	})
}

// caseClose ends the case.
func (d *Desk) caseClose(c *web.Context) error {
	return d.openCase(c, func(x cases.Case) (caseView, error) {
		text, how := c.R.PostForm.Get("end"), cases.Resolution(c.Form("resolution"))
		if how == cases.Withdrawn { // only whoever opened it takes it back
			how = ""
		}
		return caseView{EndText: shown(text)}, named(d.Cases.Close(c.R.Context(), c.Now, who(c), x.ID, how, text), "end")
	})
}

// named moves a problem with a text to the field in which it was typed.
func named(err error, field string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Field == "text" {
		return fault.Field(field, f.Code)
	}
	return err
}

// casesDone leads back to the case, or shows what to correct.
//
// words: error.case.*
func (d *Desk) casesDone(c *web.Context, x cases.Case, err error, v caseView) error {
	var f *fault.Error
	switch {
	case err == nil:
		return c.Redirect("/desk/cases/" + x.ID)
	case errors.Is(err, cases.ErrClosed) || errors.Is(err, cases.ErrFull):
		return d.showCase(c, http.StatusConflict, v, ui.Problem{Field: "text", Text: c.T("desk.error." + fault.CodeOf(err))})
	case errors.As(err, &f) && f.Kind == fault.Invalid && f.Field != "":
		return d.showCase(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: f.Field, Text: c.T("error."+f.Code, "Most", cases.MaxText)})
	}
	return err
}

// shown is text as it is shown again for correction.
func shown(text string) string {
	r := []rune(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD"))
	return string(r[:min(len(r), 2*cases.MaxText)])
}

// caseMoments are the cases about bills that a member pays for: when each was opened, and when it ended.
func (d *Desk) caseMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.Cases.OfMembers(c.R.Context(), []string{m.ID})
	var out []Moment
	for _, x := range list {
		opened := Moment{At: x.OpenedAt, Kind: c.T("timeline.case"), Text: c.T("timeline.case.opened", "Number", id.Grouped(x.Number)),
			Lines: []string{c.T("case.kind." + string(x.Kind))}, Href: "/desk/cases/" + x.ID}
		if x.State == cases.Closed {
			out = append(out, Moment{At: x.ClosedAt, Kind: c.T("timeline.case"), Text: c.T("timeline.case.closed", "Number", id.Grouped(x.Number)),
				Lines: []string{c.T("case.resolution." + string(x.Resolution))}, Href: opened.Href})
		}
		out = append(out, opened)
	}
	return out[:min(len(out), limit)], err
}
