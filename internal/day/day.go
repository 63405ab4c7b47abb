package day

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Date is one day of the calendar, from 0001-01-01 to 9999-12-31. The zero value is no date at all; it is before every
// other. Dates are comparable with == and may be map keys.
type Date struct {
	year  int16
	month int8
	day   int8
}

// ErrFormat means that a text is not a date as "2006-01-02" writes it.
var ErrFormat = errors.New("date.format")

// New returns the date of a year, month and day, and ErrNotReal where the calendar has no such day.
func New(year int, month time.Month, dayOfMonth int) (Date, error) {
	if year < 1 || year > 9999 || month < time.January || month > time.December ||
		dayOfMonth < 1 || dayOfMonth > daysIn(year, month) {
		return Date{}, ErrNotReal
	}
	return Date{int16(year), int8(month), int8(dayOfMonth)}, nil
}

// Of returns the date that clocks in location show at the instant t. The zero time has the zero Date.
func Of(t time.Time, location *time.Location) Date {
	if t.IsZero() {
		return Date{}
	}
	return of(t.In(location))
}

// of takes the calendar fields of t as they are.
func of(t time.Time) Date {
	y, m, d := t.Date()
	return Date{int16(y), int8(m), int8(d)}
}

// Parse reads "2026-12-03" and nothing else: ErrFormat for any other shape, ErrNotReal for 2026-02-30.
// The empty text is ErrFormat; a zero Date comes out of a database or JSON only.
func Parse(s string) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, ErrFormat
	}
	y, ok1 := number(s[:4])
	m, ok2 := number(s[5:7])
	d, ok3 := number(s[8:])
	if !ok1 || !ok2 || !ok3 {
		return Date{}, ErrFormat
	}
	return New(y, time.Month(m), d)
}

// MustParse is Parse for dates written in code. It panics on a wrong one.
func MustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(fmt.Sprintf("day %q: %v", s, err))
	}
	return d
}

// String writes "2026-12-03", and "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	y, m, n := int(d.year), int(d.month), int(d.day)
	return string([]byte{
		byte('0' + y/1000), byte('0' + y/100%10), byte('0' + y/10%10), byte('0' + y%10), '-',
		byte('0' + m/10), byte('0' + m%10), '-', byte('0' + n/10), byte('0' + n%10),
	})
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Year returns the year, 0 for the zero Date.
func (d Date) Year() int { return int(d.year) }

// Month returns the month, 0 for the zero Date.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day returns the day of the month, 0 for the zero Date.
func (d Date) Day() int { return int(d.day) }

// Weekday returns the day of the week; for the zero Date it means nothing.
func (d Date) Weekday() time.Weekday { return d.At(0, 0, time.UTC).Weekday() }

// At returns the instant at which clocks in location show hour:minute on d. Where the clocks skip that time (the start
// of summer time) or show it twice, it is what time.Date makes of it. The zero Date has the zero time.
func (d Date) At(hour, minute int, location *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(int(d.year), time.Month(d.month), int(d.day), hour, minute, 0, 0, location)
}

// AddDays returns the date n days later (earlier for a negative n). The zero Date stays zero, and a step outside of the
// years 1 to 9999 stops at the last or first day there is.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	const most = 4_000_000 // more days than there are from the first date to the last
	t := d.At(0, 0, time.UTC).AddDate(0, 0, max(-most, min(n, most)))
	switch {
	case t.Year() > 9999:
		return Date{9999, 12, 31}
	case t.Year() < 1:
		return Date{1, 1, 1}
	}
	return of(t)
}

// Sub returns the number of days from e to d: negative where d is before e.
func (d Date) Sub(e Date) int {
	return int(d.At(0, 0, time.UTC).Sub(e.At(0, 0, time.UTC)) / (24 * time.Hour))
}

// Compare returns -1 where d is before e, 1 where it is after, and 0 for the same day.
func (d Date) Compare(e Date) int {
	a, b := d.rank(), e.rank()
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.rank() < e.rank() }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.rank() > e.rank() }

func (d Date) rank() int { return (int(d.year)*16+int(d.month))*32 + int(d.day) }

// Value stores the date as TEXT, ” for the zero Date.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads what Value stores; NULL is the zero Date too.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	case time.Time:
		*d = of(v)
		return nil
	}
	return fmt.Errorf("a date cannot be read from %T", src)
}

// MarshalText writes the date as String does, so that JSON has a string and a map a key.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes; the empty text is the zero Date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return fmt.Errorf("date %q: %w", b[:min(len(b), 40)], err)
	}
	*d = v
	return nil
}

// UnmarshalJSON reads a JSON string; null is the zero Date.
func (d *Date) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*d = Date{}
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("date: %w", err)
	}
	return d.UnmarshalText([]byte(s))
}

// number reads a text of ASCII digits only.
func number(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
