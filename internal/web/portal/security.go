package portal

import (
	"net/http"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The security of one's own account: what opens it, where it is open, and who is remembered. Every page of it asks for a
// proof of a short time ago, every change is noted and told to the address to sign in with.

// securityView is the overview.
type securityView struct {
	Done     string
	Passkeys ui.Table
	HasKeys  bool
	Password []ui.Row
	Second   []ui.Row
	Devices  ui.Table
	HasMany  bool // devices are remembered
	Sessions ui.Table
}

// securityDone names the changes after which a page leads back to the overview, by the word in its address.
//
// words: security.done.*
var securityDone = map[string]bool{"passkey_added": true, "passkey_renamed": true, "passkey_removed": true, "password": true, "second_on": true,
	"second_off": true, "app_removed": true, "device": true, "devices": true, "session": true, "recovered": true, "recovery_stopped": true}

// security is the overview.
func (p *Portal) security(c *web.Context) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	_, factors, err := p.factors(c)
	if err != nil {
		return err
	}
	devices, err := accounts.Devices(ctx, c.Now, c.Session.AccountID)
	if err != nil {
		return err
	}
	sessions, err := accounts.Sessions(ctx, c.Now, c.Session.AccountID)
	if err != nil {
		return err
	}
	v := securityView{Passkeys: passkeyTable(c, factors.Passkeys), HasKeys: len(factors.Passkeys) > 0, Devices: deviceTable(c, devices), HasMany: len(devices) > 0,
		Sessions: sessionTable(c, sessions)}
	password := ui.Row{Key: c.T("signin.password"), Value: c.T("security.password.none"), Change: &ui.Link{Label: c.T("security.password.set"), Href: "/account/security/password"}}
	if factors.Password {
		password.Value, password.Change = c.T("security.password.there"), changeLink(c, "signin.password", "/account/security/password")
	}
	v.Password = []ui.Row{password}
	v.Second = secondRows(c, factors)
	if done := c.R.URL.Query().Get("done"); securityDone[done] {
		v.Done = c.T("security.done." + done)
	}
	frame := accountFrame(c, c.T("security.title"))
	frame.Wide, frame.Path = true, "/account/security"
	return c.Render(http.StatusOK, securityPage(frame, v))
}

// secondRows say what is asked for after the password, and what stands in for it.
//
// words: security.second.is.*
func secondRows(c *web.Context, factors identity.Factors) []ui.Row {
	name := factors.SecondFactor
	if name == identity.NoFactor {
		name = "none"
	}
	return []ui.Row{
		{Key: c.T("security.second"), Value: c.T("security.second.is." + name), Change: changeLink(c, "security.second", "/account/security/second-step")},
		{Key: c.T("security.codes"), Value: c.Words.N("security.codes.left", factors.RecoveryLeft),
			Change: &ui.Link{Label: c.T("security.codes.new"), Href: "/account/security/recovery-codes"}},
	}
}

// passkeyTable lists passkeys, each with the page that changes it.
func passkeyTable(c *web.Context, list []identity.Passkey) ui.Table {
	t := ui.Table{Caption: c.T("security.passkeys"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("security.passkey.name")},
		{Label: c.T("security.passkey.added")}, {Label: c.T("security.passkey.used")}, {Label: c.T("security.change")}}}
	for _, k := range list {
		used := c.T("security.never")
		if !k.UsedAt.IsZero() {
			used = c.Words.DateIn(k.UsedAt, c.Site.Brand.Zone())
		}
		name := passkeyLabel(c, k)
		t.Rows = append(t.Rows, []ui.Cell{{Text: name}, {Text: c.Words.DateIn(k.CreatedAt, c.Site.Brand.Zone())}, {Text: used},
			{Text: c.T("shell.change"), What: name, Href: passkeyPath(k.ID)}})
	}
	return t
}

// passkeyLabel is what a passkey is called. One that somebody may have copied says so.
func passkeyLabel(c *web.Context, k identity.Passkey) string {
	name := k.Name
	if name == "" {
		name = c.T("security.passkey.unnamed")
	}
	if k.Suspect {
		return c.T("security.passkey.suspect", "Name", name)
	}
	return name
}

func passkeyPath(passkeyID string) string { return "/account/security/passkeys/" + passkeyID }

