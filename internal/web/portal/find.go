package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// maxNumber is the longest number taken, in characters. Nothing longer was ever printed.
const maxNumber = 64

// findView is the look-up form as it was sent.
type findView struct {
	Number           string
	Month, Day, Year string
	Wrong            []string // parts of the date to mark
	To               string   // where to go on: a payment begun earlier, or one that was made
	Kept             string   // says that the answers of a payment begun earlier are kept
	SignIn           string   // address of the other way to a payment that was made, "" for none
	NotFound         []string // the ways on, where nothing was found
	Busy             string   // too many tries: how long to wait
}

// find shows the form.
func (p *Portal) find(c *web.Context) error {
	v := findView{To: web.Local(c.R.URL.Query().Get("to"), "")}
	if paying(v.To) {
		v.Kept = c.T("draft.kept")
	}
	return p.showFind(c, http.StatusOK, v)
}

// payCode is where the QR code of a bill leads: the form with the code filled in, or the bill itself for a reader who
// may see it anyway.
func (p *Portal) payCode(c *web.Context) error {
	code := id.Unfold(c.R.PathValue("code"))
	if len(code) > maxNumber {
		code = ""
	}
	if c.Session.Known() && code != "" {
		bills, err := bill.ByNumber(c.R.Context(), p.DB.Read(), code)
		if err != nil {
			return err
		}
		scope, err := p.scope(c)
		if err != nil {
			return err
		}
		for _, b := range bills {
			if b.PayCode == code && scope.In(b) {
				return c.Redirect("/bills/" + b.ID)
			}
		}
	}
	return p.showFind(c, http.StatusOK, findView{Number: id.Grouped(code)})
}

// findPost looks for the number and the date of birth together. It does the same work and gives the same answer whether
// the number is unknown or the date is not the right one. A match may see the bills of the person found, beside
// whatever the session could see before.
func (p *Portal) findPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := findView{Number: c.Form("number"), Month: c.Form("birth_month"), Day: c.Form("birth_day"), Year: c.Form("birth_year"),
		To: web.Local(c.Form("to"), "")}
	birth, problems := v.check(c)
	if len(problems) > 0 {
		return p.showFind(c, http.StatusUnprocessableEntity, v, problems...)
	}
	tries := identity.LookUps(c.Address(), id.Fold(v.Number))
	if err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, tries...); fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showFind(c, http.StatusTooManyRequests, v)
	} else if err != nil {
		return err
	}
	match, err := p.lookUp(c.R.Context(), v.Number, birth, day.Of(c.Now, c.Site.Brand.Zone()))
	if err != nil {
		return err
	}
	if len(match.people) == 0 {
		v.NotFound = waysOn(c, v.Number)
		return p.showFind(c, http.StatusOK, v, ui.Problem{Field: "number", Text: c.T("find.not_found")})
	}
	if err := c.Site.Accounts.Forgive(c.R.Context(), tries...); err != nil {
		return err
	}
	if err := c.SeeToo(union(c.Session.Members, match.people)); err != nil {
		return err
	}
	return p.goOn(c, v, match)
}

// goOn leads to what the reader came for: the payment they had begun, the choice of bills with the one they named
// ticked, or the list where nothing can be paid.
func (p *Portal) goOn(c *web.Context, v findView, match found) error {
	if v.To != "" {
		return c.Redirect(v.To)
	}
	moved := ""
	if match.former != "" {
		moved = "?moved=" + match.former
	}
	list, err := bill.List(c.R.Context(), p.DB.Read(), bill.Scope{Members: match.people}, mostBills)
	if err != nil {
		return err
	}
	var payable, named []string
	for _, b := range list {
		if b.Payable() {
			payable = append(payable, b.ID)
			if match.bills[b.ID] {
				named = append(named, b.ID)
			}
		}
	}
	switch {
	case len(payable) == 0:
		return c.Redirect("/bills" + moved)
	case len(named) == 0 && len(payable) == 1:
		named = payable
	}
	to, err := p.newDraft(c, match.people[0], named)
	if err != nil {
		return err
	}
	return c.Redirect(to + moved)
}

// movedNotice tells a reader who was found by an old member ID how the one they have now ends; "" for others.
func (p *Portal) movedNotice(c *web.Context) (string, error) {
	rowID := c.R.URL.Query().Get("moved")
	if !slices.Contains(c.Session.Members, rowID) {
		return "", nil
	}
	m, err := member.Get(c.R.Context(), p.DB.Read(), rowID)
	if err != nil {
		return "", err
	}
	return c.T("findid.moved", "Ending", member.Ending(m.MemberID)), nil
}

// found is what a number and a date of birth belong to.
type found struct {
	people []string        // member row ids, the one who owes first
	bills  map[string]bool // bills on which the number was printed
	former string          // row id of somebody whose number it was before the one they have now, "" for none
}

