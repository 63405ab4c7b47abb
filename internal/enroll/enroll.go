package enroll

import (
	"context"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	Zone     *time.Location // of the organisation: whoever is of age there
	CanText  bool           // text messages are sent
	CanPrint bool           // letters are printed and posted
}

// Enrollments opens accounts for members who prove who they are. It is safe for concurrent use.
type Enrollments struct{ Config }

// New returns Enrollments.
func New(c Config) *Enrollments { return &Enrollments{c} }

// Beginning is what an enrollment begins with: somebody whose number, date of birth and ZIP code were right.
type Beginning struct {
	Found    member.Member
	Token    string   // of the browser's cookie, "" for none
	Sessions []string // ids of the browser's sessions, the latest last
}

// Start begins the way to an account for a member who was found, or goes on with the one that this browser has begun for
// them, and returns it with the token for the browser's cookie. A child leads to their guarantor. It returns ErrNobody
// where nobody of age can have the account.
func (e *Enrollments) Start(ctx context.Context, now time.Time, who audit.Who, b Beginning) (en Enrollment, token string, err error) {
	owner, err := e.Owner(ctx, e.DB.Read(), now, b.Found)
	if err != nil {
		return Enrollment{}, "", err
	}
	err = e.DB.Write(ctx, func(tx *db.Tx) error {
		token = b.Token
		if en, err = e.begun(ctx, tx, now, token, owner.ID); err != errNone {
			if err == nil {
				en.FoundID, en.Sessions = b.Found.ID, join(en.Sessions, b.Sessions)
				err = e.save(ctx, tx, en)
			}
			return err
		}
		// A token is kept only where it is one of ours, so that both ways of this browser stay open; nobody can bring one along.
		if _, err := e.one(ctx, tx, "token_hash = $1 AND expires_at > $2 LIMIT 1", tokenHash(token), db.Micros(now)); err != nil {
			token = id.Secret()
		}
		en = Enrollment{ID: id.New("enr"), MemberID: owner.ID, FoundID: b.Found.ID, AccountID: id.New("acc"), Sessions: join(nil, b.Sessions),
			CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(Life)}
		if err := e.insert(ctx, tx, en, token); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "join.found", en.ID, b.Found.ID))
	})
	if err != nil {
		return Enrollment{}, "", fmt.Errorf("start enrollment: %w", err)
	}
	return en, token, nil
}

// begun takes the enrollment that a browser has begun for a member, or returns errNone.
func (e *Enrollments) begun(ctx context.Context, tx *db.Tx, now time.Time, token, memberID string) (Enrollment, error) {
	if token == "" {
		return Enrollment{}, errNone
	}
	return scan(e.Seal, tx.QueryRowContext(ctx, `UPDATE enrollment SET updated_at = $3 WHERE id = (SELECT id FROM enrollment
		WHERE token_hash = $1 AND member_id = $2 AND done_at = 0 AND expires_at > $3 ORDER BY created_at DESC, id DESC LIMIT 1) RETURNING `+fields,
		tokenHash(token), memberID, db.Micros(now)))
}

// Owner is who can have the account of a member: the member, or the guarantor of a child. It returns ErrNobody where
// there is nobody of age, or the one there is has died.
func (e *Enrollments) Owner(ctx context.Context, q db.Queryer, now time.Time, m member.Member) (member.Member, error) {
	today := day.Of(now, e.Zone)
	if m.Minor(today) && !m.Self() {
		guarantor, err := member.Get(ctx, q, m.GuarantorID)
		if err != nil {
			return member.Member{}, err
		}
		m = guarantor
	}
	if m.Minor(today) || m.Deceased {
		return member.Member{}, ErrNobody
	}
	return m, nil
}

// Leave ends an enrollment before its time, as somebody at a shared computer wants.
func (e *Enrollments) Leave(ctx context.Context, now time.Time, who audit.Who, en Enrollment) error {
	return e.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE enrollment SET expires_at = $2 WHERE id = $1 AND done_at = 0 AND expires_at > $2", en.ID, db.Micros(now)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "join.left", en.ID, en.MemberID))
	})
}

// join returns both lists, each entry once, the latest mostSessions of them.
func join(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out[max(0, len(out)-mostSessions):]
}

// mostSessions bounds how many sessions one enrollment remembers.
const mostSessions = 16
