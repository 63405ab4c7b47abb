package portal

import (
	"errors"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// newKey is how somebody wants to sign in to an account that is about to be opened: with a password or a passkey.
type newKey struct {
	PasswordHash string
	Passkey      *identity.Credential
	Label        string // name of the passkey
	How          string // for the session: "password" or "passkey"
}

// newKeyView asks for it.
type newKeyView struct {
	Action  string
	Email   string
	Passkey ui.Passkey
	Create  string // label of the button
}

// askNewKey begins the question for the account accountID, which need not be there yet. name is what a device calls its
// owner. The answer is posted to action.
func (p *Portal) askNewKey(c *web.Context, action, accountID, email, name string) (newKeyView, error) {
	v := newKeyView{Action: action, Email: email, Create: c.T("newkey.create")}
	v.Passkey = ui.Passkey{Action: action, Create: true, Button: ui.Button{Label: c.T("newkey.passkey")}, Without: c.T("newkey.passkey.without")}
	var err error
	v.Passkey.Ceremony, v.Passkey.Options, err = c.Site.Accounts.BeginPasskey(c.R.Context(), c.Now, accountID, email, name)
	return v, err
}

// readNewKey reads the answer, or says what to correct. personal is what others may know of the owner, which is no
// password.
//
// words: password.* passkey.*
func (p *Portal) readNewKey(c *web.Context, accountID string, personal ...string) (newKey, []ui.Problem, error) {
	if c.R.PostForm.Has("ceremony") {
		made, err := c.Site.Accounts.CheckPasskey(c.R.Context(), c.Now, accountID, c.Form("ceremony"), []byte(c.Form("response")))
		if errors.Is(err, identity.ErrPasskey) || errors.Is(err, identity.ErrPasskeyOver) {
			c.Site.Log.Info("a passkey was not made", "route", c.Route, "err", err)
			return newKey{}, []ui.Problem{{Field: "passkey", Text: c.T(fault.CodeOf(err))}}, nil
		}
		return newKey{Passkey: &made, Label: web.Browser(c.R.UserAgent()), How: "passkey"}, nil, err
	}
	password := c.R.PostForm.Get("password") // as typed: spaces count
	if password == "" {
		return newKey{}, []ui.Problem{{Field: "password", Text: c.T("error.password.required")}}, nil
	}
	if err := c.Site.Accounts.CheckPassword(password, false, personal...); err != nil {
		return newKey{}, []ui.Problem{{Field: "password", Text: c.T(fault.CodeOf(err))}}, nil
	}
	hashed, err := c.Site.Accounts.Hash(c.R.Context(), password)
	return newKey{PasswordHash: hashed, How: "password"}, nil, err
}
