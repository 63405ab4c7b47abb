package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// signInView is the sign-in form as it was sent.
type signInView struct {
	Email   string
	To      string
	Why     string
	Busy    string
	SSO     string // what the button of the identity provider says, "" for none
	SSOPath string
	Passkey ui.Passkey
}

// maxPassword bounds what is hashed, in bytes.
const maxPassword = 512

// signIn shows the form.
func (d *Desk) signIn(c *web.Context) error {
	v := signInView{To: local(c.R.URL.Query().Get("to"))}
	if c.R.URL.Query().Get("again") != "" {
		v.Why = c.T("desk.signin.again")
	} else if strong(c.Session) {
		return c.Redirect(v.To)
	}
	return d.showSignIn(c, http.StatusOK, v)
}

func (d *Desk) showSignIn(c *web.Context, status int, v signInView, problems ...ui.Problem) error {
	ceremony, options, err := c.Site.Accounts.BeginPasskeySignIn(c.R.Context(), c.Now)
	if err != nil {
		return err
	}
	v.Passkey = ui.Passkey{Ceremony: ceremony, Options: options, Button: ui.Button{Label: c.T("desk.signin.passkey"), Kind: ui.Secondary}, Action: "/desk/sign-in/passkey",
		Autofill: true, Fields: []ui.Hidden{{Name: "to", Value: v.To}}}
	if d.Staff.SSO.On() {
		v.SSO = c.T("desk.signin.sso", "Name", d.Staff.SSO.Name)
		v.SSOPath = "/desk/sso?to=" + url.QueryEscape(v.To)
	}
	frame := page(c, c.T("desk.signin.title"))
	frame.Problems, frame.Path, frame.SignInURL = problems, "/desk/sign-in?to="+url.QueryEscape(v.To), ""
	return c.Render(status, signInPage(frame, v))
}

// signInPost checks e-mail and password. An unknown address, a member's and a wrong password get one answer, after the
// same work.
func (d *Desk) signInPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	if err := accounts.Room(); err != nil {
		return err
	}
	v := signInView{Email: c.Form("email"), To: local(c.Form("to"))}
	password := c.R.PostForm.Get("password")
	switch {
	case !identity.ValidEmail(v.Email):
		v.Email = ""
		return d.showSignIn(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "email", Text: c.T("error.email.format")})
	case password == "":
		return d.showSignIn(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "password", Text: c.T("error.password.required")})
	case len(password) > maxPassword:
		return d.showSignIn(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "password", Text: c.T("error.password.long")})
	}
	tries := identity.SignIns(c.Address(), "desk "+v.Email)
	if err := accounts.AllowAll(ctx, c.Now, tries...); fault.Is(err, fault.Busy) {
		v.Busy = busy(c, err)
		return d.showSignIn(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	accountID, err := accounts.SignInStaff(ctx, v.Email, password)
	if fault.Is(err, fault.SignIn) {
		if err := audit.Write(ctx, d.DB, audit.Who{Role: audit.System, From: c.Address()}.Did(c.Now, "sign_in.failed", "", "")); err != nil {
			return err
		}
		return d.showSignIn(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "email", Text: c.T("signin.wrong")})
	}
	if err != nil {
		return err
	}
	if err := accounts.Forgive(ctx, tries...); err != nil {
		return err
	}
	factors, err := accounts.Factors(ctx, accountID)
	if err != nil {
		return err
	}
	if !factors.TOTP {
		return d.begin(c, accountID, "password", v.To) // the gate lets them set up a second proof and nothing else
	}
	if err := c.SignIn(identity.Opening{Waiting: accountID}); err != nil {
		return err
	}
	return c.Redirect("/desk/sign-in/code?to=" + url.QueryEscape(v.To))
}

