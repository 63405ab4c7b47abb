package brand

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	day := []Span{{480, 1080}}
	office := &Brand{
		Week: Week{Monday: day, Tuesday: day, Wednesday: day, Thursday: []Span{{480, 720}, {780, 1020}}, Friday: day,
			Saturday: []Span{{540, 780}}},
		Closed: []Day{
			{Date: "2026-11-26", Name: Text{En: "Thanksgiving Day"}},
			{Date: "2026-12-24", Name: Text{En: "Christmas Eve"}, Hours: []Span{{480, 720}}},
			{Date: "2026-12-25", Name: Text{En: "Christmas Day"}},
		},
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	office.zone = zone
	const form = "2006-01-02 15:04"
	for _, x := range []struct {
		name, now   string // local time
		open        bool
		then        string // when it closes, or opens next
		holiday     string
		thenInHours float64 // real hours until then, where clocks change
	}{
		{"before lunch", "2026-12-03 11:59", true, "2026-12-03 12:00", "", 0},
		{"lunch", "2026-12-03 12:30", false, "2026-12-03 13:00", "", 0},
		{"before opening", "2026-12-01 07:59", false, "2026-12-01 08:00", "", 0},
		{"first minute", "2026-12-01 08:00", true, "2026-12-01 18:00", "", 0},
		{"last minute", "2026-12-01 17:59", true, "2026-12-01 18:00", "", 0},
		{"closing minute", "2026-12-01 18:00", false, "2026-12-02 08:00", "", 0},
		{"saturday evening", "2026-12-05 13:00", false, "2026-12-07 08:00", "", 0},
		{"sunday", "2026-12-06 10:00", false, "2026-12-07 08:00", "", 0},
		{"holiday", "2026-11-26 10:00", false, "2026-11-27 08:00", "Thanksgiving Day", 0},
		{"short day", "2026-12-24 11:00", true, "2026-12-24 12:00", "Christmas Eve", 0},
		{"short day after", "2026-12-24 12:00", false, "2026-12-26 09:00", "Christmas Eve", 0},
		{"night before clocks go back", "2026-10-31 18:00", false, "2026-11-02 08:00", "", 39},
		{"night before clocks go forward", "2026-03-07 18:00", false, "2026-03-09 08:00", "", 37},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			now, err := time.ParseInLocation(form, x.now, zone)
			if err != nil {
				t.Fatal(err)
			}
			st := office.Hours(now.UTC())
			then := st.Opens
			if st.Open {
				then = st.Until
			}
			if st.Open != x.open || then.Format(form) != x.then || st.Holiday.En != x.holiday || st.Always {
				t.Errorf("%s: open %t, then %s, holiday %q", x.now, st.Open, then.Format(form), st.Holiday.En)
			}
			if got := then.Sub(now).Hours(); x.thenInHours != 0 && got != x.thenInHours {
				t.Errorf("%v hours until then, want %v", got, x.thenInHours)
			}
		})
	}
}

// TestLastOpen: the last moment at which somebody answers before an end, over nights, a break, a weekend and a holiday.
func TestLastOpen(t *testing.T) {
	t.Parallel()
	day := []Span{{480, 1080}}
	b := &Brand{zone: time.UTC, Week: Week{Monday: day, Tuesday: day, Wednesday: day, Thursday: []Span{{480, 720}, {780, 1020}}, Friday: day},
		Closed: []Day{{Date: "2026-11-26", Name: Text{En: "Thanksgiving Day"}}}}
	const form = "2006-01-02 15:04"
	at := func(s string) time.Time {
		out, err := time.Parse(form, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for what, x := range map[string][3]string{
		"open until then":                 {"2026-12-01 09:00", "2026-12-01 14:15", "2026-12-01 14:15"},
		"open until the minute it closes": {"2026-12-01 09:00", "2026-12-01 18:00", "2026-12-01 18:00"},
		"closed before":                   {"2026-12-01 17:00", "2026-12-02 07:00", "2026-12-01 18:00"},
		"opens again and is open then":    {"2026-12-01 17:00", "2026-12-02 10:00", "2026-12-02 10:00"},
		"opens that very minute":          {"2026-12-01 17:00", "2026-12-02 08:00", "2026-12-01 18:00"},
		"closed now, opens before":        {"2026-12-01 19:00", "2026-12-02 08:01", "2026-12-02 08:01"},
		"closed until then":               {"2026-12-01 18:00", "2026-12-02 07:00", ""},
		"in the break":                    {"2026-12-03 09:00", "2026-12-03 12:30", "2026-12-03 12:00"},
		"after the break":                 {"2026-12-03 09:00", "2026-12-03 13:30", "2026-12-03 13:30"},
		"over a holiday and a weekend":    {"2026-11-25 12:00", "2026-11-27 07:00", "2026-11-25 18:00"},
		"over a weekend, opening between": {"2026-11-25 19:00", "2026-11-30 07:00", "2026-11-27 18:00"},
		"the end has passed":              {"2026-12-01 09:00", "2026-12-01 08:00", ""},
	} {
		got := b.LastOpen(at(x[0]), at(x[1]))
		if want := x[2]; want == "" && !got.IsZero() || want != "" && got.Format(form) != want {
			t.Errorf("%s: %v, want %q", what, got, want)
		}
	}
	all := []Span{{0, 1440}}
	never, always := &Brand{zone: time.UTC}, &Brand{zone: time.UTC, Week: Week{all, all, all, all, all, all, all}}
	now, end := at("2026-12-01 09:00"), at("2026-12-09 09:00")
	if got := never.LastOpen(now, end); !got.IsZero() {
		t.Errorf("never open: %v", got)
	}
	if got := always.LastOpen(now, end); !got.Equal(end) {
		t.Errorf("always open: %v", got)
	}
}

func TestHoursOverMidnight(t *testing.T) {
	t.Parallel()
	all := []Span{{0, 1440}}
	now := time.Date(2026, time.December, 2, 23, 0, 0, 0, time.UTC) // a Wednesday
	b := &Brand{zone: time.UTC, Week: Week{all, all, all, all, all, all, all}}
	if st := b.Hours(now); !st.Open || !st.Always || !st.Until.IsZero() {
		t.Errorf("open day and night: %+v", st)
	}
	b.Week.Thursday = []Span{{0, 120}}
	if st := b.Hours(now); !st.Open || st.Always || !st.Until.Equal(now.Add(3*time.Hour)) {
		t.Errorf("until two in the morning: %+v", st)
	}
	b.Week = Week{Wednesday: []Span{{1320, 1440}}}
	if st := b.Hours(now); !st.Open || !st.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("until midnight: %+v", st)
	}
	if st := (&Brand{zone: time.UTC}).Hours(now); st.Open || !st.Opens.IsZero() {
		t.Errorf("never open: %+v", st)
	}
}
