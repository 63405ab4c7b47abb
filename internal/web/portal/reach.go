package portal

import (
	"net/url"
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/day"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
	"memberpay/internal/words"
)

// reach is how to reach a person.
type reach struct {
	Week    []ui.Row // hours of the phone, day by day
	Days    []ui.Row // holidays to come
	Offices []office
}

// office is a place to go to.
type office struct {
	Name     string
	Lines    []string // address, then hours
	Services []string
	Phone    brand.Phone

	Open       string // whether it is open now, "" where that is not known
	Access     []string
	Directions string
	Map        ui.Link // of another site; zero for none
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
		for _, s := range o.Access {
			place.Access = append(place.Access, s.In(lang))
		}
		place.Directions, place.Map = o.Directions.In(lang), mapLink(c, o)
		if st, ok := b.OfficeHours(o, c.Now); ok {
			zone := b.OfficeZone(o)
			place.Open = ui.Opening(c.Words, st, c.Now, zone.Location(), zone.Name.In(lang))
		}
		r.Offices = append(r.Offices, place)
	}
	for _, h := range b.Holidays(c.Now.In(b.Zone()).Format(time.DateOnly)) {
		if on, err := day.Parse(h.Date); err == nil && len(r.Days) < mostHolidays {
			r.Days = append(r.Days, ui.Row{Key: date(c, on), Value: spans(c.Words, h.Hours), Lines: []string{capital(h.Name.In(lang))}})
		}
	}
	return r
}

// mapLink leads to a map of another site, and says so. Nothing of that site is loaded here.
func mapLink(c *web.Context, o brand.Office) ui.Link {
	u, err := url.Parse(c.Site.Brand.MapOf(o))
	if err != nil || u.Host == "" {
		return ui.Link{}
	}
	return ui.Link{Label: c.T("contact.office.map", "Office", o.Name, "Site", strings.TrimPrefix(u.Host, "www.")), Href: u.String(), New: true}
}

// mostHolidays are listed: those of about half a year.
const mostHolidays = 6

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
