package brand

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Problem is one thing in a configuration that is refused.
type Problem struct {
	Field  string // path in the file: "payees.medical.ach.description"
	Value  string // as configured, shortened
	Reason string // what is wrong, after the field's name: "is empty"
	Remedy string // what to write instead
}

// String writes the problem on one line.
func (p Problem) String() string {
	value := ""
	if p.Value != "" {
		value = fmt.Sprintf(" %q", p.Value)
	}
	return fmt.Sprintf("%s%s %s: %s", p.Field, value, p.Reason, p.Remedy)
}

var (
	dialable   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	companyID  = regexp.MustCompile(`^[A-Z0-9 ]{10}$`)
	descriptor = regexp.MustCompile(`^[A-Za-z0-9 .&-]{5,22}$`)
	bankText   = regexp.MustCompile(`^[A-Z0-9 .&/-]+$`)
)

// reserved entry descriptions have a meaning of their own between banks.
var reserved = map[string]string{
	"PURCHASE": "is for online purchases of goods only", "REVERSAL": "is reserved for taking back an entry",
	"RETRY PYMT": "is reserved for sending a returned entry again", "RETURN FEE": "is reserved for return fees",
	"RECLAIM": "is reserved for government reclamations", "NONSETTLED": "is reserved for replacing files that did not settle",
	"ACCTVERIFY": "is reserved for account checks", "PAYROLL": "is reserved for wages", "HCCLAIMPMT": "is reserved for claim payments",
	"AUTOENROLL": "is reserved for enrolments", "REDEPCHECK": "is reserved for represented checks",
}

// checker collects problems.
type checker struct{ list []Problem }

func (c *checker) add(field, value, reason, remedy string) {
	if utf8.RuneCountInString(value) > 60 {
		value = string([]rune(value)[:60]) + "…"
	}
	c.list = append(c.list, Problem{field, value, reason, remedy})
}

// text checks that a text is there, is one line, and is not too long.
func (c *checker) text(field, value string, limit int) {
	switch {
	case strings.TrimSpace(value) == "":
		c.add(field, value, "is empty", fmt.Sprintf("write 1 to %d characters", limit))
	case utf8.RuneCountInString(value) > limit:
		c.add(field, value, fmt.Sprintf("is longer than %d characters", limit), "shorten it")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.add(field, value, "has a line break or control character", "write it on one line")
	}
}

func (c *checker) both(field string, t Text, limit int, required bool) {
	if t.Empty() && !required {
		return
	}
	c.text(field+".en", t.En, limit)
	c.text(field+".es", t.Es, limit)
}

// Validate checks the whole configuration and returns every problem, none if it is good. The order is that of the file.
func (b *Brand) Validate() []Problem {
	c := &checker{}
	c.text("name", b.Name, 60)
	c.both("tagline", b.Tagline, 120, false)
	b.checkLanguages(c)
	if b.zone == nil {
		c.add("time_zone", b.TimeZone, "is not a known time zone", "write an IANA name such as America/Los_Angeles")
	}
	c.both("zone_name", b.ZoneName, 40, true)
	b.Payees.Medical.check(c, "payees.medical")
	b.Payees.Premium.check(c, "payees.premium")
	b.Phone.check(c, "phone", true)
	b.TTY.check(c, "tty", false)
	if a, err := mail.ParseAddress(b.Mail.From); err != nil || a.Address != b.Mail.From {
		c.add("mail.from", b.Mail.From, "is not an e-mail address", "write an address such as billing@example.org")
	}
	c.text("mail.sender", b.Mail.Sender, 60)
	b.Links.check(c)
	if err := checkSVG(b.mark); err != nil {
		c.add("logo.file", b.Logo.File, err.Error(), "export the logo as plain SVG paths, without script, styles, text or pictures")
	}
	light, dark := b.Colors.palettes()
	c.list = append(c.list, light.problems()...)
	c.list = append(c.list, dark.problems()...)
	b.checkHours(c)
	for i, z := range b.Zones {
		checkZone(c, fmt.Sprintf("zones[%d]", i), z.TimeZone, z.zone, z.Name, ".name")
	}
	for i, l := range b.Interpreters {
		c.both(fmt.Sprintf("interpreters[%d]", i), l, 40, true)
	}
	c.both("phone_notice", b.PhoneNotice, 300, false)
	b.checkCallSlots(c)
	b.checkCallerScripts(c)
	b.checkOffices(c)
	c.both("financial_help", b.FinancialHelp, 400, true)
	return c.list
}

func (b *Brand) checkLanguages(c *checker) {
	if len(b.Languages) == 0 {
		c.add("languages", "", "is empty", `write ["en", "es"], or the one you offer`)
	}
	seen := map[string]bool{}
	for _, l := range b.Languages {
		if (l != "en" && l != "es") || seen[l] {
			c.add("languages", l, "is not a language that the pages have, or stands there twice", `use "en" and "es", each once`)
		}
		seen[l] = true
	}
}

func (p Payee) check(c *checker, at string) {
	c.text(at+".legal_name", p.LegalName, 80)
	if !descriptor.MatchString(p.Descriptor) || !strings.ContainsFunc(p.Descriptor, letter) {
		c.add(at+".descriptor", p.Descriptor, "cannot stand on a card statement", "use 5 to 22 letters, digits, spaces, dots, dashes and &, with at least one letter")
	}
	p.ACH.check(c, at+".ach")
}

