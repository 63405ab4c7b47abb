package member

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/money"
)

// Help is a member's permission for somebody to pay for them: whose bills, of which kinds, how much and until when. It
// begins as an invitation, holds from when it is accepted, and ends by either side or by itself.
type Help struct {
	ID           string
	MemberID     string // row id of who invited
	InviterID    string // account that invited
	AccountID    string // the helper's, "" before they accept
	Name         string // what the member calls the helper
	EmailSealed  []byte // where the invitation went
	Medical      bool
	Premium      bool
	PaymentLimit money.Cents // of one payment, 0 for none
	MonthLimit   money.Cents // of all payments of a month, 0 for none
	LastDay      day.Date
	EndsAt       time.Time // the first moment after LastDay
	InvitedAt    time.Time
	ExpiresAt    time.Time // of the invitation
	AcceptedAt   time.Time // zero before
	EndedAt      time.Time // zero while nobody ended it
	EndedBy      string    // "member" or "helper"
	For          []string  // row ids of the people whose bills may be paid
}

// HelpState is where a permission stands.
type HelpState string

const (
	HelpInvited HelpState = "invited" // waits for the helper
	HelpLapsed  HelpState = "lapsed"  // nobody accepted in time
	HelpLive    HelpState = "live"
	HelpOver    HelpState = "over"  // its last day is past
	HelpEnded   HelpState = "ended" // somebody ended it
)

// State is where the permission stands at a moment.
func (h Help) State(now time.Time) HelpState {
	switch {
	case !h.EndedAt.IsZero():
		return HelpEnded
	case !now.Before(h.EndsAt):
		return HelpOver
	case !h.AcceptedAt.IsZero():
		return HelpLive
	case !now.Before(h.ExpiresAt):
		return HelpLapsed
	}
	return HelpInvited
}

// HelpYears is how long a permission lasts at most, in years.
const HelpYears = 1

const helpFields = `help.id, help.member_id, help.inviter_id, help.account_id, help.name, help.email_sealed, help.medical, help.premium,
	help.payment_limit_cents, help.month_limit_cents, help.last_day, help.ends_at, help.invited_at, help.expires_at, help.accepted_at,
	help.ended_at, help.ended_by`

func scanHelp(row interface{ Scan(...any) error }, more ...any) (Help, error) {
	var h Help
	var ends, invited, expires, accepted, ended int64
	err := row.Scan(append([]any{&h.ID, &h.MemberID, &h.InviterID, &h.AccountID, &h.Name, &h.EmailSealed, &h.Medical, &h.Premium,
		&h.PaymentLimit, &h.MonthLimit, &h.LastDay, &ends, &invited, &expires, &accepted, &ended, &h.EndedBy}, more...)...)
	h.EndsAt, h.InvitedAt, h.ExpiresAt, h.AcceptedAt, h.EndedAt = db.Time(ends), db.Time(invited), db.Time(expires), db.Time(accepted), db.Time(ended)
	return h, err
}

// LiveHelps returns what an account may do for others at this moment, in one query. Each For holds only people for whom
// it still counts: who invited, and those they pay for who are not of age today. A permission counts as long as the
// account that gave it is open and acts for the member.
func LiveHelps(ctx context.Context, q db.Queryer, now time.Time, today day.Date, accountID string) ([]Help, error) {
	list, err := helps(ctx, q, today, `help.account_id = $1 AND help.account_id <> '' AND help.accepted_at > 0 AND help.ended_at = 0 AND help.ends_at > $2`,
		accountID, db.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("whom an account helps: %w", err)
	}
	return list, nil
}

