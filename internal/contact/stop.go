package contact

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// ErrOver is the answer to a link, or to a stop, of a change that came into force, was stopped or replaced, or never was.
var ErrOver = fault.New(fault.NotFound, "contact.over")

// StopPath is where the link in a letter leads that stops a change.
const StopPath = "/not-me/"

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