// signInPasskey ends a sign-in with a passkey.
func (d *Desk) signInPasskey(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := signInView{To: local(c.Form("to"))}
	accountID, err := c.Site.Accounts.FinishPasskeySignIn(c.R.Context(), c.Now, c.Form("ceremony"), []byte(c.Form("response")))
	if err == nil {
		_, err = d.Staff.Get(c.R.Context(), accountID)
	}
	if fault.Is(err, fault.SignIn) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		v.Why = c.T("desk.signin.passkey_wrong")
		return d.showSignIn(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return d.begin(c, accountID, "passkey", v.To)
}

// begin opens a session for one of the staff, who works here.
func (d *Desk) begin(c *web.Context, accountID, how, to string) error {
	me, err := d.Staff.Get(c.R.Context(), accountID)
	if err != nil || !me.EndedAt.IsZero() {
		return fault.New(fault.SignIn, "staff.ended")
	}
	if err := c.SignIn(identity.Opening{AccountID: accountID, How: how}); err != nil {
		return err
	}
	e := who(c).Did(c.Now, "sign_in", accountID, "")
	e.Detail = how
	if err := audit.Write(c.R.Context(), d.DB, e); err != nil {
		return err
	}
	return c.Redirect(to)
}

// codeView asks for the code of the authenticator app.
type codeView struct{ To, Busy string }

// code asks whoever has given the right password for the code of their authenticator app.
func (d *Desk) code(c *web.Context) error {
	if c.Session.Waiting == "" {
		return c.Redirect("/desk/sign-in")
	}
	return d.showCode(c, http.StatusOK, codeView{To: local(c.R.URL.Query().Get("to"))})
}

func (d *Desk) showCode(c *web.Context, status int, v codeView, problems ...ui.Problem) error {
	frame := page(c, c.T("desk.code.title"))
	frame.Problems, frame.Path = problems, "/desk/sign-in/code?to="+url.QueryEscape(v.To)
	return c.Render(status, codePage(frame, v))
}

// codePost ends a sign-in with a code.
func (d *Desk) codePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := codeView{To: local(c.Form("to"))}
	if c.Session.Waiting == "" {
		return c.Redirect("/desk/sign-in")
	}
	err := c.Site.Accounts.CheckTOTP(c.R.Context(), c.Now, c.Session.Waiting, c.Form("code"))
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = busy(c, err)
		return d.showCode(c, http.StatusTooManyRequests, v)
	case fault.Is(err, fault.Invalid):
		return d.showCode(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "code", Text: c.T("desk.error.code.wrong")})
	case err != nil:
		return err
	}
	return d.begin(c, c.Session.Waiting, "password+totp", v.To)
}

// signOut ends the session.
func (d *Desk) signOut(c *web.Context) error {
	if err := c.SignOut(); err != nil {
		return err
	}
	return c.Redirect("/desk/sign-in")
}

// ssoCookie keeps the state of a sign-in with the identity provider in the browser that began it.
const ssoCookie = "memberpay_sso"

// sso sends the browser to the identity provider.
func (d *Desk) sso(c *web.Context) error {
	if !d.Staff.SSO.On() {
		return fault.New(fault.NotFound, "sso.off")
	}
	to, state, err := d.Staff.BeginSSO(c.R.Context(), c.Now, local(c.R.URL.Query().Get("to")))
	if err != nil {
		return d.ssoFailed(c, err)
	}
	c.SetCookie(ssoCookie, state, 10*time.Minute)
	http.Redirect(c.W, c.R, to, http.StatusSeeOther)
	return nil
}

// ssoReturn is where the identity provider sends the browser back to.
func (d *Desk) ssoReturn(c *web.Context) error {
	if !d.Staff.SSO.On() {
		return fault.New(fault.NotFound, "sso.off")
	}
	q := c.R.URL.Query()
	state := c.Cookie(ssoCookie)
	c.SetCookie(ssoCookie, "", -1)
	accountID, to, err := d.Staff.FinishSSO(c.R.Context(), c.Now, state, q.Get("state"), q.Get("code"), c.Address())
	if err != nil {
		return d.ssoFailed(c, err)
	}
	return d.begin(c, accountID, "sso", local(to))
}

// ssoFailed says why the identity provider let nobody in, and offers the other ways.
//
// words: desk.error.sso.*
func (d *Desk) ssoFailed(c *web.Context, err error) error {
	code := fault.CodeOf(err)
	if !c.Words.Has("desk.error." + code) {
		return err
	}
	return d.showSignIn(c, http.StatusUnprocessableEntity, signInView{To: "/desk", Why: c.T("desk.error." + code)})
}

// busy says how long to wait and sets the header that says so to programs.
func busy(c *web.Context, err error) string {
	var f *fault.Error
	minutes := 1
	if errors.As(err, &f) {
		c.W.Header().Set("Retry-After", strconv.Itoa(int((f.Wait+time.Second-1)/time.Second)))
		minutes = int((f.Wait + time.Minute - 1) / time.Minute)
	}
	return c.T("desk.busy", "Wait", c.Words.N("wait.minutes", minutes))
}