func letter(r rune) bool { return (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') }

func (a ACH) check(c *checker, at string) {
	short := func(field, value string, limit int) {
		if len(value) > limit || strings.TrimSpace(value) == "" || !bankText.MatchString(value) {
			c.add(at+"."+field, value, "cannot stand in a bank file", fmt.Sprintf("use 1 to %d capital letters, digits, spaces and . & / -", limit))
		}
	}
	short("company_name", a.CompanyName, 16)
	if !companyID.MatchString(a.CompanyID) {
		c.add(at+".company_id", a.CompanyID, "is not a company identification", "write the 10 characters that your bank gave you")
	}
	short("description", a.Description, 10)
	if why, taken := reserved[strings.ToUpper(strings.TrimSpace(a.Description))]; taken {
		c.add(at+".description", a.Description, why, "use words such as MED BILL or INS PREM")
	}
	short("bank_name", a.BankName, 23)
	if !routing(a.BankRouting) {
		c.add(at+".bank_routing", a.BankRouting, "is not a routing number: its check digit does not fit", "write the 9 digits of your bank")
	}
}

// routing reports whether s is 9 digits with a right check digit.
func routing(s string) bool {
	if len(s) != 9 || s == "000000000" {
		return false
	}
	sum := 0
	for i, r := range []byte(s) {
		if r < '0' || r > '9' {
			return false
		}
		sum += int(r-'0') * [3]int{3, 7, 1}[i%3]
	}
	return sum%10 == 0
}

func (p Phone) check(c *checker, at string, required bool) {
	if p == (Phone{}) && !required {
		return
	}
	c.text(at+".display", p.Display, 30)
	if !dialable.MatchString(p.Dial) {
		c.add(at+".dial", p.Dial, "cannot be dialed from a link", "write + and digits only, such as +15555550142")
	}
}

func (l Links) check(c *checker) {
	for _, x := range []struct{ field, value string }{
		{"home", l.Home}, {"privacy", l.Privacy}, {"terms", l.Terms},
		{"financial_help", l.FinancialHelp}, {"complaints", l.Complaints}, {"chat", l.Chat},
	} {
		if x.value == "" {
			continue
		}
		u, err := url.Parse(x.value)
		local := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(x.value, "/") && !strings.HasPrefix(x.value, "//") && !strings.Contains(x.value, `\`)
		if !local && (err != nil || u.Scheme != "https" || u.Host == "") {
			c.add("links."+x.field, x.value, "is not a safe address", "write an https:// address, or a path of this site that begins with /")
		}
	}
}

func (b *Brand) checkHours(c *checker) {
	any := false
	for d := time.Sunday; d <= time.Saturday; d++ {
		spans := b.Week.On(d)
		any = any || len(spans) > 0
		checkSpans(c, "hours."+strings.ToLower(d.String()), spans)
	}
	if !any {
		c.add("hours", "", "has no open day", `write hours such as "monday": ["08:00-18:00"]`)
	}
	seen := map[string]bool{}
	for i, h := range b.Closed {
		at := fmt.Sprintf("holidays[%d]", i)
		if _, err := time.Parse("2006-01-02", h.Date); err != nil {
			c.add(at+".date", h.Date, "is not a date", "write it as 2026-12-25")
		} else if seen[h.Date] {
			c.add(at+".date", h.Date, "stands there twice", "keep one entry a date")
		}
		seen[h.Date] = true
		c.both(at+".name", h.Name, 60, true)
		checkSpans(c, at+".hours", h.Hours)
	}
}

func checkSpans(c *checker, at string, spans []Span) {
	for i, s := range spans {
		if s.Open < 0 || s.Close > 24*60 || s.Open >= s.Close || (i > 0 && s.Open < spans[i-1].Close) {
			c.add(at, "", "has spans that overlap or are out of order", `write them in order, such as ["08:00-12:00", "13:00-17:00"]`)
			return
		}
	}
}

func (b *Brand) checkOffices(c *checker) {
	if reason, remedy := mapProblem(b.MapURL); reason != "" {
		c.add("map_url", b.MapURL, reason, remedy)
	}
	for i, o := range b.Offices {
		at := fmt.Sprintf("offices[%d]", i)
		c.text(at+".name", o.Name, 80)
		if len(o.Address) == 0 || len(o.Address) > 6 {
			c.add(at+".address", "", "is not an address", "write 1 to 6 lines, as on an envelope")
		}
		for j, line := range o.Address {
			c.text(fmt.Sprintf("%s.address[%d]", at, j), line, 80)
		}
		c.both(at+".hours", o.Hours, 120, true)
		for j, s := range o.Services {
			c.both(fmt.Sprintf("%s.services[%d]", at, j), s, 80, true)
		}
		o.Phone.check(c, at+".phone", false)
		if o.Week != nil {
			for d := time.Sunday; d <= time.Saturday; d++ {
				checkSpans(c, at+".week."+strings.ToLower(d.String()), o.Week.On(d))
			}
		}
		if o.TimeZone != "" {
			checkZone(c, at, o.TimeZone, o.zone, o.ZoneName, ".zone_name")
		}
		for j, s := range o.Access {
			c.both(fmt.Sprintf("%s.access[%d]", at, j), s, 160, true)
		}
		c.both(at+".directions", o.Directions, 600, false)
		if _, _, ok := place(o.Map); o.Map != "" && !ok && !elsewhere(o.Map) {
			c.add(at+".map", o.Map, "is no place and no safe address", "write latitude and longitude, such as 45.52,-122.68, or an https:// address of its own")
		}
	}
}

func checkZone(c *checker, at, name string, zone *time.Location, called Text, field string) {
	if zone == nil {
		c.add(at+".time_zone", name, "is not a known time zone", "write an IANA name such as America/Denver")
	}
	c.both(at+field, called, 40, true)
}
