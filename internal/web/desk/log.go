package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const (
	logPage  = 50
	mostLogs = 100_000 // rows of one file
)

// logView is a page of the audit log.
type logView struct {
	From, To, Actor, Action, Member string
	Table                           ui.Table
	Next                            string // address of the next page, "" where this is the last one
	CSV                             string
	Checkpoint                      string // the newest signed one, "" while there is none
}

// log lists who did what, newest first.
func (d *Desk) log(c *web.Context) error {
	f, v, problems := d.filter(c)
	frame := page(c, c.T("desk.audit.title"))
	frame.Wide, frame.Problems = true, problems
	if len(problems) > 0 {
		return c.Render(http.StatusUnprocessableEntity, logPageOf(frame, v))
	}
	list, err := audit.List(c.R.Context(), d.DB.Read(), f, logPage+1)
	if err != nil {
		return err
	}
	if v.Checkpoint, err = audit.Newest(c.R.Context(), d.DB.Read()); err != nil {
		return err
	}
	keep := url.Values{}
	for k, s := range map[string]string{"from": v.From, "to": v.To, "actor": v.Actor, "action": v.Action, "member": v.Member} {
		if s != "" {
			keep.Set(k, s)
		}
	}
	v.CSV = "/desk/audit.csv?" + keep.Encode()
	if len(list) > logPage {
		list = list[:logPage]
		keep.Set("before", list[logPage-1].ID)
		v.Next = "/desk/audit?" + keep.Encode()
	}
	v.Table = ui.Table{Caption: c.T("desk.audit.title"), HideCaption: true}
	for _, key := range []string{"when", "actor", "action", "subject", "member", "from", "reason"} {
		v.Table.Columns = append(v.Table.Columns, ui.Column{Label: c.T("desk.audit." + key)})
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), actors(list))
	if err != nil {
		return err
	}
	for _, e := range list {
		actor := e.Actor
		if name := names[e.Actor]; name != "" {
			actor = name + " (" + e.Actor + ")"
		}
		v.Table.Rows = append(v.Table.Rows, []ui.Cell{{Text: c.Words.DateTime(e.At, c.Site.Brand.Zone())}, {Text: strings.TrimSpace(e.Role + " " + actor)},
			{Text: strings.TrimSpace(e.Action + " " + e.Detail)}, {Text: e.Subject}, {Text: e.Member}, {Text: e.From}, {Text: e.Reason}})
	}
	return c.Render(http.StatusOK, logPageOf(frame, v))
}

// actors are the accounts that did something, each once.
func actors(list []audit.Entry) []string {
	var out []string
	for _, e := range list {
		if e.Actor != "" && !slices.Contains(out, e.Actor) {
			out = append(out, e.Actor)
		}
	}
	return out
}

// filter reads what is asked for. Days are days of the organisation's time zone, both inclusive.
//
// words: desk.audit.*
func (d *Desk) filter(c *web.Context) (audit.Filter, logView, []ui.Problem) {
	q := func(name string) string {
		s := strings.TrimSpace(strings.ToValidUTF8(c.R.URL.Query().Get(name), ""))
		if r := []rune(s); len(r) > 100 {
			s = string(r[:100])
		}
		return s
	}
	v := logView{From: q("from"), To: q("to"), Actor: q("actor"), Action: q("action"), Member: q("member")}
	f := audit.Filter{Actor: v.Actor, Action: v.Action, Member: v.Member, Before: q("before")}
	var problems []ui.Problem
	at := func(field, text string, plus int) time.Time {
		if text == "" {
			return time.Time{}
		}
		parsed, err := day.Parse(text)
		if err != nil {
			problems = append(problems, ui.Problem{Field: field, Text: c.T("desk.error.day")})
			return time.Time{}
		}
		return parsed.AddDays(plus).At(0, 0, c.Site.Brand.Zone())
	}
	f.From, f.To = at("from", v.From, 0), at("to", v.To, 1)
	return f, v, problems
}

// logCSV is the same list as a file.
func (d *Desk) logCSV(c *web.Context) error {
	f, v, problems := d.filter(c)
	if len(problems) > 0 {
		frame := page(c, c.T("desk.audit.title"))
		frame.Problems = problems
		return c.Render(http.StatusUnprocessableEntity, logPageOf(frame, v))
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "audit.exported", "", v.Member)); err != nil {
		return err
	}
	out := file(c, "audit.csv", "id", "at", "role", "actor", "action", "subject", "member", "from", "reason", "detail")
	for rows := 0; rows < mostLogs; {
		list, err := audit.List(c.R.Context(), d.DB.Read(), f, 1000)
		if err != nil {
			return err
		}
		for _, e := range list {
			out.Write([]string{e.ID, e.At.Format(time.RFC3339Nano), e.Role, e.Actor, e.Action, e.Subject, e.Member, e.From, web.Cell(e.Reason), web.Cell(e.Detail)})
		}
		rows += len(list)
		if len(list) < 1000 {
			break
		}
		f.Before = list[len(list)-1].ID
	}
	out.Flush()
	return out.Error()
}

// logLinks lead on from a page of the log.
func logLinks(p ui.Page, v logView) []ui.Link {
	var links []ui.Link
	if v.Next != "" {
		links = append(links, ui.Link{Label: p.T("desk.audit.next"), Href: v.Next})
	}
	return append(links, ui.Link{Label: p.T("desk.audit.csv"), Href: v.CSV})
}
