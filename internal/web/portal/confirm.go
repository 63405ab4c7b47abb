package portal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The second proof in the middle of a session, before what is hard to undo or shows much at once: routes that are Fresh.

// confirmCookie holds, sealed, that the first half of a proof was right and a code is on its way. It is good for one session.
const confirmCookie = "memberpay_confirm"

// confirmView is the question who somebody is who is signed in.
type confirmView struct {
	To       string
	Late     bool // the answer to a form came too late
	Password bool
	Code     string // asked for beside the password: identity.TOTPFactor, recoveryFactor or "" for none
	Mail     string // no password: where a code can go, hidden in part
	Passkey  ui.Passkey
	Other    *ui.Link
	Busy     string
}

// Prove is where somebody is sent who has to prove again who they are. They come back to the page they wanted, or to the
// one whose form they sent.
func (p *Portal) Prove(c *web.Context) string {
	if c.R.Method == http.MethodGet || c.R.Method == http.MethodHead {
		return confirmPath(c.Here(), "")
	}
	return confirmPath(formPage(c), "") + "&late=1"
}

// formPage is the page whose form was posted, as the browser says, else the overview of the account.
func formPage(c *web.Context) string {
	from, err := url.Parse(c.R.Referer())
	if err != nil || from.Host != c.R.Host || from.Path == "" {
		return "/account"
	}
	return web.Local(from.RequestURI(), "/account")
}

// confirmPath is the page that asks who somebody is. with is another way than the account's own.
func confirmPath(to, with string) string {
	q := url.Values{"to": {to}}
	if with != "" {
		q.Set("with", with)
	}
	return "/confirm?" + q.Encode()
}

// confirm asks for the proof.
func (p *Portal) confirm(c *web.Context) error {
	q := c.R.URL.Query()
	v := confirmView{To: web.Local(q.Get("to"), "/account"), Late: q.Get("late") != ""}
	if c.Fresh() {
		return c.Redirect(v.To)
	}
	if q.Get("with") == recoveryFactor {
		v.Code = recoveryFactor
	}
	return p.showConfirm(c, http.StatusOK, v)
}

func (p *Portal) showConfirm(c *web.Context, status int, v confirmView, problems ...ui.Problem) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	if v.Password = factors.Password; !v.Password {
		v.Code, v.Mail = "", identity.MaskEmail(account.Email)
	}
	frame := page(c, c.T("confirm.title"))
	switch {
	case !v.Password || factors.SecondFactor == identity.NoFactor:
		v.Code = ""
	case v.Code == recoveryFactor:
		v.Other = &ui.Link{Label: c.T("second.use." + factors.SecondFactor), Href: confirmPath(v.To, "")}
	default:
		v.Other = &ui.Link{Label: c.T("second.use.recovery"), Href: confirmPath(v.To, recoveryFactor)}
		if factors.SecondFactor == identity.TOTPFactor {
			v.Code = identity.TOTPFactor
		}
	}
	if len(factors.Passkeys) > 0 {
		if v.Passkey, err = usePasskey(c, "/confirm/passkey", v.To); err != nil {
			return err
		}
		v.Passkey.Button = ui.Button{Label: c.T("confirm.passkey")}
		if v.Password {
			v.Passkey.Button.Kind = ui.Secondary
		}
	}
	with := ""
	if v.Code == recoveryFactor {
		with = recoveryFactor
	}
	frame.Path, frame.Problems = confirmPath(v.To, with), problems
	return c.Render(status, confirmPage(frame, v))
}

// factors is the reader's account with what opens it.
func (p *Portal) factors(c *web.Context) (identity.Profile, identity.Factors, error) {
	account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return identity.Profile{}, identity.Factors{}, err
	}
	factors, err := c.Site.Accounts.Factors(c.R.Context(), account.ID)
	return account, factors, err
}

