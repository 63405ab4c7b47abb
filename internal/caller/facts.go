package caller

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
)

// Said is what a caller says, by fact, as it was typed. Facts without an answer were not asked.
type Said map[string]string

// maxSaid bounds an answer, in bytes.
const maxSaid = 200

// answer is what was said of a fact, tidied.
func (s Said) answer(fact string) string {
	a := strings.TrimSpace(strings.ToValidUTF8(s[fact], ""))
	if len(a) > maxSaid {
		a = strings.ToValidUTF8(a[:maxSaid], "")
	}
	return a
}

// file is what is known of a member, as facts are compared with it. The zero file matches nothing.
type file struct {
	m       member.Member
	billed  map[string]bool // row ids of the members of whom the bill that was said is
	amount  money.Cents     // of the last payment
	paid    day.Date
	holders map[string]bool // row ids of whose the number is that was said
}

// matches reports whether an answer is what the file says. An empty side never matches.
func (f file) matches(fact, said string, zone *time.Location) bool {
	if f.m.ID == "" || said == "" {
		return false
	}
	switch fact {
	case "name":
		return named(f.m, said)
	case "birth":
		born, ok := Date(said)
		return ok && born == f.m.BirthDate
	case "zip":
		digits := onlyDigits(said)
		return len(digits) >= 5 && len(f.m.ZIP) >= 5 && digits[:5] == f.m.ZIP[:5]
	case "street":
		return houseNumber(f.m.Street) != "" && houseNumber(said) == houseNumber(f.m.Street)
	case "phone":
		on, digits := member.FoldPhone(f.m.Phone), onlyDigits(said)
		return len(on) >= 4 && len(digits) >= 4 && len(digits) <= 11 && strings.HasSuffix(on, digits[len(digits)-4:]) && strings.HasSuffix(on, strings.TrimPrefix(digits, "1"))
	case "member_id":
		return f.holders[f.m.ID]
	case "bill":
		return f.billed[f.m.ID]
	case "last_amount":
		cents, err := money.ParseInput(strings.TrimPrefix(said, "$"))
		return err == nil && cents > 0 && cents == f.amount
	case "last_month":
		month, year, ok := monthOf(said)
		return ok && !f.paid.IsZero() && f.paid.Month() == month && (year == 0 || f.paid.Year() == year)
	}
	return false
}

// named reports whether somebody who says a whole name, in either order, means this person.
func named(m member.Member, said string) bool {
	words := member.NameWords(said)
	for i := 1; i < len(words); i++ {
		front, back := strings.Join(words[:i], " "), strings.Join(words[i:], " ")
		if m.Named(front, back) || m.Named(back, front) {
			return true
		}
	}
	return false
}

var house = regexp.MustCompile(`^\s*(?:#|no\.?\s*)?(\d+)\s*-?\s*([A-Za-z]?)\b`)

// houseNumber is the number of the house at the beginning of an address: "100B" of "100-b Larkspur Way".
func houseNumber(s string) string {
	p := house.FindStringSubmatch(s)
	if p == nil {
		return ""
	}
	return strings.TrimLeft(p[1], "0") + strings.ToUpper(p[2])
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

var months = map[string]time.Month{"jan": 1, "ene": 1, "feb": 2, "mar": 3, "apr": 4, "abr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "ago": 8,
	"sep": 9, "set": 9, "oct": 10, "nov": 11, "dec": 12, "dic": 12}

// month reads a month by its number or by the beginning of its name in English or Spanish.
func month(s string) (time.Month, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Month(n), n >= 1 && n <= 12
	}
	s = member.FoldName(s)
	if len(s) < 3 {
		return 0, false
	}
	m, ok := months[s[:3]]
	return m, ok
}

// fieldsOf are the words and numbers of a date as somebody types it.
func fieldsOf(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(list, func(w string) bool { w = strings.ToLower(w); return w == "of" || w == "de" || w == "del" || w == "the" })
}

