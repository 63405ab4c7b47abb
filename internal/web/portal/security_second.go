package portal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/paper"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// secondView is the choice of what is asked for after the password.
type secondView struct {
	Options ui.Choices
	App     bool // an app is set up: it can be removed
	Busy    string
}

// secondStep asks what it should be.
func (p *Portal) secondStep(c *web.Context) error {
	return p.showSecondStep(c, http.StatusOK, secondView{}, "")
}

func (p *Portal) showSecondStep(c *web.Context, status int, v secondView, chosen string, problems ...ui.Problem) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	if chosen == "" {
		if chosen = factors.SecondFactor; chosen == identity.NoFactor {
			chosen = "none"
		}
	}
	frame := securityFrame(c, c.T("security.second"))
	frame.Path, frame.Problems = "/account/security/second-step", problems
	v.App = factors.TOTP
	options := []ui.Option{
		{Value: identity.TOTPFactor, Label: c.T("security.second.totp"), Lines: []string{c.T("security.second.totp.hint")}},
		{Value: identity.TextFactor, Label: c.T("security.second.text"), Lines: []string{c.T("security.second.text.hint", "Where", identity.MaskPhone(factors.Phone))}},
		{Value: identity.EmailFactor, Label: c.T("security.second.email"), Lines: []string{c.T("security.second.email.hint", "Where", identity.MaskEmail(account.Email))}},
		{Value: "none", Label: c.T("security.second.none"), Lines: []string{c.T("security.second.none.hint")}},
	}
	if factors.Phone == "" || !p.CanText {
		options[1].Off, options[1].Lines = true, []string{c.T("security.second.text.off")}
	}
	if factors.Password && factors.SecondFactor != identity.NoFactor {
		options[3].Reveal = secondOffPassword(frame)
	}
	for i := range options {
		options[i].Checked = options[i].Value == chosen
	}
	v.Options = ui.Choices{Name: "second", Legend: c.T("security.second.which"), Hint: c.T("security.second.hint"), Error: frame.Problem("second"), Options: options}
	return c.Render(status, secondStepPage(frame, v))
}

// secondStepPost takes the choice: an app is set up first, a code shows first that messages arrive, and nothing is left
// out that a short password needs.
func (p *Portal) secondStepPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	kind := c.Form("second")
	switch {
	case kind == factors.SecondFactor && kind != identity.NoFactor:
		return c.Redirect("/account/security")
	case kind == "none":
		return p.secondOff(c, account, factors)
	case kind == identity.TOTPFactor && !factors.TOTP:
		return c.Redirect("/account/security/app")
	case kind == identity.TOTPFactor:
		return p.secondOn(c, factors, kind)
	case kind == identity.EmailFactor, kind == identity.TextFactor && factors.Phone != "" && p.CanText:
		err := p.sendCode(c, account, factors, kind, letter.Contact, secondSubject(c, kind))
		if fault.Is(err, fault.Busy) {
			return p.showSecondStep(c, http.StatusTooManyRequests, secondView{Busy: tooMany(c, err)}, kind)
		}
		return orTo(c, err, secondCodePath(kind))
	}
	return p.showSecondStep(c, http.StatusUnprocessableEntity, secondView{}, "", ui.Problem{Field: "second", Text: c.T("security.second.required")})
}

// secondSubject is what a code opens that shows that messages arrive.
func secondSubject(c *web.Context, kind string) string { return c.Session.AccountID + "/" + kind }

func secondCodePath(kind string) string { return "/account/security/second-step/code?by=" + kind }

