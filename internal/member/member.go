package member

import (
	"strings"
	"time"
	"unicode"

	"memberpay/internal/day"
)

// Member is a person: a subscriber, a dependent or a patient.
type Member struct {
	ID          string // row id
	MemberID    string // the number on the card
	PatientID   string // the source's own id of the person, "" where it has none
	GuarantorID string // row id of who owes for this person; the person's own where nobody else does
	Given       string
	Family      string
	BirthDate   day.Date
	Deceased    bool
	ZIP         string
	State       string
	Email       string
	Phone       string
	Language    string
	UpdatedAt   time.Time
}

// Name is the full name as written, "" for a person known only by number.
func (m Member) Name() string { return strings.TrimSpace(m.Given + " " + m.Family) }

// Initials are for places where a full name would tell too much.
func (m Member) Initials() string {
	var b strings.Builder
	for _, part := range []string{m.Given, m.Family} {
		for _, r := range part {
			b.WriteRune(unicode.ToUpper(r))
			b.WriteByte('.')
			break
		}
	}
	return b.String()
}

// Self reports whether the person pays for themselves.
func (m Member) Self() bool { return m.GuarantorID == m.ID }
