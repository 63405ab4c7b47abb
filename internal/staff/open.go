package staff

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

const (
	// OpenFor is how long a record stays open to whoever gave a reason.
	OpenFor = 15 * time.Minute
	// BrokenFor is how long a right that was taken in an emergency lasts.
	BrokenFor = 30 * time.Minute
)

// Opening is a member's record that is open to one of the staff.
type Opening struct {
	Reason string
	Until  time.Time
}

// ErrClosed means that a record is not open to who asks: a reason is needed first.
var ErrClosed = fault.New(fault.Forbidden, "staff.record_closed")

// Open opens a member's record to one of the staff, for OpenFor. It returns ErrReason where the reason says nothing.
func (s *Staff) Open(ctx context.Context, now time.Time, who audit.Who, memberID, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO record_opening (id, account_id, member_id, reason, opened_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)",
			id.New("opn"), who.Actor, memberID, reason, db.Micros(now), db.Micros(now.Add(OpenFor))); err != nil {
			return err
		}
		e := who.Did(now, "member.opened", memberID, memberID)
		e.Reason = reason
		return audit.Append(ctx, tx, e)
	})
	return wrap("open a record", err)
}

// View notes that one of the staff looks at a part of a member's record ("bills", "payments") and returns for what
// reason it is open to them, or ErrClosed. Nothing of the record may be shown before it has returned.
func (s *Staff) View(ctx context.Context, now time.Time, who audit.Who, memberID, part string) (Opening, error) {
	var o Opening
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		var until int64
		err := tx.QueryRowContext(ctx, "SELECT reason, ends_at FROM record_opening WHERE account_id = $1 AND member_id = $2 AND ends_at > $3 ORDER BY ends_at DESC LIMIT 1",
			who.Actor, memberID, db.Micros(now)).Scan(&o.Reason, &until)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrClosed
		}
		if err != nil {
			return err
		}
		o.Until = db.Time(until)
		e := who.Did(now, "member.view", memberID, memberID)
		e.Reason, e.Detail = o.Reason, part
		return audit.Append(ctx, tx, e)
	})
	return o, wrap("view a record", err)
}

// BreakGlass lets one of the staff open records although their role may not, for BrokenFor. It returns ErrReason.
func (s *Staff) BreakGlass(ctx context.Context, now time.Time, who audit.Who, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO broken_glass (id, account_id, reason, began_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
			id.New("glass"), who.Actor, reason, db.Micros(now), db.Micros(now.Add(BrokenFor))); err != nil {
			return err
		}
		e := who.Did(now, "staff.glass_broken", who.Actor, "")
		e.Reason = reason
		return audit.Append(ctx, tx, e)
	})
	return wrap("break the glass", err)
}

// Mend gives back a right that was taken in an emergency. Records that were opened with it close.
func (s *Staff) Mend(ctx context.Context, now time.Time, who audit.Who) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"broken_glass", "record_opening"} {
			if _, err := tx.ExecContext(ctx, "UPDATE "+table+" SET ends_at = $2 WHERE account_id = $1 AND ends_at > $2", who.Actor, db.Micros(now)); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, who.Did(now, "staff.glass_mended", who.Actor, ""))
	})
	return wrap("mend the glass", err)
}

// Broken returns until when one of the staff has a right that was taken in an emergency; zero where they have none.
func (s *Staff) Broken(ctx context.Context, now time.Time, accountID string) (time.Time, error) {
	var until sql.NullInt64
	err := s.DB.Read().QueryRowContext(ctx, "SELECT MAX(ends_at) FROM broken_glass WHERE account_id = $1 AND ends_at > $2", accountID, db.Micros(now)).Scan(&until)
	return db.Time(until.Int64), wrap("is the glass broken", err)
}
