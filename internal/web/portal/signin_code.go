package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// wait opens a session that shows nothing until the second factor comes, sends the code where one is sent, and leads to
// the page that asks for it.
func (p *Portal) wait(c *web.Context, account identity.Profile, to string) error {
	if err := c.SignIn(identity.Opening{Waiting: account.ID, How: "password"}); err != nil {
		return err
	}
	if account.SecondFactor != identity.TOTPFactor {
		factors, err := c.Site.Accounts.Factors(c.R.Context(), account.ID)
		if err != nil {
			return err
		}
		err = p.sendCode(c, account, factors, account.SecondFactor, letter.SignIn, c.Session.ID)
		if err != nil && !fault.Is(err, fault.Busy) && !errors.Is(err, errCannotSend) { // the page says these
			return err
		}
	}
	return c.Redirect(signInCodePath(to, ""))
}

// signInCodePath is the page that asks for the second factor. with is another way than the account's own.
func signInCodePath(to, with string) string {
	q := url.Values{}
	if to != "" {
		q.Set("to", to)
	}
	if with != "" {
		q.Set("with", with)
	}
	if len(q) == 0 {
		return "/sign-in/code"
	}
	return "/sign-in/code?" + q.Encode()
}

// waiting is whose second factor this browser has still to give; ok is false where it has no right password to show, or
// gave it too long ago.
func (p *Portal) waiting(c *web.Context) (account identity.Profile, ok bool, err error) {
	if c.Session.Waiting == "" || !c.Session.Recently(c.Now) {
		return identity.Profile{}, false, nil
	}
	account, err = c.Site.Accounts.Get(c.R.Context(), c.Session.Waiting)
	if fault.Is(err, fault.NotFound) { // closed meanwhile
		return identity.Profile{}, false, nil
	}
	return account, err == nil, err
}

// signInCode asks for the second factor.
func (p *Portal) signInCode(c *web.Context) error {
	to := web.Local(c.R.URL.Query().Get("to"), "")
	account, ok, err := p.waiting(c)
	switch {
	case err != nil:
		return err
	case c.Session.SignedIn():
		return c.Redirect(web.Local(to, "/bills"))
	case !ok:
		return c.Redirect(signInPath(to))
	}
	v := codePage{To: to, Kind: account.SecondFactor, Sent: c.R.URL.Query().Get("sent") != ""}
	if c.R.URL.Query().Get("with") == recoveryFactor {
		v.Kind = recoveryFactor
	}
	return p.showSignInCode(c, http.StatusOK, account, v)
}

func (p *Portal) showSignInCode(c *web.Context, status int, account identity.Profile, v codePage, problems ...ui.Problem) error {
	factors, err := c.Site.Accounts.Factors(c.R.Context(), account.ID)
	if err != nil {
		return err
	}
	v.Action, v.Button, v.Remember, v.Where = "/sign-in/code", c.T("signin.button"), true, where(v.Kind, account, factors)
	if v.Kind == identity.EmailFactor || v.Kind == identity.TextFactor {
		v.Again = "/sign-in/code/again"
	}
	v.Stuck = v.Kind == identity.TextFactor && (!p.CanText || factors.Phone == "")
	if v.Kind == recoveryFactor {
		v.Other = &ui.Link{Label: c.T("second.use." + account.SecondFactor), Href: signInCodePath(v.To, "")}
	} else {
		v.Other = &ui.Link{Label: c.T("second.use.recovery"), Href: signInCodePath(v.To, recoveryFactor)}
	}
	frame := page(c, c.T("second.title."+v.Kind))
	frame.Problems, frame.SignInURL = problems, ""
	frame.Back = &ui.Link{Label: c.T("signin.title"), Href: signInPath(v.To)}
	with := ""
	if v.Kind == recoveryFactor {
		with = recoveryFactor
	}
	frame.Path = signInCodePath(v.To, with)
	return c.Render(status, secondPage(frame, v))
}

