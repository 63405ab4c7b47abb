package enroll

import (
	"context"
	"strings"
	"unicode/utf8"

	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// Contacts is where a code can go, as it may be shown to somebody who has not proved anything yet.
type Contacts struct {
	Email  string // "m•••@m•••.example", "" where none is on file
	Phone  string // its last two digits, "" where none is on file that takes text messages
	Letter bool   // a letter can be posted
}

// Any reports whether a code can be sent that is there in a minute.
func (c Contacts) Any() bool { return c.Email != "" || c.Phone != "" }

// Contacts returns where the code of an enrollment can go.
func (e *Enrollments) Contacts(ctx context.Context, en Enrollment) (Contacts, error) {
	m, err := member.Get(ctx, e.DB.Read(), en.MemberID)
	if err != nil {
		return Contacts{}, err
	}
	out := Contacts{Letter: e.address(m) != ""}
	if to := e.reach(m, Email); to != "" {
		out.Email = MaskEmail(to)
	}
	if to := e.reach(m, Phone); to != "" {
		out.Phone = to[len(to)-2:]
	}
	return out, nil
}

// reach is where a member is reached one way, "" where they are not.
func (e *Enrollments) reach(m member.Member, w Way) string {
	switch {
	case w == Email && identity.ValidEmail(m.Email):
		return strings.TrimSpace(m.Email)
	case w == Phone && e.CanText:
		return m.TextNumber()
	}
	return ""
}

// address is where a letter to a member goes, "" where none can go.
func (e *Enrollments) address(m member.Member) string {
	if !e.CanPrint {
		return ""
	}
	return letter.Address{Name: m.Name(), Lines: m.Address()}.String()
}

// MaskEmail hides an e-mail address so that its owner knows it and nobody else learns it: "m•••@m•••.example".
func MaskEmail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "•••"
	}
	host, end := domain, ""
	if dot := strings.LastIndexByte(domain, '.'); dot >= 0 {
		host, end = domain[:dot], domain[dot:]
	}
	return first(local) + "•••@" + first(host) + "•••" + end
}

func first(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return ""
	}
	return string(r)
}

// MaskPhone is the part of a phone number that may be shown: its last two digits.
func MaskPhone(s string) string { return s[max(0, len(s)-2):] }

// told are the addresses a member is told at of what happens to their account: every one on file, a letter where there is
// no other, and no address twice.
func (e *Enrollments) told(m member.Member, lang string, except ...string) []letter.To {
	if m.Language != "" {
		lang = m.Language
	}
	var out []letter.To
	for _, x := range []struct {
		channel string
		way     Way
	}{{event.Mail, Email}, {event.Text, Phone}} {
		to := e.reach(m, x.way)
		skip := to == ""
		for _, other := range except {
			skip = skip || identity.FoldEmail(other) == identity.FoldEmail(to)
		}
		if !skip {
			out = append(out, letter.To{Channel: x.channel, Recipient: to, Language: lang})
		}
	}
	if e.reach(m, Email) == "" && e.reach(m, Phone) == "" {
		if to := e.address(m); to != "" {
			out = append(out, letter.To{Channel: event.Print, Recipient: to, Language: lang})
		}
	}
	return out
}