// secondOff leaves only the password, if it is long enough to stand alone.
func (p *Portal) secondOff(c *web.Context, account identity.Profile, factors identity.Factors) error {
	if factors.SecondFactor == identity.NoFactor {
		return c.Redirect("/account/security")
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	if factors.Password {
		problem, err := p.standsAlone(c, account)
		if err != nil {
			return err
		}
		if problem.Text != "" {
			return p.showSecondStep(c, http.StatusUnprocessableEntity, secondView{}, "none", problem)
		}
	}
	err := p.change(c, "account.second_factor_off", letter.AccountChanged{What: letter.SecondFactor}, func(tx *db.Tx) error {
		if err := accounts.SetSecondFactor(ctx, tx, account.ID, identity.NoFactor); err != nil {
			return err
		}
		return p.othersOut(c, tx)
	})
	return orTo(c, err, "/account/security?done=second_off")
}

// standsAlone checks that the posted password is the account's and long enough to be all that opens it. Only a hash is
// kept of it, so it has to be typed.
func (p *Portal) standsAlone(c *web.Context, account identity.Profile) (ui.Problem, error) {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	password := c.R.PostForm.Get("password")
	switch {
	case password == "":
		return ui.Problem{Field: "password", Text: c.T("error.password.required")}, nil
	case len(password) > maxPassword:
		return ui.Problem{Field: "password", Text: c.T("error.password.long")}, nil
	}
	try := identity.Try{Limit: identity.SecondFactor, Subject: account.ID}
	if err := accounts.AllowAll(ctx, c.Now, try); fault.Is(err, fault.Busy) {
		return ui.Problem{Field: "password", Text: tooMany(c, err)}, nil
	} else if err != nil {
		return ui.Problem{}, err
	}
	if _, err := accounts.SignIn(ctx, account.Email, password); fault.Is(err, fault.SignIn) {
		return ui.Problem{Field: "password", Text: c.T("confirm.wrong")}, p.notConfirmed(c, "password")
	} else if err != nil {
		return ui.Problem{}, err
	}
	if err := accounts.CheckPassword(password, false); errors.Is(err, identity.ErrPasswordShort) {
		return ui.Problem{Field: "password", Text: c.T("security.second.none.short")}, accounts.Forgive(ctx, try)
	}
	return ui.Problem{}, accounts.Forgive(ctx, try)
}

// secondOn puts a second factor to use, and leads to recovery codes where there are none.
func (p *Portal) secondOn(c *web.Context, factors identity.Factors, kind string) error {
	err := p.change(c, "account.second_factor_on", letter.AccountChanged{What: letter.SecondFactor}, func(tx *db.Tx) error {
		if err := c.Site.Accounts.SetSecondFactor(c.R.Context(), tx, c.Session.AccountID, kind); err != nil {
			return err
		}
		return p.othersOut(c, tx)
	})
	return orTo(c, err, afterSecond(factors))
}

// afterSecond is where setting up a second factor leads.
func afterSecond(factors identity.Factors) string {
	if factors.RecoveryLeft == 0 {
		return "/account/security/recovery-codes?first=1"
	}
	return "/account/security?done=second_on"
}

// secondCode asks for the code that shows that messages arrive.
func (p *Portal) secondCode(c *web.Context) error {
	kind := c.R.URL.Query().Get("by")
	if kind != identity.EmailFactor && kind != identity.TextFactor {
		return c.Redirect("/account/security/second-step")
	}
	return p.showSecondCode(c, http.StatusOK, codePage{Kind: kind})
}

func (p *Portal) showSecondCode(c *web.Context, status int, v codePage, problems ...ui.Problem) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	v.Action, v.Where, v.Button = secondCodePath(v.Kind), where(v.Kind, account, factors), c.T("security.second.on")
	frame := page(c, c.T("second.title."+v.Kind))
	frame.Back = &ui.Link{Label: c.T("security.second"), Href: "/account/security/second-step"}
	frame.Path, frame.Problems = v.Action, problems
	return c.Render(status, secondPage(frame, v))
}

// secondCodePost puts the second factor to use.
func (p *Portal) secondCodePost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := codePage{Kind: c.R.URL.Query().Get("by")}
	if v.Kind != identity.EmailFactor && v.Kind != identity.TextFactor {
		return c.Redirect("/account/security/second-step")
	}
	if problem := codeProblem(c, v.Kind, c.Form("code")); problem.Text != "" {
		return p.showSecondCode(c, http.StatusUnprocessableEntity, v, problem)
	}
	wrong, err := p.checkSecond(c, c.Session.AccountID, v.Kind, letter.Contact, secondSubject(c, v.Kind), c.Form("code"))
	switch {
	case err != nil:
		return err
	case fault.Is(wrong, fault.Busy):
		v.Busy = tooMany(c, wrong)
		return p.showSecondCode(c, http.StatusTooManyRequests, v)
	case wrong != nil:
		return p.showSecondCode(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "code", Text: secondWrong(c, v.Kind, wrong)})
	}
	_, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	return p.secondOn(c, factors, v.Kind)
}

// appView is an authenticator app that is being set up.
type appView struct {
	Picture ui.QR
	Secret  string // in groups, for typing
	URI     string // opens an app on this device
	Busy    string
}

// appCookie holds, sealed, the app that is being set up: leaving the page for the app and coming back does not begin anew.
const appCookie = "memberpay_app"

// appLife is how long setting up may take.
const appLife = 20 * time.Minute

// appPlace binds it to the account.
func appPlace(accountID string) string { return "totp/" + accountID + "/setup" }

// appSetup begins to set up an authenticator app, or goes on.
func (p *Portal) appSetup(c *web.Context) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	if factors.TOTP {
		return c.Redirect("/account/security/second-step")
	}
	setup, ok := p.appBegun(c)
	if !ok {
		if setup, err = c.Site.Accounts.BeginTOTP(c.R.Context(), c.Now, account.ID, c.Site.Brand.Name, account.Email); err != nil {
			return err
		}
		plain, err := json.Marshal(setup)
		if err != nil {
			return err
		}
		sealed, err := p.Seal.Seal(plain, appPlace(account.ID))
		if err != nil {
			return err
		}
		c.SetCookie(appCookie, base64.RawURLEncoding.EncodeToString(sealed), appLife)
	}
	return p.showApp(c, http.StatusOK, setup, appView{})
}

