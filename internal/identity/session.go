package identity

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Session is what is known of a browser. The zero Session is nobody.
type Session struct {
	ID        string   // hash of the token; safe to keep beside other rows
	AccountID string   // "" for a guest
	Members   []string // member row ids whose bills may be seen
	Earlier   []string // ids of the sessions that this one continues, the latest last
	SeenAt    time.Time
	ExpiresAt time.Time
}

// SignedIn reports whether the session belongs to an account.
func (s Session) SignedIn() bool { return s.AccountID != "" }

// Known reports whether the session may see anybody's bills.
func (s Session) Known() bool { return len(s.Members) > 0 }

const (
	// Idle is how long a session lasts without a request.
	Idle = 30 * time.Minute
	// Longest is how long a session lasts at most.
	Longest = 12 * time.Hour
	// touchAfter bounds how often a busy session is written.
	touchAfter = 5 * time.Minute
)

// mostEarlier is how many sessions one browser's session remembers that it continues.
const mostEarlier = 8

// Start makes a session and returns it with its token, which goes into the cookie and nowhere else. earlier are the ids
// of the sessions of the same browser that it continues, so that somebody who signs in or looks up another bill is still
// the one who paid a moment ago.
func (a *Accounts) Start(ctx context.Context, now time.Time, accountID string, members []string, earlier ...string) (Session, string, error) {
	token := id.Secret()
	s := Session{ID: hashToken(token), AccountID: accountID, Members: members, SeenAt: now, ExpiresAt: now.Add(Longest),
		Earlier: earlier[max(0, len(earlier)-mostEarlier):]}
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO session (id, account_id, members, earlier, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			s.ID, s.AccountID, strings.Join(s.Members, ","), strings.Join(s.Earlier, ","), db.Micros(now), db.Micros(now), db.Micros(s.ExpiresAt))
		return err
	})
	if err != nil {
		return Session{}, "", fmt.Errorf("start session: %w", err)
	}
	return s, token, nil
}

// Find returns the session of a token, or the zero Session where there is none or it has ended.
func (a *Accounts) Find(ctx context.Context, now time.Time, token string) (Session, error) {
	if token == "" {
		return Session{}, nil
	}
	s := Session{ID: hashToken(token)}
	var members, earlier string
	var seen, expires int64
	err := a.db.Read().QueryRowContext(ctx, "SELECT account_id, members, earlier, seen_at, expires_at FROM session WHERE id = $1", s.ID).
		Scan(&s.AccountID, &members, &earlier, &seen, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, nil
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	s.SeenAt, s.ExpiresAt = db.Time(seen), db.Time(expires)
	if ended(now, s.SeenAt, s.ExpiresAt) {
		return Session{}, nil
	}
	if members != "" {
		s.Members = strings.Split(members, ",")
	}
	if earlier != "" {
		s.Earlier = strings.Split(earlier, ",")
	}
	if now.Sub(s.SeenAt) > touchAfter {
		err = a.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE session SET seen_at = $2 WHERE id = $1", s.ID, db.Micros(now))
			return err
		})
	}
	return s, err
}

// Alive reports whether the session with this id could still be used: it exists and has not ended.
func (a *Accounts) Alive(ctx context.Context, now time.Time, sessionID string) (bool, error) {
	var seen, expires int64
	err := a.db.Read().QueryRowContext(ctx, "SELECT seen_at, expires_at FROM session WHERE id = $1", sessionID).Scan(&seen, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("is a session alive: %w", err)
	}
	return !ended(now, db.Time(seen), db.Time(expires)), nil
}

func ended(now, seen, expires time.Time) bool { return now.After(expires) || now.Sub(seen) > Idle }

// End forgets a session.
func (a *Accounts) End(ctx context.Context, s Session) error {
	return a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM session WHERE id = $1", s.ID)
		return err
	})
}

// Sweep removes sessions that have ended and limits that are over. It returns how many sessions went.
func (a *Accounts) Sweep(ctx context.Context, now time.Time) (gone int64, err error) {
	err = a.db.Write(ctx, func(tx *db.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM session WHERE expires_at < $1 OR seen_at < $2", db.Micros(now), db.Micros(now.Add(-Idle)))
		if err != nil {
			return err
		}
		if gone, err = r.RowsAffected(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM rate_limit WHERE started < $1", db.Micros(now.Add(-24*time.Hour)))
		return err
	})
	return gone, err
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
