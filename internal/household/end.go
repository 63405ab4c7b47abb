package household

import (
	"context"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/consent"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/payment"
)

// Revoke ends a permission for the member who gave it, at once, and tells both. Ended twice is ended.
func (h *Households) Revoke(ctx context.Context, now time.Time, who audit.Who, help member.Help) error {
	return h.end(ctx, now, who, help, "member")
}

// StepBack ends a permission for the helper who has it, at once, and tells both.
func (h *Households) StepBack(ctx context.Context, now time.Time, who audit.Who, help member.Help) error {
	who.Role = audit.Helper
	return h.end(ctx, now, who, help, "helper")
}

func (h *Households) end(ctx context.Context, now time.Time, who audit.Who, help member.Help, by string) error {
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		ended, err := member.EndHelp(ctx, tx, now, help.ID, by)
		if err != nil || !ended {
			return err
		}
		action := "help.revoked"
		if by == "helper" {
			action = "help.left"
		}
		if err := audit.Append(ctx, tx, who.Did(now, action, help.ID, help.MemberID)); err != nil {
			return err
		}
		if err := h.tellInviter(ctx, tx, now, help, letter.AccountChanged{What: letter.HelperEnded, When: now}, help.ID+"/ended"); err != nil {
			return err
		}
		return h.tellHelper(ctx, tx, now, help)
	})
	if err != nil {
		return fmt.Errorf("end a permission: %w", err)
	}
	return nil
}

// tellHelper tells a helper that their permission has ended: at their account, or where the invitation went.
func (h *Households) tellHelper(ctx context.Context, tx *db.Tx, now time.Time, help member.Help) error {
	from, err := member.Get(ctx, tx, help.MemberID)
	if err != nil {
		return err
	}
	to := letter.To{Channel: event.Mail, Language: from.Language}
	if help.AccountID != "" {
		to, err = h.address(ctx, tx, help.AccountID)
	} else {
		to.Recipient, err = h.helpEmail(help)
	}
	if err != nil {
		return err
	}
	return h.Outbox.Tell(ctx, tx, now, letter.New(letter.HelperRevoked{From: from.Brief()}, help.ID, to))
}

// ShowCare lets who pays for a member see what care their bills are for, or no longer. The member is one of the account's
// own, grown up, and somebody else pays for them; else it is a NotFound fault.
func (h *Households) ShowCare(ctx context.Context, now time.Time, who audit.Who, accountID, rowID string, allow bool) error {
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		account, err := h.Accounts.GetIn(ctx, tx, accountID)
		if err != nil {
			return err
		}
		if !slices.Contains(account.Members, rowID) {
			return fault.New(fault.NotFound, "member.not_found")
		}
		m, err := member.Get(ctx, tx, rowID)
		if err != nil {
			return err
		}
		if m.Self() {
			return fault.New(fault.NotFound, "member.not_found")
		}
		if err := member.AllowCare(ctx, tx, now, member.Care{Of: m.ID, Reader: m.GuarantorID}, allow); err != nil {
			return err
		}
		action := "care.hidden"
		if allow {
			action = "care.shown"
		}
		entry := who.Did(now, action, m.GuarantorID, m.ID)
		return audit.Append(ctx, tx, entry)
	})
	if err != nil {
		return fmt.Errorf("show care: %w", err)
	}
	return nil
}

// TellPaid tells members what helpers paid for them, and returns how many payments it dealt with. What failed, was
// canceled or came back before anybody was told is not told.
func (h *Households) TellPaid(ctx context.Context) (int, error) {
	list, err := payment.HelpUntold(ctx, h.DB.Read(), 50)
	if err != nil {
		return 0, err
	}
	for paymentID, helpID := range list {
		if err := h.tellPaid(ctx, paymentID, helpID); err != nil {
			return 0, fmt.Errorf("tell of a helper's payment: %w", err)
		}
	}
	return len(list), nil
}

func (h *Households) tellPaid(ctx context.Context, paymentID, helpID string) error {
	now := h.Now()
	help, err := member.GetHelp(ctx, h.DB.Read(), helpID)
	if err != nil {
		return err
	}
	inviter, err := h.Accounts.Factors(ctx, help.InviterID)
	if err != nil && !fault.Is(err, fault.NotFound) { // an account that was closed is told nothing
		return err
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		fresh, err := payment.HelpTold(ctx, tx, now, paymentID)
		if err != nil || !fresh {
			return err
		}
		pay, err := payment.ByID(ctx, tx, paymentID)
		if err != nil {
			return err
		}
		if pay.State != payment.Pending && pay.State != payment.Succeeded && pay.State != payment.Disputed {
			return nil
		}
		ways, err := consent.Wants(ctx, tx, help.InviterID, consent.HelperNews)
		if err != nil {
			return err
		}
		to, err := h.address(ctx, tx, help.InviterID)
		if err != nil {
			return err
		}
		news := letter.HelperPaid{Helper: help.Name, Amount: pay.Amount, When: pay.SubmittedAt}
		if slices.Contains(ways, event.Mail) {
			if err := h.Outbox.Tell(ctx, tx, now, letter.New(news, pay.ID, to)); err != nil {
				return err
			}
		}
		if slices.Contains(ways, event.Text) {
			to.Channel, to.Recipient = event.Text, inviter.Phone
			return h.Outbox.Tell(ctx, tx, now, letter.New(news, pay.ID+"/text", to))
		}
		return nil
	})
}

// Deed is one thing that happened with a permission.
type Deed struct {
	At      time.Time
	What    string // "invited", "accepted", "looked", "paid", "ended"
	BillID  string // looked: the bill, "" for the list
	Payment payment.Payment
}

// mostDeeds is how many of each kind a log shows.
const mostDeeds = 200

// Deeds returns what happened with a permission, newest first.
func (h *Households) Deeds(ctx context.Context, help member.Help) ([]Deed, error) {
	looks, err := member.HelpLooks(ctx, h.DB.Read(), help.ID, mostDeeds)
	if err != nil {
		return nil, err
	}
	paid, err := payment.ByHelp(ctx, h.DB.Read(), help.ID, mostDeeds)
	if err != nil {
		return nil, err
	}
	var out []Deed
	if !help.EndedAt.IsZero() {
		out = append(out, Deed{At: help.EndedAt, What: "ended"})
	}
	for _, l := range looks {
		out = append(out, Deed{At: l.At, What: "looked", BillID: l.BillID})
	}
	for _, p := range paid {
		out = append(out, Deed{At: p.SubmittedAt, What: "paid", Payment: p})
	}
	if !help.AcceptedAt.IsZero() {
		out = append(out, Deed{At: help.AcceptedAt, What: "accepted"})
	}
	out = append(out, Deed{At: help.InvitedAt, What: "invited"})
	slices.SortStableFunc(out, func(a, b Deed) int { return b.At.Compare(a.At) })
	return out, nil
}