// confirmPost checks the password, with the code of an app or a recovery code where the account has a second factor. Where
// that is a code that is sent, it is sent now and asked for on the next page.
func (p *Portal) confirmPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	v := confirmView{To: web.Local(c.Form("to"), "/account")}
	if factors.SecondFactor == identity.TOTPFactor || factors.SecondFactor != identity.NoFactor && c.Form("with") == recoveryFactor {
		v.Code = factors.SecondFactor
		if c.Form("with") == recoveryFactor {
			v.Code = recoveryFactor
		}
	}
	password, code := c.R.PostForm.Get("password"), c.Form("code")
	var problems []ui.Problem
	switch {
	case password == "":
		problems = append(problems, ui.Problem{Field: "password", Text: c.T("error.password.required")})
	case len(password) > maxPassword:
		problems = append(problems, ui.Problem{Field: "password", Text: c.T("error.password.long")})
	}
	if v.Code != "" {
		if problem := codeProblem(c, v.Code, code); problem.Text != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return p.showConfirm(c, http.StatusUnprocessableEntity, v, problems...)
	}
	try := identity.Try{Limit: identity.SecondFactor, Subject: account.ID}
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, try); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showConfirm(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	if _, err := c.Site.Accounts.SignIn(ctx, account.Email, password); fault.Is(err, fault.SignIn) {
		return p.confirmWrong(c, v, "password", "password", c.T("confirm.wrong"))
	} else if err != nil {
		return err
	}
	if err := c.Site.Accounts.Forgive(ctx, try); err != nil {
		return err
	}
	if v.Code == "" && factors.SecondFactor != identity.NoFactor {
		return p.confirmWait(c, account, factors, factors.SecondFactor, v)
	}
	if v.Code != "" {
		wrong, err := p.checkSecond(c, account.ID, v.Code, letter.StepUp, c.Session.ID, code)
		if err != nil {
			return err
		}
		if fault.Is(wrong, fault.Busy) {
			v.Busy = tooMany(c, wrong)
			return p.showConfirm(c, http.StatusTooManyRequests, v)
		}
		if wrong != nil {
			return p.confirmWrong(c, v, v.Code, "code", secondWrong(c, v.Code, wrong))
		}
		return p.confirmed(c, "password+"+v.Code, v.To)
	}
	return p.confirmed(c, "password", v.To)
}

// confirmWrong notes a wrong proof and asks again. what says in the log which one it was.
func (p *Portal) confirmWrong(c *web.Context, v confirmView, what, field, text string) error {
	if err := p.notConfirmed(c, what); err != nil {
		return err
	}
	return p.showConfirm(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: field, Text: text})
}

func (p *Portal) notConfirmed(c *web.Context, what string) error {
	e := c.Did("account.confirm_failed", c.Session.AccountID, "")
	e.Detail = what
	return audit.Write(c.R.Context(), p.DB, e)
}

// confirmed goes on under a new token.
func (p *Portal) confirmed(c *web.Context, how, to string) error {
	e := c.Did("account.confirmed", c.Session.AccountID, "")
	e.Detail = how
	if err := audit.Write(c.R.Context(), p.DB, e); err != nil {
		return err
	}
	if err := c.Renew(how); err != nil {
		return err
	}
	c.SetCookie(confirmCookie, "", -1)
	return c.Redirect(to)
}

// confirmPasskey takes what the browser answered with a passkey, which must be the reader's own.
func (p *Portal) confirmPasskey(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := confirmView{To: web.Local(c.Form("to"), "/account")}
	account, problem, err := p.passkeyOwner(c)
	if err != nil {
		return err
	}
	if problem.Text == "" && account.ID != c.Session.AccountID {
		problem = ui.Problem{Field: "passkey", Text: c.T("confirm.other")}
	}
	if problem.Text != "" {
		return p.confirmWrong(c, v, "passkey", problem.Field, problem.Text)
	}
	return p.confirmed(c, "passkey", v.To)
}

// confirmSend sends a code to somebody who has no password.
func (p *Portal) confirmSend(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := confirmView{To: web.Local(c.Form("to"), "/account")}
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	if factors.Password { // it is asked for first
		return c.Redirect(confirmPath(v.To, ""))
	}
	return p.confirmWait(c, account, factors, identity.EmailFactor, v)
}

// half is the first half of a proof, as the cookie holds it.
type half struct {
	Kind  string    `json:"kind"` // how the code is sent
	First string    `json:"first"`
	Until time.Time `json:"until"`
}

// halfPlace binds a half to its session.
func halfPlace(c *web.Context) string { return "confirm/" + c.Session.ID + "/half" }

// confirmWait sends a code and leads to the page that asks for it.
func (p *Portal) confirmWait(c *web.Context, account identity.Profile, factors identity.Factors, kind string, v confirmView) error {
	h := half{Kind: kind, First: "password", Until: c.Now.Add(sentCodeLife)}
	if !factors.Password {
		h.First = "code"
	}
	plain, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sealed, err := p.Seal.Seal(plain, halfPlace(c))
	if err != nil {
		return err
	}
	err = p.sendCode(c, account, factors, kind, letter.StepUp, c.Session.ID)
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = tooMany(c, err)
		return p.showConfirm(c, http.StatusTooManyRequests, v)
	case err != nil && !errors.Is(err, errCannotSend): // the next page says it
		return err
	}
	c.SetCookie(confirmCookie, base64.RawURLEncoding.EncodeToString(sealed), sentCodeLife)
	return c.Redirect(confirmCodePath(v.To))
}

