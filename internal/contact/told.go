package contact

import (
	"context"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

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
