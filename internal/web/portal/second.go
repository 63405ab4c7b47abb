package portal

import (
	"errors"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// The second fact: a code after the password, at sign-in and before something that must be safe.

// recoveryFactor is the way of somebody who has none of their second factors at hand.
const recoveryFactor = "recovery"

// sentCodeLife is how long a code that was sent is good.
const sentCodeLife = 10 * time.Minute

// maxCode bounds what is taken for a code, in bytes.
const maxCode = 64

// errCannotSend is the answer where codes should go to a phone and no text can be sent.
var errCannotSend = fault.New(fault.Conflict, "second.cannot_send")

// codePage is the question for a second fact.
type codePage struct {
	Kind     string // identity.TOTPFactor, EmailFactor, TextFactor or recoveryFactor
	Action   string // where the code goes
	Again    string // where another code is asked for, "" where none was sent
	Button   string
	To       string // where to go afterwards
	Where    string // where the code went, hidden in part
	Other    *ui.Link
	Remember bool // offers to remember this browser
	Checked  bool
	App      bool // asks for a code of the authenticator app as well
	Sent     bool // another code has just been sent
	Stuck    bool // no code can be sent
	Busy     string
}

// heading says what to do.
//
// words: second.title.* second.lead.* second.code.*
func (v codePage) heading(p ui.Page) string { return p.T("second.title." + v.Kind) }

// where is the address or number a code goes to, as it may be shown.
func where(kind string, account identity.Profile, factors identity.Factors) string {
	switch kind {
	case identity.EmailFactor:
		return identity.MaskEmail(account.Email)
	case identity.TextFactor:
		return identity.MaskPhone(factors.Phone)
	}
	return ""
}

// sendCode sends a code for a purpose to the owner of an account, by e-mail or text. subject is whom it opens something
// for: a session. It returns a Busy fault after many, and errCannotSend where no text can go.
func (p *Portal) sendCode(c *web.Context, account identity.Profile, factors identity.Factors, kind string, purpose letter.Purpose, subject string) error {
	to := letter.To{Channel: event.Mail, Recipient: account.Email, Language: p.speaks(c, account)}
	if kind == identity.TextFactor {
		if !p.CanText || factors.Phone == "" {
			return errCannotSend
		}
		to.Channel, to.Recipient = event.Text, factors.Phone
	}
	ctx := c.R.Context()
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		if err := identity.AllowIn(ctx, tx, c.Now, identity.CodesSent, account.ID); err != nil {
			return err
		}
		code, err := c.Site.Accounts.NewCode(ctx, tx, c.Now, string(purpose), subject, sentCodeLife)
		if err != nil {
			return err
		}
		return p.Outbox.Tell(ctx, tx, c.Now, letter.New(letter.Code{Purpose: purpose, Code: code, Until: c.Now.Add(sentCodeLife)}, id.New("code"), to))
	})
}

// checkSecond checks the code that somebody typed. wrong is what to tell them: identity.ErrCode or ErrCodeOver, or a Busy
// fault after too many.
func (p *Portal) checkSecond(c *web.Context, accountID, kind string, purpose letter.Purpose, subject, code string) (wrong, err error) {
	accounts, ctx := c.Site.Accounts, c.R.Context()
	if kind == identity.TOTPFactor {
		return told(accounts.CheckTOTP(ctx, c.Now, accountID, code))
	}
	try := identity.Try{Limit: identity.SecondFactor, Subject: accountID}
	if err := accounts.AllowAll(ctx, c.Now, try); err != nil {
		return told(err)
	}
	err = p.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if kind == recoveryFactor {
			wrong, err = told(accounts.UseRecoveryCode(ctx, tx, c.Now, accountID, code))
			if wrong == nil && err == nil {
				err = audit.Append(ctx, tx, audit.Entry{At: c.Now, Actor: accountID, Role: audit.Member, Action: "account.recovery_code_used", Subject: accountID, From: c.Address()})
			}
			return err
		}
		wrong, err = told(accounts.CheckCode(ctx, tx, c.Now, string(purpose), subject, code))
		return err
	})
	if wrong != nil || err != nil {
		return wrong, err
	}
	return nil, accounts.Forgive(ctx, try)
}

// told tells apart what whoever typed a code is told from what went wrong here.
func told(err error) (wrong, broken error) {
	if errors.Is(err, identity.ErrCode) || errors.Is(err, identity.ErrCodeOver) || fault.Is(err, fault.Busy) {
		return err, nil
	}
	return nil, err
}

// codeProblem is what to correct where no code can be what was typed; the zero Problem where one can.
func codeProblem(c *web.Context, kind, code string) ui.Problem {
	switch {
	case code == "" && kind == recoveryFactor:
		return ui.Problem{Field: "code", Text: c.T("second.required.recovery")}
	case code == "":
		return ui.Problem{Field: "code", Text: c.T("second.required")}
	case len(code) > maxCode:
		return ui.Problem{Field: "code", Text: c.T("code.wrong")}
	}
	return ui.Problem{}
}

// speaks is the language in which letters to an account's owner are written: the one they chose, else the page's.
func (p *Portal) speaks(c *web.Context, account identity.Profile) string {
	if c.Site.Brand.Offers(account.Language) {
		return account.Language
	}
	return c.Words.Lang()
}
