package portal

import (
	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
)

// guarded are the changes by which somebody could take an account over. They are told everywhere its owner can be reached;
// the others go to the address to sign in with.
var guarded = map[letter.Change]bool{letter.Email: true, letter.Password: true, letter.Phone: true, letter.PasskeyAdded: true, letter.PasskeyRemoved: true,
	letter.TOTPOn: true, letter.TOTPOff: true, letter.SecondFactor: true, letter.RecoveryCodes: true, letter.Closed: true}

// change makes a change of the reader's account in one transaction with its entry in the audit log and the letters that
// tell of it. When and From of the letter are filled in; the letters go where the owner was reached before.
func (p *Portal) change(c *web.Context, action string, told letter.AccountChanged, do func(tx *db.Tx) error) error {
	ctx := c.R.Context()
	told.When, told.From = c.Now, c.Address()
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := c.Site.Accounts.GetIn(ctx, tx, c.Session.AccountID)
		if err != nil {
			return err
		}
		emails, phones, err := c.Site.Accounts.Everywhere(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		if !guarded[told.What] {
			emails, phones = []string{who.Email}, nil
		}
		if !p.CanText {
			phones = nil
		}
		if err := do(tx); err != nil {
			return err
		}
		if err := audit.Append(ctx, tx, c.Did(action, c.Session.AccountID, "")); err != nil {
			return err
		}
		changeID, lang := id.New("chg"), p.speaks(c, who)
		list := letter.ToAll(told, changeID, lang, emails[1:], phones)
		if told.Undo, err = p.undoable(c, tx, told.What, who, phones); err != nil {
			return err
		}
		list = append(list, letter.ToAll(told, changeID+"/first", lang, emails[:1], nil)...)
		return p.Outbox.Tell(ctx, tx, c.Now, list...)
	})
}

// undoable is the path at which whoever reads the mail of the address there was can take back a change of it or of the
// phone; "" for other changes.
func (p *Portal) undoable(c *web.Context, tx *db.Tx, what letter.Change, who identity.Profile, phones []string) (string, error) {
	switch {
	case what == letter.Email:
		return p.Recoveries.Undoable(c.R.Context(), tx, c.Now, who.ID, identity.EmailPoint, who.Email)
	case what == letter.Phone && len(phones) > 0:
		return p.Recoveries.Undoable(c.R.Context(), tx, c.Now, who.ID, identity.PhonePoint, phones[len(phones)-1])
	}
	return "", nil
}

// tellOwner writes a letter about a change to the address the reader signs in with, for what is not made with change.
func (p *Portal) tellOwner(c *web.Context, tx *db.Tx, what letter.Change) error {
	who, err := c.Site.Accounts.GetIn(c.R.Context(), tx, c.Session.AccountID)
	if err != nil {
		return err
	}
	return p.Outbox.Tell(c.R.Context(), tx, c.Now, letter.ToAll(letter.AccountChanged{What: what, When: c.Now, From: c.Address()}, id.New("chg"), p.speaks(c, who), []string{who.Email}, nil)...)
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
