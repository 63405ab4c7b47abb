package desk

import (
	"net/http"

	"memberpay/internal/fault"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// invitationView is what an invitation says, and the form that accepts it.
type invitationView struct {
	Token, Name, Email, Role string
	Over                     bool // used, taken back, or ran out
}

// invitation shows an invitation to whoever has its address.
func (d *Desk) invitation(c *web.Context) error { return d.showInvitation(c, http.StatusOK) }

func (d *Desk) showInvitation(c *web.Context, status int, problems ...ui.Problem) error {
	token := c.R.PathValue("token")
	i, err := d.Staff.Invitation(c.R.Context(), c.Now, token)
	v := invitationView{Token: token, Name: i.Name, Email: i.Email, Role: c.T("desk.role." + string(i.Role))}
	if fault.CodeOf(err) == staff.ErrInvited.Code {
		v, status, err = invitationView{Over: true}, http.StatusNotFound, nil
	}
	if err != nil {
		return err
	}
	frame := page(c, c.T("desk.invitation.title"))
	frame.Problems, frame.SignInURL = problems, "/desk/sign-in"
	if v.Over {
		frame.Path = ""
	} else {
		frame.Path = "/desk/invitation/" + token
	}
	return c.Render(status, invitationPage(frame, v))
}

// invitationPost opens the account with a password; a second proof is set up next, before anything else.
func (d *Desk) invitationPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, token := c.R.Context(), c.R.PathValue("token")
	i, err := d.Staff.Invitation(ctx, c.Now, token)
	if fault.CodeOf(err) == staff.ErrInvited.Code {
		return d.showInvitation(c, http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	password := c.R.PostForm.Get("password")
	if len(password) > maxPassword {
		return d.showInvitation(c, http.StatusUnprocessableEntity, ui.Problem{Field: "password", Text: c.T("error.password.long")})
	}
	if err := c.Site.Accounts.CheckPassword(password, true, i.Name, i.Email); err != nil {
		return d.showInvitation(c, http.StatusUnprocessableEntity, ui.Problem{Field: "password", Text: c.T(fault.CodeOf(err))})
	}
	hashed, err := c.Site.Accounts.Hash(ctx, password)
	if err != nil {
		return err
	}
	accountID, err := d.Staff.Accept(ctx, c.Now, token, "", hashed, c.Address(), nil)
	switch {
	case fault.CodeOf(err) == staff.ErrInvited.Code:
		return d.showInvitation(c, http.StatusNotFound)
	case fault.CodeOf(err) == staff.ErrTaken.Code:
		return d.showInvitation(c, http.StatusConflict, ui.Problem{Field: "password", Text: c.T("desk.error.staff.email_taken")})
	case err != nil:
		return err
	}
	return d.begin(c, accountID, "password", "/desk/security")
}