// signInCodePost checks the second factor and signs in.
func (p *Portal) signInCodePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	v := codePage{To: web.Local(c.Form("to"), ""), Checked: c.Form("remember") != ""}
	account, ok, err := p.waiting(c)
	switch {
	case err != nil:
		return err
	case !ok:
		return c.Redirect(signInPath(v.To))
	}
	v.Kind = account.SecondFactor
	if c.Form("with") == recoveryFactor {
		v.Kind = recoveryFactor
	}
	if problem := codeProblem(c, v.Kind, c.Form("code")); problem.Text != "" {
		return p.showSignInCode(c, http.StatusUnprocessableEntity, account, v, problem)
	}
	wrong, err := p.checkSecond(c, account.ID, v.Kind, letter.SignIn, c.Session.ID, c.Form("code"))
	if err != nil {
		return err
	}
	if wrong != nil {
		e := c.Did(audit.SignInFailed, account.ID, "")
		e.Detail = "second factor, " + v.Kind
		if err := audit.Write(ctx, p.DB, e); err != nil {
			return err
		}
		if fault.Is(wrong, fault.Busy) {
			v.Busy = tooMany(c, wrong)
			return p.showSignInCode(c, http.StatusTooManyRequests, account, v)
		}
		return p.showSignInCode(c, http.StatusUnprocessableEntity, account, v, ui.Problem{Field: "code", Text: secondWrong(c, v.Kind, wrong)})
	}
	if v.Checked {
		if err := p.remember(c, account.ID); err != nil {
			return err
		}
	}
	if err := p.admit(c, account, "password+"+v.Kind); err != nil {
		return err
	}
	if v.Kind == recoveryFactor && v.To == "" {
		v.To = "/account/security" // whoever lost the other factor sets a new one up there
	}
	return c.Redirect(web.Local(v.To, "/bills"))
}

// secondWrong says why a code was not taken.
//
// words: code.*
func secondWrong(c *web.Context, kind string, wrong error) string {
	if kind == recoveryFactor {
		return c.T("second.wrong.recovery")
	}
	if kind == identity.TOTPFactor {
		return c.T("second.wrong.totp")
	}
	return c.T(fault.CodeOf(wrong))
}

// signInCodeAgain sends another code.
func (p *Portal) signInCodeAgain(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := codePage{To: web.Local(c.Form("to"), "")}
	account, ok, err := p.waiting(c)
	switch {
	case err != nil:
		return err
	case !ok || account.SecondFactor != identity.EmailFactor && account.SecondFactor != identity.TextFactor:
		return c.Redirect(signInPath(v.To))
	}
	v.Kind = account.SecondFactor
	factors, err := c.Site.Accounts.Factors(c.R.Context(), account.ID)
	if err != nil {
		return err
	}
	err = p.sendCode(c, account, factors, v.Kind, letter.SignIn, c.Session.ID)
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = tooMany(c, err)
		return p.showSignInCode(c, http.StatusTooManyRequests, account, v)
	case err != nil && !errors.Is(err, errCannotSend):
		return err
	}
	v.Sent = err == nil
	return p.showSignInCode(c, http.StatusOK, account, v)
}

// mostRemembered is how many accounts one browser can be remembered by: a family shares it.
const mostRemembered = 6

// deviceTokens are the tokens of this browser's cookie, one an account that remembers it.
func deviceTokens(c *web.Context) []string {
	value := c.Cookie(identity.DeviceCookie)
	if value == "" {
		return nil
	}
	tokens := strings.Split(value, ".")
	return tokens[:min(len(tokens), mostRemembered)]
}

// remembered reports whether the account remembers this browser.
func (p *Portal) remembered(c *web.Context, accountID string) (bool, error) {
	for _, token := range deviceTokens(c) {
		there, err := c.Site.Accounts.Remembered(c.R.Context(), c.Now, accountID, token)
		if there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// remember lets the account remember this browser, so that only the password is asked for here.
func (p *Portal) remember(c *web.Context, accountID string) error {
	ctx := c.R.Context()
	var token string
	err := p.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if token, err = c.Site.Accounts.Remember(ctx, tx, c.Now, accountID, web.Browser(c.R.UserAgent())); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Entry{At: c.Now, Actor: accountID, Role: audit.Member, Action: "account.device_remembered", Subject: accountID, From: c.Address()})
	})
	if err != nil {
		return err
	}
	tokens := append([]string{token}, deviceTokens(c)...)
	c.SetCookie(identity.DeviceCookie, strings.Join(tokens[:min(len(tokens), mostRemembered)], "."), identity.DeviceLife)
	return nil
}

// admit signs somebody in who has proved with how that the account is theirs, and tells its owner where they did so in a
// browser that was not used for it before.
func (p *Portal) admit(c *web.Context, account identity.Profile, how string) error {
	if err := c.SignIn(identity.Opening{AccountID: account.ID, Members: account.Members, How: how}); err != nil {
		return err
	}
	c.Prefer(account.Language)
	ctx := c.R.Context()
	var token string
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		kept, strange, err := c.Site.Accounts.Recognize(ctx, tx, c.Now, account.ID, c.Cookie(identity.BrowserCookie))
		if token = kept; err != nil || !strange {
			return err
		}
		return p.Outbox.Tell(ctx, tx, c.Now, letter.New(letter.AccountChanged{What: letter.NewDevice, When: c.Now, From: c.Address()}, id.New("chg"),
			letter.To{Channel: event.Mail, Recipient: account.Email, Language: p.speaks(c, account)}))
	})
	if err != nil {
		return err
	}
	c.SetCookie(identity.BrowserCookie, token, identity.BrowserLife)
	return nil
}