// appBegun is the app that this browser sets up; ok is false where there is none.
func (p *Portal) appBegun(c *web.Context) (setup identity.TOTPSetup, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(c.Cookie(appCookie))
	if err != nil {
		return setup, false
	}
	plain, err := p.Seal.Open(sealed, appPlace(c.Session.AccountID))
	return setup, err == nil && json.Unmarshal(plain, &setup) == nil
}

func (p *Portal) showApp(c *web.Context, status int, setup identity.TOTPSetup, v appView, problems ...ui.Problem) error {
	svg, err := paper.QRSVG(setup.URI)
	if err != nil {
		return err
	}
	v.Secret = setup.Secret
	v.Picture = ui.QR{Src: "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg), Text: c.T("security.app.picture")}
	frame := securityFrame(c, c.T("security.app.title"))
	frame.Back = &ui.Link{Label: c.T("security.second"), Href: "/account/security/second-step"}
	frame.Path, frame.Problems = "/account/security/app", problems
	return c.Render(status, appPage(frame, v))
}

// appPost puts the app to use, once it shows the right code.
func (p *Portal) appPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx := c.R.Context()
	_, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	setup, ok := p.appBegun(c)
	if !ok || factors.TOTP {
		return c.Redirect("/account/security/app") // it took too long, or was done in another tab
	}
	if problem := codeProblem(c, identity.TOTPFactor, c.Form("code")); problem.Text != "" {
		return p.showApp(c, http.StatusUnprocessableEntity, setup, appView{}, problem)
	}
	try := identity.TOTPTry(c.Session.AccountID)
	err = c.Site.Accounts.AllowAll(ctx, c.Now, try)
	if err == nil {
		err = p.change(c, "account.totp_on", letter.AccountChanged{What: letter.TOTPOn}, func(tx *db.Tx) error {
			if err := c.Site.Accounts.ConfirmTOTP(ctx, tx, c.Now, c.Session.AccountID, c.Form("code")); err != nil {
				return err
			}
			return p.othersOut(c, tx)
		})
	}
	wrong, err := told(err)
	switch {
	case err != nil:
		return err
	case fault.Is(wrong, fault.Busy):
		return p.showApp(c, http.StatusTooManyRequests, setup, appView{Busy: tooMany(c, wrong)})
	case wrong != nil:
		return p.showApp(c, http.StatusUnprocessableEntity, setup, appView{}, ui.Problem{Field: "code", Text: c.T("security.app.wrong")})
	}
	c.SetCookie(appCookie, "", -time.Second)
	return orTo(c, c.Site.Accounts.Forgive(ctx, try), afterSecond(factors))
}

// appRemove removes the app. Where it was asked for after the password, another step has to be chosen first, or none.
func (p *Portal) appRemove(c *web.Context) error {
	_, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	switch {
	case !factors.TOTP:
		return c.Redirect("/account/security/second-step")
	case factors.SecondFactor == identity.TOTPFactor:
		return p.showSecondStep(c, http.StatusConflict, secondView{}, "", ui.Problem{Field: "second", Text: c.T("security.app.used")})
	}
	err = p.change(c, "account.totp_off", letter.AccountChanged{What: letter.TOTPOff}, func(tx *db.Tx) error {
		return c.Site.Accounts.RemoveTOTP(c.R.Context(), tx, c.Session.AccountID)
	})
	return orTo(c, err, "/account/security?done=app_removed")
}

// codesView is the recovery codes.
type codesView struct {
	First bool
	Left  string
	Codes []string // new ones, shown once
}

// recoveryCodes explains them.
func (p *Portal) recoveryCodes(c *web.Context) error {
	_, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	v := codesView{First: c.R.URL.Query().Get("first") != "", Left: c.Words.N("security.codes.left", factors.RecoveryLeft)}
	frame := securityFrame(c, c.T("security.codes"))
	frame.Path = "/account/security/recovery-codes"
	return c.Render(http.StatusOK, codesPage(frame, v))
}

// recoveryCodesPost makes ten new ones and shows them, once. Older ones work no more.
func (p *Portal) recoveryCodesPost(c *web.Context) error {
	var v codesView
	err := p.change(c, "account.recovery_codes", letter.AccountChanged{What: letter.RecoveryCodes}, func(tx *db.Tx) (err error) {
		v.Codes, err = c.Site.Accounts.NewRecoveryCodes(c.R.Context(), tx, c.Now, c.Session.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	frame := securityFrame(c, c.T("security.codes"))
	frame.Path = "/account/security/recovery-codes"
	return c.Render(http.StatusOK, codesPage(frame, v))
}
