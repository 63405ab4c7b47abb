package household

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// codePurpose is the purpose of the code that a member tells a helper themselves.
const codePurpose = "helper"

// Invited is an invitation as its link shows it.
type Invited struct {
	member.Help
	From   member.Member // who invites
	Email  string        // where the link was sent
	Proved bool          // the browser that asks has given the code
}

var errNoInvitation = fault.New(fault.NotFound, "help.no_invitation")

// ErrOwnHelper means that the account that would help is one that acts for the member.
var ErrOwnHelper = fault.New(fault.Conflict, "help.own")

// Invited returns the invitation of a link's token. One that was accepted, withdrawn or has run out is a NotFound fault,
// like one that never was. proof is what ProveInvited gave the browser, "" for none.
func (h *Households) Invited(ctx context.Context, now time.Time, token, proof string) (Invited, error) {
	return h.invited(ctx, h.DB.Read(), now, token, proof)
}

func (h *Households) invited(ctx context.Context, q db.Queryer, now time.Time, token, proof string) (Invited, error) {
	help, proved, err := member.HelpByToken(ctx, q, hashSecret(token))
	if err != nil {
		return Invited{}, err
	}
	if help.State(now) != member.HelpInvited {
		return Invited{}, errNoInvitation
	}
	out := Invited{Help: help, Proved: proved != "" && subtle.ConstantTimeCompare([]byte(hashSecret(proof)), []byte(proved)) == 1}
	if out.From, err = member.Get(ctx, q, help.MemberID); err != nil {
		return Invited{}, err
	}
	if out.Email, err = h.helpEmail(help); err != nil {
		return Invited{}, fmt.Errorf("open an invitation: %w", err)
	}
	return out, nil
}

// NewCode makes the code that goes with an invitation, for the member to tell the helper: by phone, not in the same
// e-mail. An older one is good no more. The permission is one that waits, or it is a NotFound fault.
func (h *Households) NewCode(ctx context.Context, now time.Time, who audit.Who, help member.Help) (code string, err error) {
	if help.State(now) != member.HelpInvited {
		return "", errNoInvitation
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		if code, err = h.Accounts.NewCode(ctx, tx, now, codePurpose, help.ID, help.ExpiresAt.Sub(now)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "help.code_shown", help.ID, help.MemberID))
	})
	return code, err
}

// ProveInvited checks the code of an invitation and returns the proof that the browser keeps, or identity.ErrCode or
// identity.ErrCodeOver.
func (h *Households) ProveInvited(ctx context.Context, now time.Time, who audit.Who, token, code string) (proof string, err error) {
	var wrong error
	proof = id.Secret()
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		wrong = nil
		in, err := h.invited(ctx, tx, now, token, "")
		if err != nil {
			return err
		}
		if wrong = h.Accounts.CheckCode(ctx, tx, now, codePurpose, in.ID, code); fault.Is(wrong, fault.Invalid) {
			return audit.Append(ctx, tx, who.Did(now, "help.code_wrong", in.ID, in.MemberID)) // the try counts
		}
		if wrong != nil {
			return wrong
		}
		_, err = tx.ExecContext(ctx, "UPDATE help SET proof_hash = $2 WHERE id = $1", in.ID, hashSecret(proof))
		return err
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return "", fmt.Errorf("prove an invitation: %w", err)
	}
	return proof, nil
}

// Accept makes a permission live for an account, in the caller's transaction. token and proof are those of the helper's
// browser. It returns a NotFound fault where the invitation is over or was not proved, and ErrOwnHelper.
func (h *Households) Accept(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, token, proof, accountID string) (Invited, error) {
	in, err := h.invited(ctx, tx, now, token, proof)
	if err != nil {
		return Invited{}, err
	}
	if !in.Proved {
		return Invited{}, errNoInvitation
	}
	account, err := h.Accounts.GetIn(ctx, tx, accountID)
	if err != nil {
		return Invited{}, err
	}
	if account.ID == in.InviterID || slices.Contains(account.Members, in.MemberID) {
		return Invited{}, ErrOwnHelper
	}
	done, err := tx.ExecContext(ctx, `UPDATE help SET account_id = $2, accepted_at = $3, token_hash = 'used ' || id, proof_hash = '', version = version + 1
		WHERE id = $1 AND accepted_at = 0 AND ended_at = 0`, in.ID, account.ID, db.Micros(now))
	if err != nil {
		return Invited{}, fmt.Errorf("accept an invitation: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return Invited{}, fmt.Errorf("accept an invitation: %w", err)
	} else if n == 0 {
		return Invited{}, errNoInvitation // somebody else was quicker
	}
	if err := identity.Helps(ctx, tx, account.ID); err != nil {
		return Invited{}, err
	}
	who.Actor, who.Role = account.ID, audit.Helper
	if err := audit.Append(ctx, tx, who.Did(now, "help.accepted", in.ID, in.MemberID)); err != nil {
		return Invited{}, err
	}
	return in, h.tellInviter(ctx, tx, now, in.Help, letter.AccountChanged{What: letter.HelperAdded, When: now}, in.ID+"/added")
}

// tellInviter writes to the account that gave a permission. An account that was closed is told nothing.
func (h *Households) tellInviter(ctx context.Context, tx *db.Tx, now time.Time, help member.Help, l letter.Letter, subject string) error {
	to, err := h.address(ctx, tx, help.InviterID)
	if err != nil {
		return err
	}
	return h.Outbox.Tell(ctx, tx, now, letter.New(l, subject, to))
}

// address is where an account is written to; nowhere where it was closed.
func (h *Households) address(ctx context.Context, tx *db.Tx, accountID string) (letter.To, error) {
	account, err := h.Accounts.GetIn(ctx, tx, accountID)
	if fault.Is(err, fault.NotFound) {
		return letter.To{}, nil
	}
	return letter.To{Channel: event.Mail, Recipient: account.Email, Language: account.Language}, err
}

// NewAccountID names the account that an invitation can open, before it is there.
func NewAccountID(helpID string) string { return "acc_" + strings.TrimPrefix(helpID, "hlp_") }

// AcceptNew opens an account for a helper who has none, with the address that the link went to, and accepts for it. The
// link has shown that the address is theirs. It returns the recovery codes that come with a passkey, what Accept returns, and identity.ErrEmailTaken where the address has an account.
func (h *Households) AcceptNew(ctx context.Context, now time.Time, who audit.Who, token, proof, language string, key identity.Key) (accountID string, codes []string, err error) {
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		codes = nil
		in, err := h.invited(ctx, tx, now, token, proof)
		if err != nil {
			return err
		}
		if !in.Proved {
			return errNoInvitation
		}
		if accountID, err = h.Accounts.Open(ctx, tx, now, identity.NewAccount{ID: NewAccountID(in.ID), Email: in.Email, Language: language, Role: identity.Member}); err != nil {
			return err
		}
		if codes, err = h.Accounts.GiveKey(ctx, tx, now, accountID, key); err != nil {
			return err
		}
		opener := audit.Who{Actor: accountID, Role: audit.Member, From: who.From}
		if err := audit.Append(ctx, tx, opener.Did(now, "account.opened", accountID, "")); err != nil {
			return err
		}
		if err := h.Outbox.Tell(ctx, tx, now, letter.New(letter.AccountOpened{When: now}, accountID, letter.To{Channel: event.Mail, Recipient: in.Email, Language: language})); err != nil {
			return err
		}
		_, err = h.Accept(ctx, tx, now, opener, token, proof, accountID)
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("accept with a new account: %w", err)
	}
	return accountID, codes, nil
}
