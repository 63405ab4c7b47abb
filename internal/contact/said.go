package contact

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/scrub"
)

// Errors of what somebody says.
var (
	ErrEmail    = fault.Field("email", "contact.bad_email")
	ErrPhone    = fault.Field("phone", "contact.bad_phone")
	ErrStreet   = fault.Field("street", "contact.bad_street")
	ErrCity     = fault.Field("city", "contact.bad_city")
	ErrState    = fault.Field("state", "contact.bad_state")
	ErrZIP      = fault.Field("zip", "contact.bad_zip")
	ErrLanguage = fault.Field("language", "contact.bad_language")
	ErrSame     = fault.Field("part", "contact.same") // that is on file already
)

const (
	mostStreet = 3   // lines
	mostLine   = 100 // letters
)

// States are the codes of states and territories as they stand on an envelope, and those of the military posts.
var States = strings.Fields(`AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD
	TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP`)

// tidied is one part of what somebody said as it is kept, or the error that says what is wrong with it.
func tidied(p member.Part, c member.Contact) (member.Contact, error) {
	switch p {
	case member.EmailPart:
		c.Email = strings.TrimSpace(c.Email)
		if !identity.ValidEmail(c.Email) || card(c.Email) {
			return member.Contact{}, ErrEmail
		}
		return member.Contact{Email: c.Email}, nil
	case member.PhonePart:
		number, ok := identity.PhoneNumber(c.Phone)
		if !ok {
			return member.Contact{}, ErrPhone
		}
		return member.Contact{Phone: number}, nil
	case member.HomePart:
		return home(c)
	}
	if c.Language == "" || len(c.Language) > 10 {
		return member.Contact{}, ErrLanguage
	}
	return member.Contact{Language: c.Language}, nil
}

func home(c member.Contact) (member.Contact, error) {
	var street []string
	for line := range strings.Lines(c.Street) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			street = append(street, line)
		}
	}
	c.City, c.State, c.ZIP = strings.Join(strings.Fields(c.City), " "), strings.ToUpper(strings.TrimSpace(c.State)), strings.TrimSpace(c.ZIP)
	switch {
	case len(street) == 0 || len(street) > mostStreet || !slices.ContainsFunc(street, func(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }) ||
		slices.ContainsFunc(street, func(s string) bool { return !plain(s) }), card(strings.Join(street, " ")):
		return member.Contact{}, ErrStreet
	case !plain(c.City) || card(c.City) || !strings.ContainsFunc(c.City, unicode.IsLetter):
		return member.Contact{}, ErrCity
	case !slices.Contains(States, c.State):
		return member.Contact{}, ErrState
	case !zip(c.ZIP):
		return member.Contact{}, ErrZIP
	}
	return member.Contact{Street: strings.Join(street, "\n"), City: c.City, State: c.State, ZIP: c.ZIP}, nil
}

// plain reports whether a line can stand on an envelope.
func plain(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= mostLine && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// card reports whether a card number stands in s: none is ever kept.
func card(s string) bool {
	_, found := scrub.Cards(s)
	return found > 0
}

// zip reports whether s is "97001" or "97001-1234".
func zip(s string) bool {
	five, four, long := strings.Cut(s, "-")
	digits := func(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }
	return digits(five, 5) && (!long || digits(four, 4))
}
