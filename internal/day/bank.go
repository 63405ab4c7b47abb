package day

import "time"

// Holiday is a holiday of the Federal Reserve Banks in one year.
type Holiday struct {
	Name   string
	On     Date // the day itself
	Closed Date // the day on which banks are closed for it; zero where it falls on a Saturday
}

// Holidays returns the Federal Reserve's holidays of a year, in order. A holiday on a Sunday closes the Monday after
// it; one on a Saturday closes no day at all, unlike most employers' calendars.
func Holidays(year int) []Holiday {
	list := []Holiday{
		{Name: "New Year's Day", On: fixed(year, time.January, 1)},
		{Name: "Martin Luther King Jr. Day", On: nth(year, time.January, time.Monday, 3)},
		{Name: "Presidents' Day", On: nth(year, time.February, time.Monday, 3)},
		{Name: "Memorial Day", On: nth(year, time.June, time.Monday, 1).AddDays(-7)},
		{Name: "Juneteenth", On: fixed(year, time.June, 19)},
		{Name: "Independence Day", On: fixed(year, time.July, 4)},
		{Name: "Labor Day", On: nth(year, time.September, time.Monday, 1)},
		{Name: "Columbus Day", On: nth(year, time.October, time.Monday, 2)},
		{Name: "Veterans Day", On: fixed(year, time.November, 11)},
		{Name: "Thanksgiving Day", On: nth(year, time.November, time.Thursday, 4)},
		{Name: "Christmas Day", On: fixed(year, time.December, 25)},
	}
	out := list[:0]
	for _, h := range list {
		if h.Name == "Juneteenth" && year < firstJuneteenth {
			continue
		}
		switch h.On.Weekday() {
		case time.Saturday:
		case time.Sunday:
			h.Closed = h.On.AddDays(1)
		default:
			h.Closed = h.On
		}
		out = append(out, h)
	}
	return out
}

// firstJuneteenth is the first year in which the Federal Reserve kept June 19.
const firstJuneteenth = 2022

// BankingDay reports whether the Federal Reserve settles payments on d: Monday to Friday, and no holiday.
// The zero Date is no banking day.
func BankingDay(d Date) bool {
	if d.IsZero() {
		return false
	}
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	for _, h := range Holidays(d.Year()) {
		if h.Closed == d {
			return false
		}
	}
	return true
}

// NextBankingDay returns d itself where it is a banking day, or else the first one after it.
func NextBankingDay(d Date) Date {
	for !d.IsZero() && !BankingDay(d) && d.Year() < 9999 {
		d = d.AddDays(1)
	}
	return d
}

// AddBankingDays returns the banking day n banking days after d, or before it for a negative n. A d that is none counts
// as the next banking day first, so that AddBankingDays(d, 0) is NextBankingDay(d): what is handed in on a Saturday is
// worked on from Monday.
func AddBankingDays(d Date, n int) Date {
	d = NextBankingDay(d)
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for ; n > 0 && !d.IsZero(); n-- {
		next := d.AddDays(step)
		for !BankingDay(next) && next.AddDays(step) != next {
			next = next.AddDays(step)
		}
		d = next
	}
	return d
}

func fixed(year int, month time.Month, d int) Date {
	return of(time.Date(year, month, d, 0, 0, 0, 0, time.UTC))
}

// nth returns the n-th given weekday of a month.
func nth(year int, month time.Month, weekday time.Weekday, n int) Date {
	first := fixed(year, month, 1)
	return first.AddDays((int(weekday)-int(first.Weekday())+7)%7 + 7*(n-1))
}