// Date reads a date as somebody types it while another one says it: "3/5/1984", "1984-03-05", "March 5, 1984",
// "5 de marzo de 1984". A date of numbers has the month first. The year has four figures.
func Date(s string) (day.Date, bool) {
	f := fieldsOf(s)
	if len(f) == 1 && len(f[0]) == 8 && onlyDigits(f[0]) == f[0] {
		f = []string{f[0][:2], f[0][2:4], f[0][4:]}
	}
	if len(f) != 3 {
		return day.Date{}, false
	}
	m, d, y := f[0], f[1], f[2]
	switch {
	case len(f[0]) == 4 && onlyDigits(f[0]) == f[0]:
		y, m, d = f[0], f[1], f[2]
	case onlyDigits(f[1]) == "" && onlyDigits(f[0]) != "":
		m, d = f[1], f[0]
	}
	mon, ok := month(m)
	dom, errDay := strconv.Atoi(strings.TrimRight(strings.ToLower(d), "sthndr"))
	year, errYear := strconv.Atoi(y)
	if !ok || errDay != nil || errYear != nil || len(y) != 4 {
		return day.Date{}, false
	}
	out, err := day.New(year, mon, dom)
	return out, err == nil
}

// monthOf reads "November", "11/2026", "nov 2026" or "2026-11"; year is 0 where none was said.
func monthOf(s string) (m time.Month, year int, ok bool) {
	f := fieldsOf(s)
	if len(f) == 0 || len(f) > 2 {
		return 0, 0, false
	}
	if len(f) == 2 && len(f[0]) == 4 && onlyDigits(f[0]) == f[0] {
		f[0], f[1] = f[1], f[0]
	}
	if m, ok = month(f[0]); !ok {
		return 0, 0, false
	}
	if len(f) == 2 {
		n, err := strconv.Atoi(f[1])
		if err != nil || len(f[1]) != 4 {
			return 0, 0, false
		}
		year = n
	}
	return m, year, true
}

// meant returns everybody whom a caller may mean, by what finds a person: name and date of birth, date of birth and ZIP
// code, a number. It asks the same questions whatever was said.
func meant(ctx context.Context, q db.Queryer, said Said) (list []member.Member, holders, billed map[string]bool, err error) {
	holders, billed = map[string]bool{}, map[string]bool{}
	born, ok := Date(said.answer("birth"))
	if !ok {
		born = day.MustParse("1800-01-01") // nobody
	}
	add := func(more ...member.Member) {
		for _, m := range more {
			if !slices.ContainsFunc(list, func(x member.Member) bool { return x.ID == m.ID }) {
				list = append(list, m)
			}
		}
	}
	named, _, err := member.Search(ctx, q, member.Wanted{Words: member.NameWords(said.answer("name")), Birth: born})
	if err != nil {
		return nil, nil, nil, err
	}
	add(named...)
	zip := onlyDigits(said.answer("zip"))
	near, err := member.ByBirthAndZIP(ctx, q, born, zip[:min(len(zip), 5)])
	if err != nil {
		return nil, nil, nil, err
	}
	add(near...)
	numbered, err := member.ByNumber(ctx, q, said.answer("member_id"))
	if err != nil {
		return nil, nil, nil, err
	}
	if id.Fold(said.answer("member_id")) != "" {
		for _, m := range numbered {
			holders[m.ID] = true
		}
		add(numbered...)
	}
	bills, err := bill.ByNumber(ctx, q, said.answer("bill"))
	if err != nil {
		return nil, nil, nil, err
	}
	var ids []string
	if id.Fold(said.answer("bill")) != "" {
		for _, b := range bills {
			billed[b.GuarantorID], billed[b.PatientID] = true, true
			ids = append(ids, b.GuarantorID, b.PatientID)
		}
	}
	known, err := member.ByIDs(ctx, q, append(ids, "none"))
	for _, m := range known {
		add(m)
	}
	return list, holders, billed, err
}

// lastPaid is amount and day of a member's last payment that was not refused.
func lastPaid(ctx context.Context, q db.Queryer, memberID string, zone *time.Location) (money.Cents, day.Date, error) {
	// An account that is nobody's lets the scope see what was paid from any.
	list, err := payment.List(ctx, q, payment.Scope{Scope: bill.Scope{Members: []string{memberID}}, AccountID: "desk"}, 10)
	for _, p := range list {
		if p.State != payment.Failed && p.State != payment.Canceled {
			return p.Amount, day.Of(p.SubmittedAt, zone), err
		}
	}
	return 0, day.Date{}, err
}
