package caller

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// How somebody proved who they are.
const (
	Facts      = "facts"
	ByCallBack = "call_back"
	ByPhotoID  = "photo_id"
)

// Verification is that somebody proved, in one call or visit, that they are a member.
type Verification struct {
	ID       string
	CallID   string
	AgentID  string // to whom: it counts for nobody else
	MemberID string // row id
	How      string // Facts, ByCallBack or ByPhotoID
	Script   string // version, "" for a photo ID
	Document string // kind of photo ID
	Office   string
	At       time.Time
	Until    time.Time
}

const verificationFields = "id, call_id, agent_id, member_id, how, script, document, office, verified_at, ends_at"

func scanVerification(row interface{ Scan(...any) error }) (Verification, error) {
	var v Verification
	var at, until int64
	err := row.Scan(&v.ID, &v.CallID, &v.AgentID, &v.MemberID, &v.How, &v.Script, &v.Document, &v.Office, &at, &until)
	v.At, v.Until = db.Time(at), db.Time(until)
	return v, err
}

// Verified returns how and until when a caller has proved, in a call, to be a member (row id), or ErrProof. Whoever does
// something that only a member may ask for calls it first, in the same transaction, and compares AgentID with who asks.
func Verified(ctx context.Context, q db.Queryer, now time.Time, callID, memberID string) (Verification, error) {
	v, err := scanVerification(q.QueryRowContext(ctx, "SELECT "+verificationFields+` FROM caller_verification
		WHERE call_id = $1 AND member_id = $2 AND ends_at > $3 ORDER BY ends_at DESC LIMIT 1`, callID, memberID, db.Micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return Verification{}, ErrProof
	}
	if err != nil {
		return Verification{}, fmt.Errorf("is a caller verified: %w", err)
	}
	return v, nil
}

// ProofAt returns how a caller had proved, at a time in a call, to be a member (row id), or ErrProof. It may be over by now.
func ProofAt(ctx context.Context, q db.Queryer, at time.Time, callID, memberID string) (Verification, error) {
	v, err := scanVerification(q.QueryRowContext(ctx, "SELECT "+verificationFields+` FROM caller_verification
		WHERE call_id = $1 AND member_id = $2 AND verified_at <= $3 AND ends_at >= $3 ORDER BY ends_at DESC LIMIT 1`, callID, memberID, db.Micros(at)))
	if errors.Is(err, sql.ErrNoRows) {
		return Verification{}, ErrProof
	}
	if err != nil {
		return Verification{}, fmt.Errorf("how a caller was verified: %w", err)
	}
	return v, nil
}

// Proved reports whether somebody has proved to one of the staff, in a call or at an office, that they are a member (row id),
// and that still holds.
func Proved(ctx context.Context, q db.Queryer, now time.Time, agentID, memberID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT COUNT(*) FROM caller_verification WHERE member_id = $1 AND agent_id = $2 AND ends_at > $3", memberID, agentID, db.Micros(now)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("is a member verified: %w", err)
	}
	return n > 0, nil
}

// OfMember returns how a member has proved who they are, newest first, at most limit.
func OfMember(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Verification, error) {
	var out []Verification
	err := db.Each(ctx, q, "SELECT "+verificationFields+" FROM caller_verification WHERE member_id = $1 ORDER BY verified_at DESC, id DESC LIMIT $2",
		[]any{memberID, limit}, func(rows *sql.Rows) error {
			v, err := scanVerification(rows)
			out = append(out, v)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list verifications: %w", err)
	}
	return out, nil
}

// Checked is one check of which a member was meant.
type Checked struct {
	CallID string
	Facts  string // "birth:yes zip:no"
	Passed bool
	At     time.Time
}

// ChecksOf returns the checks in which a member was meant, newest first, at most limit.
func ChecksOf(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Checked, error) {
	var out []Checked
	err := db.Each(ctx, q, "SELECT call_id, facts, passed, at FROM caller_check WHERE member_id <> '' AND member_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
		[]any{memberID, limit}, func(rows *sql.Rows) error {
			var x Checked
			var at int64
			err := rows.Scan(&x.CallID, &x.Facts, &x.Passed, &at)
			x.At = db.Time(at)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list checks: %w", err)
	}
	return out, nil
}

// insertVerification keeps a verification and says in its call whom it is about.
func insertVerification(ctx context.Context, tx *db.Tx, v Verification) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO caller_verification ("+verificationFields+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		v.ID, v.CallID, v.AgentID, v.MemberID, v.How, v.Script, v.Document, v.Office, db.Micros(v.At), db.Micros(v.Until)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE phone_call SET member_id = $2 WHERE id = $1", v.CallID, v.MemberID)
	return err
}

// Documents are the kinds of photo ID that are taken.
var Documents = []string{"license", "state_id", "passport", "military", "tribal", "consular"}

// Visit is a photo ID that was looked at in an office. Its number is never kept.
type Visit struct {
	Document string // one of Documents
	Office   string
	Name     bool // the name on it is the member's
	Birth    bool // and so is the date of birth
	Photo    bool // and the photo is of whoever stands there
}

// Errors of Visited.
var (
	ErrDocument = fault.Field("document", "caller.document")
	ErrOffice   = fault.Field("office", "caller.office")
	ErrSeen     = fault.Field("seen", "caller.seen") // something on it does not match: nothing is proved
)

// visitFor is how long a look at a photo ID holds.
const visitFor = 15 * time.Minute

// Visited notes that a member (row id) stands in an office and has shown a photo ID, and opens a call of the kind Office
// with its verification. A document that does not match is noted down, too, and returns ErrSeen.
func (c *Calls) Visited(ctx context.Context, now time.Time, who audit.Who, memberID string, v Visit) (Call, error) {
	switch {
	case !slices.Contains(Documents, v.Document):
		return Call{}, ErrDocument
	case v.Office == "" || len(v.Office) > 200:
		return Call{}, ErrOffice
	}
	call := Call{ID: id.New("call"), Reference: id.Confirmation(), AgentID: who.Actor, Kind: Office, MemberID: memberID, OpenedAt: now}
	matches := v.Name && v.Birth && v.Photo
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		e := who.Did(now, "visitor.failed", memberID, memberID)
		e.Detail = words([]Answer{{v.Document, true}, {"name", v.Name}, {"birth", v.Birth}, {"photo", v.Photo}})
		if matches {
			e.Action, e.Subject = "visitor.verified", call.ID
			if err := insertCall(ctx, tx, call, nil); err != nil {
				return err
			}
			if err := insertVerification(ctx, tx, Verification{ID: id.New("ver"), CallID: call.ID, AgentID: who.Actor, MemberID: memberID, How: ByPhotoID,
				Document: v.Document, Office: v.Office, At: now, Until: now.Add(visitFor)}); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, e)
	})
	if err == nil && !matches {
		err = ErrSeen
	}
	if err != nil {
		return Call{}, fmt.Errorf("note a visitor: %w", err)
	}
	call.Reference = id.Grouped(call.Reference)
	return call, nil
}
