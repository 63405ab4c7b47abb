package contact

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
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
	before, err := c.waiting(ctx, tx, m.ID, x.Part)
	if err != nil {
		return err
	}
	if before != nil { // its link still works: it stops the other one (Find)
		if _, err := tx.ExecContext(ctx, "UPDATE contact_change SET state = 'replaced', ended_at = $2, ended_by = $3 WHERE id = $1 AND state = 'waiting'", before.ID, db.Micros(now), who.Actor); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM contact_change WHERE member_id = $1 AND call_id = $2 AND part = $3 AND state = 'begun' AND id <> $4", m.ID, x.CallID, x.Part, x.ID); err != nil {
		return err
	}
	to, err := c.reached(ctx, tx, now, m, lang)
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
	return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactAsked, Part: string(x.Part), When: now, From: x.From, Again: before != nil, Stop: StopPath + token}, x.ID)...)
}

// waiting is the change of one part of a member that waits, or nil.
func (c *Contacts) waiting(ctx context.Context, q db.Queryer, memberID string, part member.Part) (*Change, error) {
	list, err := c.list(ctx, q, "member_id = $1 AND part = $2 AND state = 'waiting'", memberID, part)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

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

// dueAtOnce is how many changes one round of Apply brings into force.
const dueAtOnce = 200

// Apply brings the changes into force whose time has come, tells of them, and forgets those whose code never came back. It
// returns how many came into force. One that fails does not hold up the others.
func (c *Contacts) Apply(ctx context.Context, now time.Time) (applied int, err error) {
	var last Change
	for more := true; more; {
		due, readErr := c.list(ctx, c.DB.Read(), "state = 'waiting' AND from_at <= $1 AND (from_at > $2 OR from_at = $2 AND id > $3) ORDER BY from_at, id LIMIT $4",
			db.Micros(now), db.Micros(last.From), last.ID, dueAtOnce)
		if readErr != nil {
			return applied, errors.Join(err, readErr)
		}
		for _, x := range due {
			done, one := c.due(ctx, now, x)
			if one != nil {
				err = errors.Join(err, fmt.Errorf("change a contact: %w", one))
			}
			if done {
				applied++
			}
			last = x
		}
		more = len(due) == dueAtOnce && ctx.Err() == nil
	}
	return applied, errors.Join(err, c.forget(ctx, now))
}

// due brings one change into force whose time has come, unless nobody could be told of it. It reports whether it did.
func (c *Contacts) due(ctx context.Context, now time.Time, x Change) (done bool, err error) {
	how, err := c.told(ctx, now, x)
	if err != nil || how.late {
		return false, err
	}
	proof, err := caller.ProofAt(ctx, c.DB.Read(), x.AskedAt, x.CallID, x.MemberID)
	if err != nil && !errors.Is(err, caller.ErrProof) {
		return false, err
	}
	err = c.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if !how.sent && !seen(proof) {
			done = false
			return c.untold(ctx, tx, now, x, how.posted)
		}
		done, err = c.apply(ctx, tx, now, x.ID)
		return err
	})
	return done, err
}

// afterLetter is the least time that whoever is told of a change has to stop it, however late the letter went.
const afterLetter = 24 * time.Hour

// told is what became of the letters that tell of a change. late: one still waits to be sent, or was sent so late that nobody
// could act on it, and the change waits with it. sent: at least one was. posted: one is printed.
type told struct{ late, sent, posted bool }

func (c *Contacts) told(ctx context.Context, now time.Time, x Change) (out told, err error) {
	sends := map[string]bool{event.Mail: c.CanMail, event.Text: c.CanText, event.Print: c.CanPrint}
	list, err := event.MessagesAbout(ctx, c.DB.Read(), []string{x.ID}, 100)
	for _, a := range list {
		if a.Kind != letter.KindContactNews {
			continue
		}
		if sends[a.Channel] && (a.State == "queued" || !a.SentAt.IsZero() && now.Sub(a.SentAt) < afterLetter) {
			out.late = true
		}
		out.sent = out.sent || !a.SentAt.IsZero()
		out.posted = out.posted || a.Channel == event.Print
	}
	return out, err
}

// untold goes on with a change that rests on facts and of which no letter could be sent: a letter by post goes out, and its
// pause begins; where none can, or it failed too, the change is stopped.
func (c *Contacts) untold(ctx context.Context, tx *db.Tx, now time.Time, x Change, posted bool) error {
	m, err := member.Get(ctx, tx, x.MemberID)
	if err != nil {
		return err
	}
	to, err := c.reached(ctx, tx, now, m, "")
	if err != nil {
		return err
	}
	if post := c.home(m); post != "" && !posted && !m.Deceased {
		token, from := id.Secret(), now.Add(PausePost)
		still, err := changed(tx.ExecContext(ctx, "UPDATE contact_change SET from_at = $2, token_hash = $3 WHERE id = $1 AND state = 'waiting' AND from_at = $4",
			x.ID, db.Micros(from), id.Digest(token), db.Micros(x.From)))
		if err != nil || !still {
			return err
		}
		to.emails, to.phones, to.post = nil, nil, post
		return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactAsked, Part: string(x.Part), When: x.AskedAt, From: from, Stop: StopPath + token}, x.ID)...)
	}
	still, err := changed(tx.ExecContext(ctx, "UPDATE contact_change SET state = 'stopped', ended_at = $2, ended_by = $3, token_hash = '' WHERE id = $1 AND state = 'waiting' AND from_at = $4",
		x.ID, db.Micros(now), Untold, db.Micros(x.From)))
	if err != nil || !still {
		return err
	}
	return c.ended(ctx, tx, now, audit.Entry{At: now, Role: audit.System, Action: "contact.stopped", Subject: x.ID, Member: x.MemberID}, x, to)
}

