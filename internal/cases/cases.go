package cases

import (
	"crypto/rand"
	"math/big"
	"time"
	"unicode/utf8"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/scrub"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB     *db.DB
	Seal   *seal.Box
	Outbox *event.Outbox
	Zone   *time.Location // in which due days begin and end
}

// Cases opens, answers and closes cases. It is safe for concurrent use.
type Cases struct{ Config }

// New returns Cases.
func New(c Config) *Cases { return &Cases{c} }

// Kind is what somebody says of a bill.
type Kind string

const (
	Wrong  Kind = "wrong"  // this bill is wrong
	Afford Kind = "afford" // I cannot pay this
	Both   Kind = "both"   // this bill is wrong, and I cannot pay it
)

// Kinds are all kinds, in the order in which they are offered.
var Kinds = []Kind{Wrong, Afford, Both}

// Other returns what can be said of a bill besides k, or "" where k is all there is to say.
func (k Kind) Other() Kind { return map[Kind]Kind{Wrong: Afford, Afford: Wrong}[k] }

// columns are the kind in which a case was opened and the one that was said besides, as they are kept; "" for none.
func (k Kind) columns() (first, also Kind) {
	if k == Both {
		return Wrong, Afford
	}
	return k, ""
}

// State is where a case stands.
type State string

const (
	Open     State = "open"     // waits for the staff
	Answered State = "answered" // the staff have written last
	Closed   State = "closed"
)

// Resolution is how a case ended.
type Resolution string

const (
	Corrected Resolution = "corrected" // the bill was wrong and is corrected
	Right     Resolution = "right"     // the bill was checked and is right
	Helped    Resolution = "helped"    // help to pay was found
	Withdrawn Resolution = "withdrawn" // whoever opened it took it back
)

// Resolutions are those that staff choose from.
var Resolutions = []Resolution{Corrected, Right, Helped}

// Case is one case.
type Case struct {
	ID         string
	Number     string // as people say it, eight figures
	BillID     string
	MemberID   string // row id of who pays for the bill
	AccountID  string // whose it is, "" for a guest
	SessionID  string // in which it was opened
	Kind       Kind
	State      State
	Resolution Resolution
	OwnerID    string // account of staff, "" while nobody has taken it
	Due        day.Date
	Language   string
	Email      string // where its owner is told, "" for nowhere
	OpenedAt   time.Time
	UpdatedAt  time.Time
	ClosedAt   time.Time // zero while it is not
	Messages   int
}

// Overdue reports whether a case should have been answered before today.
func (c Case) Overdue(today day.Date) bool { return c.State == Open && c.Due.Before(today) }

// Author is who wrote a message.
type Author string

const (
	Member Author = "member"
	Staff  Author = "staff"
	Note   Author = "note" // by staff, for staff alone
)

// Message is what somebody wrote.
type Message struct {
	Author    Author
	AccountID string
	Text      string
	At        time.Time
}

// Bounds of a case.
const (
	MaxText      = 2000 // characters of a message
	MostMessages = 200
	answerDays   = 5  // banking days until a case is to be answered
	reopenDays   = 30 // after its end a message opens a case again for so long
)

// Faults of the verbs.
var (
	ErrNotFound = fault.New(fault.NotFound, "case.not_found")
	ErrKind     = fault.Field("kind", "case.kind")
	ErrText     = fault.Field("text", "case.text")
	ErrLong     = fault.Field("text", "case.text_long")
	ErrClosed   = fault.New(fault.Conflict, "case.closed") // for good
	ErrFull     = fault.New(fault.Conflict, "case.full")
	ErrSettled  = fault.New(fault.Conflict, "case.settled")    // there is nothing to pay on the bill
	ErrResolved = fault.Field("resolution", "case.resolution") // choose how it ended
	ErrDue      = fault.Field("due", "case.due")
)

// written is text as it is kept: tidy, with card numbers taken out.
func written(text string) (string, error) {
	text = scrub.Text(text)
	if text == "" {
		return "", ErrText
	}
	if utf8.RuneCountInString(text) > MaxText {
		return "", ErrLong
	}
	text, _ = scrub.Cards(text)
	return text, nil
}

// newNumber is a number nobody can guess from another one: eight figures, the first not zero.
func newNumber() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
	if err != nil {
		return "", err
	}
	return n.Add(n, big.NewInt(10_000_000)).String(), nil
}
