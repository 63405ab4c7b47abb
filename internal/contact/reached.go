package contact

import (
	"cmp"
	"context"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// recipients are everybody who is told of a change.
type recipients struct {
	languages      []string // each is told in all of them
	emails, phones []string
	post           string // an address, where nobody else is told or a home changes
}

func (r recipients) nobody() bool { return len(r.emails) == 0 && len(r.phones) == 0 && r.post == "" }

func (r recipients) onlyPost() bool { return len(r.emails) == 0 && len(r.phones) == 0 && r.post != "" }

// letters are a letter to all of them. Its subject is the change and what happened to it.
func (r recipients) letters(l letter.ContactNews, changeID string) []event.Message {
	var out []event.Message
	subject := changeID + "/" + string(l.What)
	for _, language := range r.languages {
		out = append(out, letter.ToAll(l, subject, language, r.emails, r.phones)...)
		if r.post != "" {
			out = append(out, letter.New(l, subject+"/post", letter.To{Channel: event.Print, Recipient: r.post, Language: language}))
		}
		subject += "/also"
	}
	return out
}

// newLanguage is for how long somebody is told in the language before, too, once theirs has changed: who changes the
// language first must not keep a letter from being read.
const newLanguage = 30 * 24 * time.Hour

// reached are the addresses and phones of a member and of every account that acts for them, as far as anything is sent there;
// of a child without any, those of who pays for them; and a letter where there is nothing else. Nobody writes to the dead, but
// to their household.
func (c *Contacts) reached(ctx context.Context, tx *db.Tx, now time.Time, m member.Member, lang string) (to recipients, err error) {
	to.languages = []string{cmp.Or(m.Language, lang)}
	before, other, err := member.Before(ctx, tx, m.ID, member.LanguagePart, now.Add(-newLanguage))
	if err != nil {
		return to, err
	}
	if old := cmp.Or(before.Language, lang); other && old != to.languages[0] {
		to.languages = append(to.languages, old)
	}
	accounts, err := c.Accounts.Holding(ctx, tx, m.ID)
	if err != nil {
		return to, err
	}
	for _, accountID := range accounts {
		emails, phones, err := c.Accounts.Everywhere(ctx, tx, accountID)
		if err != nil {
			return to, err
		}
		if c.CanMail {
			to.emails = append(to.emails, emails...)
		}
		if c.CanText {
			to.phones = append(to.phones, phones...)
		}
	}
	c.onFile(&to, m)
	if m.GuarantorID != m.ID && len(to.emails)+len(to.phones) == 0 {
		payer, err := member.Get(ctx, tx, m.GuarantorID)
		if err != nil {
			return to, err
		}
		c.onFile(&to, payer)
	}
	if len(to.emails)+len(to.phones) == 0 && !m.Deceased {
		to.post = c.home(m)
	}
	return to, nil
}

// onFile adds what is on file of somebody.
func (c *Contacts) onFile(to *recipients, m member.Member) {
	if m.Deceased {
		return
	}
	if c.CanMail && identity.ValidEmail(m.Email) {
		to.emails = append(to.emails, strings.TrimSpace(m.Email))
	}
	if phone := m.TextNumber(); c.CanText && phone != "" {
		to.phones = append(to.phones, phone)
	}
}

// home is where a letter to somebody goes, "" where none can go.
func (c *Contacts) home(m member.Member) string {
	if !c.CanPrint {
		return ""
	}
	return letter.Address{Name: m.Name(), Lines: m.Address()}.String()
}
