package portal

import (
	"net/http"
	"time"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/recovery"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// recoverCookie keeps the token of a recovery in the browser that began it: a code alone opens nothing.
const recoverCookie = "memberpay_recover"

// recoverView is the first page of getting back in.
type recoverView struct{ Email, Busy string }

// recover asks for the sign-in address.
func (p *Portal) recover(c *web.Context) error { return p.showRecover(c, http.StatusOK, recoverView{}) }

func (p *Portal) showRecover(c *web.Context, status int, v recoverView, problems ...ui.Problem) error {
	frame := page(c, c.T("recover.title"))
	frame.Path, frame.Problems = "/recover", problems
	frame.Back = &ui.Link{Label: c.T("signin.title"), Href: "/sign-in"}
	return c.Render(status, recoverPage(frame, v))
}

// recoverPost answers the same to everybody; who has an account finds a code in the mail.
func (p *Portal) recoverPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := recoverView{Email: c.Form("email")}
	if len(v.Email) > 254 {
		v.Email = ""
	}
	if !identity.ValidEmail(v.Email) {
		return p.showRecover(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "email", Text: c.T("error.email.format")})
	}
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.SignIns(c.Address(), "recover "+v.Email)...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showRecover(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	token, err := p.Recoveries.Ask(c.R.Context(), c.Now, v.Email, c.Words.Lang(), c.Who())
	if err != nil {
		return err
	}
	c.SetCookie(recoverCookie, token, time.Hour)
	return c.Redirect("/recover/code")
}

// recovering is the recovery of this browser, at step: the pages lead on to the first step that is open. done is true
// where the answer was given.
func (p *Portal) recovering(c *web.Context, step recovery.Step) (x recovery.Recovery, s recovery.Standing, done bool, err error) {
	if x, s, done, err = p.recoveryOf(c); done {
		return x, s, true, err
	}
	if s.Next != step && (s.Next != recovery.ToEmailCode || step != recovery.ToEmail) {
		return x, s, true, c.Redirect(recoverPath(s.Next))
	}
	return x, s, false, nil
}

// recoveryOf is the recovery of this browser, wherever it stands.
func (p *Portal) recoveryOf(c *web.Context) (x recovery.Recovery, s recovery.Standing, done bool, err error) {
	x, err = p.Recoveries.Find(c.R.Context(), c.Now, c.Cookie(recoverCookie))
	if err == nil {
		s, err = p.Recoveries.Stand(c.R.Context(), x)
	}
	if fault.Is(err, fault.NotFound) {
		return x, s, true, c.Redirect("/recover")
	}
	return x, s, err != nil, err
}

func recoverPath(s recovery.Step) string { return "/recover/" + string(s) }

// recoverGoOn leads to where the recovery of this browser stands.
func (p *Portal) recoverGoOn(c *web.Context) error {
	_, s, done, err := p.recoveryOf(c)
	if done {
		return err
	}
	return c.Redirect(recoverPath(s.Next))
}

// recoverCode asks for the code that was sent.
func (p *Portal) recoverCode(c *web.Context) error {
	_, _, done, err := p.recovering(c, recovery.ToCode)
	if done {
		return err
	}
	return p.showRecoverCode(c, http.StatusOK)
}

func (p *Portal) showRecoverCode(c *web.Context, status int, problems ...ui.Problem) error {
	frame := page(c, c.T("recover.sent"))
	frame.Path, frame.Problems = "/recover/code", problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/recover"}
	return c.Render(status, recoverCodePage(frame, c.Site.Brand.Phone.Display))
}

// recoverTry counts a try at the codes of a recovery.
func (p *Portal) recoverTry(c *web.Context, x recovery.Recovery) error {
	return c.Site.Accounts.Allow(c.R.Context(), c.Now, identity.SecondFactor, "recover "+x.ID)
}

// recoverCodePost takes the code. A wrong one, one that ran out and one that was never sent get one answer.
func (p *Portal) recoverCodePost(c *web.Context) error {
	x, _, done, err := p.recovering(c, recovery.ToCode)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	err = p.Recoveries.ProveMailbox(c.R.Context(), c.Now, c.Who(), x, c.Form("code"))
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverCode(c, http.StatusUnprocessableEntity, ui.Problem{Field: "code", Text: c.T("recovery.code")})
	}
	return p.recovered(c, err)
}

// recovered leads on after a proof.
func (p *Portal) recovered(c *web.Context, err error) error {
	if err != nil && fault.CodeOf(err) != recovery.ErrStep.Code {
		return err
	}
	return p.recoverGoOn(c)
}

// recoverMoreView is the ways to give another proof.
type recoverMoreView struct {
	App    bool   // a code of the authenticator app is one
	Codes  bool   // there are recovery codes left
	Text   string // end of the number of the account's own phone, "" where a text to it proves nothing more
	Texted bool   // it was asked for
	File   bool   // what the plan has on file is one
	Phone  string // to call, where nothing else is left
	Busy   string
}

