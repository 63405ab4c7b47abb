package phonepay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	"memberpay/internal/payment"
)

// LinkLife is how long a link can be used: a call, and a little more.
const LinkLife = 30 * time.Minute

// LinkTries is how many dates of birth may be wrong on one link.
const LinkTries = 5

// linksSent bounds the links that one member gets: nobody is flooded.
var linksSent = identity.Limit{Name: "pay-link/member", Hits: 10, Window: time.Hour}

// Stages of a link, in the order in which a payer comes by. Whether it was paid says the payment.
const (
	Sent   = "sent"
	Opened = "opened" // and the date of birth was right
	Bills  = "bills"
	Method = "method"
	Review = "review"
)

// typing is for how long after it something typed counts as "types now".
const typing = 8 * time.Second

// Errors of links.
var (
	// ErrLink: it ran out, was given up, replaced or tried too often, or never was.
	ErrLink = fault.New(fault.NotFound, "phonepay.link")
	// ErrBirth: the date of birth is not the payer's.
	ErrBirth = fault.Field("birth", "phonepay.birth")
	// ErrNowhere: there is no such contact on file.
	ErrNowhere = fault.Field("channel", "phonepay.nowhere")
)

// Link is a link to one draft.
type Link struct {
	DraftID   string
	MessageID string // subject of its message
	Channel   string // event.Mail or event.Text
	Tries     int
	Stage     string
	StageAt   time.Time
	TypedAt   time.Time
	SeenAt    time.Time // when its page was first shown, to whomever; zero before
	ExpiresAt time.Time
}

// Over reports whether it cannot be opened any more.
func (l Link) Over(now time.Time) bool { return !now.Before(l.ExpiresAt) || l.Tries >= LinkTries }

// Types reports whether the payer typed a moment ago.
func (l Link) Types(now time.Time) bool { return now.Sub(l.TypedAt) < typing }

// Contact is a way to reach a member, as it may be shown.
type Contact struct {
	Channel string
	Masked  string
}

// Contacts returns where a link can be sent: what is on file.
func (p *Phone) Contacts(m member.Member) (out []Contact) {
	if p.CanText && m.TextNumber() != "" {
		out = append(out, Contact{event.Text, identity.MaskPhone(m.TextNumber())})
	}
	if p.CanMail && identity.ValidEmail(m.Email) {
		out = append(out, Contact{event.Mail, identity.MaskEmail(m.Email)})
	}
	return out
}

