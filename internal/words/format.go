package words

import (
	"strconv"
	"strings"
	"time"

	"memberpay/internal/money"
)

// Civil is anything that is a calendar day: a time.Time (the day in its own location) or a civil date.
type Civil interface {
	Date() (year int, month time.Month, day int)
}

var months = map[string][12]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"es": {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
}

var weekdays = map[string][7]string{
	"en": {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	"es": {"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
}

// Date writes a day in full: "December 3, 2026", "3 de diciembre de 2026".
func (w *Words) Date(d Civil) string {
	y, m, day := d.Date()
	return w.DateOf(y, m, day)
}

// DateIn writes the day that it is in a time zone at an instant. A nil location means UTC.
func (w *Words) DateIn(t time.Time, loc *time.Location) string {
	return w.Date(in(t, loc))
}

// DateOf writes a day given as year, month and day. A month outside 1-12 gives only the year.
func (w *Words) DateOf(year int, month time.Month, day int) string {
	if month < time.January || month > time.December {
		return strconv.Itoa(year)
	}
	name := months[w.lang][month-1]
	if w.lang == "es" {
		return strconv.Itoa(day) + " de " + name + " de " + strconv.Itoa(year)
	}
	return name + " " + strconv.Itoa(day) + ", " + strconv.Itoa(year)
}

// Month writes a month's name: "December", "diciembre". A month outside 1-12 gives "".
func (w *Words) Month(m time.Month) string {
	if m < time.January || m > time.December {
		return ""
	}
	return months[w.lang][m-1]
}

// Weekday writes a weekday's name: "Monday", "lunes".
func (w *Words) Weekday(d time.Weekday) string { return weekdays[w.lang][d%7] }

// Time writes the clock time of t in its own location: "6:00 PM", "6:00 p. m.".
func (w *Words) Time(t time.Time) string {
	s := t.Format("3:04 PM")
	if w.lang == "es" {
		s = strings.NewReplacer("AM", "a.\u00a0m.", "PM", "p.\u00a0m.").Replace(s)
	}
	return strings.Replace(s, " ", "\u00a0", 1)
}

// DateTime writes day and clock time in a time zone: "December 3, 2026 at 6:00 PM", "3 de diciembre de 2026 a las
// 6:00 p. m.". A nil location means UTC. It does not name the zone.
func (w *Words) DateTime(t time.Time, loc *time.Location) string {
	t = in(t, loc)
	link := " at "
	if w.lang == "es" {
		link = " a las "
		if t.Hour()%12 == 1 {
			link = " a la "
		}
	}
	return w.Date(t) + link + w.Time(t)
}

// Amount writes money without a minus sign: "$1,234.50", and "$3.00 credit" for an amount below zero.
func (w *Words) Amount(c money.Cents) string {
	if c >= 0 {
		return c.String()
	}
	return w.T("amount.credit", "Amount", strings.TrimPrefix(c.String(), "-"))
}

// Number writes a whole number with thousands separators: 12,345. Spanish in the United States writes it the same way.
func Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// List joins items as a sentence does: "A, B and C", "A, B y C". In Spanish "y" becomes "e" before an i sound.
func (w *Words) List(items []string) string {
	n := len(items)
	if n < 2 {
		return strings.Join(items, "")
	}
	last := items[n-1]
	link := " and "
	if w.lang == "es" {
		link = " y "
		low := strings.ToLower(last)
		iSound := strings.HasPrefix(low, "i") || strings.HasPrefix(low, "í") || (strings.HasPrefix(low, "hi") && !strings.HasPrefix(low, "hie"))
		if iSound {
			link = " e "
		}
	}
	return strings.Join(items[:n-1], ", ") + link + last
}

func in(t time.Time, loc *time.Location) time.Time {
	if loc == nil {
		loc = time.UTC
	}
	return t.In(loc)
}
