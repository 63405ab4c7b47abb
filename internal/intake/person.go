package intake

import (
	"strings"
	"time"
	"unicode"

	"memberpay/internal/day"
)

// Person is what a Patient, Coverage or CSV row tells about somebody. Empty fields say nothing.
type Person struct {
	MemberID  string // the number on the card
	PatientID string // the source's own id
	Guarantor string // MemberID or PatientID of who owes, "" for self or unknown
	Given     string
	Family    string
	BirthDate day.Date
	Deceased  bool
	Street    string // lines of the home address above the city, separated by line breaks
	City      string
	ZIP       string
	State     string
	Email     string
	Phone     string
	Language  string
	Previous  Number // the card number before this one
	Numbers   []Number
}

// Number is a number printed for a person, what it is, and the days on which it was first and last theirs.
type Number struct {
	Kind, Value string
	From, Until day.Date
}

// number reads an identifier with its days.
func (i *identifier) number(kind string) Number {
	return Number{kind, i.Value, fhirDay(i.Period.Start), lastDay(i.Period.End)}
}

// lastDay is the last day of a FHIR time, which may be a year or a month alone; zero for none.
func lastDay(s string) day.Date {
	d := fhirDay(s)
	switch {
	case d.IsZero():
		return d
	case len(s) == 4:
		d, _ = day.New(d.Year(), time.December, 31) // every year has it
	case len(s) == 7:
		next := d.AddDays(31)
		d = next.AddDays(-next.Day())
	}
	return d
}

// secretNumber reports whether an identifier must never be kept: social security, driver's licence, passport, tax and
// bank numbers.
func secretNumber(c concept) bool {
	for i := range c.Coding {
		switch strings.ToUpper(c.Coding[i].Code) {
		case "SS", "SB", "SSN", "DL", "PPN", "TAX", "TPR", "BC", "BA", "CZ", "NI":
			return true
		}
	}
	return false
}

// systems whose values are secret even where the identifier has no type.
func secretSystem(system string) bool {
	for _, part := range [...]string{"us-ssn", "passport", "2.16.840.1.113883.4.1", "2.16.840.1.113883.4.3."} {
		if i := strings.Index(system, part); i >= 0 {
			rest := system[i+len(part):]
			if part != "2.16.840.1.113883.4.1" || rest == "" {
				return true
			}
		}
	}
	return false
}

// numberKind names an identifier that may have been printed, "" for one that is not kept.
func numberKind(i identifier) string {
	if secretNumber(i.Type) || secretSystem(i.System) {
		return ""
	}
	for _, c := range i.Type.Coding {
		switch c.Code {
		case "MB":
			return "member_id"
		case "um":
			return "unique_member_id"
		case "MR":
			return "medical_record"
		case "SN":
			return "subscriber"
		case "AN", "ACSN", "VN":
			return "account"
		case "PI", "PT", "pt":
			return "patient_id"
		}
	}
	if len(i.Type.Coding) == 0 {
		return "identifier"
	}
	return ""
}

// personOf reads a Patient. The person is known by the bundle's own name for it (url) where there is one, because that
// is what the bills in the bundle refer to; a different id is kept as a number.
func personOf(p *patient, url string) (Person, error) {
	out := Person{PatientID: p.ID}
	if r := ParseRef(url); strings.HasPrefix(url, "urn:uuid:") && !r.Empty() && r.ID != p.ID {
		out.PatientID = r.ID
		if p.ID != "" {
			out.Numbers = append(out.Numbers, Number{Kind: "patient_id", Value: p.ID})
		}
	}
	for _, i := range p.Identifier {
		kind := numberKind(i)
		if kind == "" || i.Value == "" || i.Value == out.PatientID {
			continue
		}
		out.Numbers = append(out.Numbers, i.number(kind))
	}
	out.MemberID = cardNumber(out.Numbers)
	if out.PatientID == "" && out.MemberID == "" {
		return out, refuse("no_id", "the patient has neither an id nor a member number")
	}
	out.Given, out.Family = officialName(p.Name)
	out.BirthDate = wholeDay(p.BirthDate)
	out.Deceased = p.DeceasedBoolean || p.DeceasedDateTime != ""
	for _, a := range p.Address {
		if a.Use != "old" && (out.ZIP == "" || a.Use == "home") && (a.PostalCode != "" || a.State != "") {
			out.ZIP, out.State = strings.TrimSpace(a.PostalCode), a.State
			out.Street, out.City = street(a.Line), addressLine(a.City)
		}
	}
	out.Phone, out.Email = contact(p.Telecom, "phone", "sms"), contact(p.Telecom, "email", "email")
	for i, c := range p.Communication {
		if len(c.Language.Coding) > 0 && (i == 0 || c.Preferred) {
			out.Language, _, _ = strings.Cut(strings.ToLower(c.Language.Coding[0].Code), "-")
		}
	}
	return out, nil
}