// recoverMore asks for another proof.
func (p *Portal) recoverMore(c *web.Context) error {
	x, s, done, err := p.recovering(c, recovery.ToMore)
	if done {
		return err
	}
	return p.showRecoverMore(c, http.StatusOK, x, s, recoverMoreView{Texted: c.R.URL.Query().Get("texted") != ""})
}

func (p *Portal) showRecoverMore(c *web.Context, status int, x recovery.Recovery, s recovery.Standing, v recoverMoreView, problems ...ui.Problem) error {
	v.App, v.Codes, v.Phone = s.Factors.TOTP, s.Factors.RecoveryLeft > 0, c.Site.Brand.Phone.Display
	v.File = len(s.Account.Members) > 0 && (!x.Has(recovery.Contact) || !x.Has(recovery.Posted) && p.CanPrint)
	if p.Recoveries.CanPhone(s, x) {
		v.Text = identity.MaskPhone(s.Factors.Phone)
	}
	frame := page(c, c.T("recover.more"))
	frame.Path, frame.Problems = "/recover/more", problems
	return c.Render(status, recoverMorePage(frame, v))
}

// recoverMorePost takes one of the other proofs, or texts a code to the account's own phone.
func (p *Portal) recoverMorePost(c *web.Context) error {
	x, s, done, err := p.recovering(c, recovery.ToMore)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	if err := p.recoverTry(c, x); err != nil {
		return err
	}
	ctx, way := c.R.Context(), c.Form("way")
	field := map[string]string{"recovery_code": "recovery", "app": "app", "phone": "code"}[way]
	switch way {
	case "recovery_code":
		err = p.Recoveries.ProveRecoveryCode(ctx, c.Now, c.Who(), x, c.Form(field))
	case "app":
		err = p.Recoveries.ProveApp(ctx, c.Now, c.Who(), x, c.Form(field))
	case "phone":
		err = p.Recoveries.ProvePhone(ctx, c.Now, c.Who(), x, c.Form(field))
	case "text":
		if err = p.Recoveries.TextPhone(ctx, c.Now, x, c.Words.Lang()); err == nil {
			return c.Redirect("/recover/more?texted=yes")
		}
	}
	if fault.Is(err, fault.Invalid) {
		return p.showRecoverMore(c, http.StatusUnprocessableEntity, x, s, recoverMoreView{Texted: way == "phone"}, ui.Problem{Field: field, Text: c.T("recovery.code")})
	}
	return p.recovered(c, err)
}

// recoverSecure asks for a new passkey or password.
func (p *Portal) recoverSecure(c *web.Context) error {
	x, s, done, err := p.recovering(c, recovery.ToSecure)
	if done {
		return err
	}
	return p.showRecoverSecure(c, http.StatusOK, x, s.Account)
}

func (p *Portal) showRecoverSecure(c *web.Context, status int, x recovery.Recovery, account identity.Profile, problems ...ui.Problem) error {
	people, err := p.membersOf(c, account)
	if err != nil {
		return err
	}
	name := ""
	if len(people) > 0 {
		name = people[0].Name()
	}
	email := account.Email
	if x.NewEmail != "" {
		email = x.NewEmail
	}
	v, err := p.askNewKey(c, "/recover/secure", account.ID, email, name, c.T("recover.password.button"))
	if err != nil {
		return err
	}
	frame := page(c, c.T("recover.secure"))
	frame.Path, frame.Problems = "/recover/secure", problems
	return c.Render(status, recoverSecurePage(frame, v))
}

// recoverSecurePost gives the account the new key and signs in.
func (p *Portal) recoverSecurePost(c *web.Context) error {
	x, s, done, err := p.recovering(c, recovery.ToSecure)
	if done {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, account := c.R.Context(), s.Account
	personal, err := p.personal(c, account)
	if err != nil {
		return err
	}
	personal = append(personal, x.NewEmail)
	key, problems, err := p.readNewKey(c, account.ID, personal...)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.showRecoverSecure(c, http.StatusUnprocessableEntity, x, account, problems...)
	}
	recovered, codes, err := p.Recoveries.Finish(ctx, c.Now, x, key, c.Address())
	switch fault.CodeOf(err) {
	case recovery.ErrOver.Code:
		return c.Redirect("/recover")
	case identity.ErrEmailTaken.Code: // since it was proved
		return c.Redirect("/recover/email")
	case identity.ErrPasskeyTaken.Code, identity.ErrPasskeyMany.Code:
		return p.showRecoverSecure(c, http.StatusUnprocessableEntity, x, account, ui.Problem{Field: "passkey", Text: c.T(fault.CodeOf(err))})
	}
	if err != nil {
		return err
	}
	c.SetCookie(recoverCookie, "", -1)
	if err := p.admit(c, recovered, key.How()); err != nil {
		return err
	}
	if len(codes) > 0 {
		return showNewCodes(c, codes, "/account/security")
	}
	return c.Redirect("/account/security")
}
