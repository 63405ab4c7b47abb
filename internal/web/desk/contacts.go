package desk

import (
	"net/http"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/contact"
	"memberpay/internal/fault"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const (
	mostContacts = 200                 // rows of each list
	mostInFile   = 100_000             // rows of the file
	stoppedFor   = 30 * 24 * time.Hour // how long a change that was stopped is listed
)

// contactsView is what members said of how they are reached: what the source of members does not say yet, what waits, and
// what was stopped.
type contactsView struct{ PassOn, Waiting, Stopped ui.Table }

// contacts lists what is to be passed on to the source of members, for a supervisor. Whoever is shown is noted down.
func (d *Desk) contacts(c *web.Context) error { return d.showContacts(c, http.StatusOK) }

// contactsBack brings back what the source of members says.
func (d *Desk) contactsBack(c *web.Context) error {
	err := d.Contacts.Back(c.R.Context(), c.Now, who(c), c.R.PathValue("saying"))
	if fault.CodeOf(err) == contact.ErrOver.Code {
		return d.showContacts(c, http.StatusConflict, ui.Problem{Text: c.T("desk.contacts.back.over")})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/contacts")
}

func (d *Desk) showContacts(c *web.Context, status int, problems ...ui.Problem) error {
	ctx, q := c.R.Context(), d.DB.Read()
	said, err := member.Sayings(ctx, q, mostContacts)
	if err != nil {
		return err
	}
	waiting, err := d.Contacts.AllWaiting(ctx, q, mostContacts)
	if err != nil {
		return err
	}
	stopped, err := d.Contacts.StoppedSince(ctx, q, c.Now.Add(-stoppedFor), mostContacts)
	if err != nil {
		return err
	}
	var ids []string
	for _, s := range said {
		ids = append(ids, s.MemberID)
	}
	for _, x := range append(waiting, stopped...) {
		ids = append(ids, x.MemberID)
	}
	people, err := d.shown(c, ids)
	if err != nil {
		return err
	}
	name := func(id string) ui.Cell { return ui.Cell{Text: people[id].Name(), Href: "/desk/members/" + id} }
	head := func(keys ...string) (out []ui.Column) {
		// words: desk.contacts.col.*
		for _, key := range keys {
			out = append(out, ui.Column{Label: c.T("desk.contacts.col." + key)})
		}
		return out
	}
	frame := page(c, c.T("desk.contacts.title"))
	frame.Path, frame.Wide, frame.Problems = "/desk/contacts", true, problems
	frame.Back = &ui.Link{Label: c.T("overview.title"), Href: "/desk/overview"}
	var v contactsView
	v.PassOn = ui.Table{Caption: c.T("desk.contacts.pass_on"), FirstIsHeader: true, Columns: head("name", "part", "said", "source", "since", "back")}
	for _, s := range said {
		v.PassOn.Rows = append(v.PassOn.Rows, []ui.Cell{name(s.MemberID), {Text: partName(c, s.Part)}, {Text: passedOn(c, s.Part, people[s.MemberID].Contact(s.Part))}, {Text: passedOn(c, s.Part, s.Source)}, {Text: c.Words.DateIn(s.SaidAt, c.Site.Brand.Zone())},
			{Body: contactsBackForm(frame, "/desk/contacts/"+s.ID+"/back", people[s.MemberID].Name())}})
	}
	v.Waiting = ui.Table{Caption: c.T("desk.contacts.waiting"), FirstIsHeader: true, Columns: head("name", "part", "asked", "from")}
	for _, x := range waiting {
		v.Waiting.Rows = append(v.Waiting.Rows, []ui.Cell{name(x.MemberID), {Text: partName(c, x.Part)}, {Text: c.Words.DateTime(x.AskedAt, c.Site.Brand.Zone())}, {Text: c.Words.DateTime(x.From, c.Site.Brand.Zone())}})
	}
	v.Stopped = ui.Table{Caption: c.T("desk.contacts.stopped"), FirstIsHeader: true, Columns: head("name", "part", "asked", "stopped", "by")}
	for _, x := range stopped {
		by := "desk.contacts.by.staff"
		switch x.EndedBy {
		case contact.ByLink:
			by = "desk.contacts.by.link"
		case contact.Untold:
			by = "desk.contacts.by.untold"
		case contact.Source:
			by = "desk.contacts.by.source"
		}
		v.Stopped.Rows = append(v.Stopped.Rows, []ui.Cell{name(x.MemberID), {Text: partName(c, x.Part)}, {Text: c.Words.DateTime(x.AskedAt, c.Site.Brand.Zone())}, {Text: c.Words.DateTime(x.EndedAt, c.Site.Brand.Zone())}, {Text: c.T(by)}})
	}
	return c.Render(status, contactsPage(frame, v))
}

// shown are the members with these row ids, once it is noted down that they are looked at.
func (d *Desk) shown(c *web.Context, ids []string) (map[string]member.Member, error) {
	people, err := member.ByIDs(c.R.Context(), d.DB.Read(), ids)
	if err != nil || len(people) == 0 {
		return people, err
	}
	var looks []audit.Entry
	for id := range people {
		looks = append(looks, who(c).Did(c.Now, "member.view", id, id))
	}
	return people, audit.Write(c.R.Context(), d.DB, looks...)
}

// passedOn is one part of a contact as it is passed on: whole.
func passedOn(c *web.Context, part member.Part, x member.Contact) string {
	if part == member.LanguagePart {
		return reachedAt(c, part, x)
	}
	home := strings.ReplaceAll(x.Street, "\n", ", ")
	for _, s := range []string{x.City, strings.TrimSpace(x.State + " " + x.ZIP)} {
		if home != "" && s != "" {
			home += ", "
		}
		home += s
	}
	return x.Email + spoken(x.Phone) + home
}

// contactsCSV is what is to be passed on, as a file.
func (d *Desk) contactsCSV(c *web.Context) error {
	said, err := member.Sayings(c.R.Context(), d.DB.Read(), mostInFile)
	if err != nil {
		return err
	}
	var ids []string
	for _, s := range said {
		ids = append(ids, s.MemberID)
	}
	people, err := d.shown(c, ids)
	if err != nil {
		return err
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "contacts.exported", "", "")); err != nil {
		return err
	}
	out := file(c, "contacts.csv", "member_id", "patient_id", "name", "part", "email", "phone", "street", "city", "state", "zip", "language", "said_on")
	for _, s := range said {
		m := people[s.MemberID]
		x := m.Contact(s.Part)
		row := []string{m.MemberID, m.PatientID, m.Name(), string(s.Part), x.Email, spoken(x.Phone), strings.ReplaceAll(x.Street, "\n", ", "), x.City, x.State, x.ZIP, x.Language, s.SaidAt.In(c.Site.Brand.Zone()).Format(time.DateOnly)}
		for i := range row {
			row[i] = web.Cell(row[i])
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}
