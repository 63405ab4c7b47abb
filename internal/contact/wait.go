package contact

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// ErrOver is the answer to a link, or to a stop, of a change that came into force, was stopped or replaced, or never was.
var ErrOver = fault.New(fault.NotFound, "contact.over")

// StopPath is where the link in a letter leads that stops a change.
const StopPath = "/not-me/"

// accept lets a change wait, in the place of another one of the same part, and tells everybody who is reached now.
func (c *Contacts) accept(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, x *Change, m member.Member, lang string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE contact_change SET state = 'replaced', ended_at = $3, ended_by = $4, token_hash = '' WHERE member_id = $1 AND part = $2 AND state = 'waiting'",
		m.ID, x.Part, db.Micros(now), who.Actor); err != nil {
		return err
	}
	to, err := c.reached(ctx, tx, m, lang)
	if err != nil {
		return err
	}
	pause := Pause
	if to.onlyPost() {
		pause = PausePost
	}
	token := id.Secret()
	x.State, x.From = Waiting, now.Add(pause)
	if _, err := tx.ExecContext(ctx, "UPDATE contact_change SET state = 'waiting', from_at = $2, token_hash = $3 WHERE id = $1", x.ID, db.Micros(x.From), id.Digest(token)); err != nil {
		return err
	}
	e := who.Did(now, "contact.asked", x.ID, m.ID)
	e.Detail = string(x.Part)
	if err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactAsked, Part: string(x.Part), When: now, From: x.From, Stop: StopPath + token}, x.ID)...)
}

// recipients are everybody who is told of a change.
type recipients struct {
	language       string
	emails, phones []string
	post           string // an address, where nobody else is told or a home changes
}

func (r recipients) onlyPost() bool { return len(r.emails) == 0 && len(r.phones) == 0 && r.post != "" }

// letters are a letter to all of them. Its subject is the change and what happened to it.
func (r recipients) letters(l letter.ContactNews, changeID string) []event.Message {
	subject := changeID + "/" + string(l.What)
	out := letter.ToAll(l, subject, r.language, r.emails, r.phones)
	if r.post != "" {
		out = append(out, letter.New(l, subject+"/post", letter.To{Channel: event.Print, Recipient: r.post, Language: r.language}))
	}
	return out
}

// reached are the addresses and phones of a member and of every account that acts for them; of a child without any, those
// of who pays for them; and a letter where there is nothing else. Nobody writes to the dead, but to their household.
func (c *Contacts) reached(ctx context.Context, tx *db.Tx, m member.Member, lang string) (to recipients, err error) {
	if to.language = m.Language; to.language == "" {
		to.language = lang
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
		to.emails, to.phones = append(to.emails, emails...), append(to.phones, phones...)
	}
	c.onFile(&to, m)
	if m.GuarantorID != m.ID && len(to.emails)+len(to.phones) == 0 {
		payer, err := member.Get(ctx, tx, m.GuarantorID)
		if err != nil {
			return to, err
		}
		c.onFile(&to, payer)
	}
	if !c.CanText {
		to.phones = nil
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
	if identity.ValidEmail(m.Email) {
		to.emails = append(to.emails, strings.TrimSpace(m.Email))
	}
	if phone := m.TextNumber(); phone != "" {
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

// dueAtOnce is how many changes one round of Apply brings into force.
const dueAtOnce = 200

// Apply brings the changes into force whose time has come, tells of them, and forgets those whose code never came back. It
// returns how many came into force.
func (c *Contacts) Apply(ctx context.Context, now time.Time) (applied int, err error) {
	due, err := c.list(ctx, c.DB.Read(), "state = 'waiting' AND from_at <= $1 ORDER BY from_at, id LIMIT $2", db.Micros(now), dueAtOnce)
	if err != nil {
		return 0, err
	}
	for _, x := range due {
		if late, err := c.late(ctx, now, x); err != nil {
			return applied, err
		} else if late {
			continue
		}
		done := false
		err := c.DB.Write(ctx, func(tx *db.Tx) (err error) {
			done, err = c.apply(ctx, tx, now, x.ID)
			return err
		})
		if err != nil {
			return applied, fmt.Errorf("change a contact: %w", err)
		}
		if done {
			applied++
		}
	}
	return applied, c.forget(ctx, now)
}

// afterLetter is the least time that whoever is told of a change has to stop it, however late the letter went.
const afterLetter = 24 * time.Hour

// late reports whether a letter that tells of a change still waits to be sent, or was sent so late that nobody could act on
// it: the change waits with it.
func (c *Contacts) late(ctx context.Context, now time.Time, x Change) (bool, error) {
	sends := map[string]bool{event.Mail: c.CanMail, event.Text: c.CanText, event.Print: c.CanPrint}
	told, err := event.MessagesAbout(ctx, c.DB.Read(), []string{x.ID}, 100)
	for _, a := range told {
		if a.Kind == letter.KindContactNews && sends[a.Channel] && (a.State == "queued" || !a.SentAt.IsZero() && now.Sub(a.SentAt) < afterLetter) {
			return true, err
		}
	}
	return false, err
}

// forget removes changes whose code did not come back within an hour.
func (c *Contacts) forget(ctx context.Context, now time.Time) error {
	var some bool
	before := db.Micros(now.Add(-time.Hour))
	if err := c.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM contact_change WHERE state = 'begun' AND asked_at < $1)", before).Scan(&some); err != nil || !some {
		return err
	}
	return c.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Later(ctx, "forget changes of contacts", "DELETE FROM contact_change WHERE state = 'begun' AND asked_at < $1", before)
	})
}

