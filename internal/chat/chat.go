package chat

import (
	"log/slog"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Seal     *seal.Box
	Outbox   *event.Outbox
	Accounts *identity.Accounts
	Open     func(now time.Time) bool // whether chats are answered at that time
	BaseURL  string                   // public address of the portal, without a slash at the end
	Keep     time.Duration            // how long a closed conversation is kept; Keep where 0
	Log      *slog.Logger             // slog.Default where nil
}

// Keep is how long a closed conversation is kept where nothing else is set: three years.
const Keep = 3 * 365 * 24 * time.Hour

// Chats holds the conversations. It is safe for concurrent use; several processes share them.
type Chats struct {
	Config
	Hub      *Hub
	refusals refusals
}

// New returns Chats. Its Hub hears nothing before Hub.Listen runs.
func New(c Config) *Chats {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Keep == 0 {
		c.Keep = Keep
	}
	return &Chats{Config: c, Hub: newHub(c.DB)}
}

// State is where a conversation stands.
type State string

const (
	Waiting State = "waiting" // for somebody of the desk
	Open    State = "open"    // somebody has it
	Closed  State = "closed"
)

// Side is who said something.
type Side string

const (
	Member Side = "member" // whoever asked for help, guest or member
	Agent  Side = "agent"
	Note   Side = "note" // an agent, to other staff alone
	Desk   Side = "desk" // nobody: something happened
)

// Kind is what a message is.
type Kind string

const (
	Text   Kind = "text"
	File   Kind = "file"    // Text may say something with it
	Joined Kind = "joined"  // somebody of the desk took the conversation
	Moved  Kind = "moved"   // somebody else of the desk has it now
	Queued Kind = "queued"  // it waits for somebody else
	ByMail Kind = "by_mail" // it is answered by e-mail from here on
	Card   Kind = "card"    // a card number was taken out of what was written
	Linked Kind = "linked"  // who the guest is has been checked
	Ended  Kind = "closed"  // the desk closed it
	Left   Kind = "left"    // the member closed it
)

// Chat is one conversation.
type Chat struct {
	ID        string
	AccountID string // of a member who was signed in, "" for a guest
	MemberID  string // whom it is linked to, "" while nobody has been verified
	LinkedBy  string // account of who verified
	LinkedAt  time.Time
	Name      string // what a guest calls themselves, "" for none
	Email     string // where a guest wants the answer, "" for none
	Language  string // of the member
	Mail      bool   // answered by e-mail
	State     State
	AgentID   string
	AgentName string // first name
	Last      int64  // number of the last message

	MemberRead, AgentRead int64 // number of the last message each side has seen

	CreatedAt    time.Time
	WaitingSince time.Time // Waiting only
	AssignedAt   time.Time
	LastAt       time.Time
	ClosedAt     time.Time
	ClosedBy     Side
	Rating       int // 1 to 5, 0 for none
	Comment      string
}

// Guest reports whether nothing is known of who asks but what they wrote.
func (c Chat) Guest() bool { return c.AccountID == "" && c.MemberID == "" }

// Reachable reports whether an answer finds its way where nobody looks at the page.
func (c Chat) Reachable() bool { return c.Email != "" || c.AccountID != "" }

// Message is one entry of a conversation.
type Message struct {
	ID       string
	ChatID   string
	Number   int64 // 1, 2, 3 ... within the conversation
	Side     Side
	Kind     Kind
	AuthorID string // account of the staff who wrote it, or did what happened
	Author   string // their first name
	Text     string
	File     *Attachment // File only
	At       time.Time
}

// Attachment is a file that was sent.
type Attachment struct {
	ID   string
	Name string
	Kind string // media type
	Size int64  // bytes
}

// The bounds of what people write, in characters.
const (
	MaxText    = 4000
	MaxName    = 60
	MaxComment = 1000
	MaxNote    = 1000
)

// Errors of the verbs. The first ones belong to a form field.
var (
	ErrText     = fault.Field("text", "chat.text")
	ErrLong     = fault.Field("text", "chat.long")
	ErrName     = fault.Field("name", "chat.name")
	ErrEmail    = fault.Field("email", "chat.email")
	ErrNote     = fault.Field("note", "chat.note")
	ErrTo       = fault.Field("to", "chat.to")
	ErrAway     = fault.Field("to", "chat.away") // whoever it was to go to takes no chats now
	ErrRating   = fault.Field("rating", "chat.rating")
	ErrComment  = fault.Field("comment", "chat.comment")
	ErrNotFound = fault.New(fault.NotFound, "chat.not_found")
	ErrClosed   = fault.New(fault.Conflict, "chat.closed")
	ErrTaken    = fault.New(fault.Conflict, "chat.taken")     // another agent has it
	ErrNotTaken = fault.New(fault.Conflict, "chat.not_taken") // the agent has to take it first
	ErrStarted  = fault.New(fault.Conflict, "chat.started")   // the form began a conversation with another message
	ErrKey      = fault.New(fault.Invalid, "chat.key")
)
