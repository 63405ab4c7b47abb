package desk

import (
	"net/http"
	"slices"

	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// visitView is the check of a photo ID in an office.
type visitView struct {
	Member    string
	About     []ui.Row
	Documents []ui.Option
	Offices   []ui.Option
	Seen      []ui.Option
}

// visit asks what was seen on a photo ID. The record has to be open.
func (d *Desk) visit(c *web.Context) error { return d.showVisit(c, http.StatusOK) }

// showVisit shows the question.
//
// words: visit.document.* visit.seen.*
func (d *Desk) showVisit(c *web.Context, status int, problems ...ui.Problem) error {
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "visit"); err != nil {
		return d.closed(c, m.ID, err)
	}
	v := visitView{Member: m.ID, About: []ui.Row{{Key: c.T("desk.record.name"), Value: m.Name()}, {Key: c.T("find.birth"), Value: dateOf(c, m.BirthDate)}}}
	for _, s := range caller.Documents {
		v.Documents = append(v.Documents, ui.Option{Value: s, Label: c.T("visit.document." + s), Checked: c.Form("document") == s})
	}
	for _, o := range c.Site.Brand.Offices {
		v.Offices = append(v.Offices, ui.Option{Value: o.Name, Label: o.Name, Checked: c.Form("office") == o.Name})
	}
	v.Offices = append(v.Offices, ui.Option{Value: "other", Label: c.T("visit.office.other"), Checked: c.Form("office") == "other"})
	for _, s := range []string{"name", "birth", "photo"} {
		v.Seen = append(v.Seen, ui.Option{Value: s, Label: c.T("visit.seen." + s), Checked: slices.Contains(c.Forms("seen"), s)})
	}
	frame := page(c, c.T("visit.title"))
	frame.Path, frame.Problems = "/desk/members/"+m.ID+"/visit", problems
	frame.Back = &ui.Link{Label: c.T("desk.record.title"), Href: "/desk/members/" + m.ID}
	return c.Render(status, visitPage(frame, v))
}

// visitPost notes that a photo ID was looked at: what kind it was, and what on it matched. Its number is asked nowhere.
func (d *Desk) visitPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	m, err := member.Get(c.R.Context(), d.DB.Read(), c.R.PathValue("member"))
	if err != nil {
		return err
	}
	if _, err := d.Staff.View(c.R.Context(), c.Now, who(c), m.ID, "visit"); err != nil {
		return d.closed(c, m.ID, err)
	}
	seen := func(s string) bool { return slices.Contains(c.Forms("seen"), s) }
	office := c.Form("office")
	if office != "other" && !slices.ContainsFunc(c.Site.Brand.Offices, func(o brand.Office) bool { return o.Name == office }) {
		office = ""
	}
	call, err := d.Calls.Visited(c.R.Context(), c.Now, who(c), m.ID, caller.Visit{Document: c.Form("document"), Office: office, Name: seen("name"), Birth: seen("birth"), Photo: seen("photo")})
	if p, ok := problem(c, err); ok {
		return d.showVisit(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/calls/" + call.ID)
}
