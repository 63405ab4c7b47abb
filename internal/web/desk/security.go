package desk

import (
	"encoding/base64"
	"net/http"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/paper"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// securityView is with what one of the staff signs in, and how to add to it.
type securityView struct {
	Weak     bool // only a password so far: nothing else is reachable
	Rows     []ui.Row
	Passkeys []passkeyRow
	Passkey  ui.Passkey
	App      *appView // nil where there is an app
}

// passkeyRow is a passkey that can be removed.
type passkeyRow struct{ ID, Name string }

// appView is what an authenticator app needs.
type appView struct{ QR, Secret string }

// security shows with what one signs in.
func (d *Desk) security(c *web.Context) error { return d.showSecurity(c, http.StatusOK) }

func (d *Desk) showSecurity(c *web.Context, status int, problems ...ui.Problem) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	me, err := accounts.Get(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	factors, err := accounts.Factors(ctx, me.ID)
	if err != nil {
		return err
	}
	v := securityView{Weak: !strong(c.Session)}
	for _, k := range factors.Passkeys {
		v.Passkeys = append(v.Passkeys, passkeyRow{k.ID, k.Name})
	}
	onOff := func(on bool) string {
		if on {
			return c.T("desk.security.on")
		}
		return c.T("desk.security.off")
	}
	v.Rows = []ui.Row{{Key: c.T("signin.email"), Value: me.Email}, {Key: c.T("signin.password"), Value: onOff(factors.Password)},
		{Key: c.T("desk.security.app"), Value: onOff(factors.TOTP)}, {Key: c.T("desk.security.passkeys"), Value: onOff(len(factors.Passkeys) > 0)}}
	if !factors.TOTP {
		setup, err := accounts.BeginTOTP(ctx, c.Now, me.ID, c.Site.Brand.Name, me.Email)
		if err != nil {
			return err
		}
		svg, err := paper.QRSVG(setup.URI)
		if err != nil {
			return err
		}
		v.App = &appView{QR: "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg), Secret: setup.Secret}
	}
	ceremony, options, err := accounts.BeginPasskey(ctx, c.Now, me.ID, me.Email, me.Email)
	if err != nil {
		return err
	}
	v.Passkey = ui.Passkey{Ceremony: ceremony, Options: options, Create: true, Button: ui.Button{Label: c.T("desk.security.passkey.add"), Kind: ui.Secondary}, Action: "/desk/security/passkeys"}
	frame := page(c, c.T("desk.security.title"))
	frame.Path, frame.Problems = "/desk/security", problems
	return c.Render(status, securityPage(frame, v))
}

// appPost puts an authenticator app to use. The session has proved more then, and goes on under a new token.
func (d *Desk) appPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, try := c.R.Context(), identity.TOTPTry(c.Session.AccountID)
	if err := c.Site.Accounts.AllowAll(ctx, c.Now, try); err != nil {
		return err
	}
	err := d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.Site.Accounts.ConfirmTOTP(ctx, tx, c.Now, c.Session.AccountID, c.Form("code")); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who(c).Did(c.Now, "account.totp_on", c.Session.AccountID, ""))
	})
	if fault.Is(err, fault.Invalid) {
		return d.showSecurity(c, http.StatusUnprocessableEntity, ui.Problem{Field: "code", Text: c.T("desk.error.code.wrong")})
	}
	if err != nil {
		return err
	}
	if err := c.Site.Accounts.Forgive(ctx, try); err != nil {
		return err
	}
	return d.stronger(c, "password+totp")
}

// passkeyPost keeps a passkey.
func (d *Desk) passkeyPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, accounts := c.R.Context(), c.Site.Accounts
	credential, err := accounts.CheckPasskey(ctx, c.Now, c.Session.AccountID, c.Form("ceremony"), []byte(c.Form("response")))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.SignIn) || fault.Is(err, fault.NotFound) {
		return d.showSecurity(c, http.StatusUnprocessableEntity, ui.Problem{Field: "passkey", Text: c.T("desk.error.passkey")})
	}
	if err != nil {
		return err
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := accounts.AddPasskey(ctx, tx, c.Now, c.Session.AccountID, web.Browser(c.R.UserAgent()), credential); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who(c).Did(c.Now, "account.passkey_added", c.Session.AccountID, ""))
	})
	if err != nil {
		return err
	}
	return d.stronger(c, "passkey")
}

// stronger rotates the session, which has given a proof that was just added.
func (d *Desk) stronger(c *web.Context, how string) error {
	if err := c.SignIn(identity.Opening{AccountID: c.Session.AccountID, How: how}); err != nil {
		return err
	}
	return c.Redirect("/desk/security")
}

// passkeyRemove takes a passkey away. The last way in stays.
func (d *Desk) passkeyRemove(c *web.Context) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	factors, err := accounts.Factors(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	own := false
	for _, k := range factors.Passkeys {
		own = own || k.ID == c.R.PathValue("passkey")
	}
	if !own {
		return fault.New(fault.NotFound, "passkey.not_found")
	}
	if len(factors.Passkeys) == 1 && !factors.TOTP {
		return d.showSecurity(c, http.StatusConflict, ui.Problem{Field: "passkey", Text: c.T("desk.error.passkey.last")})
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := accounts.RemovePasskey(ctx, tx, c.Session.AccountID, c.R.PathValue("passkey")); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who(c).Did(c.Now, "account.passkey_removed", c.Session.AccountID, ""))
	})
	if err != nil {
		return err
	}
	return c.Redirect("/desk/security")
}
