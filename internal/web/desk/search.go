package desk

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

const (
	maxSearch = 120 // characters of a search
	mostParts = 6   // words of a search that are looked up as numbers
)

// searches bounds the searches of one of the staff: nobody copies the list of members through the desk.
var searches = identity.Limit{Name: "desk/search", Hits: 300, Window: 10 * time.Minute}

// findView is the search and what it found: as little as tells two people apart.
type findView struct {
	Query string
	Asked bool
	Found ui.Table
	None  bool
	More  bool
	Focus bool
}

// find shows the search.
func (d *Desk) find(c *web.Context) error { return d.showFind(c, http.StatusOK, findView{Focus: true}) }

func (d *Desk) showFind(c *web.Context, status int, v findView, problems ...ui.Problem) error {
	frame := page(c, c.T("desk.members.title"))
	frame.Path, frame.Problems, frame.Wide = "/desk/members", problems, true
	return c.Render(status, findPage(frame, v))
}

// findPost finds members by what somebody types: a name, a number, a phone number or an e-mail address. What was typed
// stands in no address and in no log; who was shown is noted down.
func (d *Desk) findPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := findView{Query: c.Form("q"), Asked: true}
	if n := utf8.RuneCountInString(v.Query); n > maxSearch || !strings.ContainsFunc(v.Query, letterOrDigit) {
		text := c.T("desk.error.search")
		if n > maxSearch {
			v.Query, text = "", c.T("desk.error.search.long", "Most", maxSearch)
		}
		return d.showFind(c, http.StatusUnprocessableEntity, v, ui.Problem{Field: "q", Text: text})
	}
	if err := c.Site.Accounts.Allow(c.R.Context(), c.Now, searches, c.Session.AccountID); err != nil {
		return err
	}
	found, by, more, err := d.lookUp(c, readSearch(v.Query))
	if err != nil {
		return err
	}
	e := who(c).Did(c.Now, "desk.searched", "", "")
	e.Detail = fmt.Sprintf("by %s, %d found", by, len(found))
	entries := []audit.Entry{e}
	for _, m := range found {
		e := who(c).Did(c.Now, "member.listed", m.ID, m.ID)
		e.Detail = "by " + by
		entries = append(entries, e)
	}
	if err := audit.Write(c.R.Context(), d.DB, entries...); err != nil {
		return err
	}
	v.None, v.More = len(found) == 0 && !more, more
	v.Found = foundTable(c, found, by == byName)
	return d.showFind(c, http.StatusOK, v)
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// foundTable is what tells people apart: a name, the year of birth, the town and the end of the member ID. The whole name
// is told to whoever has said it.
func foundTable(c *web.Context, list []member.Member, whole bool) ui.Table {
	t := ui.Table{Caption: c.Words.N("desk.members.found", len(list)), FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("desk.record.name")},
		{Label: c.T("desk.members.year")}, {Label: c.T("desk.members.lives")}, {Label: c.T("desk.record.number")}}}
	for _, m := range list {
		name := m.Brief()
		if whole {
			name = m.Name()
		}
		if name == "" {
			name = c.T("desk.members.unnamed")
		}
		year := ""
		if !m.BirthDate.IsZero() {
			year = strconv.Itoa(m.BirthDate.Year())
		}
		t.Rows = append(t.Rows, []ui.Cell{{Text: name, Href: "/desk/members/" + m.ID, What: c.T("desk.members.open.what")}, {Text: year}, {Text: lives(m)}, {Text: ending(m.MemberID)}})
	}
	return t
}

// lives is the town and the first three figures of the ZIP code.
func lives(m member.Member) string {
	zip := m.ZIP
	if len(zip) >= 3 {
		zip = zip[:3] + "••"
	}
	return strings.TrimSpace(m.City + " " + zip)
}

// By what a search found somebody.
const (
	byNumber  = "number"
	byContact = "contact"
	byName    = "name"
)

// typed is a search as it was read.
type typed struct {
	whole  string   // as it was typed
	parts  []string // words that may be a number, and are no year, no ZIP code and no date
	wanted member.Wanted
}

var (
	usDate  = regexp.MustCompile(`\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b`)
	isoDate = regexp.MustCompile(`\b(\d{4})-(\d{1,2})-(\d{1,2})\b`)
	grouped = regexp.MustCompile(`^\pL{3}-\pL{3}-\pL{4}$`) // a number of the desk that happens to have no figure
	zipCode = regexp.MustCompile(`^\d{5}(-\d{4})?$`)
)

