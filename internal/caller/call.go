package caller

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

// Kind is how somebody reached the organisation.
type Kind string

const (
	In     Kind = "in"     // they called
	Back   Kind = "back"   // they were called on the number on file
	Office Kind = "office" // they came
)

// MaxCall is how long a call goes on if nobody ends it.
const MaxCall = 2 * time.Hour

// Call is one call or visit.
type Call struct {
	ID        string
	Reference string // written as it is said: "K7Q-M4T-2X9P"
	AgentID   string
	Kind      Kind
	Number    string // that called or was called, "" where nobody knows
	MemberID  string // row id of who it is about, "" until somebody proved it or was called back
	Tries     int    // checks that failed
	OpenedAt  time.Time
	EndedAt   time.Time // zero while it goes on
}

// Errors of calls.
var (
	ErrNoCall = fault.New(fault.NotFound, "caller.not_found") // or it is another agent's
	ErrEnded  = fault.New(fault.Conflict, "caller.ended")
	ErrNumber = fault.Field("number", "caller.number")
	ErrNoFile = fault.New(fault.Conflict, "caller.no_number") // no number is on file to call back
)

// Calls does what the desk does with callers. It is safe for concurrent use.
type Calls struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
}

// Open begins a call. number is the number that calls, in any spelling, "" where nobody knows. It returns ErrNumber.
func (c *Calls) Open(ctx context.Context, now time.Time, who audit.Who, number string) (Call, error) {
	if number != "" {
		var ok bool
		if number, ok = identity.PhoneNumber(number); !ok {
			return Call{}, ErrNumber
		}
	}
	return c.open(ctx, now, who, Call{Kind: In, Number: number}, "call.opened")
}

// CallBack begins a call to the number on file of a member. It returns ErrNoFile where there is none.
func (c *Calls) CallBack(ctx context.Context, now time.Time, who audit.Who, memberID string) (Call, error) {
	m, err := member.Get(ctx, c.DB.Read(), memberID)
	if err != nil {
		return Call{}, err
	}
	number := m.TextNumber()
	if number == "" {
		return Call{}, ErrNoFile
	}
	return c.open(ctx, now, who, Call{Kind: Back, Number: number, MemberID: memberID}, "call.back")
}

func (c *Calls) open(ctx context.Context, now time.Time, who audit.Who, call Call, action string) (Call, error) {
	call.ID, call.Reference, call.AgentID, call.OpenedAt = id.New("call"), id.Confirmation(), who.Actor, now
	var number []byte
	if call.Number != "" {
		var err error
		if number, err = c.Seal.Seal([]byte(call.Number), callNumber.Place(call.ID)); err != nil {
			return Call{}, fmt.Errorf("open a call: %w", err)
		}
	}
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertCall(ctx, tx, call, number); err != nil {
			return err
		}
		e := who.Did(now, action, call.ID, call.MemberID)
		e.Detail = call.Reference
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return Call{}, fmt.Errorf("open a call: %w", err)
	}
	call.Reference = id.Grouped(call.Reference)
	return call, nil
}

func insertCall(ctx context.Context, tx *db.Tx, call Call, number []byte) error {
	return tx.Later(ctx, "insert a call", "INSERT INTO phone_call (id, reference, agent_id, kind, number_sealed, member_id, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		call.ID, call.Reference, call.AgentID, call.Kind, number, call.MemberID, db.Micros(call.OpenedAt))
}

const callFields = "id, reference, agent_id, kind, number_sealed, member_id, tries, opened_at, ended_at"

func (c *Calls) scan(row interface{ Scan(...any) error }) (Call, error) {
	var call Call
	var number []byte
	var opened, ended int64
	err := row.Scan(&call.ID, &call.Reference, &call.AgentID, &call.Kind, &number, &call.MemberID, &call.Tries, &opened, &ended)
	if err != nil {
		return Call{}, err
	}
	call.Reference, call.OpenedAt, call.EndedAt = id.Grouped(call.Reference), db.Time(opened), db.Time(ended)
	if len(number) > 0 {
		plain, err := c.Seal.Open(number, callNumber.Place(call.ID))
		if err != nil {
			return Call{}, err
		}
		call.Number = string(plain)
	}
	return call, nil
}

// Get returns a call of one of the staff, or ErrNoCall where it is not there or another's.
func (c *Calls) Get(ctx context.Context, q db.Queryer, agentID, callID string) (Call, error) {
	call, err := c.scan(q.QueryRowContext(ctx, "SELECT "+callFields+" FROM phone_call WHERE id = $1 AND agent_id = $2", callID, agentID))
	if errors.Is(err, sql.ErrNoRows) {
		return Call{}, ErrNoCall
	}
	if err != nil {
		return Call{}, fmt.Errorf("get a call: %w", err)
	}
	return call, nil
}

// On reports whether the call goes on.
func (call Call) On(now time.Time) bool {
	return call.EndedAt.IsZero() && now.Before(call.OpenedAt.Add(MaxCall))
}

// Recent returns the calls of one of the staff that began after a time, newest first, at most limit.
func (c *Calls) Recent(ctx context.Context, q db.Queryer, agentID string, after time.Time, limit int) ([]Call, error) {
	return c.list(ctx, q, "agent_id = $1 AND opened_at > $2 ORDER BY opened_at DESC, id DESC LIMIT $3", agentID, db.Micros(after), limit)
}

// OfMember returns the calls about a member, newest first, at most limit.
func (c *Calls) OfMember(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Call, error) {
	return c.list(ctx, q, "member_id <> '' AND member_id = $1 ORDER BY opened_at DESC, id DESC LIMIT $2", memberID, limit)
}

// MemberOf returns the row id of the member whom the call with a reference is about, in any spelling, or "" where there is
// none, or nobody proved who they are in it. The call may be a colleague's.
func (c *Calls) MemberOf(ctx context.Context, q db.Queryer, reference string) (string, error) {
	var memberID string
	err := q.QueryRowContext(ctx, "SELECT member_id FROM phone_call WHERE reference = $1", id.Unfold(reference)).Scan(&memberID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("whose call it is: %w", err)
	}
	return memberID, nil
}

func (c *Calls) list(ctx context.Context, q db.Queryer, where string, args ...any) ([]Call, error) {
	var out []Call
	err := db.Each(ctx, q, "SELECT "+callFields+" FROM phone_call WHERE "+where, args, func(rows *sql.Rows) error {
		call, err := c.scan(rows)
		out = append(out, call)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return out, nil
}

// Now returns the call that one of the staff is on: the latest that goes on. ok is false where there is none.
func (c *Calls) Now(ctx context.Context, q db.Queryer, now time.Time, agentID string) (call Call, ok bool, err error) {
	list, err := c.Recent(ctx, q, agentID, now.Add(-MaxCall), 5)
	for _, x := range list {
		if x.On(now) {
			return x, true, nil
		}
	}
	return Call{}, false, err
}

// End ends a call, and with it what was proved in it. A call that has ended stays as it is.
func (c *Calls) End(ctx context.Context, now time.Time, who audit.Who, callID string) error {
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		call, err := c.Get(ctx, tx, who.Actor, callID)
		if err != nil || !call.EndedAt.IsZero() {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE phone_call SET ended_at = $2 WHERE id = $1 AND ended_at = 0", call.ID, db.Micros(now)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE caller_verification SET ends_at = $2 WHERE call_id = $1 AND ends_at > $2", call.ID, db.Micros(now)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "call.ended", call.ID, call.MemberID))
	})
	if err != nil {
		return fmt.Errorf("end a call: %w", err)
	}
	return nil
}