// changed reports whether a statement changed anything.
func changed(done sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// ended notes down that a change was stopped and tells of it. No link of its part works any more.
func (c *Contacts) ended(ctx context.Context, tx *db.Tx, now time.Time, e audit.Entry, x Change, to recipients) error {
	if err := c.forgetLinks(ctx, tx, x); err != nil {
		return err
	}
	e.Detail = string(x.Part)
	if err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactStopped, Part: string(x.Part), When: now}, x.ID)...)
}

// forgetLinks lets the links of changes that x took the place of do nothing any more.
func (c *Contacts) forgetLinks(ctx context.Context, tx *db.Tx, x Change) error {
	_, err := tx.ExecContext(ctx, "UPDATE contact_change SET token_hash = '' WHERE member_id = $1 AND part = $2 AND state = 'replaced' AND token_hash <> ''", x.MemberID, x.Part)
	return err
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
	if m, err := member.Get(ctx, tx, x.MemberID); err != nil {
		return false, err
	} else if on := m.Contact(x.Part); !on.Same(x.Was) && !on.Same(x.Said) {
		return false, c.overruled(ctx, tx, now, x, m)
	}
	was, err := member.Say(ctx, tx, now, x.MemberID, x.Part, x.Said)
	if err != nil {
		return false, err
	}
	is, err := member.Get(ctx, tx, x.MemberID)
	if err != nil {
		return false, err
	}
	if err := c.forgetLinks(ctx, tx, x); err != nil {
		return false, err
	}
	to, err := c.reached(ctx, tx, now, was, "")
	if err != nil {
		return false, err
	}
	c.onFile(&to, is)
	if x.Part == member.HomePart && !is.Deceased { // a letter to the new home shows that letters arrive there
		to.post = c.home(is)
	}
	if err := c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactNow, Part: string(x.Part), When: now}, x.ID)...); err != nil {
		return false, err
	}
	return true, audit.Append(ctx, tx, audit.Entry{At: now, Role: audit.System, Action: "contact.changed", Subject: x.ID, Member: x.MemberID, Detail: string(x.Part)})
}

// overruled stops a change in whose pause the source of members said something new.
func (c *Contacts) overruled(ctx context.Context, tx *db.Tx, now time.Time, x Change, m member.Member) error {
	if _, err := tx.ExecContext(ctx, "UPDATE contact_change SET state = 'stopped', ended_by = $2 WHERE id = $1", x.ID, Source); err != nil {
		return err
	}
	to, err := c.reached(ctx, tx, now, m, "")
	if err != nil {
		return err
	}
	return c.ended(ctx, tx, now, audit.Entry{At: now, Role: audit.System, Action: "contact.stopped", Subject: x.ID, Member: x.MemberID}, x, to)
}

// linked is the id of the change that waits and that a link stops: its own, or the one that took its place, so that whoever
// replaces a change does not take the link away from who was told of it.
const linked = `(SELECT waits.id FROM contact_change AS linked JOIN contact_change AS waits ON waits.member_id = linked.member_id AND waits.part = linked.part
	WHERE linked.token_hash = $1 AND linked.state IN ('waiting', 'replaced') AND waits.state = 'waiting')`

// Find returns the change that waits and that a link stops, or ErrOver.
func (c *Contacts) Find(ctx context.Context, token string) (Change, error) {
	return c.one(c.scan(c.DB.Read().QueryRowContext(ctx, "SELECT "+fields+" FROM contact_change WHERE id = "+linked, id.Digest(token))))
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

// StopByLink stops the change of a link and every other one of the same member that waits: whoever did not ask for one asked for
// none. It returns the one of the link, or ErrOver.
func (c *Contacts) StopByLink(ctx context.Context, now time.Time, who audit.Who, token string) (x Change, err error) {
	err = c.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if x, err = c.stop(ctx, tx, now, who, ByLink, "id = "+linked, id.Digest(token)); err != nil {
			return err
		}
		others, err := c.Waiting(ctx, tx, x.MemberID)
		for _, other := range others {
			if _, err := c.stop(ctx, tx, now, who, ByLink, "id = $1", other.ID); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return err
	})
	if err != nil {
		return Change{}, fmt.Errorf("stop a change of a contact: %w", err)
	}
	return x, nil
}

// Stop stops a change of a member (row id) for one of the staff, or returns ErrOver.
func (c *Contacts) Stop(ctx context.Context, now time.Time, who audit.Who, memberID, changeID string) (x Change, err error) {
	err = c.DB.Write(ctx, func(tx *db.Tx) (err error) {
		x, err = c.stop(ctx, tx, now, who, who.Actor, "id = $1 AND member_id = $4", changeID, memberID)
		return err
	})
	if err != nil {
		return Change{}, fmt.Errorf("stop a change of a contact: %w", err)
	}
	return x, nil
}

func (c *Contacts) stop(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, by, where, key string, more ...any) (Change, error) {
	x, err := c.one(c.scan(tx.QueryRowContext(ctx, "UPDATE contact_change SET state = 'stopped', ended_at = $2, ended_by = $3, token_hash = '' WHERE state = 'waiting' AND "+where+" RETURNING "+fields,
		append([]any{key, db.Micros(now), by}, more...)...)))
	if err != nil {
		return Change{}, err
	}
	m, err := member.Get(ctx, tx, x.MemberID)
	if err != nil {
		return Change{}, err
	}
	to, err := c.reached(ctx, tx, now, m, "")
	if err != nil {
		return Change{}, err
	}
	return x, c.ended(ctx, tx, now, who.Did(now, "contact.stopped", x.ID, m.ID), x, to)
}