// readSearch reads what somebody typed: words of a name in any order, and beside them a date of birth (3/5/1984), a year of
// birth or a ZIP code.
func readSearch(s string) typed {
	t := typed{whole: s}
	rest := s
	date := func(form *regexp.Regexp, y, m, d int) {
		if p := form.FindStringSubmatch(rest); p != nil && t.wanted.Birth.IsZero() {
			n := func(i int) int { v, _ := strconv.Atoi(p[i]); return v }
			if born, err := day.New(n(y), time.Month(n(m)), n(d)); err == nil {
				t.wanted.Birth, rest = born, strings.Replace(rest, p[0], " ", 1)
			}
		}
	}
	date(isoDate, 1, 2, 3)
	date(usDate, 3, 1, 2)
	named := strings.ContainsFunc(rest, unicode.IsLetter) || !t.wanted.Birth.IsZero()
	var words []string
	for _, f := range strings.Fields(rest) {
		year, _ := strconv.Atoi(f)
		switch {
		case !strings.ContainsFunc(f, unicode.IsDigit):
			if grouped.MatchString(f) {
				t.parts = append(t.parts, f)
			}
			words = append(words, f)
		case named && zipCode.MatchString(f) && t.wanted.ZIP == "":
			t.wanted.ZIP = f[:5]
		case named && len(f) == 4 && year >= 1880 && year <= 2100 && t.wanted.Year == 0:
			t.wanted.Year = year
		default:
			t.parts = append(t.parts, f)
		}
	}
	t.wanted.Words = member.NameWords(strings.Join(words, " "))
	return t
}

// lookUp finds whom a search means, by a number first, then by a contact, then by name.
func (d *Desk) lookUp(c *web.Context, t typed) (found []member.Member, by string, more bool, err error) {
	ctx, q := c.R.Context(), d.DB.Read()
	texts := []string{t.whole}
	for _, p := range t.parts[:min(len(t.parts), mostParts)] {
		if p != t.whole {
			texts = append(texts, p)
		}
	}
	for _, text := range texts {
		if found, err = d.byNumber(c, text); err != nil || len(found) > 0 {
			return found, byNumber, false, err
		}
	}
	for _, text := range texts {
		if found, err = member.ByContact(ctx, q, text); err != nil {
			return nil, byContact, false, err
		}
		ids, err := c.Site.Accounts.MembersReached(ctx, q, text)
		if err != nil {
			return nil, byContact, false, err
		}
		if found, err = d.append(c, found, ids); err != nil || len(found) > 0 {
			return found, byContact, false, err
		}
	}
	if len(t.parts) > 0 || (len(t.wanted.Words) == 0 && t.wanted.Birth.IsZero()) {
		return nil, byNumber, false, nil
	}
	found, more, err = member.Search(ctx, q, t.wanted)
	return found, byName, more, err
}

// byNumber finds members by any number that was ever given to them: their own, a bill's, a pay code, a confirmation number,
// that of a case, of a call, or of a call they asked for.
func (d *Desk) byNumber(c *web.Context, number string) ([]member.Member, error) {
	ctx, q := c.R.Context(), d.DB.Read()
	if id.Fold(number) == "" {
		return nil, nil
	}
	found, err := member.ByNumber(ctx, q, number)
	if err != nil {
		return nil, err
	}
	bills, err := bill.ByNumber(ctx, q, number)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, b := range bills {
		ids = append(ids, b.GuarantorID, b.PatientID)
	}
	payers, err := payment.PayersByConfirmation(ctx, q, number)
	if err != nil {
		return nil, err
	}
	ids = append(ids, payers...)
	for _, of := range []func() (string, error){
		func() (string, error) { return d.Cases.MemberOf(ctx, number) },
		func() (string, error) { return d.Calls.MemberOf(ctx, q, number) },
		func() (string, error) { return d.Callbacks.MemberOf(ctx, number) },
	} {
		memberID, err := of()
		if err != nil {
			return nil, err
		}
		if memberID != "" {
			ids = append(ids, memberID)
		}
	}
	return d.append(c, found, ids)
}

// append adds members by row id that are not in the list, which ends at the most that are shown.
func (d *Desk) append(c *web.Context, list []member.Member, ids []string) ([]member.Member, error) {
	more, err := member.ByIDs(c.R.Context(), d.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	for _, rowID := range ids {
		m, ok := more[rowID]
		if ok && len(list) < member.MostFound && !slices.ContainsFunc(list, func(x member.Member) bool { return x.ID == m.ID }) {
			list = append(list, m)
		}
	}
	return list[:min(len(list), member.MostFound)], nil
}