// LockHelps takes permissions for the rest of the transaction and returns those of them that are live at this moment, by
// id, each as LiveHelps does.
func LockHelps(ctx context.Context, tx *db.Tx, now time.Time, today day.Date, ids []string) (map[string]Help, error) {
	out := make(map[string]Help, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	if _, err := tx.ExecContext(ctx, "UPDATE help SET version = version + 1 WHERE id IN "+db.In(1, len(ids)), db.Args(ids)...); err != nil {
		return nil, fmt.Errorf("lock permissions: %w", err)
	}
	list, err := helps(ctx, tx, today, "help.accepted_at > 0 AND help.ended_at = 0 AND help.ends_at > $1 AND help.id IN "+db.In(2, len(ids)),
		append([]any{db.Micros(now)}, db.Args(ids)...)...)
	if err != nil {
		return nil, fmt.Errorf("lock permissions: %w", err)
	}
	for _, h := range list {
		out[h.ID] = h
	}
	return out, nil
}

// helps reads permissions with the people for whom they count. One that counts for nobody is left out.
func helps(ctx context.Context, q db.Queryer, today day.Date, where string, args ...any) ([]Help, error) {
	var out []Help
	err := db.Each(ctx, q, "SELECT "+helpFields+", m.id, m.guarantor_id, m.birth_date FROM help "+`
		JOIN account ON account.id = help.inviter_id AND account.closed_at = 0
		JOIN account_member ON account_member.account_id = help.inviter_id AND account_member.member_id = help.member_id
		JOIN help_for ON help_for.help_id = help.id
		JOIN member AS m ON m.id = help_for.member_id
		WHERE `+where+" ORDER BY help.id, m.id", args, func(rows *sql.Rows) error {
		var m Member
		h, err := scanHelp(rows, &m.ID, &m.GuarantorID, &m.BirthDate)
		if err != nil {
			return err
		}
		if m.ID != h.MemberID && (m.GuarantorID != h.MemberID || !m.Minor(today)) {
			return nil
		}
		if n := len(out); n > 0 && out[n-1].ID == h.ID {
			out[n-1].For = append(out[n-1].For, m.ID)
			return nil
		}
		h.For = []string{m.ID}
		out = append(out, h)
		return nil
	})
	return out, err
}

var errNoHelp = fault.New(fault.NotFound, "help.not_found")

// GetHelp returns one permission in whatever state, with everybody it was given for, or a NotFound fault.
func GetHelp(ctx context.Context, q db.Queryer, helpID string) (Help, error) {
	return oneHelp(ctx, q, "help.id", helpID)
}

// HelpByToken returns the permission whose invitation has a token with this hash, or a NotFound fault. proof is the hash of
// what a browser keeps that has given the code, "" for none.
func HelpByToken(ctx context.Context, q db.Queryer, hash string) (h Help, proof string, err error) {
	if h, err = oneHelp(ctx, q, "help.token_hash", hash); err != nil {
		return Help{}, "", err
	}
	if err = q.QueryRowContext(ctx, "SELECT proof_hash FROM help WHERE id = $1", h.ID).Scan(&proof); err != nil {
		return Help{}, "", fmt.Errorf("get a permission: %w", err)
	}
	return h, proof, nil
}

// EndHelp ends a permission or an invitation at once. by is "member" or "helper". It reports false where it had ended.
func EndHelp(ctx context.Context, tx *db.Tx, now time.Time, helpID, by string) (bool, error) {
	done, err := tx.ExecContext(ctx, "UPDATE help SET ended_at = $2, ended_by = $3, proof_hash = '', version = version + 1 WHERE id = $1 AND ended_at = 0", helpID, db.Micros(now), by)
	if err != nil {
		return false, fmt.Errorf("end a permission: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// HelpLook is what a helper was shown: a bill, or the list where BillID is "".
type HelpLook struct {
	BillID string
	At     time.Time
}

// HelpLooks returns what a helper was shown by a permission, newest first, at most limit.
func HelpLooks(ctx context.Context, q db.Queryer, helpID string, limit int) ([]HelpLook, error) {
	var out []HelpLook
	err := db.Each(ctx, q, "SELECT bill_id, at FROM help_look WHERE help_id = $1 ORDER BY at DESC, bill_id LIMIT $2", []any{helpID, limit}, func(rows *sql.Rows) error {
		var l HelpLook
		var at int64
		err := rows.Scan(&l.BillID, &at)
		l.At = db.Time(at)
		out = append(out, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what a helper saw: %w", err)
	}
	return out, nil
}

func oneHelp(ctx context.Context, q db.Queryer, column, value string) (Help, error) {
	h, err := scanHelp(q.QueryRowContext(ctx, "SELECT "+helpFields+" FROM help WHERE "+column+" = $1", value))
	if errors.Is(err, sql.ErrNoRows) {
		return Help{}, errNoHelp
	}
	if err == nil {
		err = readFor(ctx, q, []*Help{&h})
	}
	if err != nil {
		return Help{}, fmt.Errorf("get a permission: %w", err)
	}
	return h, nil
}

// HelpsBy returns the permissions that members (row ids) gave, newest first, at most 200, whatever became of them.
func HelpsBy(ctx context.Context, q db.Queryer, memberIDs []string) ([]Help, error) {
	if len(memberIDs) == 0 {
		return nil, nil
	}
	var list []*Help
	err := db.Each(ctx, q, "SELECT "+helpFields+" FROM help WHERE help.member_id IN "+db.In(1, len(memberIDs))+" ORDER BY help.id DESC LIMIT 200", db.Args(memberIDs),
		func(rows *sql.Rows) error {
			h, err := scanHelp(rows)
			list = append(list, &h)
			return err
		})
	if err == nil {
		err = readFor(ctx, q, list)
	}
	if err != nil {
		return nil, fmt.Errorf("permissions that members gave: %w", err)
	}
	out := make([]Help, len(list))
	for i, h := range list {
		out[i] = *h
	}
	return out, nil
}

func readFor(ctx context.Context, q db.Queryer, list []*Help) error {
	if len(list) == 0 {
		return nil
	}
	byID, ids := map[string]*Help{}, make([]string, len(list))
	for i, h := range list {
		byID[h.ID], ids[i] = h, h.ID
	}
	return db.Each(ctx, q, "SELECT help_id, member_id FROM help_for WHERE help_id IN "+db.In(1, len(ids))+" ORDER BY help_id, member_id", db.Args(ids), func(rows *sql.Rows) error {
		var helpID, rowID string
		err := rows.Scan(&helpID, &rowID)
		byID[helpID].For = append(byID[helpID].For, rowID)
		return err
	})
}
