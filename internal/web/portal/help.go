package portal

import (
	"net/http"
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// helpTopics are the questions payers ask most, the most pressing first. Each has a title and a body in the catalog.
var helpTopics = []string{"declined", "twice", "returned", "checking", "no_match", "number", "how_long", "several", "safe",
	"someone", "wrong", "cant_pay"}

// helpView is the help page.
type helpView struct {
	Topics  []topic
	Reach   reach
	Finance ui.Link // the organisation's own page about help with paying; no Href where it has none
}

// topic is a question and its answer.
type topic struct{ Title, Text string }

// reach is how to reach a person.
type reach struct {
	Week    []ui.Row // hours of the phone, day by day
	Offices []office
}

// office is a place to go to.
type office struct {
	Name     string
	Lines    []string // address, then hours
	Services []string
	Phone    brand.Phone
}

// help answers the commonest questions and says how to reach a person.
//
// words: help.*
func (p *Portal) help(c *web.Context) error {
	v := helpView{Reach: reachOf(c), Finance: ui.Link{Label: c.T("shell.help.financial"), Href: c.Site.Brand.Links.FinancialHelp}}
	v.Finance.New = strings.HasPrefix(v.Finance.Href, "https:")
	for _, t := range helpTopics {
		v.Topics = append(v.Topics, topic{Title: c.T("help." + t + ".title"),
			Text: c.T("help."+t+".body", "Phone", c.Site.Brand.Phone.Display)})
	}
	return c.Render(http.StatusOK, helpPage(page(c, c.T("help.title")), v))
}

func reachOf(c *web.Context) reach {
	b, lang := c.Site.Brand, c.Words.Lang()
	var r reach
	for i := range 7 {
		d := time.Weekday((i + 1) % 7) // Monday first
		r.Week = append(r.Week, ui.Row{Key: capital(c.Words.Weekday(d)), Value: spans(c.Words, b.Week.On(d))})
	}
	for _, o := range b.Offices {
		place := office{Name: o.Name, Lines: append(append([]string(nil), o.Address...), o.Hours.In(lang)), Phone: o.Phone}
		for _, s := range o.Services {
			place.Services = append(place.Services, s.In(lang))
		}
		r.Offices = append(r.Offices, place)
	}
	return r
}

// spans writes the opening hours of one day.
func spans(w *words.Words, list []brand.Span) string {
	var out []string
	for _, s := range list {
		if s.Open == 0 && s.Close == 24*60 {
			return w.T("hours.all_day")
		}
		out = append(out, w.T("hours.range", "From", w.Time(clock(s.Open)), "To", w.Time(clock(s.Close))))
	}
	if len(out) == 0 {
		return w.T("hours.day_closed")
	}
	return w.List(out)
}

// clock is a day's time of so many minutes after midnight.
func clock(minutes int) time.Time { return time.Date(2000, 1, 1, 0, minutes, 0, 0, time.UTC) }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] // weekdays begin with an ASCII letter in both languages
}
