package portal

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
	Email string
	To    string // where to go afterwards
	Why   string // why the reader is here, if a page sent them
	Busy  string // too many tries: how long to wait
	Guest string // address of the way without an account

	Passkey ui.Passkey
}

// signInPath is the page to sign in, from where the reader goes on to a path of this site, "" for none.
func signInPath(to string) string {
	if to == "" {
		return "/sign-in"
	}
	return "/sign-in?to=" + url.QueryEscape(to)
}

// signIn shows the form.
func (p *Portal) signIn(c *web.Context) error {
	to := web.Local(c.R.URL.Query().Get("to"), "")
	v := signInView{To: to}
	switch {
	case c.Session.SignedIn():
		return c.Redirect(web.Local(to, "/bills"))
	case paying(to):
		v.Why = c.T("fault.sign_in.paying") + " " + c.T("draft.kept")
	case to != "":
		v.Why = c.T("fault.sign_in.body")
	}
	return p.showSignIn(c, http.StatusOK, v)
}

// signInPost checks e-mail and password. An unknown address and a wrong password get the same answer.
func (p *Portal) signInPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	if err := c.Site.Accounts.Room(); err != nil {
		return err
	}
	v := signInView{Email: c.Form("email"), To: web.Local(c.Form("to"), "")}
	password := c.R.PostForm.Get("password") // as typed: spaces count
	if problems := v.check(c, password); len(problems) > 0 {
		return p.showSignIn(c, http.StatusUnprocessableEntity, v, problems...)
	}
	tries := identity.SignIns(c.Address(), v.Email)
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, tries...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showSignIn(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	accountID, err := c.Site.Accounts.SignIn(ctx, v.Email, password)
	if fault.Is(err, fault.SignIn) {
		if err := audit.Write(ctx, p.DB, c.Did("sign_in.failed", accountID, "")); err != nil {
			return err
		}
		return p.showSignIn(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "email", Text: c.T("signin.wrong")})
	}
	if err != nil {
		return err
	}
	if err := c.Site.Accounts.Forgive(ctx, tries...); err != nil {
		return err
	}
	account, err := c.Site.Accounts.Get(ctx, accountID)
	if err != nil {
		return err
	}
	if account.SecondFactor != identity.NoFactor {
		known, err := p.remembered(c, account.ID)
		if err != nil {
			return err
		}
		if !known {
			return p.wait(c, account, v.To)
		}
	}
	if err := p.admit(c, account, "password"); err != nil {
		return err
	}
	return c.Redirect(web.Local(v.To, "/bills"))
}

// signInPasskey takes what the browser answered with a passkey: it is both facts in one.
func (p *Portal) signInPasskey(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, v := c.R.Context(), signInView{To: web.Local(c.Form("to"), "")}
	try := identity.SignInFrom(c.Address())
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, try); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showSignIn(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	account, problem, err := p.passkeyOwner(c)
	if err != nil {
		return err
	}
	if problem.Text != "" {
		return p.showSignIn(c, http.StatusUnprocessableEntity, v, problem)
	}
	if err := c.Site.Accounts.Forgive(ctx, try); err != nil {
		return err
	}
	if err := p.admit(c, account, "passkey"); err != nil {
		return err
	}
	return c.Redirect(web.Local(v.To, "/bills"))
}

// passkeyOwner is the member whose passkey answered in the posted form, or what to tell whoever sent it.
func (p *Portal) passkeyOwner(c *web.Context) (account identity.Profile, problem ui.Problem, err error) {
	ctx := c.R.Context()
	accountID, err := c.Site.Accounts.FinishPasskeySignIn(ctx, c.Now, c.Form("ceremony"), []byte(c.Form("response")))
	if err == nil {
		account, err = c.Site.Accounts.Get(ctx, accountID)
		if err == nil && account.Role != identity.Member { // staff have a door of their own
			err = identity.ErrSignIn
		}
	}
	switch {
	case err == nil:
		return account, ui.Problem{}, nil
	case errors.Is(err, identity.ErrPasskeyOver):
		return identity.Profile{}, ui.Problem{Field: "passkey", Text: c.T("passkey.over")}, nil
	case fault.Is(err, fault.SignIn) || fault.Is(err, fault.NotFound):
		e := c.Did(audit.SignInFailed, accountID, "")
		e.Detail = "passkey"
		return identity.Profile{}, ui.Problem{Field: "passkey", Text: c.T("passkey.failed")}, audit.Write(ctx, p.DB, e)
	}
	return identity.Profile{}, ui.Problem{}, err
}

// usePasskey is the button that proves with a passkey who somebody is. It is empty where there are no passkeys.
func usePasskey(c *web.Context, action, to string) (ui.Passkey, error) {
	ceremony, options, err := c.Site.Accounts.BeginPasskeySignIn(c.R.Context(), c.Now)
	k := ui.Passkey{Action: action, Ceremony: ceremony, Options: options, Button: ui.Button{Label: c.T("signin.passkey"), Kind: ui.Secondary}}
	if to != "" {
		k.Fields = []ui.Hidden{{Name: "to", Value: to}}
	}
	return k, err
}

// check returns what to correct. An address that is far too long is not shown again.
func (v *signInView) check(c *web.Context, password string) []ui.Problem {
	var problems []ui.Problem
	wrong := func(field, key string) { problems = append(problems, ui.Problem{Field: field, Text: c.T(key)}) }
	switch {
	case v.Email == "":
		wrong("email", "error.email.required")
	case len(v.Email) > 254:
		v.Email = ""
		wrong("email", "error.email.long")
	case !identity.ValidEmail(v.Email):
		wrong("email", "error.email.format")
	}
	switch {
	case password == "":
		wrong("password", "error.password.required")
	case len(password) > maxPassword:
		wrong("password", "error.password.long")
	}
	return problems
}

// maxPassword bounds what is hashed, in bytes. Nobody types more.
const maxPassword = 512

// signOut ends the session and says so.
func (p *Portal) signOut(c *web.Context) error {
	if err := c.SignOut(); err != nil {
		return err
	}
	c.Session = identity.Session{}
	if secret := c.Cookie(shareCookie); secret != "" {
		if err := p.Shares.Stop(c.R.Context(), c.Now, secret); err != nil {
			return err
		}
		c.SetCookie(shareCookie, "", -time.Second)
	}
	v := failView{Title: c.T("signin.done"), Text: c.T("signin.done.body"), Main: ui.Button{Label: c.T("fault.home"), Href: "/"}}
	frame := page(c, v.Title)
	return c.Render(http.StatusOK, failPage(frame, v))
}

func (p *Portal) showSignIn(c *web.Context, status int, v signInView, problems ...ui.Problem) error {
	v.Guest = "/pay"
	if v.To != "" {
		v.Guest += "?to=" + url.QueryEscape(v.To)
	}
	var err error
	if v.Passkey, err = usePasskey(c, "/sign-in/passkey", v.To); err != nil {
		return err
	}
	v.Passkey.Autofill = true
	frame := page(c, c.T("signin.title"))
	frame.Problems = problems
	frame.SignInURL = ""
	frame.Path = "/sign-in?to=" + url.QueryEscape(v.To)
	return c.Render(status, signInPage(frame, v))
}

// tooMany says how long to wait and sets the header that says so to programs.
func tooMany(c *web.Context, err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		c.W.Header().Set("Retry-After", strconv.Itoa(int((f.Wait+time.Second-1)/time.Second)))
	}
	return c.T("find.too_many", "Wait", wait(c.Words, retryAfter(c.W.Header())), "Phone", c.Site.Brand.Phone.Display)
}
