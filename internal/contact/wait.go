package contact

import (
	"context"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

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
