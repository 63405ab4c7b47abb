package consent

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"memberpay/internal/seal"
)

// Kind is what a consent is for.
type Kind string

// The kinds of consent.
const (
	Paperless Kind = "paperless" // bills and notices without paper
	Texts     Kind = "texts"     // text messages to a phone
)

// Version is the version of the words that are shown now, by kind. Whoever agreed to another one is asked again. A test
// holds the words in the catalogs to it.
var Version = map[Kind]string{Paperless: "2026-11", Texts: "2026-11"}

// State is where a consent stands.
type State string

// The states of a consent.
const (
	None      State = ""          // nothing was ever shown
	Offered   State = "offered"   // the words were shown
	Consented State = "consented" // agreed to, and it holds
	Withdrawn State = "withdrawn" // taken back
	Replaced  State = "replaced"  // other words were shown or agreed to
)

// next is which states a consent may go to.
var next = map[State][]State{
	None:      {Offered},
	Offered:   {Consented, Replaced},
	Consented: {Withdrawn, Replaced},
}

// May reports whether a consent in state s may go to another state.
func (s State) May(to State) bool { return slices.Contains(next[s], to) }

// Words are what somebody agrees to.
type Words struct {
	Version  string
	Language string
	Text     string // paragraphs with an empty line between them
}

// Where is from where somebody agreed or took it back.
type Where struct{ SessionID, Address string }

// Consent is one agreement, from its offer to its end.
type Consent struct {
	ID          string
	AccountID   string
	Kind        Kind
	State       State
	Words       Words
	Shown       string // how they showed that they can open what they will get, "" for not at all
	OfferedAt   time.Time
	ConsentedAt time.Time
	By          Where // who agreed
	EndedAt     time.Time
	EndedBy     Where
}

// Holds reports whether the consent is agreed to, in the words that are shown now.
func (c Consent) Holds() bool { return c.State == Consented && !c.Outdated() }

// Outdated reports whether the consent is to words that have changed since.
func (c Consent) Outdated() bool { return c.Words.Version != Version[c.Kind] }

// TestNumber is the number in the test document of an offer: four digits that nobody knows who has not opened it.
func TestNumber(box *seal.Box, offerID string) string {
	n, err := strconv.ParseUint(box.Index(offerID, "consent/test_number")[:12], 16, 64)
	if err != nil {
		panic(err) // an index is hexadecimal
	}
	return fmt.Sprint(1000 + n%9000)
}
