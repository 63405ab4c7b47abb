package household

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/money"
)

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// mostHelpers is how many permissions of one member may wait or hold at once.
const mostHelpers = 10

// Invitation is what a member says who asks somebody to help.
type Invitation struct {
	MemberID     string // row id of who invites: one of the account's own
	AccountID    string // which invites
	Name         string // what the member calls the helper
	Email        string
	For          []string // row ids: the member, and children they pay for
	Medical      bool
	Premium      bool
	PaymentLimit money.Cents // 0 for none
	MonthLimit   money.Cents // 0 for none
	LastDay      day.Date
	Zone         *time.Location // in which LastDay ends
	Language     string         // of the e-mail
}

// Faults of Invite.
var (
	ErrTooManyHelpers = fault.New(fault.Conflict, "help.too_many")
	ErrLastDay        = fault.Field("until", "help.last_day") // past, or more than member.HelpYears ahead
	ErrForWhom        = fault.Field("for", "help.for")        // nobody, or somebody the member cannot speak for
	ErrKinds          = fault.Field("kinds", "help.kinds")
)

// Invite makes an invitation and sends its link to the helper. An older invitation of the member to the same address that
// waits is withdrawn. It returns the permission's id, one of the faults above, or a Busy fault where too many were sent.
func (h *Households) Invite(ctx context.Context, now time.Time, who audit.Who, in Invitation) (helpID string, err error) {
	today := day.Of(now, in.Zone)
	last, err := day.New(today.Year()+member.HelpYears, today.Month(), today.Day())
	if err != nil {
		last = today.AddDays(365) // a year from a February 29
	}
	switch {
	case in.LastDay.Before(today) || in.LastDay.After(last):
		return "", ErrLastDay
	case !in.Medical && !in.Premium:
		return "", ErrKinds
	case !identity.ValidEmail(in.Email):
		return "", identity.ErrEmail
	}
	if err := h.Accounts.Allow(ctx, now, identity.InviteHelper, in.AccountID); err != nil {
		return "", err
	}
	helpID, token := id.New("hlp"), id.Secret()
	email := strings.TrimSpace(in.Email)
	sealed, err := h.Seal.Seal([]byte(email), helpEmailPlace(helpID))
	if err != nil {
		return "", fmt.Errorf("invite a helper: %w", err)
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		inviter, err := h.speaksFor(ctx, tx, today, in)
		if err != nil {
			return err
		}
		if err := h.makeRoom(ctx, tx, now, in, email); err != nil {
			return err
		}
		expires := now.Add(InvitationLife)
		if err := tx.Later(ctx, "invite a helper", `INSERT INTO help (id, member_id, inviter_id, name, email_sealed, token_hash, medical, premium,
			payment_limit_cents, month_limit_cents, last_day, ends_at, invited_at, expires_at) VALUES `+db.Values(1, 14),
			helpID, in.MemberID, in.AccountID, in.Name, sealed, hashSecret(token), in.Medical, in.Premium, int64(in.PaymentLimit), int64(in.MonthLimit),
			in.LastDay, db.Micros(in.LastDay.AddDays(1).At(0, 0, in.Zone)), db.Micros(now), db.Micros(expires)); err != nil {
			return err
		}
		args := []any{}
		for _, rowID := range in.For {
			args = append(args, helpID, rowID)
		}
		if err := tx.Later(ctx, "invite a helper", "INSERT INTO help_for (help_id, member_id) VALUES "+db.Values(len(in.For), 2), args...); err != nil {
			return err
		}
		if err := audit.Append(ctx, tx, who.Did(now, "help.invited", helpID, in.MemberID)); err != nil {
			return err
		}
		return h.Outbox.Tell(ctx, tx, now, letter.New(letter.HelperInvited{From: inviter.Brief(), URL: h.BaseURL + "/invited/" + token, Expires: expires},
			helpID, letter.To{Channel: event.Mail, Recipient: email, Language: in.Language}))
	})
	if err != nil {
		return "", fmt.Errorf("invite a helper: %w", err)
	}
	return helpID, nil
}

// speaksFor checks that the account acts for who invites, and that they may let somebody pay for each person: for
// themselves, and for children they pay for.
func (h *Households) speaksFor(ctx context.Context, tx *db.Tx, today day.Date, in Invitation) (member.Member, error) {
	account, err := h.Accounts.GetIn(ctx, tx, in.AccountID)
	if err != nil {
		return member.Member{}, err
	}
	if !slices.Contains(account.Members, in.MemberID) {
		return member.Member{}, ErrForWhom
	}
	list := slices.Compact(slices.Sorted(slices.Values(in.For)))
	if len(list) == 0 || len(list) != len(in.For) || len(list) > 100 {
		return member.Member{}, ErrForWhom
	}
	people, err := member.ByIDs(ctx, tx, append(list, in.MemberID))
	if err != nil {
		return member.Member{}, err
	}
	for _, rowID := range list {
		m, ok := people[rowID]
		if !ok || (m.ID != in.MemberID && (m.GuarantorID != in.MemberID || !m.Minor(today))) {
			return member.Member{}, ErrForWhom
		}
	}
	return people[in.MemberID], nil
}

// makeRoom withdraws what waits for the same address, and refuses one permission too many.
func (h *Households) makeRoom(ctx context.Context, tx *db.Tx, now time.Time, in Invitation, email string) error {
	list, err := member.HelpsBy(ctx, tx, []string{in.MemberID})
	if err != nil {
		return err
	}
	busy := 0
	for _, old := range list {
		switch old.State(now) {
		case member.HelpInvited:
			address, err := h.helpEmail(old)
			if err != nil {
				return err
			}
			if identity.FoldEmail(address) == identity.FoldEmail(email) {
				if _, err := member.EndHelp(ctx, tx, now, old.ID, "member"); err != nil {
					return err
				}
				continue
			}
			busy++
		case member.HelpLive:
			busy++
		}
	}
	if busy >= mostHelpers {
		return ErrTooManyHelpers
	}
	return nil
}

// helpEmail is where an invitation went.
func (h *Households) helpEmail(help member.Help) (string, error) {
	plain, err := h.Seal.Open(help.EmailSealed, helpEmailPlace(help.ID))
	return string(plain), err
}

func helpEmailPlace(helpID string) string { return helpEmail.Place(helpID) }

// hashSecret is the form in which a link's token and a browser's proof are kept.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
