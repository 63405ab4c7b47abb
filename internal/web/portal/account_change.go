package portal

import (
	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/web"
)

// change makes a change of the reader's account in one transaction with its entry in the audit log and the letter that
// tells of it. When and From of the letter are filled in; the letter goes to the address to sign in with as it was before.
func (p *Portal) change(c *web.Context, action string, told letter.AccountChanged, do func(tx *db.Tx) error) error {
	ctx := c.R.Context()
	who, err := c.Site.Accounts.Get(ctx, c.Session.AccountID)
	if err != nil {
		return err
	}
	told.When, told.From = c.Now, c.Address()
	lang := who.Language
	if !c.Site.Brand.Offers(lang) {
		lang = c.Words.Lang()
	}
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		if err := audit.Append(ctx, tx, c.Did(action, c.Session.AccountID, "")); err != nil {
			return err
		}
		return p.Outbox.Tell(ctx, tx, c.Now, letter.New(told, id.New("chg"), letter.To{Channel: event.Mail, Recipient: who.Email, Language: lang}))
	})
}

// quietChange is change without a letter, for what nobody can do harm with.
func (p *Portal) quietChange(c *web.Context, action string, do func(tx *db.Tx) error) error {
	ctx := c.R.Context()
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return audit.Append(ctx, tx, c.Did(action, c.Session.AccountID, ""))
	})
}
