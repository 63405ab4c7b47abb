package callrequest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/id"
)

const fields = `id, number, account_id, member_id, name_sealed, phone_sealed, email_sealed, topic, language, speaks, slot_from, slot_to, state, owner_id, tries,
	created_at, taken_at, done_at`

func (r *Requests) scan(row interface{ Scan(...any) error }) (Request, error) {
	var x Request
	var name, phone, email []byte
	var from, to, created, taken, done int64
	if err := row.Scan(&x.ID, &x.Number, &x.AccountID, &x.MemberID, &name, &phone, &email, &x.Topic, &x.Language, &x.Speaks, &from, &to, &x.State, &x.OwnerID,
		&x.Tries, &created, &taken, &done); err != nil {
		return Request{}, err
	}
	plain, err := r.Seal.Open(name, requestName.Place(x.ID))
	if err != nil {
		return Request{}, err
	}
	x.Name = string(plain)
	if plain, err = r.Seal.Open(phone, requestPhone.Place(x.ID)); err != nil {
		return Request{}, err
	}
	x.Phone = string(plain)
	if len(email) > 0 {
		if plain, err = r.Seal.Open(email, requestEmail.Place(x.ID)); err != nil {
			return Request{}, err
		}
		x.Email = string(plain)
	}
	zone := r.Brand.Zone()
	x.Slot = brand.Slot{From: db.Time(from).In(zone), To: db.Time(to).In(zone)}
	x.CreatedAt, x.TakenAt, x.DoneAt = db.Time(created), db.Time(taken), db.Time(done)
	return x, nil
}

func (r *Requests) one(ctx context.Context, q db.Queryer, where string, args ...any) (Request, error) {
	x, err := r.scan(q.QueryRowContext(ctx, "SELECT "+fields+" FROM call_request WHERE "+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, ErrNotFound
	}
	return x, err
}

func (r *Requests) list(ctx context.Context, rest string, args ...any) ([]Request, error) {
	var out []Request
	err := db.Each(ctx, r.DB.Read(), "SELECT "+fields+" FROM call_request WHERE "+rest, args, func(rows *sql.Rows) error {
		x, err := r.scan(rows)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list requests to be called: %w", err)
	}
	return out, nil
}

// Mine returns the request that a key opens, or one of an account by its id. It returns ErrNotFound.
func (r *Requests) Mine(ctx context.Context, accountID, key string) (Request, error) {
	x, err := r.one(ctx, r.DB.Read(), "start_key = $1 OR (id = $2 AND account_id <> '' AND account_id = $3)", id.Digest(key), key, accountID)
	if err != nil {
		return Request{}, fmt.Errorf("get a request: %w", err)
	}
	return x, nil
}

// Get returns a request, or ErrNotFound. What of it a reader may see is the caller's to decide.
func (r *Requests) Get(ctx context.Context, requestID string) (Request, error) {
	x, err := r.one(ctx, r.DB.Read(), "id = $1", requestID)
	if err != nil {
		return Request{}, fmt.Errorf("get a request: %w", err)
	}
	return x, nil
}

// Of returns the requests of an account, newest first.
func (r *Requests) Of(ctx context.Context, accountID string) ([]Request, error) {
	if accountID == "" {
		return nil, nil
	}
	return r.list(ctx, "account_id <> '' AND account_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50", accountID)
}

// OfMember returns the requests of a member's account, newest first.
func (r *Requests) OfMember(ctx context.Context, memberID string, most int) ([]Request, error) {
	return r.list(ctx, "member_id <> '' AND member_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2", memberID, most)
}

// MemberOf returns the row id of the member whom the request with a number is about, in any spelling, or "" where there is
// none, or a guest asked.
func (r *Requests) MemberOf(ctx context.Context, number string) (string, error) {
	var memberID string
	err := r.DB.Read().QueryRowContext(ctx, "SELECT member_id FROM call_request WHERE number = $1", id.Unfold(number)).Scan(&memberID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("whose request it is: %w", err)
	}
	return memberID, nil
}

// Work returns the requests that are not over, those due first in front: of one owner, or of everybody where it is "".
func (r *Requests) Work(ctx context.Context, ownerID string, most int) ([]Request, error) {
	if ownerID != "" {
		return r.list(ctx, "state IN ('waiting', 'taken') AND owner_id = $1 ORDER BY slot_from, id LIMIT $2", ownerID, most)
	}
	return r.list(ctx, "state IN ('waiting', 'taken') ORDER BY slot_from, id LIMIT $1", most)
}

// Done returns the requests that ended last, newest first.
func (r *Requests) Done(ctx context.Context, most int) ([]Request, error) {
	return r.list(ctx, "done_at > 0 ORDER BY done_at DESC, id DESC LIMIT $1", most)
}

// Backlog is how much waits.
type Backlog struct {
	Waiting int       // people to be called
	Nobodys int       // of these, those that nobody has taken
	Late    int       // of these, those whose slot is over
	Oldest  time.Time // when whoever has waited longest asked; zero for none
}

// Backlog counts what waits at now.
func (r *Requests) Backlog(ctx context.Context, now time.Time) (b Backlog, err error) {
	var oldest int64
	err = r.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN owner_id = '' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN slot_to <= $1 THEN 1 ELSE 0 END), 0), COALESCE(MIN(created_at), 0) FROM call_request WHERE state IN ('waiting', 'taken')`, db.Micros(now)).
		Scan(&b.Waiting, &b.Nobodys, &b.Late, &oldest)
	if err != nil {
		return Backlog{}, fmt.Errorf("count requests to be called: %w", err)
	}
	b.Oldest = db.Time(oldest)
	return b, nil
}

// promised is how many calls are promised in each slot from one on, by its begin.
func (r *Requests) promised(ctx context.Context, from time.Time) (map[int64]int64, error) {
	out := map[int64]int64{}
	err := db.Each(ctx, r.DB.Read(), "SELECT slot_from, promised FROM call_slot WHERE slot_from >= $1", []any{db.Micros(from)}, func(rows *sql.Rows) error {
		var at, n int64
		err := rows.Scan(&at, &n)
		out[at] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("promised slots: %w", err)
	}
	return out, nil
}

// promise takes one place of a slot that has at most most, or returns ErrFull.
func (r *Requests) promise(ctx context.Context, tx *db.Tx, s brand.Slot, most int) error {
	done, err := tx.ExecContext(ctx, `INSERT INTO call_slot (slot_from, promised) VALUES ($1, 1)
		ON CONFLICT (slot_from) DO UPDATE SET promised = call_slot.promised + 1 WHERE call_slot.promised < $2`, db.Micros(s.From), most)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		if err == nil {
			err = ErrFull
		}
		return err
	}
	return nil
}

// release gives one place of a slot back.
func (r *Requests) release(ctx context.Context, tx *db.Tx, s brand.Slot) error {
	_, err := tx.ExecContext(ctx, "UPDATE call_slot SET promised = promised - 1 WHERE slot_from = $1 AND promised > 0", db.Micros(s.From))
	return err
}
