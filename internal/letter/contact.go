package letter

import "time"

// KindContactNews is the kind of ContactNews.
const KindContactNews = "contact_news"

// ContactEvent is what happened to a change of how a member is reached.
type ContactEvent string

// The events that are told. Each has its sentences in the catalogs, "letter.contact.EVENT".
const (
	ContactAsked   ContactEvent = "asked"   // it comes into force later
	ContactNow     ContactEvent = "now"     // it is in force
	ContactStopped ContactEvent = "stopped" // it never came into force
)

// ContactNews tells of a change of how a member is reached, and never what is new: it goes to the old contact.
type ContactNews struct {
	What  ContactEvent `json:"what"`
	Part  string       `json:"part"` // "email", "phone" or "home"
	When  time.Time    `json:"when"`
	From  time.Time    `json:"from"`            // when it comes into force, with ContactAsked
	Again bool         `json:"again,omitempty"` // it takes the place of one that was told before, with ContactAsked
	Stop  string       `json:"stop,omitempty"`  // path of the page that stops it, with ContactAsked
}

func (ContactNews) kind() string     { return KindContactNews }
func (ContactNews) until() time.Time { return time.Time{} }