// apply brings one change into force. It reports false where another process did, or it was stopped.
func (c *Contacts) apply(ctx context.Context, tx *db.Tx, now time.Time, changeID string) (bool, error) {
	if err := bill.LockImports(ctx, tx); err != nil {
		return false, err
	}
	x, err := c.scan(tx.QueryRowContext(ctx, "UPDATE contact_change SET state = 'stands', ended_at = $2, token_hash = '' WHERE id = $1 AND state = 'waiting' RETURNING "+fields, changeID, db.Micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	was, err := member.Say(ctx, tx, now, x.MemberID, x.Part, x.Said)
	if err != nil {
		return false, err
	}
	is, err := member.Get(ctx, tx, x.MemberID)
	if err != nil {
		return false, err
	}
	to, err := c.reached(ctx, tx, was, "")
	if err != nil {
		return false, err
	}
	c.onFile(&to, is)
	if !c.CanText {
		to.phones = nil
	}
	if x.Part == member.HomePart && !is.Deceased { // a letter to the new home shows that letters arrive there
		to.post = c.home(is)
	}
	if err := c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactNow, Part: string(x.Part), When: now}, x.ID)...); err != nil {
		return false, err
	}
	return true, audit.Append(ctx, tx, audit.Entry{At: now, Role: audit.System, Action: "contact.changed", Subject: x.ID, Member: x.MemberID, Detail: string(x.Part)})
}

// Find returns the change that waits and that a link stops, or ErrOver.
func (c *Contacts) Find(ctx context.Context, token string) (Change, error) {
	return c.one(c.scan(c.DB.Read().QueryRowContext(ctx, "SELECT "+fields+" FROM contact_change WHERE token_hash = $1 AND state = 'waiting'", id.Digest(token))))
}

func (c *Contacts) one(x Change, err error) (Change, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Change{}, ErrOver
	}
	if err != nil {
		return Change{}, fmt.Errorf("find a change of a contact: %w", err)
	}
	return x, nil
}

// StopByLink stops the change of a link, or returns ErrOver.
func (c *Contacts) StopByLink(ctx context.Context, now time.Time, who audit.Who, token string) (Change, error) {
	return c.stop(ctx, now, who, ByLink, "token_hash = $1", id.Digest(token))
}

// Stop stops a change of a member (row id) for one of the staff, or returns ErrOver.
func (c *Contacts) Stop(ctx context.Context, now time.Time, who audit.Who, memberID, changeID string) (Change, error) {
	return c.stop(ctx, now, who, who.Actor, "id = $1 AND member_id = $4", changeID, memberID)
}

func (c *Contacts) stop(ctx context.Context, now time.Time, who audit.Who, by, where, key string, more ...any) (x Change, err error) {
	err = c.DB.Write(ctx, func(tx *db.Tx) (err error) {
		x, err = c.one(c.scan(tx.QueryRowContext(ctx, "UPDATE contact_change SET state = 'stopped', ended_at = $2, ended_by = $3, token_hash = '' WHERE state = 'waiting' AND "+where+" RETURNING "+fields,
			append([]any{key, db.Micros(now), by}, more...)...)))
		if err != nil {
			return err
		}
		m, err := member.Get(ctx, tx, x.MemberID)
		if err != nil {
			return err
		}
		e := who.Did(now, "contact.stopped", x.ID, m.ID)
		e.Detail = string(x.Part)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		to, err := c.reached(ctx, tx, m, "")
		if err != nil {
			return err
		}
		return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactStopped, Part: string(x.Part), When: now}, x.ID)...)
	})
	if err != nil {
		return Change{}, fmt.Errorf("stop a change of a contact: %w", err)
	}
	return x, nil
}
