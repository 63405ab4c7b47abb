package portal

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// helpingView is whom the reader helps.
type helpingView struct {
	Done   string // what was just done, "" for nothing
	People []helpedView
}

// helpedView is one permission that the reader has.
type helpedView struct {
	Name  string
	Rows  []ui.Row
	Leave string // address of the button that ends it
}

// helping is whom the reader helps to pay, and what they may do.
func (p *Portal) helping(c *web.Context) error {
	helps, err := p.helps(c)
	if err != nil {
		return err
	}
	v := helpingView{}
	switch q := c.R.URL.Query(); {
	case q.Has("left"):
		v.Done = c.T("household.helping.left")
	case q.Has("accepted"):
		v.Done = c.T("household.helping.accepted")
	}
	for _, h := range helps {
		rows, err := p.helpRows(c, h, true)
		if err != nil {
			return err
		}
		from, err := member.Get(c.R.Context(), p.DB.Read(), h.MemberID)
		if err != nil {
			return err
		}
		v.People = append(v.People, helpedView{Name: from.Brief(), Rows: rows, Leave: "/helping/" + h.ID + "/leave"})
	}
	frame := page(c, c.T("household.helping"))
	frame.Path = "/helping"
	return c.Render(http.StatusOK, helpingPage(frame, v))
}

// leaveHelp ends a permission for the reader who has it.
func (p *Portal) leaveHelp(c *web.Context) error {
	help, err := member.GetHelp(c.R.Context(), p.DB.Read(), c.R.PathValue("help"))
	if err == nil && help.AccountID != c.Session.AccountID {
		err = fault.New(fault.NotFound, "help.not_found")
	}
	if err != nil {
		return err
	}
	if err := p.Households.StepBack(c.R.Context(), c.Now, c.Who(), help); err != nil {
		return err
	}
	return c.Redirect("/helping?left")
}

// invitedCookie keeps in a helper's browser the proof that it gave an invitation's code.
const (
	invitedCookie = "memberpay_invited"
	invitedLife   = time.Hour
)

// invitedView is an invitation as the helper sees it.
type invitedView struct {
	helpID string
	Path   string
	From   string
	Rows   []ui.Row
	Email  string // the account that accepts, or the address of the invitation
	SignIn string // where somebody with an account signs in first
	Key    newKeyView
	Busy   string
}

func invitedPath(token string) string { return "/invited/" + url.PathEscape(token) }

// invitation is the invitation of the address, or the page that says that it is over, which is done then.
func (p *Portal) invitation(c *web.Context) (in household.Invited, v invitedView, done bool, err error) {
	token := c.R.PathValue("token")
	in, err = p.Households.Invited(c.R.Context(), c.Now, token, c.Cookie(invitedCookie))
	if fault.Is(err, fault.NotFound) {
		return in, v, true, p.invitationOver(c)
	}
	if err != nil {
		return in, v, true, err
	}
	v = invitedView{helpID: in.ID, Path: invitedPath(token), From: in.From.Brief(), Email: in.Email}
	if !in.Proved {
		return in, v, false, nil
	}
	v.Rows, err = p.helpRows(c, in.Help, true)
	return in, v, err != nil, err
}

// invitationOver says that an invitation cannot be used, without saying why or whose it was.
func (p *Portal) invitationOver(c *web.Context) error {
	v := failView{Title: c.T("household.invitation.over"), Text: c.T("household.invitation.over.body"), Main: ui.Button{Label: c.T("fault.home"), Href: "/"}}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(http.StatusNotFound, failPage(frame, v))
}

// invited asks a helper for the code that the member told them.
func (p *Portal) invited(c *web.Context) error {
	in, v, done, err := p.invitation(c)
	switch {
	case done:
		return err
	case in.Proved:
		return c.Redirect(v.Path + "/accept")
	}
	return p.showInvited(c, http.StatusOK, v)
}

// invitedPost checks the code.
func (p *Portal) invitedPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	_, v, done, err := p.invitation(c)
	if done {
		return err
	}
	wrong := func(key string) error {
		return p.showInvited(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "code", Text: c.T(key, "From", v.From)})
	}
	code := c.Form("code")
	switch {
	case code == "":
		return wrong("household.error.code")
	case len(code) > maxNumber:
		return wrong("household.error.code.wrong")
	}
	err = c.Site.Accounts.Allow(c.R.Context(), c.Now, identity.Invitation, c.Address())
	if fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showInvited(c, http.StatusTooManyRequests, v)
	}
	if err != nil {
		return err
	}
	proof, err := p.Households.ProveInvited(c.R.Context(), c.Now, c.Who(), c.R.PathValue("token"), code)
	switch {
	case errors.Is(err, identity.ErrCode):
		return wrong("household.error.code.wrong")
	case errors.Is(err, identity.ErrCodeOver):
		return wrong("household.error.code.over")
	case fault.Is(err, fault.NotFound):
		return p.invitationOver(c)
	case err != nil:
		return err
	}
	c.SetCookie(invitedCookie, proof, invitedLife)
	return c.Redirect(v.Path + "/accept")
}

