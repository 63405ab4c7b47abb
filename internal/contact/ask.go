package contact

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// asked bounds the changes that are asked for one member, so that nobody is flooded with letters or codes.
var asked = identity.Limit{Name: "contact/asked", Hits: 10, Window: 24 * time.Hour}

// forNew is what the code is for that goes to a new address or phone; its subject is the change.
const forNew = "contact/new"

// ErrNone is the answer where no code is waited for.
var ErrNone = fault.New(fault.NotFound, "contact.none")

// ErrUntold is the answer to somebody who proved no more than that they know facts, where nobody could be told of the change:
// nobody could stop a thief.
var ErrUntold = fault.Field("part", "contact.untold")

// ErrWarned is the answer to such a one where a change was stopped by its link a while ago: somebody else knows those facts.
var ErrWarned = fault.Field("part", "contact.warned")

// Ask asks for a change of one part of how the member of a call is reached. By voice, a new phone gets no code, because no
// texts can be sent to it. lang is for a member of whom no language is known. What comes back is Begun where a code has to
// come back first (Confirm), Waiting, or, for a language, Stands. It returns caller.ErrProof where nobody has proved to who
// acts, in that call, that they are the member; ErrSame, ErrUntold, ErrWarned or an error of the field; or a Busy fault. Asked for again,
// a change that waits is the same one.
func (c *Contacts) Ask(ctx context.Context, now time.Time, who audit.Who, call caller.Call, part member.Part, is member.Contact, voice bool, lang string) (x Change, err error) {
	is, err = tidied(part, is)
	if err != nil {
		return Change{}, err
	}
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		if part == member.LanguagePart { // it changes the member, as an import does
			if err := bill.LockImports(ctx, tx); err != nil {
				return err
			}
		}
		m, proof, err := proved(ctx, tx, now, who, call)
		if err != nil {
			return err
		}
		if m.Contact(part).Same(is) {
			return ErrSame
		}
		if again, err := c.waiting(ctx, tx, m.ID, part); err != nil || again != nil && again.Said.Same(is) {
			if again != nil {
				x = *again
			}
			return err
		}
		if part != member.LanguagePart && !seen(proof) {
			if err := c.factsDo(ctx, tx, now, m, lang); err != nil {
				return err
			}
		}
		if err := identity.AllowIn(ctx, tx, now, asked, m.ID); err != nil {
			return err
		}
		x = Change{ID: id.New("cch"), MemberID: m.ID, CallID: call.ID, AgentID: who.Actor, Part: part, Said: is, Was: m.Contact(part), State: Begun, AskedAt: now}
		if err := c.insert(ctx, tx, x); err != nil {
			return err
		}
		to := letter.To{Language: cmp.Or(m.Language, lang)}
		switch {
		case part == member.LanguagePart:
			return c.speak(ctx, tx, now, who, &x, lang)
		case part == member.EmailPart && c.CanMail:
			to.Channel, to.Recipient = event.Mail, is.Email
		case part == member.PhonePart && c.CanText && !voice:
			to.Channel, to.Recipient = event.Text, is.Phone
		default:
			return c.accept(ctx, tx, now, who, &x, m, to.Language)
		}
		code, err := c.Accounts.NewCode(ctx, tx, now, forNew, x.ID, codeLife)
		if err != nil {
			return err
		}
		e := who.Did(now, "contact.code_sent", x.ID, m.ID)
		e.Detail = string(part)
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return c.Outbox.Tell(ctx, tx, now, letter.New(letter.Code{Purpose: letter.Contact, Code: code, Until: now.Add(codeLife)}, x.ID+"/code", to))
	})
	if err != nil {
		return Change{}, fmt.Errorf("ask for a change of a contact: %w", err)
	}
	return x, nil
}

// proved is the member of a call who has proved in it, to who acts, who they are, and how, or caller.ErrProof. Until the end of
// the transaction nobody else changes how they are reached.
func proved(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, call caller.Call) (member.Member, caller.Verification, error) {
	proof, err := caller.Verified(ctx, tx, now, call.ID, call.MemberID)
	if err != nil {
		return member.Member{}, proof, err
	}
	if proof.AgentID != who.Actor {
		return member.Member{}, proof, caller.ErrProof
	}
	if err := member.Lock(ctx, tx, call.MemberID); err != nil {
		return member.Member{}, proof, err
	}
	m, err := member.Get(ctx, tx, call.MemberID)
	return m, proof, err
}

