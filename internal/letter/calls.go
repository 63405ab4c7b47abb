package letter

import "time"

// KindCallNews is the kind of CallNews.
const KindCallNews = "call_news"

// CallEvent is what happened to a request to be called.
type CallEvent string

// The events that are told. Each has its sentences in the catalogs, "letter.call.EVENT".
const (
	CallAsked    CallEvent = "asked"
	CallAgain    CallEvent = "again" // nobody answered: there is another slot
	CallGivenUp  CallEvent = "given_up"
	CallCanceled CallEvent = "canceled"
)

// CallNews tells when somebody is called, and never what about or on which number.
type CallNews struct {
	What   CallEvent `json:"what"`
	Number string    `json:"number"`
	From   time.Time `json:"from"` // the slot
	To     time.Time `json:"to"`
	Key    string    `json:"key,omitempty"` // opens the request by a link; "" for no link
}

func (CallNews) kind() string     { return KindCallNews }
func (CallNews) until() time.Time { return time.Time{} }
