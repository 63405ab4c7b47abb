package portal

import (
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

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
