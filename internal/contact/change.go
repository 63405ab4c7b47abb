package contact

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

const (
	// Pause is how long whoever is reached now can stop a change before it comes into force.
	Pause = 72 * time.Hour
	// PausePost is the same where nobody is told but by post.
	PausePost = 10 * 24 * time.Hour
	// Warned is for how long somebody must prove more than facts once a change was stopped by its link.
	Warned = 30 * 24 * time.Hour
	// codeLife is how long the code that went to a new address or phone is good.
	codeLife = 15 * time.Minute
)

// State is how far a change is.
type State string

// The states.
const (
	Begun    State = "begun"    // its code has not come back: nothing is told, nothing will change
	Waiting  State = "waiting"  // it was told and comes into force at From
	Stands   State = "stands"   // the member is reached by it
	Stopped  State = "stopped"  // taken back before it came into force
	Replaced State = "replaced" // another change of the same part was asked for since
)

// The EndedBy of a change that was stopped by nobody of the staff.
const (
	ByLink = "link"   // by the link in a letter
	Untold = "untold" // none of its letters could be sent
	Source = "source" // the source of members said something new meanwhile
)

// Change is a change of one part of how a member is reached.
type Change struct {
	ID       string
	MemberID string // row id
	CallID   string
	AgentID  string
	Part     member.Part
	Said     member.Contact
	Was      member.Contact // on file when it was asked for
	State    State
	AskedAt  time.Time
	From     time.Time // when it comes or came into force, zero while it is Begun
	EndedAt  time.Time // when it was stopped, replaced or came into force
	EndedBy  string    // ByLink, Untold, Source, an account of staff, or "" where time did it
}

// Contacts changes how members are reached. It is safe for concurrent use; several processes share the work.
type Contacts struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	CanMail  bool // e-mail is sent
	CanText  bool // text messages are sent
	CanPrint bool // letters are printed and posted
}

// sealed is what a change holds of a contact.
type sealed struct {
	Said member.Contact `json:"said"`
	Was  member.Contact `json:"was"`
}

// said is where a change holds it.
var said = seal.Column{Table: "contact_change", Key: "id", Name: "said_sealed"}

// SealedColumns are all columns in which this package keeps sealed values.
var SealedColumns = []seal.Column{said}

const fields = "id, member_id, call_id, agent_id, part, said_sealed, state, asked_at, from_at, ended_at, ended_by"

func (c *Contacts) scan(row interface{ Scan(...any) error }) (Change, error) {
	var x Change
	var text []byte
	var asked, from, ended int64
	if err := row.Scan(&x.ID, &x.MemberID, &x.CallID, &x.AgentID, &x.Part, &text, &x.State, &asked, &from, &ended, &x.EndedBy); err != nil {
		return Change{}, err
	}
	x.AskedAt, x.From, x.EndedAt = db.Time(asked), db.Time(from), db.Time(ended)
	plain, err := c.Seal.Open(text, said.Place(x.ID))
	if err != nil {
		return Change{}, err
	}
	var held sealed
	err = json.Unmarshal(plain, &held)
	x.Said, x.Was = held.Said, held.Was
	return x, err
}

func (c *Contacts) list(ctx context.Context, q db.Queryer, where string, args ...any) (out []Change, err error) {
	err = db.Each(ctx, q, "SELECT "+fields+" FROM contact_change WHERE "+where, args, func(rows *sql.Rows) error {
		x, err := c.scan(rows)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list changes of contacts: %w", err)
	}
	return out, nil
}

// OfMember returns the changes of how a member (row id) is reached, newest first, at most limit. Those whose code never
// came back are left out.
func (c *Contacts) OfMember(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Change, error) {
	return c.list(ctx, q, "member_id = $1 AND state <> 'begun' ORDER BY asked_at DESC, id DESC LIMIT $2", memberID, limit)
}

// Waiting returns the changes of a member that have not come into force, the oldest first.
func (c *Contacts) Waiting(ctx context.Context, q db.Queryer, memberID string) ([]Change, error) {
	return c.list(ctx, q, "member_id = $1 AND state = 'waiting' ORDER BY asked_at, id", memberID)
}

// AllWaiting returns the changes of all members that have not come into force, the next one first, at most limit.
func (c *Contacts) AllWaiting(ctx context.Context, q db.Queryer, limit int) ([]Change, error) {
	return c.list(ctx, q, "state = 'waiting' ORDER BY from_at, id LIMIT $1", limit)
}

// StoppedByLink returns the changes of a member (row id) that were stopped by their link after a time, the last one first.
func (c *Contacts) StoppedByLink(ctx context.Context, q db.Queryer, memberID string, after time.Time) ([]Change, error) {
	return c.list(ctx, q, "member_id = $1 AND state = 'stopped' AND ended_by = $2 AND ended_at > $3 ORDER BY ended_at DESC, id DESC", memberID, ByLink, db.Micros(after))
}

// StoppedSince returns the changes of all members that were stopped after a time, the last one first, at most limit.
func (c *Contacts) StoppedSince(ctx context.Context, q db.Queryer, after time.Time, limit int) ([]Change, error) {
	return c.list(ctx, q, "state = 'stopped' AND ended_at > $1 ORDER BY ended_at DESC, id DESC LIMIT $2", db.Micros(after), limit)
}
