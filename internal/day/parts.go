package day

import (
	"errors"
	"strings"
	"time"
	"unicode"
)

// Errors of ParseParts. Each Error() is the translation key of what to tell the person.
var (
	ErrMissing      = errors.New("date.missing")       // two or three parts are empty
	ErrMissingMonth = errors.New("date.missing_month") // only the month is empty
	ErrMissingDay   = errors.New("date.missing_day")   // only the day is empty
	ErrMissingYear  = errors.New("date.missing_year")  // only the year is empty
	ErrYear         = errors.New("date.year")          // the year is not four digits
	ErrNotReal      = errors.New("date.not_real")      // no such day: 2026-02-30, letters, a 13th month
)

// ParseParts reads a date from the three inputs of a form. It trims each part and accepts decimal digits of any script
// and a leading zero or none. It returns one of the errors above.
func ParseParts(year, month, dayOfMonth string) (Date, error) {
	year, month, dayOfMonth = part(year), part(month), part(dayOfMonth)
	if err := missing(year, month, dayOfMonth); err != nil {
		return Date{}, err
	}
	y, okYear := number(year)
	m, okMonth := number(month)
	d, okDay := number(dayOfMonth)
	switch {
	case !okYear || len(year) != 4:
		return Date{}, ErrYear
	case !okMonth || !okDay || len(month) > 2 || len(dayOfMonth) > 2:
		return Date{}, ErrNotReal
	}
	return New(y, time.Month(m), d)
}

func missing(year, month, dayOfMonth string) error {
	var last error
	count := 0
	for _, p := range []struct {
		text string
		err  error
	}{{month, ErrMissingMonth}, {dayOfMonth, ErrMissingDay}, {year, ErrMissingYear}} {
		if p.text == "" {
			last, count = p.err, count+1
		}
	}
	if count > 1 {
		return ErrMissing
	}
	return last
}

// part trims and turns decimal digits of every script into 0-9. Unicode keeps each script's ten digits together, in
// order, starting at zero.
func part(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if len(s) > 32 {
		return "?" // no part of a date is that long
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		zero := r
		for unicode.IsDigit(zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + (r - zero)
	}, s)
}
