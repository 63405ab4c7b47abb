package desk

import (
	"net/http"

	"memberpay/internal/contact"
	"memberpay/internal/fault"
	"memberpay/internal/member"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// changeRow is a change that waits, as a record shows it.
type changeRow struct{ ID, Text, What string }

// changes are the changes of a member that wait, and a warning where one was stopped lately by whoever was told of it.
func (d *Desk) changes(c *web.Context, m member.Member, v *recordView) error {
	waiting, err := d.Contacts.Waiting(c.R.Context(), d.DB.Read(), m.ID)
	if err != nil {
		return err
	}
	for _, x := range waiting {
		v.Changes = append(v.Changes, changeRow{x.ID, partName(c, x.Part) + ": " + fromThen(c, x), partName(c, x.Part)})
	}
	stopped, err := d.Contacts.StoppedByLink(c.R.Context(), d.DB.Read(), m.ID, c.Now.Add(-contact.Warned))
	if err == nil && len(stopped) > 0 {
		v.Warning = &ui.Notice{Tone: ui.Warning, Title: c.T("desk.contact.warning"), Text: c.T("desk.contact.warning.body", "Date", c.Words.DateIn(stopped[0].EndedAt, c.Site.Brand.Zone()))}
	}
	return err
}

// contactStop stops a change that waits. The record has to be open.
func (d *Desk) contactStop(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "stop a change"); err != nil {
		return d.closed(c, m.ID, err)
	}
	_, err = d.Contacts.Stop(c.R.Context(), c.Now, who(c), m.ID, c.Form("change"))
	if fault.CodeOf(err) == contact.ErrOver.Code {
		return d.showRecord(c, http.StatusConflict, recordView{}, ui.Problem{Text: c.T("desk.contact.over")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/members/" + m.ID)
}

// contactMoments are the changes of how a member is reached.
//
// words: desk.contact.state_of.*
func (d *Desk) contactMoments(c *web.Context, m member.Member, limit int) ([]Moment, error) {
	list, err := d.Contacts.OfMember(c.R.Context(), d.DB.Read(), m.ID, limit)
	if err != nil {
		return nil, err
	}
	var agents []string
	for _, x := range list {
		agents = append(agents, x.AgentID, x.EndedBy)
	}
	names, err := staff.FirstNames(c.R.Context(), d.DB.Read(), agents)
	var out []Moment
	for _, x := range list {
		out = append(out, Moment{At: x.AskedAt, Kind: c.T("desk.contact.moment"), Tone: ui.Info, Text: c.T("desk.contact.asked", "What", partName(c, x.Part)), Lines: []string{c.T("desk.contact.by", "Name", names[x.AgentID])}})
		if x.State == contact.Waiting || x.Part == member.LanguagePart {
			continue
		}
		end := Moment{At: x.EndedAt, Kind: c.T("desk.contact.moment"), Tone: ui.Info, Text: c.T("desk.contact.state_of."+string(x.State), "What", partName(c, x.Part))}
		switch {
		case x.State == contact.Stopped && x.EndedBy == contact.ByLink:
			end.Tone, end.Lines = ui.Warning, []string{c.T("desk.contact.by_link")}
		case x.EndedBy == contact.Untold:
			end.Lines = []string{c.T("desk.contact.untold")}
		case x.EndedBy == contact.Source:
			end.Lines = []string{c.T("desk.contact.by_source")}
		case x.EndedBy != "":
			end.Lines = []string{c.T("desk.contact.by", "Name", names[x.EndedBy])}
		}
		out = append(out, end)
	}
	return out, err
}