// deviceTable lists the browsers that are remembered, each with a button to forget it.
func deviceTable(c *web.Context, list []identity.Device) ui.Table {
	t := ui.Table{Caption: c.T("security.devices"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("security.device")},
		{Label: c.T("security.device.since")}, {Label: c.T("security.device.until")}, {Label: c.T("security.change")}}}
	for _, d := range list {
		name := browserName(c, d.Browser)
		t.Rows = append(t.Rows, []ui.Cell{{Text: name}, {Text: c.Words.DateIn(d.CreatedAt, c.Site.Brand.Zone())}, {Text: c.Words.DateIn(d.ExpiresAt, c.Site.Brand.Zone())},
			{Body: rowButton(c.Page(""), "/account/security/devices/"+d.ID+"/forget", c.T("security.device.forget"), name)}})
	}
	return t
}

// sessionTable lists where the account is open, each with a button to end it there, except here.
func sessionTable(c *web.Context, list []identity.Session) ui.Table {
	t := ui.Table{Caption: c.T("security.sessions"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("security.device")},
		{Label: c.T("security.session.opened")}, {Label: c.T("security.session.seen")}, {Label: c.T("security.change")}}}
	for _, s := range list {
		name := browserName(c, s.Browser)
		last := ui.Cell{Text: c.T("security.session.this")}
		if s.ID != c.Session.ID {
			last = ui.Cell{Body: rowButton(c.Page(""), "/account/security/sessions/"+s.ID+"/end", c.T("security.session.end"), name)}
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: name}, {Text: moment(c, s.CreatedAt)}, {Text: moment(c, s.SeenAt)}, last})
	}
	return t
}

// browserName is a browser in words, "a device" where nothing is known of it.
func browserName(c *web.Context, browser string) string {
	if browser == "" {
		return c.T("security.device.unknown")
	}
	return browser
}

// deviceForget forgets one remembered browser.
func (p *Portal) deviceForget(c *web.Context) error {
	err := p.quietChange(c, "account.device_forgotten", func(tx *db.Tx) error {
		return c.Site.Accounts.ForgetDevice(c.R.Context(), tx, c.Session.AccountID, c.R.PathValue("device"))
	})
	return orTo(c, err, "/account/security?done=device")
}

// devicesForget forgets all of them.
func (p *Portal) devicesForget(c *web.Context) error {
	err := p.quietChange(c, "account.device_forgotten", func(tx *db.Tx) error {
		return c.Site.Accounts.ForgetDevices(c.R.Context(), tx, c.Session.AccountID)
	})
	return orTo(c, err, "/account/security?done=devices")
}

// sessionEnd ends one of the reader's other sessions. This one ends with "Sign out".
func (p *Portal) sessionEnd(c *web.Context) error {
	sessionID := c.R.PathValue("session")
	if sessionID == c.Session.ID {
		return c.Redirect("/account/security")
	}
	err := p.quietChange(c, "account.session_ended", func(tx *db.Tx) error {
		return c.Site.Accounts.EndSession(c.R.Context(), tx, c.Session.AccountID, sessionID)
	})
	return orTo(c, err, "/account/security?done=session")
}

// signOutEverywhere ends every session of the account, this one too, and forgets every remembered browser.
func (p *Portal) signOutEverywhere(c *web.Context) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	err := p.change(c, "account.signed_out_everywhere", letter.AccountChanged{What: letter.SignedOutEverywhere}, func(tx *db.Tx) error {
		if err := accounts.EndSessions(ctx, tx, c.Session.AccountID, ""); err != nil {
			return err
		}
		return accounts.ForgetDevices(ctx, tx, c.Session.AccountID)
	})
	if err != nil {
		return err
	}
	c.SetCookie(identity.DeviceCookie, "", -time.Second)
	return p.signOut(c)
}

// othersOut ends the account's other sessions and forgets every browser, in the transaction of a change after which
// whoever knew what was before is out.
func (p *Portal) othersOut(c *web.Context, tx *db.Tx) error {
	ctx, accounts := c.R.Context(), c.Site.Accounts
	if err := accounts.EndSessions(ctx, tx, c.Session.AccountID, c.Session.ID); err != nil {
		return err
	}
	return accounts.ForgetDevices(ctx, tx, c.Session.AccountID)
}
