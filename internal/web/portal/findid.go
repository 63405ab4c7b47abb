package portal

import (
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"memberpay/internal/day"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/web"
	"memberpay/internal/web/bankform"
	"memberpay/internal/web/ui"
)

// maxPersonName is the longest first or last name taken, in characters.
const maxPersonName = 100

// findIDView is the form "Find my member ID" as it was sent.
type findIDView struct {
	First, Last      string
	Month, Day, Year string
	Wrong            []string // parts of the date to mark
	ZIP              string
	Busy             string // too many tries: how long to wait
	Reach            reach
}

// findMyID asks who somebody is whose member ID is to be sent, and says where it is printed and that none is needed to pay.
func (p *Portal) findMyID(c *web.Context) error {
	return p.showFindID(c, http.StatusOK, findIDView{})
}

// findMyIDPost answers every complete question with the same page, after the same work: the question is noted, and
// answered later to the person it is about.
func (p *Portal) findMyIDPost(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	v := findIDView{First: c.Form("first_name"), Last: c.Form("last_name"), Month: c.Form("birth_month"), Day: c.Form("birth_day"),
		Year: c.Form("birth_year"), ZIP: c.Form("zip")}
	q, problems := v.check(c)
	if len(problems) > 0 {
		return p.showFindID(c, http.StatusUnprocessableEntity, v, problems...)
	}
	err := c.Site.Accounts.AllowAll(c.R.Context(), c.Now, identity.FindIDs(c.Address(), q.Birth.String()+" "+q.ZIP)...)
	if fault.Is(err, fault.Busy) {
		v.Busy = tooMany(c, err)
		return p.showFindID(c, http.StatusTooManyRequests, v)
	}
	if err != nil {
		return err
	}
	if err := p.Households.AskID(c.R.Context(), c.Now, q, c.Who()); err != nil {
		return err
	}
	frame := page(c, c.T("findid.sent.title"))
	frame.Path = "/find-my-id"
	frame.Back = &ui.Link{Label: c.T("findid.again"), Href: "/find-my-id"}
	return c.Render(http.StatusOK, idSentPage(frame, reachOf(c), cmp.Or(c.Site.Brand.Links.Chat, "/chat")))
}

// check returns the question and what to correct. It keeps what was typed, except what is far too long.
func (v *findIDView) check(c *web.Context) (household.Question, []ui.Problem) {
	var problems []ui.Problem
	wrong := func(field, key string) { problems = append(problems, ui.Problem{Field: field, Text: c.T(key)}) }
	// words: findid.error.*
	name := func(field string, value *string) {
		switch {
		case *value == "":
			wrong(field, "findid.error."+field)
		case utf8.RuneCountInString(*value) > maxPersonName:
			*value = ""
			wrong(field, "findid.error."+field+".long")
		case member.FoldName(*value) == "":
			wrong(field, "findid.error."+field+".format")
		}
	}
	name("first_name", &v.First)
	name("last_name", &v.Last)
	birth, err := day.ParseParts(v.Year, v.Month, v.Day)
	if key, parts := birthProblem(birth, err, day.Of(c.Now, c.Site.Brand.Zone()), v.Month, v.Day); key != "" {
		v.Wrong = parts
		wrong("birth_"+parts[0], key)
	}
	zip := zipDigits(v.ZIP)
	switch {
	case v.ZIP == "":
		wrong("zip", "findid.error.zip")
	case zip == "":
		if utf8.RuneCountInString(v.ZIP) > maxNumber {
			v.ZIP = ""
		}
		wrong("zip", "findid.error.zip.format")
	}
	return household.Question{Given: v.First, Family: v.Last, Birth: birth, ZIP: zip, Language: c.Words.Lang()}, problems
}

// zipDigits is the five digits of a ZIP code, which may be followed by four more; "" for what is none.
func zipDigits(s string) string {
	s = bankform.Joined(s)
	if (len(s) != 5 && len(s) != 9) || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s[:5]
}

func (p *Portal) showFindID(c *web.Context, status int, v findIDView, problems ...ui.Problem) error {
	v.Reach = reachOf(c)
	frame := page(c, c.T("findid.title"))
	frame.Path = "/find-my-id"
	frame.Problems = problems
	frame.Back = &ui.Link{Label: c.T("shell.back"), Href: "/"}
	return c.Render(status, findIDPage(frame, v))
}
