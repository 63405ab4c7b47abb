package contact

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Back brings back what the source of members says of a part, at once, where somebody else took it over: no link stops that.
// What waits for the same part is stopped. Everybody who is reached by either is told. sayingID is the member.Saying that
// ends. It returns ErrOver where it has ended.
func (c *Contacts) Back(ctx context.Context, now time.Time, who audit.Who, sayingID string) error {
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		if err := bill.LockImports(ctx, tx); err != nil {
			return err
		}
		s, ok, err := member.SayingByID(ctx, tx, sayingID)
		if err != nil {
			return err
		}
		if !ok {
			return ErrOver
		}
		waits, err := c.waiting(ctx, tx, s.MemberID, s.Part)
		if err != nil {
			return err
		}
		if waits != nil {
			if _, err := c.stop(ctx, tx, now, who, who.Actor, "id = $1", waits.ID); err != nil {
				return err
			}
		}
		was, err := member.Say(ctx, tx, now, s.MemberID, s.Part, s.Source)
		if err != nil {
			return err
		}
		is, err := member.Get(ctx, tx, s.MemberID)
		if err != nil {
			return err
		}
		to, err := c.reached(ctx, tx, now, was, "")
		if err != nil {
			return err
		}
		c.onFile(&to, is)
		e := who.Did(now, "contact.returned", s.ID, s.MemberID)
		e.Detail = string(s.Part)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactNow, Part: string(s.Part), When: now}, s.ID)...)
	})
	if err != nil {
		return fmt.Errorf("bring back a contact: %w", err)
	}
	return nil
}
