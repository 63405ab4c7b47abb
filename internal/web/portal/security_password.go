package portal

import (
	"net/http"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// passwordView is the question for a new password.
type passwordView struct {
	Action string
	Email  string // whose it is, for the browser's own store of passwords
	Hint   string
	Button string
}

// password asks for a new one.
func (p *Portal) password(c *web.Context) error { return p.showPassword(c, http.StatusOK) }

func (p *Portal) showPassword(c *web.Context, status int, problems ...ui.Problem) error {
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	v := passwordView{Action: "/account/security/password", Email: account.Email, Hint: passwordHint(c, factors), Button: c.T("security.password.save")}
	title := c.T("security.password.set")
	if factors.Password {
		title = c.T("security.password.change")
	}
	frame := securityFrame(c, title)
	frame.Path, frame.Problems = v.Action, problems
	return c.Render(status, passwordPage(frame, v))
}

// passwordHint says what a password needs.
func passwordHint(c *web.Context, factors identity.Factors) string {
	if factors.SecondFactor != identity.NoFactor {
		return c.Words.N("security.password.hint", identity.MinPasswordSecond)
	}
	return c.Words.N("security.password.hint", identity.MinPassword)
}

// passwordPost keeps it. Whoever knew the old one is out.
func (p *Portal) passwordPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	account, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	hashed, problem, err := p.newPassword(c, account, factors)
	if err != nil {
		return err
	}
	if problem.Text != "" {
		return p.showPassword(c, http.StatusUnprocessableEntity, problem)
	}
	err = p.change(c, "account.password_changed", letter.AccountChanged{What: letter.Password}, func(tx *db.Tx) error {
		if err := accounts.SetPassword(ctx, tx, account.ID, hashed); err != nil {
			return err
		}
		return p.othersOut(c, tx)
	})
	if err != nil {
		return err
	}
	if err := c.Renew(c.Session.How); err != nil {
		return err
	}
	return c.Redirect("/account/security?done=password")
}

// newPassword reads the posted password, or says why it is not taken, and returns it as it is kept.
//
// words: password.*
func (p *Portal) newPassword(c *web.Context, account identity.Profile, factors identity.Factors) (hashed string, problem ui.Problem, err error) {
	password := c.R.PostForm.Get("password") // as typed: spaces count
	if password == "" {
		return "", ui.Problem{Field: "password", Text: c.T("security.password.required")}, nil
	}
	personal, err := p.personal(c, account)
	if err != nil {
		return "", ui.Problem{}, err
	}
	if err := c.Site.Accounts.CheckPassword(password, factors.SecondFactor != identity.NoFactor, personal...); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return "", ui.Problem{}, err
		}
		return "", ui.Problem{Field: "password", Text: c.T(fault.CodeOf(err))}, nil
	}
	hashed, err = c.Site.Accounts.Hash(c.R.Context(), password)
	return hashed, ui.Problem{}, err
}