// factsDo returns ErrUntold or ErrWarned where facts alone are not enough to ask for a change.
func (c *Contacts) factsDo(ctx context.Context, tx *db.Tx, now time.Time, m member.Member, lang string) error {
	to, err := c.reached(ctx, tx, now, m, lang)
	if err != nil {
		return err
	}
	if to.nobody() {
		return ErrUntold
	}
	stopped, err := c.StoppedByLink(ctx, tx, m.ID, now.Add(-Warned))
	if err == nil && len(stopped) > 0 {
		return ErrWarned
	}
	return err
}

// seen reports whether a proof is more than facts, which get known.
func seen(proof caller.Verification) bool {
	return proof.How == caller.ByPhotoID || proof.How == caller.ByCallBack
}

func (c *Contacts) insert(ctx context.Context, tx *db.Tx, x Change) error {
	text, err := json.Marshal(sealed{Said: x.Said, Was: x.Was})
	if err != nil {
		return err
	}
	held, err := c.Seal.Seal(text, said.Place(x.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO contact_change (id, member_id, call_id, agent_id, part, said_sealed, state, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		x.ID, x.MemberID, x.CallID, x.AgentID, x.Part, held, x.State, db.Micros(x.AskedAt))
	return err
}

// speak changes a language at once, and tells of it in the language before.
func (c *Contacts) speak(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, x *Change, lang string) error {
	x.State, x.From, x.EndedAt = Stands, now, now
	if _, err := tx.ExecContext(ctx, "UPDATE contact_change SET state = 'stands', from_at = $2, ended_at = $2 WHERE id = $1", x.ID, db.Micros(now)); err != nil {
		return err
	}
	was, err := member.Say(ctx, tx, now, x.MemberID, x.Part, x.Said)
	if err != nil {
		return err
	}
	to, err := c.reached(ctx, tx, now, was, lang)
	if err != nil {
		return err
	}
	to.languages = []string{cmp.Or(was.Language, lang)}
	e := who.Did(now, "contact.changed", x.ID, x.MemberID)
	e.Detail = string(x.Part)
	if err := audit.Append(ctx, tx, e); err != nil {
		return err
	}
	return c.Outbox.Tell(ctx, tx, now, to.letters(letter.ContactNews{What: letter.ContactNow, Part: string(x.Part), When: now}, x.ID)...)
}

// Pending returns the change of one part, begun in a call a moment ago, whose code has not come back, or ErrNone.
func (c *Contacts) Pending(ctx context.Context, q db.Queryer, now time.Time, call caller.Call, part member.Part) (Change, error) {
	x, err := c.scan(q.QueryRowContext(ctx, "SELECT "+fields+` FROM contact_change WHERE member_id = $1 AND call_id = $2 AND part = $3 AND state = 'begun' AND asked_at > $4
		ORDER BY asked_at DESC, id DESC LIMIT 1`, call.MemberID, call.ID, part, db.Micros(now.Add(-codeLife))))
	if errors.Is(err, sql.ErrNoRows) {
		return Change{}, ErrNone
	}
	if err != nil {
		return Change{}, fmt.Errorf("find a change of a contact: %w", err)
	}
	return x, nil
}

// Confirm takes the code that went to the new address or phone: the caller reads it out. The change then waits. It returns
// ErrNone, caller.ErrProof, identity.ErrCode or identity.ErrCodeOver.
func (c *Contacts) Confirm(ctx context.Context, now time.Time, who audit.Who, call caller.Call, part member.Part, code, lang string) (x Change, err error) {
	var wrong error
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		m, _, err := proved(ctx, tx, now, who, call)
		if err != nil {
			return err
		}
		if x, err = c.Pending(ctx, tx, now, call, part); err != nil {
			return err
		}
		wrong = c.Accounts.CheckCode(ctx, tx, now, forNew, x.ID, code)
		if errors.Is(wrong, identity.ErrCode) || errors.Is(wrong, identity.ErrCodeOver) {
			e := who.Did(now, "contact.code_wrong", x.ID, m.ID)
			e.Detail = string(part)
			return audit.Append(ctx, tx, e) // and the try is counted
		}
		if wrong != nil {
			return wrong
		}
		return c.accept(ctx, tx, now, who, &x, m, cmp.Or(m.Language, lang))
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return Change{}, fmt.Errorf("confirm a change of a contact: %w", err)
	}
	return x, nil
}