func confirmCodePath(to string) string { return "/confirm/code?to=" + url.QueryEscape(to) }

// halfProved is the first half of the reader's proof; ok is false where there is none, or it is too old.
func (p *Portal) halfProved(c *web.Context) (h half, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(c.Cookie(confirmCookie))
	if err != nil {
		return half{}, false
	}
	plain, err := p.Seal.Open(sealed, halfPlace(c))
	if err != nil || json.Unmarshal(plain, &h) != nil {
		return half{}, false
	}
	return h, c.Now.Before(h.Until)
}

// confirmCode asks for the code that was sent.
func (p *Portal) confirmCode(c *web.Context) error {
	to := web.Local(c.R.URL.Query().Get("to"), "/account")
	h, ok := p.halfProved(c)
	switch {
	case c.Fresh():
		return c.Redirect(to)
	case !ok:
		return c.Redirect(confirmPath(to, ""))
	}
	return p.showConfirmCode(c, http.StatusOK, h, codePage{To: to})
}

func (p *Portal) showConfirmCode(c *web.Context, status int, h half, v codePage, problems ...ui.Problem) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	v.Kind, v.Action, v.Again, v.Button = h.Kind, "/confirm/code", "/confirm/code/again", c.T("shell.continue")
	v.Where, v.App = where(v.Kind, account, factors), !factors.Password && factors.TOTP
	v.Stuck = v.Kind == identity.TextFactor && (!p.CanText || factors.Phone == "")
	if factors.Password {
		v.Other = &ui.Link{Label: c.T("second.use.recovery"), Href: confirmPath(v.To, recoveryFactor)}
	}
	frame := page(c, c.T("second.title."+v.Kind))
	frame.Back = &ui.Link{Label: c.T("confirm.title"), Href: confirmPath(v.To, "")}
	frame.Path, frame.Problems = confirmCodePath(v.To), problems
	return c.Render(status, secondPage(frame, v))
}

// confirmCodePost checks the code that was sent.
func (p *Portal) confirmCodePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := codePage{To: web.Local(c.Form("to"), "/account")}
	h, ok := p.halfProved(c)
	if !ok {
		return c.Redirect(confirmPath(v.To, ""))
	}
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	var problems []ui.Problem
	if problem := codeProblem(c, h.Kind, c.Form("code")); problem.Text != "" {
		problems = append(problems, problem)
	}
	app := !factors.Password && factors.TOTP
	if app {
		if problem := codeProblem(c, identity.TOTPFactor, c.Form("app")); problem.Text != "" {
			problems = append(problems, ui.Problem{Field: "app", Text: problem.Text})
		}
	}
	if len(problems) > 0 {
		return p.showConfirmCode(c, http.StatusUnprocessableEntity, h, v, problems...)
	}
	how := h.First + "+" + h.Kind
	wrong, field, kind := error(nil), "code", h.Kind
	if app {
		if wrong, err = p.checkSecond(c, account.ID, identity.TOTPFactor, letter.StepUp, c.Session.ID, c.Form("app")); err != nil {
			return err
		}
		field, kind, how = "app", identity.TOTPFactor, how+"+totp"
	}
	if wrong == nil {
		if wrong, err = p.checkSecond(c, account.ID, h.Kind, letter.StepUp, c.Session.ID, c.Form("code")); err != nil {
			return err
		}
		field, kind = "code", h.Kind
	}
	switch {
	case wrong == nil:
		return p.confirmed(c, how, v.To)
	case fault.Is(wrong, fault.Busy):
		v.Busy = tooMany(c, wrong)
		return p.showConfirmCode(c, http.StatusTooManyRequests, h, v)
	}
	if err := p.notConfirmed(c, kind); err != nil {
		return err
	}
	return p.showConfirmCode(c, http.StatusUnprocessableEntity, h, v, ui.Problem{Field: field, Text: secondWrong(c, kind, wrong)})
}

// confirmCodeAgain sends another code.
func (p *Portal) confirmCodeAgain(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := codePage{To: web.Local(c.Form("to"), "/account")}
	h, ok := p.halfProved(c)
	if !ok {
		return c.Redirect(confirmPath(v.To, ""))
	}
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	err = p.sendCode(c, account, factors, h.Kind, letter.StepUp, c.Session.ID)
	switch {
	case fault.Is(err, fault.Busy):
		v.Busy = tooMany(c, err)
		return p.showConfirmCode(c, http.StatusTooManyRequests, h, v)
	case err != nil && !errors.Is(err, errCannotSend):
		return err
	}
	v.Sent = err == nil
	return p.showConfirmCode(c, http.StatusOK, h, v)
}
