package phonepay

import (
	"context"
	"errors"
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

// Again begins the payment once more that came to nothing on the payer's own device, for whoever made it: it belongs to the
// same call, its link and the agent who waits come along. What was begun again before and is not made is returned as it is.
// ok is false where the call does not carry it: pay is not by phone or was not made on their device, the one begun after it
// did not come to nothing, or both the link and the proof of who calls are over.
func (p *Phone) Again(ctx context.Context, now time.Time, who audit.Who, pay payment.Payment, to payment.Owner, a payment.Answers) (d payment.Draft, ok bool, err error) {
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		d, ok = payment.Draft{}, false
		found, err := payment.PhonePayments(ctx, tx, []string{pay.ID})
		b, known := found[pay.ID]
		if err != nil || !known || b.Evidence != "" || b.MemberID != pay.PayerID {
			return err
		}
		// One at a time: two windows of a payer begin one payment.
		var callID string
		if err := tx.QueryRowContext(ctx, "SELECT id FROM phone_call WHERE id = $1"+tx.Engine.ForUpdate(), b.CallID).Scan(&callID); err != nil {
			return err
		}
		if b, err = payment.LastByPhone(ctx, tx, b); err != nil || !b.EndedAt.IsZero() {
			return err
		}
		if b.PaymentID == "" {
			if err := payment.HandDraft(ctx, tx, now, b.DraftID, to); err != nil {
				return err
			}
			d, err = payment.GetDraft(ctx, tx, to, b.DraftID)
			ok = err == nil
			return err
		}
		last, err := payment.ByID(ctx, tx, b.PaymentID)
		if err != nil || last.State != payment.Failed && last.State != payment.Canceled {
			return err
		}
		if carries, err := carries(ctx, tx, now, b); err != nil || !carries {
			return err
		}
		if d, err = payment.AgainByPhone(ctx, tx, now, b, to, a); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE pay_link SET draft_id = $2, stage = 'opened', stage_at = $3, typed_at = 0 WHERE draft_id = $1", b.DraftID, d.ID, db.Micros(now)); err != nil {
			return err
		}
		ok = true
		e := who.Did(now, "phone_payment.again", d.ID, b.MemberID)
		e.Detail = b.Reference
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return payment.Draft{}, false, fmt.Errorf("begin a payment by phone again: %w", err)
	}
	return d, ok, nil
}

// carries reports whether the call of a payment can still take another one: its link can be opened, or whoever calls is
// known to be the member.
func carries(ctx context.Context, q db.Queryer, now time.Time, b payment.ByPhone) (bool, error) {
	l, sent, err := LinkOf(ctx, q, b.DraftID)
	if err != nil || !sent {
		return false, err
	}
	if !l.Over(now) {
		return true, nil
	}
	_, err = caller.Verified(ctx, q, now, b.CallID, b.MemberID)
	if errors.Is(err, caller.ErrProof) {
		return false, nil
	}
	return err == nil, err
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
