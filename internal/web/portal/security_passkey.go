package portal

import (
	"net/http"
	"unicode/utf8"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// maxLabel is the longest name of a passkey, in characters.
const maxLabel = 60

// passkeyView is a passkey to be added or changed.
type passkeyView struct {
	Action string
	Name   string
	Key    ui.Passkey // a new one
	Remove string     // where it is removed
	Synced string
}

// passkeyNew offers to make a passkey.
func (p *Portal) passkeyNew(c *web.Context) error {
	return p.showPasskeyNew(c, http.StatusOK, passkeyView{Name: web.Browser(c.R.UserAgent())})
}

func (p *Portal) showPasskeyNew(c *web.Context, status int, v passkeyView, problems ...ui.Problem) error {
	account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	if v.Key, err = p.makePasskey(c, account, "/account/security/passkeys/new"); err != nil {
		return err
	}
	frame := securityFrame(c, c.T("security.passkey.add"))
	frame.Path, frame.Problems = "/account/security/passkeys/new", problems
	return c.Render(status, passkeyNewPage(frame, v))
}

// makePasskey is the button that makes a passkey for an account. Where there are no passkeys it only says what to do.
func (p *Portal) makePasskey(c *web.Context, account identity.Profile, action string) (ui.Passkey, error) {
	ceremony, options, err := c.Site.Accounts.BeginPasskey(c.R.Context(), c.Now, account.ID, account.Email, account.Email)
	return ui.Passkey{Action: action, Create: true, Ceremony: ceremony, Options: options, Button: ui.Button{Label: c.T("security.passkey.make")},
		Without: c.T("security.passkey.without")}, err
}

// passkeyNewPost keeps the passkey that the browser has made.
func (p *Portal) passkeyNewPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := passkeyView{Name: c.Form("name")}
	if utf8.RuneCountInString(v.Name) > maxLabel {
		v.Name = string([]rune(v.Name)[:maxLabel])
		return p.showPasskeyNew(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "name", Text: c.T("security.passkey.name.long")})
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	made, err := accounts.CheckPasskey(ctx, c.Now, c.Session.AccountID, c.Form("ceremony"), []byte(c.Form("response")))
	if err == nil {
		err = p.change(c, "account.passkey_added", letter.AccountChanged{What: letter.PasskeyAdded}, func(tx *db.Tx) error {
			_, err := accounts.AddPasskey(ctx, tx, c.Now, c.Session.AccountID, v.Name, made)
			return err
		})
	}
	if problem, ok := passkeyProblem(c, err); ok {
		return p.showPasskeyNew(c, http.StatusUnprocessableEntity, v, problem)
	}
	return orTo(c, err, "/account/security?done=passkey_added")
}

// passkeyProblem is what to tell of a passkey that was not kept.
//
// words: passkey.*
func passkeyProblem(c *web.Context, err error) (ui.Problem, bool) {
	switch fault.CodeOf(err) {
	case identity.ErrPasskey.Code, identity.ErrPasskeyOver.Code, identity.ErrPasskeyTaken.Code, identity.ErrPasskeyMany.Code:
		return ui.Problem{Field: "passkey", Text: c.T(fault.CodeOf(err))}, true
	}
	return ui.Problem{}, false
}

// ownPasskey is the passkey of the address, or NotFound.
func (p *Portal) ownPasskey(c *web.Context) (identity.Passkey, error) {
	_, factors, err := p.factors(c)
	if err != nil {
		return identity.Passkey{}, err
	}
	for _, k := range factors.Passkeys {
		if k.ID == c.R.PathValue("passkey") {
			return k, nil
		}
	}
	return identity.Passkey{}, fault.New(fault.NotFound, "passkey.not_found")
}

// passkey shows one passkey, to rename or remove it.
func (p *Portal) passkey(c *web.Context) error {
	k, err := p.ownPasskey(c)
	if err != nil {
		return err
	}
	return p.showPasskey(c, http.StatusOK, k, k.Name)
}

func (p *Portal) showPasskey(c *web.Context, status int, k identity.Passkey, name string, problems ...ui.Problem) error {
	v := passkeyView{Action: passkeyPath(k.ID), Remove: passkeyPath(k.ID) + "/remove", Name: name, Synced: c.T("security.passkey.one")}
	switch {
	case k.Suspect:
		v.Synced = c.T("security.passkey.suspect.body")
	case k.Synced:
		v.Synced = c.T("security.passkey.synced")
	}
	frame := securityFrame(c, passkeyLabel(c, k))
	frame.Path, frame.Problems = v.Action, problems
	return c.Render(status, passkeyPage(frame, v))
}

// passkeyPost renames it.
func (p *Portal) passkeyPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	k, err := p.ownPasskey(c)
	if err != nil {
		return err
	}
	switch name := c.Form("name"); {
	case name == "":
		return p.showPasskey(c, http.StatusUnprocessableEntity, k, "", ui.Problem{Field: "name", Text: c.T("security.passkey.name.required")})
	case utf8.RuneCountInString(name) > maxLabel:
		return p.showPasskey(c, http.StatusUnprocessableEntity, k, string([]rune(name)[:maxLabel]), ui.Problem{Field: "name", Text: c.T("security.passkey.name.long")})
	}
	err = p.quietChange(c, "account.passkey_renamed", func(tx *db.Tx) error {
		return c.Site.Accounts.RenamePasskey(c.R.Context(), tx, c.Session.AccountID, k.ID, c.Form("name"))
	})
	return orTo(c, err, "/account/security?done=passkey_renamed")
}

// passkeyRemove removes it, unless nothing else would open the account.
func (p *Portal) passkeyRemove(c *web.Context) error {
	k, err := p.ownPasskey(c)
	if err != nil {
		return err
	}
	err = p.change(c, "account.passkey_removed", letter.AccountChanged{What: letter.PasskeyRemoved}, func(tx *db.Tx) error {
		if err := c.Site.Accounts.RemovePasskey(c.R.Context(), tx, c.Session.AccountID, k.ID); err != nil {
			return err
		}
		return p.othersOut(c, tx) // whoever signed in with a lost device
	})
	if fault.CodeOf(err) == identity.ErrPasskeyLast.Code {
		return p.showPasskey(c, http.StatusConflict, k, k.Name, ui.Problem{Text: c.T("passkey.last")})
	}
	return orTo(c, err, "/account/security?done=passkey_removed")
}

// securityFrame is the frame of a page below the overview.
func securityFrame(c *web.Context, title string) ui.Page {
	frame := page(c, title)
	frame.Back = &ui.Link{Label: c.T("security.title"), Href: "/account/security"}
	return frame
}
