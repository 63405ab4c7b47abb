package portal

import (
	"errors"
	"net/http"
	"slices"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// newKeyView asks how somebody wants to sign in: with a passkey or a password.
type newKeyView struct {
	Action  string
	Email   string
	Passkey ui.Passkey
	Button  string // label of the button below the password
}

// askNewKey begins the question for the account accountID, which need not be there yet. name is what a device calls its
// owner, "" for email. The answer is posted to action.
func (p *Portal) askNewKey(c *web.Context, action, accountID, email, name, button string) (newKeyView, error) {
	if name == "" {
		name = email
	}
	v := newKeyView{Action: action, Email: email, Button: button}
	v.Passkey = ui.Passkey{Action: action, Create: true, Button: ui.Button{Label: c.T("newkey.passkey")}, Without: c.T("newkey.passkey.without")}
	var err error
	v.Passkey.Ceremony, v.Passkey.Options, err = c.Site.Accounts.BeginPasskey(c.R.Context(), c.Now, accountID, email, name)
	return v, err
}

// readNewKey reads the answer, or says what to correct. personal is what others may know of the owner, which is no
// password.
//
// words: password.* passkey.*
func (p *Portal) readNewKey(c *web.Context, accountID string, personal ...string) (identity.Key, []ui.Problem, error) {
	if c.R.PostForm.Has("ceremony") {
		made, err := c.Site.Accounts.CheckPasskey(c.R.Context(), c.Now, accountID, c.Form("ceremony"), []byte(c.Form("response")))
		if errors.Is(err, identity.ErrPasskey) || errors.Is(err, identity.ErrPasskeyOver) {
			c.Site.Log.Info("a passkey was not made", "route", c.Route, "err", err)
			return identity.Key{}, []ui.Problem{{Field: "passkey", Text: c.T(fault.CodeOf(err))}}, nil
		}
		return identity.Key{Passkey: &made, Label: web.Browser(c.R.UserAgent())}, nil, err
	}
	password := c.R.PostForm.Get("password") // as typed: spaces count
	if password == "" {
		return identity.Key{}, []ui.Problem{{Field: "password", Text: c.T("error.password.required")}}, nil
	}
	if err := c.Site.Accounts.CheckPassword(password, false, personal...); err != nil {
		return identity.Key{}, []ui.Problem{{Field: "password", Text: c.T(fault.CodeOf(err))}}, nil
	}
	hashed, err := c.Site.Accounts.Hash(c.R.Context(), password)
	return identity.Key{PasswordHash: hashed}, nil, err
}

// known is what others may know of people: no password is made of it.
func known(people ...member.Member) (out []string) {
	for _, m := range people {
		out = append(out, m.Given, m.Family, m.Name(), m.MemberID, m.ZIP, m.Email, m.Phone)
		if !m.BirthDate.IsZero() {
			out = append(out, m.BirthDate.String())
		}
	}
	return out
}

// personal is what others may know of an account's owner.
func (p *Portal) personal(c *web.Context, account identity.Profile) ([]string, error) {
	people, err := p.membersOf(c, account)
	return append(known(people...), account.Email), err
}

// membersOf are the people an account acts for, in the order of its list.
func (p *Portal) membersOf(c *web.Context, account identity.Profile) (out []member.Member, err error) {
	there, err := member.ByIDs(c.R.Context(), p.DB.Read(), account.Members)
	for _, rowID := range account.Members {
		if m, ok := there[rowID]; ok {
			out = append(out, m)
		}
	}
	return slices.Clip(out), err
}

// newCodesView shows recovery codes, once.
type newCodesView struct {
	Codes []string
	Next  string
}

// showNewCodes shows the recovery codes that came with a passkey, and leads on to next.
func showNewCodes(c *web.Context, codes []string, next string) error {
	frame := page(c, c.T("newkey.codes"))
	frame.Path = ""
	return c.Render(http.StatusOK, newCodesPage(frame, newCodesView{codes, next}))
}
