package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Session is what is known of a browser. The zero Session is nobody.
type Session struct {
	ID        string   // hash of the token; safe to keep beside other rows
	AccountID string   // "" for a guest
	Role      Actor    // of the account, as it is now; "" for a guest
	Helps     bool     // the account may act for somebody as a helper
	Members   []string // member row ids whose bills may be seen
	Earlier   []string // ids of the sessions that this one continues, the latest last
	Waiting   string   // account whose password was right and whose second factor is still to come, "" for none
	How       string   // with what its owner signed in: "password", "passkey", "password+totp"; "" for a guest
	Browser   string   // in words, for the list of devices
	Address   string   // network address it was opened from
	CreatedAt time.Time
	ProvedAt  time.Time // when its owner last proved who they are; zero for a guest
	SeenAt    time.Time
	ExpiresAt time.Time
}

// SignedIn reports whether the session belongs to an account.
func (s Session) SignedIn() bool { return s.AccountID != "" }

// Known reports whether the session may see anybody's bills: somebody signed in, or a guest who found one.
func (s Session) Known() bool { return len(s.Members) > 0 || s.SignedIn() }

// Actor is who the session's owner is in the permission table.
func (s Session) Actor() Actor {
	switch {
	case s.SignedIn():
		return s.Role
	case s.Known():
		return Guest
	}
	return Nobody
}

// EndsAt is when the session ends where nothing more is asked for.
func (s Session) EndsAt() time.Time {
	if idle := s.SeenAt.Add(Idle); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// Recently reports whether the session's owner proved who they are a short time ago, as what is hard to undo asks for.
func (s Session) Recently(now time.Time) bool {
	return !s.ProvedAt.IsZero() && now.Sub(s.ProvedAt) <= Recent
}

const (
	// Idle is how long a session lasts without a request.
	Idle = 30 * time.Minute
	// Longest is how long a session lasts at most.
	Longest = 12 * time.Hour
	// FillIn is how long a page that asks for a fresh proof leaves at least to fill in its form.
	FillIn = 5 * time.Minute
	// Recent is how long a proof of identity counts for what asks for a fresh one.
	Recent = 15 * time.Minute
	// touchAfter bounds how often a busy session is written.
	touchAfter = 5 * time.Minute
)

// mostEarlier is how many sessions one browser's session remembers that it continues.
const mostEarlier = 8

// Opening is what a new session begins with.
type Opening struct {
	AccountID string    // "" for a guest
	Members   []string  // member row ids whose bills may be seen
	Found     []string  // those of them who were found just now, by a number and a date of birth
	Waiting   string    // account whose second factor is still to come
	How       string    // with what the owner signed in; "" where nobody did
	ProvedAt  time.Time // when that was; now where it is zero
	ExpiresAt time.Time // when it ends at the latest: Longest from now where it is zero
	Browser   string
	Address   string
	Earlier   []string // ids of the sessions of the same browser that it continues
}

// Start makes a session and returns it with its token, which goes into the cookie and nowhere else. It remembers the
// sessions it continues, so that somebody who signs in or looks up another bill is still the one who paid a moment ago.
func (a *Accounts) Start(ctx context.Context, now time.Time, o Opening) (Session, string, error) {
	token := id.Secret()
	s := Session{ID: id.Digest(token), AccountID: o.AccountID, Members: o.Members, Waiting: o.Waiting, How: o.How, Browser: o.Browser,
		Address: o.Address, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(Longest), Earlier: o.Earlier[max(0, len(o.Earlier)-mostEarlier):]}
	if !o.ExpiresAt.IsZero() {
		s.ExpiresAt = o.ExpiresAt
	}
	if s.ProvedAt = o.ProvedAt; s.ProvedAt.IsZero() && o.How != "" {
		s.ProvedAt = now
	}
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		if o.AccountID != "" {
			err := tx.QueryRowContext(ctx, "SELECT role, helps FROM account WHERE id = $1 AND closed_at = 0", o.AccountID).Scan(&s.Role, &s.Helps)
			if errors.Is(err, sql.ErrNoRows) {
				return ErrSignIn // closed a moment ago
			}
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO session (id, account_id, members, earlier, waiting_for, how, browser, address, created_at, proved_at, seen_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, s.ID, s.AccountID, strings.Join(s.Members, ","), strings.Join(s.Earlier, ","), s.Waiting,
			s.How, s.Browser, s.Address, db.Micros(now), db.Micros(s.ProvedAt), db.Micros(now), db.Micros(s.ExpiresAt))
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, s.opened(now, o)...)
	})
	if err != nil {
		return Session{}, "", fmt.Errorf("start session: %w", err)
	}
	return s, token, nil
}

// opened is what the audit log says of a new session: that somebody signed in, and whom a guest found. A session that only
// goes on under a new token is no news.
func (s Session) opened(now time.Time, o Opening) []audit.Entry {
	who := audit.Who{Actor: s.AccountID, Role: string(s.Role), From: s.Address}
	if s.AccountID == "" {
		who = audit.Who{Actor: audit.GuestActor(s.ID), Role: audit.Guest, From: s.Address}
	}
	var out []audit.Entry
	if s.AccountID != "" && o.How != "" && o.ProvedAt.IsZero() {
		e := who.Did(now, "sign_in", s.AccountID, "")
		e.Detail = o.How
		if s.Browser != "" {
			e.Detail += ", " + s.Browser
		}
		out = append(out, e)
	}
	for _, m := range o.Found {
		out = append(out, who.Did(now, "member.found", m, m))
	}
	return out
}

