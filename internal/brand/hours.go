package brand

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Week says when the phone is answered: spans for each weekday, none where it is closed.
type Week struct {
	Monday    []Span `json:"monday"`
	Tuesday   []Span `json:"tuesday"`
	Wednesday []Span `json:"wednesday"`
	Thursday  []Span `json:"thursday"`
	Friday    []Span `json:"friday"`
	Saturday  []Span `json:"saturday"`
	Sunday    []Span `json:"sunday"`
}

// On returns the spans of a weekday.
func (w Week) On(d time.Weekday) []Span {
	return [7][]Span{w.Sunday, w.Monday, w.Tuesday, w.Wednesday, w.Thursday, w.Friday, w.Saturday}[d%7]
}

// Day is a date with hours of its own: a holiday, closed where Hours is empty.
type Day struct {
	Date  string `json:"date"` // YYYY-MM-DD
	Name  Text   `json:"name"`
	Hours []Span `json:"hours"`
}

// Span is opening hours within one day, in minutes after midnight by the wall clock. The file writes "08:00-18:00";
// the end may be "24:00". Close is not part of the span.
type Span struct {
	Open, Close int
}

// UnmarshalJSON reads "08:00-18:00".
func (s *Span) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf(`opening hours must be written like "08:00-18:00"`)
	}
	from, to, ok := strings.Cut(text, "-")
	open, err1 := clock(from)
	end, err2 := clock(to)
	if !ok || errors.Join(err1, err2) != nil || open >= end {
		return fmt.Errorf(`opening hours %q must be written like "08:00-18:00", with the end after the start`, text)
	}
	s.Open, s.Close = open, end
	return nil
}

// MarshalJSON writes "08:00-18:00".
func (s Span) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("%02d:%02d-%02d:%02d", s.Open/60, s.Open%60, s.Close/60, s.Close%60))
}

func clock(s string) (int, error) {
	hh, mm, ok := strings.Cut(s, ":")
	h, err1 := strconv.Atoi(hh)
	m, err2 := strconv.Atoi(mm)
	total := h*60 + m
	if !ok || len(hh) != 2 || len(mm) != 2 || err1 != nil || err2 != nil || h < 0 || m < 0 || m > 59 || total > 24*60 {
		return 0, errors.New("not a clock time")
	}
	return total, nil
}

// Status says how the phone stands at one moment. Times are in the organisation's zone.
type Status struct {
	Open    bool
	Always  bool      // open without a break for the week to come; Until is zero
	Until   time.Time // Open only: when it closes
	Opens   time.Time // closed only: when it opens next; zero if not within three weeks
	Today   []Span    // today's spans, holidays applied
	Holiday Text      // the name of today's holiday, or empty
}

// horizon is how many days ahead the next opening is looked for. Longer closures give no promise.
const horizon = 21

// Hours tells whether the phone is answered at now, and what comes next. It is right on days when clocks change and on
// holidays: hours are wall-clock hours of the organisation's zone, and spans that meet at midnight are one.
func (b *Brand) Hours(now time.Time) Status { return b.hours(now, b.Week, b.Zone()) }

// LastOpen returns the last moment from now to end at which the phone is answered: end where it is answered until then,
// otherwise when it closes last before. It is zero where nobody answers from now to end.
func (b *Brand) LastOpen(now, end time.Time) (last time.Time) {
	for now.Before(end) {
		st := b.Hours(now)
		switch {
		case st.Always || st.Open && !st.Until.Before(end):
			return end
		case st.Open:
			last, now = st.Until, st.Until
		case st.Opens.IsZero():
			return last
		default:
			now = st.Opens
		}
	}
	return last
}

// OfficeHours is Hours of an office; ok is false where its hours are known in words alone.
func (b *Brand) OfficeHours(o Office, now time.Time) (st Status, ok bool) {
	if o.Week == nil {
		return Status{}, false
	}
	return b.hours(now, *o.Week, b.OfficeZone(o).Location()), true
}

// OfficeZone is the time zone of an office: that of the phone where it has none of its own.
func (b *Brand) OfficeZone(o Office) Zone {
	if o.zone == nil {
		return Zone{TimeZone: b.TimeZone, Name: b.ZoneName, zone: b.Zone()}
	}
	return Zone{TimeZone: o.TimeZone, Name: o.ZoneName, zone: o.zone}
}

// Holidays are the days with hours of their own from a day on, "2026-12-25", in order.
func (b *Brand) Holidays(from string) []Day {
	var out []Day
	for _, h := range b.Closed {
		if h.Date >= from {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(x, y Day) int { return strings.Compare(x.Date, y.Date) })
	return out
}

func (b *Brand) hours(now time.Time, week Week, zone *time.Location) Status {
	now = now.In(zone)
	y, m, d := now.Date()
	st := Status{}
	st.Today, st.Holiday = b.hoursOn(week, y, m, d)
	for i := 0; i <= horizon; i++ {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, zone)
		yy, mm, dd := day.Date()
		spans, _ := b.hoursOn(week, yy, mm, dd)
		for _, s := range spans {
			from := time.Date(yy, mm, dd, 0, s.Open, 0, 0, zone)
			to := time.Date(yy, mm, dd, 0, s.Close, 0, 0, zone)
			switch {
			case st.Open && from.Equal(st.Until):
				st.Until = to
			case st.Open:
				return st
			case !to.After(now):
			case from.After(now):
				st.Opens = from
				return st
			default:
				st.Open, st.Until = true, to
			}
		}
		if st.Open && st.Until.Before(time.Date(yy, mm, dd+1, 0, 0, 0, 0, zone)) {
			return st
		}
		if st.Open && i >= 7 {
			st.Always, st.Until = true, time.Time{}
			return st
		}
	}
	return st
}

// hoursOn returns the spans of a date and, on a holiday, its name.
func (b *Brand) hoursOn(week Week, y int, m time.Month, d int) ([]Span, Text) {
	date := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	for _, h := range b.Closed {
		if h.Date == date {
			return h.Hours, h.Name
		}
	}
	return week.On(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday()), Text{}
}