// lookUp finds the people for whom the number was printed, or on whose bill it was, and who have the date of birth. Where
// the number was given to somebody else later, whoever of them holds it on that day comes first. It runs the same three
// queries whatever it finds.
func (p *Portal) lookUp(ctx context.Context, number string, birth, today day.Date) (found, error) {
	q := p.DB.Read()
	out := found{bills: map[string]bool{}}
	direct, err := member.Holders(ctx, q, number)
	if err != nil {
		return out, err
	}
	bills, err := bill.ByNumber(ctx, q, number)
	if err != nil {
		return out, err
	}
	ids := []string{"nobody"} // the third query runs for an unknown number too
	for _, b := range bills {
		ids = append(ids, b.GuarantorID, b.PatientID)
	}
	people, err := member.ByIDs(ctx, q, ids)
	if err != nil {
		return out, err
	}
	var match []string
	for _, b := range bills {
		for _, who := range []string{b.GuarantorID, b.PatientID} {
			if m, ok := people[who]; ok && m.BirthDate == birth {
				match = append(match, who)
				out.bills[b.ID] = true
				break
			}
		}
	}
	direct = slices.DeleteFunc(direct, func(h member.Holder) bool { return h.BirthDate != birth })
	for _, h := range member.HeldOn(direct, today) {
		match = append(match, h.ID)
		if h.Kind == "member_id" && !h.On(today) {
			out.former = h.ID
		}
	}
	out.people = union(match, nil)
	return out, nil
}

// check returns the date of birth and what to correct. It keeps what was typed.
func (v *findView) check(c *web.Context) (day.Date, []ui.Problem) {
	var problems []ui.Problem
	if key := numberProblem(v.Number); key != "" {
		problems = append(problems, ui.Problem{Field: "number", Text: c.T(key)})
	}
	birth, wrong := v.birth(c)
	return birth, append(problems, wrong...)
}

// numberProblem is the key of what is wrong with a number by its form alone, "" if nothing is.
func numberProblem(number string) string {
	switch {
	case number == "":
		return "error.number.required"
	case utf8.RuneCountInString(number) > maxNumber:
		return "error.number.long"
	case id.Fold(number) == "":
		return "error.number.format"
	}
	return ""
}

// oldest is the oldest age a date of birth may tell, in years.
const oldest = 130

// birthProblem is the key of what is wrong with a date of birth, and which of its parts to mark.
func birthProblem(birth day.Date, err error, today day.Date, month, dayOfMonth string) (key string, wrong []string) {
	switch {
	case errors.Is(err, day.ErrMissing):
		return "error.birth.required", []string{"month", "day", "year"}
	case errors.Is(err, day.ErrMissingMonth):
		return "error.birth.month", []string{"month"}
	case errors.Is(err, day.ErrMissingDay):
		return "error.birth.day", []string{"day"}
	case errors.Is(err, day.ErrMissingYear):
		return "error.birth.year", []string{"year"}
	case errors.Is(err, day.ErrYear):
		return "error.birth.year_format", []string{"year"}
	case err != nil && notReal("2000", month, "1"):
		return "error.birth.month_format", []string{"month"}
	case err != nil && notReal("2000", "1", dayOfMonth):
		return "error.birth.day_format", []string{"day"}
	case err != nil:
		return "error.birth.real", []string{"day", "month"}
	case birth.After(today):
		return "error.birth.future", []string{"year"}
	case birth.Year() < today.Year()-oldest:
		return "error.birth.old", []string{"year"}
	}
	return "", nil
}

func notReal(year, month, dayOfMonth string) bool {
	_, err := day.ParseParts(year, month, dayOfMonth)
	return err != nil
}

// waysOn are the ways to get on where nothing was found. They depend on how the number is written and on nothing that is
// in the database.
func waysOn(c *web.Context, number string) []string {
	var out []string
	if code := id.Unfold(number); len(code) == 8 && !id.Checked(code) {
		out = append(out, c.T("find.not_found.check"))
	}
	return append(out, c.T("find.not_found.person"), c.T("find.not_found.other"), c.T("find.not_found.new"),
		c.T("find.not_found.call", "Phone", c.Site.Brand.Phone.Display))
}

func (p *Portal) showFind(c *web.Context, status int, v findView, problems ...ui.Problem) error {
	frame := page(c, c.T("find.title"))
	if aPayment(v.To) {
		frame.Title, v.SignIn = c.T("find.payment.title"), "/sign-in?to="+url.QueryEscape(v.To)
	}
	if v.To != "" {
		frame.SignInURL = "/sign-in?to=" + url.QueryEscape(v.To)
	}
	frame.Problems = problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/"}
	if c.R.Method != http.MethodGet {
		frame.Path = "/pay?to=" + url.QueryEscape(v.To)
	}
	return c.Render(status, findPage(frame, v))
}

// union returns the entries of both lists, each once, in order.
func union(a, b []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range append(append([]string(nil), a...), b...) {
		if s = strings.TrimSpace(s); s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// birthError is what is wrong with the date of birth, whichever part it is.
func birthError(p ui.Page) string {
	for _, part := range []string{"month", "day", "year"} {
		if s := p.Problem("birth_" + part); s != "" {
			return s
		}
	}
	return ""
}