// selectSession reads sessions with their account's role, for scanSession.
const selectSession = `SELECT s.id, s.account_id, s.members, s.earlier, s.waiting_for, s.how, s.browser, s.address,
	s.created_at, s.proved_at, s.seen_at, s.expires_at, COALESCE(a.role, ''), COALESCE(a.helps, FALSE), COALESCE(a.closed_at, 0)
	FROM session s LEFT JOIN account a ON a.id = s.account_id`

// scanSession reads one row of selectSession. alive is false for a session that has ended.
func scanSession(now time.Time, scan func(...any) error) (s Session, alive bool, err error) {
	var members, earlier string
	var created, proved, seen, expires, closed int64
	err = scan(&s.ID, &s.AccountID, &members, &earlier, &s.Waiting, &s.How, &s.Browser, &s.Address, &created, &proved, &seen, &expires, &s.Role, &s.Helps, &closed)
	if err != nil {
		return Session{}, false, err
	}
	s.CreatedAt, s.ProvedAt, s.SeenAt, s.ExpiresAt = db.Time(created), db.Time(proved), db.Time(seen), db.Time(expires)
	if members != "" {
		s.Members = strings.Split(members, ",")
	}
	if earlier != "" {
		s.Earlier = strings.Split(earlier, ",")
	}
	return s, !ended(now, s.SeenAt, s.ExpiresAt) && closed == 0 && (s.AccountID == "" || s.Role != ""), nil
}

// Find returns the session of a token, or the zero Session where there is none or it has ended.
func (a *Accounts) Find(ctx context.Context, now time.Time, token string) (Session, error) {
	s, err := a.Look(ctx, now, token)
	if err == nil && s.ID != "" && now.Sub(s.SeenAt) > touchAfter {
		return a.Extend(ctx, now, s)
	}
	return s, err
}

// Look is Find that is no sign of life: the session does not last longer for it.
func (a *Accounts) Look(ctx context.Context, now time.Time, token string) (Session, error) {
	if token == "" {
		return Session{}, nil
	}
	s, alive, err := scanSession(now, a.db.Read().QueryRowContext(ctx, selectSession+" WHERE s.id = $1", id.Digest(token)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, nil
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	if !alive {
		return Session{}, nil
	}
	return s, nil
}

// Extend lets a session last for Idle from now, or until its ExpiresAt where that is sooner, and returns it.
func (a *Accounts) Extend(ctx context.Context, now time.Time, s Session) (Session, error) {
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE session SET seen_at = $2 WHERE id = $1", s.ID, db.Micros(now))
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("extend session: %w", err)
	}
	s.SeenAt = now
	return s, nil
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

// Sessions returns the sessions in which an account is signed in, the one seen last first.
func (a *Accounts) Sessions(ctx context.Context, now time.Time, accountID string) (out []Session, err error) {
	if accountID == "" { // guests have none
		return nil, nil
	}
	err = db.Each(ctx, a.db.Read(), selectSession+" WHERE s.account_id = $1 ORDER BY s.seen_at DESC, s.id", []any{accountID}, func(rows *sql.Rows) error {
		s, alive, err := scanSession(now, rows.Scan)
		if alive {
			out = append(out, s)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sessions of an account: %w", err)
	}
	return out, nil
}

// EndSession ends one of the account's sessions. One that is not there, or not the account's, is NotFound.
func (a *Accounts) EndSession(ctx context.Context, tx *db.Tx, accountID, sessionID string) error {
	n, err := changed(ctx, tx, "DELETE FROM session WHERE id = $1 AND account_id = $2 AND account_id <> ''", sessionID, accountID)
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "session.not_found")
	}
	return nil
}

// EndSessions ends all sessions of the account but one ("" for none), and those that wait for its second factor: after a
// new password or a recovery, whoever knew the old one is out.
func (a *Accounts) EndSessions(ctx context.Context, tx *db.Tx, accountID, except string) error {
	if accountID == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM session WHERE (account_id = $1 OR waiting_for = $1) AND id <> $2", accountID, except); err != nil {
		return fmt.Errorf("end the sessions of an account: %w", err)
	}
	return nil
}

// Sweep removes sessions that have ended, remembered browsers, codes and passkey ceremonies that ran out, and limits that
// are over. It returns how many sessions went.
func (a *Accounts) Sweep(ctx context.Context, now time.Time) (gone int64, err error) {
	err = a.db.Write(ctx, func(tx *db.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM session WHERE expires_at < $1 OR seen_at < $2", db.Micros(now), db.Micros(now.Add(-Idle)))
		if err != nil {
			return err
		}
		if gone, err = r.RowsAffected(); err != nil {
			return err
		}
		dayAgo := db.Micros(now.Add(-24 * time.Hour))
		for query, before := range map[string]int64{
			"DELETE FROM one_time_code WHERE expires_at < $1": dayAgo, // until then it answers that it ran out
			"DELETE FROM ceremony WHERE expires_at < $1":      db.Micros(now),
			"DELETE FROM device WHERE expires_at < $1":        db.Micros(now),
			"DELETE FROM rate_limit WHERE started < $1":       dayAgo,
		} {
			if _, err := tx.ExecContext(ctx, query, before); err != nil {
				return err
			}
		}
		return nil
	})
	return gone, err
}
