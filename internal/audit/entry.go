package audit

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// The roles in which somebody acts.
const (
	Member        = "member"
	Guest         = "guest"  // found a bill by its number and a date of birth
	Helper        = "helper" // acts for somebody else
	Agent         = "agent"
	Supervisor    = "supervisor"
	Finance       = "finance"
	Administrator = "administrator"
	Auditor       = "auditor"
	Operator      = "operator" // at a command line
	System        = "system"   // the program by itself, or news from outside
)

// Roles are all roles.
var Roles = []string{Member, Guest, Helper, Agent, Supervisor, Finance, Administrator, Auditor, Operator, System}

// Entry is one fact about who did what: append-only.
type Entry struct {
	ID      string    // made where "", begins with the time
	At      time.Time // to the microsecond
	Actor   string    // account id; GuestActor for a guest; "operator" at a command line; "" for nobody known
	Role    string    // one of Roles
	Action  string    // "sign_in", "sign_in.failed", "member.view", "payment.submitted", "account.password_changed": dotted verbs
	Subject string    // id of what it was done to
	Member  string    // row id of the member whose record it concerns, "" for none
	From    string    // network address
	Reason  string    // why, where a person had to say so. Free text of a person, cut after MaxReason characters
	Detail  string    // ids and words only, never a name, number, e-mail or secret; cut after MaxDetail characters
}

// The longest texts that are kept, in characters.
const (
	MaxReason = 500
	MaxDetail = 500
	maxWord   = 200 // of each of the other fields
)

// Who is who acts, in which role and from where: what all entries of one request share.
type Who struct {
	Actor string
	Role  string
	From  string
}

// Program is the Who of what the program does by itself, or hears from outside.
var Program = Who{Role: System}

// CommandLine is the Who of whoever runs the program's tools on the machine itself.
var CommandLine = Who{Actor: "operator", Role: Operator}

// Did returns an entry of what somebody did to subject; member is whose record it concerns, "" for none.
func (w Who) Did(at time.Time, action, subject, member string) Entry {
	return Entry{At: at, Actor: w.Actor, Role: w.Role, From: w.From, Action: action, Subject: subject, Member: member}
}

// GuestActor is the Actor of a guest with a session.
func GuestActor(sessionID string) string { return "guest:" + sessionID }

// kept returns the entry as it is kept: with an id, a time in whole microseconds and texts that
// both databases take. It is an error where something is missing that a program has to say.
func (e Entry) kept() (Entry, error) {
	switch {
	case e.At.IsZero():
		return Entry{}, errors.New("an entry needs a time")
	case e.Action == "":
		return Entry{}, errors.New("an entry needs an action")
	case !slices.Contains(Roles, e.Role):
		return Entry{}, fmt.Errorf("an entry needs a role: %q is none", e.Role)
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if e.ID == "" {
		e.ID = newID(e.At)
	}
	if e.ID < idOf(firstID(e.At)) || e.ID >= idOf(firstID(e.At.Add(time.Millisecond))) {
		return Entry{}, fmt.Errorf("the id %q does not begin with the entry's time", e.ID)
	}
	for _, s := range []*string{&e.Actor, &e.Action, &e.Subject, &e.Member, &e.From} {
		*s = clean(*s, maxWord)
	}
	e.Reason, e.Detail = clean(e.Reason, MaxReason), clean(e.Detail, MaxDetail)
	return e, nil
}

// clean returns s as valid text of one line and at most n characters.
func clean(s string, n int) string {
	plain := true // most are short words that stay as they are
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain && len(s) <= n {
		return s
	}
	if len(s) > n*utf8.UTFMax {
		s = s[:n*utf8.UTFMax]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	count := 0
	for at := range s {
		if count == n {
			return s[:at]
		}
		count++
	}
	return s
}

var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// made counts the ids of this process, so that entries of one moment stay in order.
var made atomic.Uint32

// newID returns an id that begins with the time and goes on with a number that grows: a UUID of version 7, written like
// every row id.
func newID(at time.Time) string {
	u := firstID(at)
	n := made.Add(1)
	binary.BigEndian.PutUint16(u[6:], 7<<12|uint16(at.UnixMicro()%1000*4096/1000))
	binary.BigEndian.PutUint32(u[8:], 2<<30|n&(1<<30-1))
	rand.Read(u[12:])
	return idOf(u)
}

// firstID is below every id of at's millisecond and later, and above every earlier one.
func firstID(at time.Time) (u [16]byte) {
	binary.BigEndian.PutUint64(u[:], uint64(max(at.UnixMilli(), 0))<<16)
	return u
}

func idOf(u [16]byte) string { return "aud_" + letters.EncodeToString(u[:]) }
