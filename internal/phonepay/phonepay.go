package phonepay

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/payment"
	"memberpay/internal/seal"
)

// Script is the version of what an agent reads out when a caller pays by phone: the sentences phone.* of the catalogs, the
// authorization of a debit by telephone among them. A test holds the sentences to it; it is kept with each payment.
const Script = "phone-2026-11-27"

// Phone takes payments in calls. It is safe for concurrent use.
type Phone struct {
	DB       *db.DB
	Seal     *seal.Box
	Outbox   *event.Outbox
	Payments *payment.Payments
	CanMail  bool
	CanText  bool
	CanPrint bool
	BaseURL  string
	// LastCall is when the next bank file is cut; Arrives is when a debit of now is good money.
	LastCall func(time.Time) time.Time
	Arrives  func(time.Time) day.Date
}

// Begin begins a payment of bills in a call in which a member (row id) has proved to who acts who they are. It returns the
// draft, or caller.ErrProof where that does not hold now.
func (p *Phone) Begin(ctx context.Context, now time.Time, who audit.Who, call caller.Call, a payment.Answers) (d payment.Draft, err error) {
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		proof, err := caller.Verified(ctx, tx, now, call.ID, call.MemberID)
		if err != nil {
			return err
		}
		if proof.AgentID != who.Actor {
			return caller.ErrProof
		}
		d, err = payment.BeginByPhone(ctx, tx, now, payment.ByPhone{CallID: call.ID, Reference: call.Reference, AgentID: who.Actor, MemberID: call.MemberID, Script: Script}, a)
		if err != nil {
			return err
		}
		e := who.Did(now, "phone_payment.begun", d.ID, call.MemberID)
		e.Detail = call.Reference
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return payment.Draft{}, fmt.Errorf("begin a payment by phone: %w", err)
	}
	return d, nil
}

// Cancel gives a payment up that was not made yet: its link leads nowhere any more. It returns payment.ErrCallOver where it
// was made or has ended.
func (p *Phone) Cancel(ctx context.Context, now time.Time, who audit.Who, b payment.ByPhone) error {
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		if err := payment.GiveUp(ctx, tx, now, who.Actor, b.DraftID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "phone_payment.given_up", b.DraftID, b.MemberID))
	})
	if err != nil {
		return fmt.Errorf("cancel a payment by phone: %w", err)
	}
	return nil
}
