package callrequest

import (
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB     *db.DB
	Seal   *seal.Box
	Outbox *event.Outbox
	Brand  *brand.Brand  // hours, slots and the languages of interpreters
	Keep   time.Duration // how long a request is kept after its end; Keep where 0
}

// Keep is how long a request is kept after its end where nothing else is set.
const Keep = 90 * 24 * time.Hour

// Requests takes and works off requests to be called. It is safe for concurrent use.
type Requests struct{ Config }

// New returns Requests.
func New(c Config) *Requests {
	if c.Keep == 0 {
		c.Keep = Keep
	}
	return &Requests{c}
}

// Topic is what a call is about.
type Topic string

// Topics are all topics, in the order in which they are offered.
var Topics = []Topic{"bill", "payment", "afford", "account", "other"}

// State is where a request stands.
type State string

const (
	Waiting  State = "waiting"
	Taken    State = "taken"    // one of the staff calls
	Reached  State = "reached"  // they talked
	GivenUp  State = "given_up" // nobody answered, time and again
	Canceled State = "canceled" // whoever asked took it back
)

// Open reports whether somebody is still to be called.
func (s State) Open() bool { return s == Waiting || s == Taken }

// Request is one request.
type Request struct {
	ID        string
	Number    string // as people say it, eight figures
	AccountID string // of a member who was signed in, "" for a guest
	MemberID  string // row id, "" for a guest
	Name      string
	Phone     string // "+15035550100"
	Email     string // "" for nowhere
	Topic     Topic
	Language  string // of pages and letters
	Speaks    string // of the call: "en", "es", the English name of an interpreter's language, or Other
	Slot      brand.Slot
	State     State
	OwnerID   string // account of staff, "" while nobody has taken it
	Tries     int    // calls that nobody answered
	CreatedAt time.Time
	TakenAt   time.Time // zero while nobody has taken it
	DoneAt    time.Time // zero while it goes on
}

// Overdue reports whether somebody should have been called by now.
func (r Request) Overdue(now time.Time) bool { return r.State.Open() && !now.Before(r.Slot.To) }

// Due reports whether the slot has begun.
func (r Request) Due(now time.Time) bool { return r.State.Open() && !now.Before(r.Slot.From) }

// Other is a language of a call that the organisation does not list.
const Other = "other"

// MaxName is the longest name taken, in characters.
const MaxName = 80

// takeOver is after how long somebody else may take over what one of the staff took and left.
const takeOver = 30 * time.Minute

// Limits of requests: of one network, of one account, and of calls to one number, and letters to one address, so that nobody's phone is made
// to ring by strangers.
var (
	From    = identity.Limit{Name: "call-request/network", Hits: 10, Window: time.Hour}
	Account = identity.Limit{Name: "call-request/account", Hits: 6, Window: 24 * time.Hour}
	ToPhone = identity.Limit{Name: "call-request/phone", Hits: 3, Window: 24 * time.Hour}
	ToEmail = identity.Limit{Name: "call-request/email", Hits: 6, Window: 24 * time.Hour}
)

// Faults of the verbs.
var (
	ErrNotFound = fault.New(fault.NotFound, "callrequest.not_found")
	ErrKey      = fault.Field("", "callrequest.key") // the form is not one of ours
	ErrName     = fault.Field("name", "callrequest.name")
	ErrPhone    = fault.Field("phone", "callrequest.phone")
	ErrPremium  = fault.Field("phone", "callrequest.premium") // calling it costs extra
	ErrEmail    = fault.Field("email", "callrequest.email")
	ErrTopic    = fault.Field("topic", "callrequest.topic")
	ErrSpeaks   = fault.Field("speaks", "callrequest.speaks")
	ErrSlot     = fault.Field("slot", "callrequest.slot")        // it has passed, or there is none like it
	ErrFull     = fault.Field("slot", "callrequest.full")        // others were faster
	ErrTaken    = fault.New(fault.Conflict, "callrequest.taken") // by somebody else
	ErrOver     = fault.New(fault.Conflict, "callrequest.over")  // it has ended
	ErrNotYours = fault.New(fault.Conflict, "callrequest.not_yours")
)
