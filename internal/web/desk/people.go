package desk

import (
	"net/http"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// peopleView is everybody who works here, and who was invited.
type peopleView struct {
	Rows        []personRow
	Past        []ui.Row
	Invitations []invitationRow
	Name, Email string
	Roles       []ui.Option
	URL         string // of the invitation that was just made, shown once
}

// personRow is one of the staff with what can be changed.
type personRow struct {
	ID, Name, Email, Role, Since string
	Me                           bool
	Roles                        []ui.Option
}

// invitationRow is an open invitation.
type invitationRow struct{ ID, Name, Email, Role, Until string }

// people lists the staff.
func (d *Desk) people(c *web.Context) error { return d.showPeople(c, http.StatusOK, peopleView{}) }

func (d *Desk) showPeople(c *web.Context, status int, v peopleView, problems ...ui.Problem) error {
	list, err := d.Staff.List(c.R.Context())
	if err != nil {
		return err
	}
	invited, err := d.Staff.Invitations(c.R.Context())
	if err != nil {
		return err
	}
	zone := c.Site.Brand.Zone()
	for _, p := range list {
		if !p.EndedAt.IsZero() {
			v.Past = append(v.Past, ui.Row{Key: p.Name, Value: c.T("desk.staff.until", "Date", c.Words.DateIn(p.EndedAt, zone))})
			continue
		}
		v.Rows = append(v.Rows, personRow{ID: p.ID, Name: p.Name, Email: p.Email, Role: c.T("desk.role." + string(p.Role)),
			Since: c.T("desk.staff.since", "Date", c.Words.DateIn(p.CreatedAt, zone)), Me: p.ID == c.Session.AccountID, Roles: roles(c, p.Role)})
	}
	for _, i := range invited {
		until := c.T("desk.staff.invited.until", "Date", c.Words.DateTime(i.ExpiresAt, zone))
		if i.Over(c.Now) {
			until = c.T("desk.staff.invited.over")
		}
		v.Invitations = append(v.Invitations, invitationRow{i.ID, i.Name, i.Email, c.T("desk.role." + string(i.Role)), until})
	}
	v.Roles = roles(c, identity.Actor(c.Form("role")))
	frame := page(c, c.T("desk.staff.title"))
	frame.Path, frame.Problems, frame.Wide = "/desk/staff", problems, true
	return c.Render(status, peoplePage(frame, v))
}

// roles are the roles to choose from.
func roles(c *web.Context, chosen identity.Actor) []ui.Option {
	var out []ui.Option
	for _, r := range identity.StaffRoles {
		out = append(out, ui.Option{Value: string(r), Label: c.T("desk.role." + string(r)), Checked: r == chosen})
	}
	return out
}

// invite invites somebody and shows the invitation's address once, for where mail does not arrive.
func (d *Desk) invite(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := peopleView{Name: c.Form("name"), Email: c.Form("email")}
	if len(v.Email) > 254 {
		v.Email = ""
	}
	url, err := d.Staff.Invite(c.R.Context(), c.Now, who(c), v.Name, v.Email, identity.Actor(c.Form("role")))
	if p, ok := problem(c, err); ok {
		return d.showPeople(c, http.StatusUnprocessableEntity, v, p)
	}
	if err != nil {
		return err
	}
	return d.showPeople(c, http.StatusOK, peopleView{URL: url})
}

// role gives one of the staff another role.
func (d *Desk) role(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	return d.changed(c, d.Staff.SetRole(c.R.Context(), c.Now, who(c), c.R.PathValue("person"), identity.Actor(c.Form("role-"+c.R.PathValue("person")))))
}

// endWork ends somebody's work here.
func (d *Desk) endWork(c *web.Context) error {
	return d.changed(c, d.Staff.End(c.R.Context(), c.Now, who(c), c.R.PathValue("person")))
}

// revoke takes an invitation back.
func (d *Desk) revoke(c *web.Context) error {
	return d.changed(c, d.Staff.Revoke(c.R.Context(), c.Now, who(c), c.R.PathValue("invitation")))
}

// changed leads back to the list, or says there what cannot be.
func (d *Desk) changed(c *web.Context, err error) error {
	if fault.CodeOf(err) == staff.ErrLast.Code {
		return d.showPeople(c, http.StatusConflict, peopleView{}, ui.Problem{Field: "name", Text: c.T("desk.error.staff.last_administrator")})
	}
	if p, ok := problem(c, err); ok {
		return d.showPeople(c, http.StatusUnprocessableEntity, peopleView{}, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/desk/staff")
}