func (p *Portal) showInvited(c *web.Context, status int, v invitedView, problems ...ui.Problem) error {
	frame := page(c, c.T("household.invited.title", "From", v.From))
	frame.Path = v.Path
	frame.Problems = problems
	return c.Render(status, invitedPage(frame, v))
}

// acceptInvited shows what is asked of a helper, and how they accept it.
func (p *Portal) acceptInvited(c *web.Context) error {
	in, v, done, err := p.invitation(c)
	switch {
	case done:
		return err
	case !in.Proved:
		return c.Redirect(v.Path)
	}
	return p.showAccept(c, http.StatusOK, v)
}

// acceptInvitedPost makes the permission live for the account that is signed in.
func (p *Portal) acceptInvitedPost(c *web.Context) error {
	in, v, done, err := p.invitation(c)
	switch {
	case done:
		return err
	case !in.Proved:
		return c.Redirect(v.Path)
	case !c.Session.SignedIn():
		return c.Redirect(v.Path + "/accept")
	}
	err = p.DB.Write(c.R.Context(), func(tx *db.Tx) error {
		_, err := p.Households.Accept(c.R.Context(), tx, c.Now, c.Who(), c.R.PathValue("token"), c.Cookie(invitedCookie), c.Session.AccountID)
		return err
	})
	return p.accepted(c, v, err)
}

// acceptNewPost opens an account for a helper who has none, and accepts for it.
func (p *Portal) acceptNewPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	in, v, done, err := p.invitation(c)
	switch {
	case done:
		return err
	case !in.Proved:
		return c.Redirect(v.Path)
	case c.Session.SignedIn():
		return c.Redirect(v.Path + "/accept")
	}
	key, problems, err := p.readNewKey(c, household.NewAccountID(in.ID), in.Email, in.Name, in.From.Name())
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.showAccept(c, http.StatusUnprocessableEntity, v, problems...)
	}
	accountID, codes, err := p.Households.AcceptNew(c.R.Context(), c.Now, c.Who(), c.R.PathValue("token"), c.Cookie(invitedCookie), c.Words.Lang(), key)
	if errors.Is(err, identity.ErrEmailTaken) {
		return p.showAccept(c, http.StatusUnprocessableEntity, v, ui.Problem{Text: c.T("household.error.taken", "Email", in.Email)})
	}
	if err != nil {
		return p.accepted(c, v, err)
	}
	account, err := c.Site.Accounts.Get(c.R.Context(), accountID)
	if err != nil {
		return err
	}
	if err := p.admit(c, account, key.How()); err != nil {
		return err
	}
	if len(codes) == 0 {
		return p.accepted(c, v, nil)
	}
	c.SetCookie(invitedCookie, "", -1)
	return showNewCodes(c, codes, "/helping?accepted")
}

// accepted leads on after an invitation was accepted, or says why it was not.
func (p *Portal) accepted(c *web.Context, v invitedView, err error) error {
	switch {
	case errors.Is(err, household.ErrOwnHelper):
		return p.showAccept(c, http.StatusUnprocessableEntity, v, ui.Problem{Text: c.T("household.error.own", "From", v.From)})
	case fault.Is(err, fault.NotFound):
		return p.invitationOver(c)
	case err != nil:
		return err
	}
	c.SetCookie(invitedCookie, "", -1)
	return c.Redirect("/helping?accepted")
}

func (p *Portal) showAccept(c *web.Context, status int, v invitedView, problems ...ui.Problem) error {
	if c.Session.SignedIn() {
		account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
		if err != nil {
			return err
		}
		v.Email = account.Email
	} else {
		v.SignIn = "/sign-in?to=" + url.QueryEscape(v.Path+"/accept")
		var err error
		if v.Key, err = p.askNewKey(c, v.Path+"/account", household.NewAccountID(v.helpID), v.Email, "", c.T("newkey.create")); err != nil {
			return err
		}
	}
	frame := page(c, c.T("household.invited.title", "From", v.From))
	frame.Path = v.Path + "/accept"
	frame.Problems = problems
	return c.Render(status, acceptPage(frame, v))
}
