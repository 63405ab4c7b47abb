package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/scrub"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	BaseURL  string // public address, without a slash at the end
	SSO      SSO    // the zero SSO is none
	Log      *slog.Logger
}

// Staff knows the people of the organisation. It is safe for concurrent use.
type Staff struct {
	Config
	provider provider
}

// New returns Staff.
func New(c Config) *Staff { return &Staff{Config: c} }

// Person is one of the staff.
type Person struct {
	ID        string // account id
	Name      string
	Email     string
	Role      identity.Actor
	InvitedBy string // account id, "" for the command line
	CreatedAt time.Time
	EndedAt   time.Time // zero while they work here
}

// Errors of the verbs.
var (
	ErrName     = fault.Field("name", "staff.name")
	ErrRole     = fault.Field("role", "staff.role")
	ErrReason   = fault.Field("reason", "staff.reason")
	ErrTaken    = fault.Field("email", "staff.email_taken")
	ErrLast     = fault.New(fault.Conflict, "staff.last_administrator")
	ErrNotFound = fault.New(fault.NotFound, "staff.not_found")
	ErrInvited  = fault.New(fault.NotFound, "staff.invitation_over") // used, taken back, ran out, or never was
)

// The bounds of what people write, in characters.
const (
	maxName   = 100
	minReason = 5
	MaxReason = audit.MaxReason
)

// Get returns one of the staff, also one who has left, or ErrNotFound.
func (s *Staff) Get(ctx context.Context, accountID string) (Person, error) {
	list, err := s.list(ctx, "WHERE staff.account_id = $1", accountID)
	if err == nil && len(list) == 0 {
		return Person{}, ErrNotFound
	}
	if err != nil {
		return Person{}, err
	}
	return list[0], nil
}

// List returns all staff: those who work here first, each by name.
func (s *Staff) List(ctx context.Context) ([]Person, error) {
	return s.list(ctx, "ORDER BY CASE WHEN staff.ended_at = 0 THEN 0 ELSE 1 END, staff.name, staff.account_id")
}

func (s *Staff) list(ctx context.Context, where string, args ...any) ([]Person, error) {
	var out []Person
	err := db.Each(ctx, s.DB.Read(), "SELECT staff.account_id, staff.name, account.role, staff.invited_by, staff.created_at, staff.ended_at FROM staff JOIN account ON account.id = staff.account_id "+where,
		args, func(rows *sql.Rows) error {
			var p Person
			var created, ended int64
			err := rows.Scan(&p.ID, &p.Name, &p.Role, &p.InvitedBy, &created, &ended)
			p.CreatedAt, p.EndedAt = db.Time(created), db.Time(ended)
			out = append(out, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	for i, p := range out {
		if !p.EndedAt.IsZero() {
			continue
		}
		profile, err := s.Accounts.Get(ctx, p.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		out[i].Email = profile.Email
	}
	return out, nil
}

// SetRole gives one of the staff another role. Their sessions end, so that nobody goes on with rights they had. It
// returns ErrNotFound, ErrRole, or ErrLast where nobody would be left to manage staff.
func (s *Staff) SetRole(ctx context.Context, now time.Time, who audit.Who, accountID string, role identity.Actor) error {
	if !role.Staff() {
		return ErrRole
	}
	if is, err := s.Get(ctx, accountID); err != nil || (is.Role == role && is.EndedAt.IsZero()) {
		return err // nothing changes
	}
	return s.change(ctx, now, who, accountID, "staff.role_changed", string(role), func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE account SET role = $2 WHERE id = $1", accountID, role)
		return err
	})
}

// End ends somebody's work here: they can no longer sign in and their sessions are over at once. What they did stays.
func (s *Staff) End(ctx context.Context, now time.Time, who audit.Who, accountID string) error {
	return s.change(ctx, now, who, accountID, "staff.ended", "", func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE staff SET ended_at = $2 WHERE account_id = $1", accountID, db.Micros(now)); err != nil {
			return err
		}
		return s.Accounts.Close(ctx, tx, now, accountID)
	})
}

// change runs fn on one of the staff who works here, keeps one administrator, ends their sessions and notes it down.
func (s *Staff) change(ctx context.Context, now time.Time, who audit.Who, accountID, action, detail string, fn func(tx *db.Tx) error) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		var known int
		// Every change of staff touches every row of an administrator first, so that two at once cannot leave none.
		if _, err := tx.ExecContext(ctx, "UPDATE account SET role = role WHERE role = $1 AND closed_at = 0", identity.Administrator); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM staff WHERE account_id = $1 AND ended_at = 0", accountID).Scan(&known)
		if err != nil {
			return err
		}
		if known == 0 {
			return ErrNotFound
		}
		if err := fn(tx); err != nil {
			return err
		}
		var left int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM account WHERE role = $1 AND closed_at = 0", identity.Administrator).Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			return ErrLast
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM session WHERE account_id = $1 OR waiting_for = $1", accountID); err != nil {
			return err
		}
		e := who.Did(now, action, accountID, "")
		e.Detail = detail
		return audit.Append(ctx, tx, e)
	})
	return wrap("change staff", err)
}

// wrap adds what was done to an unexpected error; a fault stays as it is.
func wrap(what string, err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// checkName returns a name without surrounding spaces, or ErrName.
func checkName(name string) (string, error) {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return "", ErrName
	}
	return name, nil
}

// checkReason returns a reason without surrounding spaces, or ErrReason where it says nothing or is too long.
func checkReason(reason string) (string, error) {
	reason, _ = scrub.Cards(scrub.Line(strings.ToValidUTF8(reason, "")))
	if n := utf8.RuneCountInString(reason); n < minReason || n > MaxReason {
		return "", ErrReason
	}
	return reason, nil
}

func checkRole(role identity.Actor) error {
	if !slices.Contains(identity.StaffRoles, role) {
		return ErrRole
	}
	return nil
}
