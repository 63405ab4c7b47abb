package share

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// Life is how long a code works and a page is shared.
const Life = 15 * time.Minute

// wrongCodes bounds the codes that one of the staff tries in vain.
var wrongCodes = identity.Limit{Name: "share/wrong", Hits: 20, Window: 15 * time.Minute}

// Errors of Look and Watch.
var (
	ErrCode = fault.Field("code", "share.code") // nobody shares a page with this code now
	ErrNone = fault.New(fault.NotFound, "share.not_found")
)

// Share is one browser that shares its page.
type Share struct {
	ID        string
	AccountID string // signed in there, "" for nobody
	MemberID  string // row id of the first member whose bills it sees, "" for none
	Page      string // the route of its page: "/pay/{draft}/review"
	Title     string
	PagedAt   time.Time // when it was opened; zero before the first
	ViewerID  string    // account id of the one who looks, "" for nobody yet
	ExpiresAt time.Time
}

// Step is the step of a payment that is being prepared, "" on any other page.
func (s Share) Step() string {
	if rest, ok := strings.CutPrefix(s.Page, "/pay/{draft}/"); ok {
		step, _, _ := strings.Cut(rest, "/")
		return step
	}
	return ""
}

// Shares keeps which browsers share their page. It is safe for concurrent use.
type Shares struct {
	DB   *db.DB
	Seal *seal.Box
}

func (s *Shares) index(code string) string { return s.Seal.Index(code, "page_share/code") }

// Start begins to share the pages of a browser and returns the secret for its cookie and the code to read out. What the
// browser shared before, under the secret earlier, ends.
func (s *Shares) Start(ctx context.Context, now time.Time, earlier string, who audit.Who, session identity.Session) (secret, code string, until time.Time, err error) {
	secret, until = id.Secret(), now.Add(Life)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := end(ctx, tx, now, earlier); err != nil {
			return err
		}
		var taken bool
		for range 20 {
			n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
			if err != nil {
				return err
			}
			code = fmt.Sprintf("%06d", n)
			if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM page_share WHERE code_index = $1 AND expires_at > $2)", s.index(code), db.Micros(now)).Scan(&taken); err != nil {
				return err
			}
			if !taken {
				break
			}
		}
		if taken {
			return errors.New("no code is free")
		}
		shareID, member := id.New("shr"), first(session.Members)
		if _, err := tx.ExecContext(ctx, "INSERT INTO page_share (id, token_hash, code_index, account_id, member_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			shareID, id.Digest(secret), s.index(code), session.AccountID, member, db.Micros(now), db.Micros(until)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "page.shared", shareID, member))
	})
	if err != nil {
		return "", "", time.Time{}, fmt.Errorf("share a page: %w", err)
	}
	return secret, code, until, nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Stop ends what a browser shares, under its secret. It is no error where it shares nothing.
func (s *Shares) Stop(ctx context.Context, now time.Time, secret string) error {
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return end(ctx, tx, now, secret) }); err != nil {
		return fmt.Errorf("stop sharing a page: %w", err)
	}
	return nil
}

func end(ctx context.Context, tx *db.Tx, now time.Time, secret string) error {
	if secret == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "UPDATE page_share SET ended_at = $2 WHERE token_hash = $1 AND ended_at = 0", id.Digest(secret), db.Micros(now))
	return err
}

// Paged notes which page a browser is on, and returns what it shares; ok is false where it shares nothing any more.
func (s *Shares) Paged(ctx context.Context, now time.Time, secret string, session identity.Session, page, title string) (share Share, ok bool, err error) {
	const most = 200
	if r := []rune(title); len(r) > most {
		title = string(r[:most])
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		share, err = scan(tx.QueryRowContext(ctx, `UPDATE page_share SET page = $2, title = $3, paged_at = $4, account_id = $5, member_id = $6
			WHERE token_hash = $1 AND ended_at = 0 AND expires_at > $4 RETURNING `+fields, id.Digest(secret), page, title, db.Micros(now), session.AccountID, first(session.Members)))
		if ok = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return Share{}, false, fmt.Errorf("note a shared page: %w", err)
	}
	return share, ok, nil
}

// Look finds the browser that shares its page under a code, for one of the staff, who may watch it from then on. It
// returns ErrCode, or a Busy fault after too many wrong codes.
func (s *Shares) Look(ctx context.Context, now time.Time, who audit.Who, code string) (Share, error) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
	var share Share
	var wrong error
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		wrong = nil
		if err := identity.Allowed(ctx, tx, now, wrongCodes, who.Actor); err != nil {
			return err
		}
		share, err = scan(tx.QueryRowContext(ctx, `UPDATE page_share SET viewer_id = $2, looked_at = $3, looked_page = page
			WHERE code_index = $1 AND ended_at = 0 AND expires_at > $3 AND viewer_id IN ('', $2) RETURNING `+fields, s.index(code), who.Actor, db.Micros(now)))
		if errors.Is(err, sql.ErrNoRows) {
			if err = identity.AllowIn(ctx, tx, now, wrongCodes, who.Actor); err == nil || fault.Is(err, fault.Busy) {
				wrong, err = ErrCode, nil
			}
			return err
		}
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, looked(now, who, share))
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return Share{}, fmt.Errorf("look at a shared page: %w", err)
	}
	return share, nil
}

func looked(now time.Time, who audit.Who, share Share) audit.Entry {
	e := who.Did(now, "page.looked", share.ID, share.MemberID)
	e.Detail = share.Page
	return e
}

// Watch returns what a browser shares to the one of the staff who looked first, or ErrNone once it has ended. Each other
// page that it is seen on is noted down.
func (s *Shares) Watch(ctx context.Context, now time.Time, who audit.Who, shareID string) (Share, error) {
	var share Share
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		var before string
		err = tx.QueryRowContext(ctx, "SELECT looked_page FROM page_share WHERE id = $1 AND viewer_id = $2"+tx.Engine.ForUpdate(), shareID, who.Actor).Scan(&before)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNone
		}
		if err != nil {
			return err
		}
		share, err = scan(tx.QueryRowContext(ctx, `UPDATE page_share SET looked_at = $3, looked_page = page
			WHERE id = $1 AND viewer_id = $2 AND ended_at = 0 AND expires_at > $3 RETURNING `+fields, shareID, who.Actor, db.Micros(now)))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNone
		}
		if err != nil || share.Page == before {
			return err
		}
		return audit.Append(ctx, tx, looked(now, who, share))
	})
	if err != nil {
		return Share{}, fmt.Errorf("watch a shared page: %w", err)
	}
	return share, nil
}

const fields = "id, account_id, member_id, page, title, paged_at, viewer_id, expires_at"

func scan(row *sql.Row) (Share, error) {
	var s Share
	var paged, expires int64
	err := row.Scan(&s.ID, &s.AccountID, &s.MemberID, &s.Page, &s.Title, &paged, &s.ViewerID, &expires)
	s.PagedAt, s.ExpiresAt = db.Time(paged), db.Time(expires)
	return s, err
}
