package member

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	Street      string // lines of the home address above the city, separated by line breaks; "" where the source has none
	City        string
	ZIP         string
	State       string
	Email       string
	Phone       string
	Language    string
	UpdatedAt   time.Time
}

// Name is the full name as written, "" for a person known only by number.
func (m Member) Name() string { return strings.TrimSpace(m.Given + " " + m.Family) }

// Address is the home address as it stands on an envelope, a line each, without the name. It is empty unless street, city
// and ZIP code are known: a letter needs all of them.
func (m Member) Address() []string {
	if m.Street == "" || m.City == "" || m.ZIP == "" {
		return nil
	}
	last := m.City
	if m.State != "" {
		last += ", " + m.State
	}
	return append(strings.Split(m.Street, "\n"), last+" "+m.ZIP)
}

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

// Brief is the first name and an initial, for those who are not of the household.
func (m Member) Brief() string {
	if m.Given == "" || m.Family == "" {
		return m.Name()
	}
	initial, _ := utf8.DecodeRuneInString(m.Family)
	return m.Given + " " + string(unicode.ToUpper(initial)) + "."
}

// Self reports whether the person pays for themselves.
func (m Member) Self() bool { return m.GuarantorID == m.ID }

// Adult is the age from which people decide for themselves who sees their care, in years.
const Adult = 18

// Minor reports whether the person is not of age on a day. Of somebody whose date of birth is unknown it says no.
func (m Member) Minor(today day.Date) bool {
	return !m.BirthDate.IsZero() && today.Before(birthday(m.BirthDate, Adult))
}

// birthday is the day on which somebody turns years old: March 1 for February 29 where that year has none.
func birthday(born day.Date, years int) day.Date {
	d, err := day.New(born.Year()+years, born.Month(), born.Day())
	if err != nil {
		d, _ = day.New(born.Year()+years, time.March, 1) // only the 29th of February is missing in a year
	}
	return d
}

// TextNumber is the phone number on file as texts are sent to it, "+15035550100", and "" where it is no number of the
// North American plan.
func (m Member) TextNumber() string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, m.Phone)
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || digits[0] < '2' || strings.HasPrefix(strings.TrimSpace(m.Phone), "+") && !strings.HasPrefix(strings.TrimSpace(m.Phone), "+1") {
		return ""
	}
	return "+1" + digits
}
