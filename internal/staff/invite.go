package staff

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
)

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 72 * time.Hour

// Invitation is an open invitation.
type Invitation struct {
	ID        string
	Name      string
	Email     string
	Role      identity.Actor
	InvitedBy string // account id, "" for the command line
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Over reports whether the invitation can no longer be accepted.
func (i Invitation) Over(now time.Time) bool { return now.After(i.ExpiresAt) }

// Invite makes an invitation, mails it, and returns its address, which holds the token and is shown nowhere else. It
// returns ErrName, ErrRole or identity.ErrEmail.
func (s *Staff) Invite(ctx context.Context, now time.Time, who audit.Who, name, email string, role identity.Actor) (url string, err error) {
	if name, err = checkName(name); err != nil {
		return "", err
	}
	if email = strings.TrimSpace(email); !identity.ValidEmail(email) {
		return "", identity.ErrEmail
	}
	if err := checkRole(role); err != nil {
		return "", err
	}
	token, invitationID := id.Secret(), id.New("inv")
	sealed, err := s.Seal.Seal([]byte(email), invitationPlace(invitationID))
	if err != nil {
		return "", err
	}
	url = s.BaseURL + "/desk/invitation/" + token
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO staff_invitation (id, token_hash, name, email_sealed, role, invited_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, invitationID, id.Digest(token), name, sealed, role, staffID(who), db.Micros(now), db.Micros(now.Add(InvitationLife))); err != nil {
			return err
		}
		l := letter.StaffInvited{Name: name, Role: string(role), URL: url, Expires: now.Add(InvitationLife)}
		if err := s.Outbox.Tell(ctx, tx, now, letter.New(l, invitationID, letter.To{Channel: event.Mail, Recipient: email})); err != nil {
			return err
		}
		e := who.Did(now, "staff.invited", invitationID, "")
		e.Detail = string(role)
		return audit.Append(ctx, tx, e)
	})
	return url, wrap("invite staff", err)
}

// staffID is the account of who acts, "" for the command line.
func staffID(who audit.Who) string {
	if who.Role == audit.Operator {
		return ""
	}
	return who.Actor
}

func invitationPlace(invitationID string) string {
	return invitationEmail.Place(invitationID)
}

// Invitations returns the invitations that nobody has accepted or taken back, the newest first.
func (s *Staff) Invitations(ctx context.Context) ([]Invitation, error) {
	return s.invitations(ctx, s.DB.Read(), "ended_at = 0 ORDER BY created_at DESC, id DESC")
}

// Invitation returns the invitation behind a token, or ErrInvited.
func (s *Staff) Invitation(ctx context.Context, now time.Time, token string) (Invitation, error) {
	return s.invited(ctx, s.DB.Read(), now, token)
}

func (s *Staff) invited(ctx context.Context, q db.Queryer, now time.Time, token string) (Invitation, error) {
	list, err := s.invitations(ctx, q, "token_hash = $1 AND ended_at = 0", id.Digest(token))
	if err == nil && (len(list) == 0 || list[0].Over(now)) {
		return Invitation{}, ErrInvited
	}
	if err != nil {
		return Invitation{}, err
	}
	return list[0], nil
}

func (s *Staff) invitations(ctx context.Context, q db.Queryer, where string, args ...any) ([]Invitation, error) {
	var out []Invitation
	err := db.Each(ctx, q, "SELECT id, name, email_sealed, role, invited_by, created_at, expires_at FROM staff_invitation WHERE "+where, args, func(rows *sql.Rows) error {
		var i Invitation
		var sealed []byte
		var created, expires int64
		if err := rows.Scan(&i.ID, &i.Name, &sealed, &i.Role, &i.InvitedBy, &created, &expires); err != nil {
			return err
		}
		email, err := s.Seal.Open(sealed, invitationPlace(i.ID))
		i.Email, i.CreatedAt, i.ExpiresAt = string(email), db.Time(created), db.Time(expires)
		out = append(out, i)
		return err
	})
	return out, wrap("list invitations", err)
}

// Revoke takes an invitation back, or returns ErrInvited.
func (s *Staff) Revoke(ctx context.Context, now time.Time, who audit.Who, invitationID string) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := end(ctx, tx, now, "id", invitationID, ""); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "staff.invitation_revoked", invitationID, ""))
	})
	return wrap("revoke an invitation", err)
}

// end ends an open invitation, once.
func end(ctx context.Context, tx *db.Tx, now time.Time, column, value, accountID string) error {
	var ended string
	err := tx.QueryRowContext(ctx, "UPDATE staff_invitation SET ended_at = $2, account_id = $3 WHERE "+column+" = $1 AND ended_at = 0 RETURNING id",
		value, db.Micros(now), accountID).Scan(&ended)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrInvited
	}
	return err
}

// Accept opens the account of who was invited. Prove, in the same transaction, gives the account what its owner signs in
// with: passwordHash is "" where that is a passkey, which prove stores. It returns the account's id, ErrInvited, or
// ErrTaken where the address has come to belong to other staff.
func (s *Staff) Accept(ctx context.Context, now time.Time, token, accountID, passwordHash, from string, prove func(tx *db.Tx, accountID string) error) (string, error) {
	var opened string
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		i, err := s.invited(ctx, tx, now, token)
		if err != nil {
			return err
		}
		opened, err = s.add(ctx, tx, now, identity.NewAccount{ID: accountID, Email: i.Email, PasswordHash: passwordHash, Role: i.Role}, i.Name, i.InvitedBy)
		if err != nil {
			return err
		}
		if err := end(ctx, tx, now, "id", i.ID, opened); err != nil {
			return err
		}
		if prove != nil {
			if err := prove(tx, opened); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, audit.Who{Actor: opened, Role: string(i.Role), From: from}.Did(now, "staff.joined", opened, ""))
	})
	return opened, wrap("accept an invitation", err)
}

// add opens the account of one of the staff.
func (s *Staff) add(ctx context.Context, tx *db.Tx, now time.Time, n identity.NewAccount, name, invitedBy string) (string, error) {
	accountID, err := s.Accounts.Open(ctx, tx, now, n)
	if errors.Is(err, identity.ErrEmailTaken) {
		return "", ErrTaken
	}
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO staff (account_id, name, invited_by, created_at) VALUES ($1, $2, $3, $4)", accountID, name, invitedBy, db.Micros(now))
	return accountID, err
}
