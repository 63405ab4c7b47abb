package portal

import (
	"net/http"

	"memberpay/internal/consent"
	"memberpay/internal/identity"
	"memberpay/internal/payment"
	"memberpay/internal/processor"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// accountView is the overview of an account: what is set, each with the way to change it.
type accountView struct {
	Done   string // what was just changed, "" for nothing
	Groups []accountGroup
}

// accountGroup is a few settings that belong together.
type accountGroup struct {
	Title string
	Rows  []ui.Row
	Links []ui.Link // further pages about them
}

// accountDone names the changes after which a page leads back to the overview, by the word in its address.
//
// words: account.done.*
var accountDone = map[string]bool{"language": true, "email": true, "phone": true, "phone_removed": true, "notices": true}

// account is the overview of the reader's own account.
func (p *Portal) account(c *web.Context) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	cards, err := payment.SavedCards(c.R.Context(), p.DB.Read(), who.ID)
	if err != nil {
		return err
	}
	points, err := c.Site.Accounts.ContactPoints(c.R.Context(), who.ID)
	if err != nil {
		return err
	}
	paperless, err := consent.Current(c.R.Context(), p.DB.Read(), who.ID, consent.Paperless)
	if err != nil {
		return err
	}
	v := accountView{Groups: []accountGroup{p.reachGroup(c, who, points), p.sendGroup(c, paperless), p.payGroup(c, cards), safetyGroup(c), dataGroup(c)}}
	if done := c.R.URL.Query().Get("done"); accountDone[done] {
		v.Done = c.T("account.done." + done)
	}
	frame := page(c, c.T("account.title"))
	frame.Path = "/account"
	return c.Render(http.StatusOK, accountPage(frame, v))
}

// reachGroup is how the account's owner is reached.
func (p *Portal) reachGroup(c *web.Context, who identity.Profile, points []identity.ContactPoint) accountGroup {
	lang := who.Language
	if !c.Site.Brand.Offers(lang) {
		lang = c.Site.Brand.Languages[0]
	}
	rows := []ui.Row{{Key: c.T("account.email"), Value: who.Email, Change: changeLink(c, "account.email", "/account/email")}}
	if row, ok := p.phoneRow(c, points); ok {
		rows = append(rows, row)
	}
	rows = append(rows, ui.Row{Key: c.T("account.language"), Value: languageName(c, lang), Change: changeLink(c, "account.language", "/account/language")})
	return accountGroup{Title: c.T("account.reach"), Rows: rows}
}

// sendGroup is what is sent, and how.
func (p *Portal) sendGroup(c *web.Context, paperless consent.Consent) accountGroup {
	row := ui.Row{Key: c.T("account.paperless"), Value: c.T("account.paperless.off"), Change: changeLink(c, "account.paperless", "/account/paperless")}
	switch {
	case paperless.Holds():
		row.Value = c.T("account.paperless.on", "Date", c.Words.DateIn(paperless.ConsentedAt, c.Site.Brand.Zone()))
	case paperless.State == consent.Consented:
		row.Value = c.T("account.paperless.again")
	}
	return accountGroup{Title: c.T("account.send"), Rows: []ui.Row{row,
		{Key: c.T("account.notices"), Value: c.T("account.notices.what"), Change: changeLink(c, "account.notices", "/account/notices")}}}
}

// payGroup is the ways to pay that are kept.
func (p *Portal) payGroup(c *web.Context, cards []payment.SavedCard) accountGroup {
	row := ui.Row{Key: c.T("account.cards"), Value: c.T("account.cards.none")}
	if len(cards) > 0 {
		row.Value = savedName(c, cards[0])
		for _, card := range cards[1:] {
			row.Lines = append(row.Lines, savedName(c, card))
		}
	}
	if len(cards) > 0 {
		row.Change = changeLink(c, "account.cards", "/account/authorizations")
	}
	return accountGroup{Title: c.T("account.pay"), Rows: []ui.Row{row,
		{Key: c.T("account.authorizations"), Value: c.T("account.authorizations.what"), Change: seeLink(c, "account.authorizations", "/account/authorizations")}}}
}

// safetyGroup is who gets in, and who looked.
func safetyGroup(c *web.Context) accountGroup {
	return accountGroup{Title: c.T("account.safety"), Rows: []ui.Row{
		{Key: c.T("security.title"), Value: c.T("security.what"), Change: changeLink(c, "security.title", "/account/security")},
		{Key: c.T("account.household"), Value: c.T("account.household.what"), Change: seeLink(c, "account.household", "/household")},
		{Key: c.T("account.activity"), Value: c.T("account.activity.what"), Change: seeLink(c, "account.activity", "/account/activity")},
	}}
}

// dataGroup is what the reader can take away.
func dataGroup(c *web.Context) accountGroup {
	return accountGroup{Title: c.T("account.data"), Rows: []ui.Row{
		{Key: c.T("account.data.row"), Value: c.T("account.data.what"), Change: seeLink(c, "account.data.row", "/account/data")},
		{Key: c.T("account.close"), Value: c.T("account.close.what"), Change: seeLink(c, "account.close", "/account/close")},
	}}
}

// savedName is what a saved card is called.
func savedName(c *web.Context, card payment.SavedCard) string {
	return cardName(c, processor.Card{Brand: card.Brand, Last4: card.Last4})
}

// changeLink is the link of a row to where its answer is changed; what names the row.
func changeLink(c *web.Context, what, href string) *ui.Link {
	return &ui.Link{Label: c.T("shell.change"), Href: href, What: c.T(what)}
}

// seeLink is the link of a row to a page with more about it.
func seeLink(c *web.Context, what, href string) *ui.Link {
	return &ui.Link{Label: c.T("account.see"), Href: href, What: c.T(what)}
}

// accountFrame is the frame of a page below the overview.
func accountFrame(c *web.Context, title string) ui.Page {
	p := page(c, title)
	p.Back = &ui.Link{Label: c.T("account.title"), Href: "/account"}
	return p
}
