package enroll

import (
	"slices"
	"strings"
	"time"

	"memberpay/internal/fault"
)

const (
	// Life is how long an enrollment can be taken up again.
	Life = 24 * time.Hour
	// proofLife is how long a code that was sent proves who is there. One from a letter or the desk is not to be had again
	// in a minute; it proves it for the enrollment's whole life.
	proofLife = time.Hour
	// codeLife is how long a code that was sent is good.
	codeLife = 15 * time.Minute
	// showCodes is how long recovery codes can be looked at after the account was opened.
	showCodes = 15 * time.Minute
	// keep is how long a row is kept after it is over, so that letters are counted.
	keep = 30 * 24 * time.Hour
)

// Way is how somebody proves that they are the member.
type Way string

const (
	Email  Way = "email"  // a code to the e-mail address on file
	Phone  Way = "phone"  // a code to the phone on file
	Letter Way = "letter" // a code that was printed and posted to the address on file
	Desk   Way = "desk"   // a code that an office or phone agent gave

	// Given is the way of somebody who has a code in hand, by Letter or Desk. Nobody is asked which.
	Given Way = "given"
)

// Sent reports whether the way's code is sent and there in a minute.
func (w Way) Sent() bool { return w == Email || w == Phone }

// Step is where an enrollment stands: what has to be answered next.
type Step string

const (
	ToContact   Step = "contact"    // choose where the code goes
	ToCode      Step = "code"       // enter the code
	ToEmail     Step = "email"      // choose the sign-in address
	ToEmailCode Step = "email-code" // enter the code that went there
	ToSecure    Step = "secure"     // choose how to sign in
	Done        Step = "done"       // the account is there

	// Any stands for whatever step it is.
	Any Step = ""
)

// steps in their order.
var steps = []Step{ToContact, ToCode, ToEmail, ToEmailCode, ToSecure, Done}

// Enrollment is the way of one browser to an account.
type Enrollment struct {
	ID            string
	MemberID      string   // row id of the member the account will act for
	FoundID       string   // row id of the child by whose number the member was found; else MemberID
	AccountID     string   // id of the account, before and after it is there
	Sessions      []string // ids of the browser's sessions
	Way           Way      // "" until chosen
	Reached       string   // where the last code went: an e-mail address or a phone number, "" for the other ways
	MailedAt      time.Time
	ProvedBy      Way // "" until proved
	ProvedAt      time.Time
	Email         string // sign-in address, "" until chosen
	EmailProvedAt time.Time
	AddedTo       string // the account there was before, to which the member was added
	CreatedAt     time.Time
	UpdatedAt     time.Time
	ExpiresAt     time.Time
	DoneAt        time.Time

	codes []byte // sealed
}

// Proved reports whether somebody has shown that they are the member, and a short time ago.
func (e Enrollment) Proved(now time.Time) bool {
	switch {
	case e.ProvedBy == "":
		return false
	case e.ProvedBy.Sent():
		return now.Sub(e.ProvedAt) <= proofLife
	}
	return true
}

// Lapsed reports whether there was a proof that is too old by now.
func (e Enrollment) Lapsed(now time.Time) bool {
	return e.ProvedBy != "" && !e.Proved(now) && e.DoneAt.IsZero()
}

// Step is what has to be answered next.
func (e Enrollment) Step(now time.Time) Step {
	switch {
	case !e.DoneAt.IsZero():
		return Done
	case e.Way == "" || e.Lapsed(now):
		return ToContact
	case !e.Proved(now):
		return ToCode
	case e.Email == "":
		return ToEmail
	case e.EmailProvedAt.IsZero():
		return ToEmailCode
	}
	return ToSecure
}

// May reports whether a step can be shown: the next one and those before it, except that a proof is given once.
func (e Enrollment) May(s Step, now time.Time) bool {
	next := e.Step(now)
	if next == Done || s == Done {
		return s == next
	}
	if e.Proved(now) && (s == ToContact || s == ToCode) {
		return false
	}
	return slices.Index(steps, s) <= slices.Index(steps, next)
}

// Faults of this package.
var (
	errNone = fault.New(fault.NotFound, "enrollment.not_found")
	// ErrStep: the enrollment stands somewhere else by now. Look at it again.
	ErrStep = fault.New(fault.Conflict, "enrollment.step")
	// ErrWay: this way is not one of the member's.
	ErrWay = fault.Field("way", "enrollment.way")
	// ErrNobody: nobody of age can have the account.
	ErrNobody = fault.New(fault.Conflict, "enrollment.nobody")
	// ErrLetter: a letter is on its way already.
	ErrLetter = fault.Field("way", "enrollment.letter")
)

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