// street is the lines of an address above the city, at most three.
func street(lines []string) string {
	var out []string
	for _, l := range lines {
		if l = addressLine(l); l != "" && len(out) < 3 {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// addressLine is one line of an address without control characters, cut where no envelope would hold it.
func addressLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)), " ")
	return string([]rune(s)[:min(len([]rune(s)), 100)])
}

// cardNumber is the number on the card: the member number that has no end, or else the one that ended last.
func cardNumber(numbers []Number) string {
	var best Number
	better := func(n Number) bool {
		switch {
		case best.Value == "":
			return true
		case n.Until.IsZero() || best.Until.IsZero():
			return n.Until.IsZero() && !best.Until.IsZero()
		}
		return n.Until.After(best.Until)
	}
	for _, kind := range [...]string{"unique_member_id", "member_id"} {
		for _, n := range numbers {
			if n.Kind == kind && better(n) {
				best = n
			}
		}
	}
	return best.Value
}

// officialName picks the name in use now: official, usual, or the first that is not old or a maiden name. Names are
// kept as written, digits and accents included.
func officialName(list []humanName) (given, family string) {
	best, rank := -1, 9
	for i, n := range list {
		r := 3
		switch {
		case n.Use == "old" || n.Use == "maiden" || n.Period.End != "":
			r = 5
		case n.Use == "official":
			r = 1
		case n.Use == "usual":
			r = 2
		}
		if r < rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return "", ""
	}
	n := list[best]
	given, family = strings.Join(n.Given, " "), n.Family
	if given == "" && family == "" {
		family = n.Text
	}
	if len(n.Suffix) > 0 && family != "" {
		family += " " + strings.Join(n.Suffix, " ")
	}
	return strings.TrimSpace(given), strings.TrimSpace(family)
}

func contact(list []contactPoint, systems ...string) string {
	value, rank := "", 1<<30
	for _, c := range list {
		for _, s := range systems {
			r := c.Rank
			if r <= 0 {
				r = 1000
			}
			if c.System == s && c.Use != "old" && c.Value != "" && r < rank {
				value, rank = c.Value, r
			}
		}
	}
	return strings.TrimSpace(value)
}

// wholeDay reads a complete date; a year or month alone cannot identify anybody and is the zero Date.
func wholeDay(s string) day.Date {
	d, err := day.Parse(s)
	if err != nil {
		return day.Date{}
	}
	return d
}

// personOfCoverage reads what a Coverage tells about its beneficiary: numbers on the card, and for a child that the
// subscriber is the guarantor. Grown people owe for themselves. It reports false where it tells nothing.
func personOfCoverage(c *coverage) (Person, bool) {
	who := c.Beneficiary.ref()
	if who.ID == "" || who.Local || c.Status == "entered-in-error" {
		return Person{}, false
	}
	p := Person{PatientID: who.ID}
	if s := c.Subscriber.ref(); s.ID != "" && !s.Local && s.ID != who.ID && hasCode(c.Relationship, "child") {
		p.Guarantor = s.ID
	}
	for _, i := range c.Identifier {
		if kind := numberKind(i); kind != "" && kind != "identifier" && i.Value != "" {
			p.Numbers = append(p.Numbers, i.number(kind))
		}
	}
	if c.SubscriberID != "" {
		p.Numbers = append(p.Numbers, Number{Kind: "subscriber", Value: c.SubscriberID})
		if c.Dependent != "" {
			p.Numbers = append(p.Numbers, Number{Kind: "subscriber", Value: c.SubscriberID + c.Dependent})
		}
	}
	return p, len(p.Numbers) > 0 || p.Guarantor != ""
}
