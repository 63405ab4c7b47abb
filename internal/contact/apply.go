package contact

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/db"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

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

// changed reports whether a statement changed anything.
func changed(done sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
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