// SendLink sends the member of a draft a link to it. A link that was sent earlier ends. lang is for a member of whom no
// language is known. It returns ErrNowhere, payment.ErrCallOver, or a Busy fault where too many were sent.
func (p *Phone) SendLink(ctx context.Context, now time.Time, who audit.Who, b payment.ByPhone, channel, lang string) error {
	m, err := member.Get(ctx, p.DB.Read(), b.MemberID)
	if err != nil {
		return err
	}
	to := letter.To{Channel: channel, Language: m.Language}
	if to.Language == "" {
		to.Language = lang
	}
	for _, c := range p.Contacts(m) {
		switch {
		case c.Channel != channel:
		case channel == event.Mail:
			to.Recipient = m.Email
		default:
			to.Recipient = m.TextNumber()
		}
	}
	if to.Recipient == "" {
		return ErrNowhere
	}
	token, messageID, until := id.Secret(), id.New("plk"), now.Add(LinkLife)
	email := ""
	if channel == event.Mail {
		email = m.Email // whoever opens the link has it already
	}
	_, err = p.Payments.ChangeDraft(ctx, payment.CallOwner(b.CallID), b.DraftID, func(d *payment.Draft) error {
		d.Answers.Email, d.Answers.Emailed = email, false
		return nil
	})
	if err != nil && !fault.Is(err, fault.NotFound) { // the payer has it already, from an earlier link
		return err
	}
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		var live bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM phone_payment WHERE draft_id = $1 AND agent_id = $2 AND payment_id = '' AND ended_at = 0)", b.DraftID, who.Actor).Scan(&live); err != nil {
			return err
		}
		if !live {
			return payment.ErrCallOver
		}
		if err := identity.AllowIn(ctx, tx, now, linksSent, m.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO pay_link (draft_id, message_id, token_hash, channel, stage_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (draft_id) DO UPDATE SET message_id = $2, token_hash = $3, channel = $4, tries = 0, stage = 'sent', stage_at = $5, typed_at = 0, seen_at = 0, expires_at = $6`,
			b.DraftID, messageID, id.Digest(token), channel, db.Micros(now), db.Micros(until)); err != nil {
			return err
		}
		e := who.Did(now, "phone_payment.link_sent", messageID, m.ID)
		e.Detail = channel
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return p.Outbox.Tell(ctx, tx, now, letter.New(letter.PayLink{URL: p.BaseURL + "/pay-link/" + token, Until: until}, messageID, to))
	})
	if err != nil {
		return fmt.Errorf("send a link to pay: %w", err)
	}
	return nil
}

const linkFields = "draft_id, message_id, channel, tries, stage, stage_at, typed_at, seen_at, expires_at"

func scanLink(row *sql.Row) (Link, error) {
	var l Link
	var staged, typed, seen, expires int64
	err := row.Scan(&l.DraftID, &l.MessageID, &l.Channel, &l.Tries, &l.Stage, &staged, &typed, &seen, &expires)
	l.StageAt, l.TypedAt, l.SeenAt, l.ExpiresAt = db.Time(staged), db.Time(typed), db.Time(seen), db.Time(expires)
	return l, err
}

// LinkOf returns the link of a draft; ok is false where none was sent.
func LinkOf(ctx context.Context, q db.Queryer, draftID string) (l Link, ok bool, err error) {
	l, err = scanLink(q.QueryRowContext(ctx, "SELECT "+linkFields+" FROM pay_link WHERE draft_id = $1", draftID))
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, false, nil
	}
	if err != nil {
		return Link{}, false, fmt.Errorf("get a link to pay: %w", err)
	}
	return l, true, nil
}

// Find returns the link of a token that can still be opened, and the payment that it is for, or ErrLink.
func (p *Phone) Find(ctx context.Context, now time.Time, token string) (Link, payment.ByPhone, error) {
	return find(ctx, p.DB.Read(), now, token, "")
}

func find(ctx context.Context, q db.Queryer, now time.Time, token, lock string) (Link, payment.ByPhone, error) {
	l, err := scanLink(q.QueryRowContext(ctx, "SELECT "+linkFields+" FROM pay_link WHERE token_hash = $1"+lock, id.Digest(token)))
	if errors.Is(err, sql.ErrNoRows) || (err == nil && l.Over(now)) {
		return Link{}, payment.ByPhone{}, ErrLink
	}
	if err != nil {
		return Link{}, payment.ByPhone{}, fmt.Errorf("find a link to pay: %w", err)
	}
	b, err := payment.PhoneDraft(ctx, q, l.DraftID)
	if err == nil && !b.EndedAt.IsZero() {
		err = ErrLink
	}
	return l, b, err
}

// Seen notes that the page of a link was shown, for the agent who waits. It opens nothing: a program that reads mail may
// have looked.
func (p *Phone) Seen(ctx context.Context, now time.Time, l Link) error {
	if l.Stage != Sent || !l.SeenAt.IsZero() {
		return nil
	}
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE pay_link SET seen_at = $2 WHERE draft_id = $1 AND seen_at = 0", l.DraftID, db.Micros(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a link to pay was seen: %w", err)
	}
	return nil
}

// Prove checks the date of birth that was given with a link. It returns ErrBirth for a wrong one, which counts, and ErrLink
// where the link leads nowhere (any more).
func (p *Phone) Prove(ctx context.Context, now time.Time, who audit.Who, token string, birth day.Date) (b payment.ByPhone, err error) {
	var wrong error
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		wrong = nil
		l, found, err := find(ctx, tx, now, token, tx.Engine.ForUpdate())
		if err != nil {
			return err
		}
		b = found
		m, err := member.Get(ctx, tx, b.MemberID)
		if err != nil {
			return err
		}
		if !birth.IsZero() && m.BirthDate == birth {
			if b.PaymentID != "" { // paid: it leads to the payment
				return nil
			}
			_, err := tx.ExecContext(ctx, "UPDATE pay_link SET stage = 'opened', stage_at = $2 WHERE draft_id = $1", l.DraftID, db.Micros(now))
			return err
		}
		wrong = ErrBirth
		if l.Tries+1 >= LinkTries {
			wrong = ErrLink
		}
		if _, err := tx.ExecContext(ctx, "UPDATE pay_link SET tries = tries + 1 WHERE draft_id = $1", l.DraftID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "phone_payment.link_refused", l.MessageID, b.MemberID))
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return payment.ByPhone{}, fmt.Errorf("open a link to pay: %w", err)
	}
	return b, nil
}

// Take gives the draft of a link to the browser of the payer, who proved with Prove that it is them.
func (p *Phone) Take(ctx context.Context, now time.Time, who audit.Who, b payment.ByPhone, to payment.Owner) error {
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		var live bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM phone_payment WHERE draft_id = $1 AND payment_id = '' AND ended_at = 0)", b.DraftID).Scan(&live); err != nil {
			return err
		}
		if !live {
			return ErrLink
		}
		if err := payment.HandDraft(ctx, tx, now, b.DraftID, to); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "phone_payment.link_opened", b.DraftID, b.MemberID))
	})
	if err != nil {
		return fmt.Errorf("take a draft by its link: %w", err)
	}
	return nil
}

// At notes on which page of the draft the payer is, for the agent who waits. It is no error where the draft has no link.
func (p *Phone) At(ctx context.Context, now time.Time, draftID, stage string) error {
	switch stage {
	case Bills, Method, Review:
	default:
		return nil
	}
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE pay_link SET stage = $2, stage_at = $3 WHERE draft_id = $1 AND stage <> $2", draftID, stage, db.Micros(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("note where a payer is: %w", err)
	}
	return nil
}

// Typed notes that the payer types, and never what.
func (p *Phone) Typed(ctx context.Context, now time.Time, draftID string) error {
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE pay_link SET typed_at = $2 WHERE draft_id = $1", draftID, db.Micros(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a payer types: %w", err)
	}
	return nil
}
