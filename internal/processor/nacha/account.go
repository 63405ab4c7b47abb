package nacha

import (
	"strings"

	"memberpay/internal/fault"
)

// What is wrong with a routing number. Each Code is a translation key.
var (
	ErrRoutingEmpty    = fault.Field("routing", "routing.empty")
	ErrRoutingDigits   = fault.Field("routing", "routing.digits")   // something other than 0-9
	ErrRoutingLength   = fault.Field("routing", "routing.length")   // not nine digits
	ErrRoutingUnknown  = fault.Field("routing", "routing.unknown")  // no bank can have this number
	ErrRoutingChecksum = fault.Field("routing", "routing.checksum") // a digit is wrong, or two are swapped
)

// What is wrong with an account number. Each Code is a translation key.
var (
	ErrAccountEmpty  = fault.Field("account", "account.empty")
	ErrAccountDigits = fault.Field("account", "account.digits") // letters or other signs
	ErrAccountShort  = fault.Field("account", "account.short")  // fewer than 4 digits
	ErrAccountLong   = fault.Field("account", "account.long")   // more than 17 digits
	ErrAccountType   = fault.Field("account_type", "account.type")
)

// ValidRouting reports what is wrong with a routing number, or nil: nine digits 0-9, a first pair that the Federal
// Reserve gives out, and a right check digit. It forgives nothing; trim what a person typed first. A right answer says
// that the number is well-formed, not that a bank has it.
func ValidRouting(s string) error {
	if s == "" {
		return ErrRoutingEmpty
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return ErrRoutingDigits
		}
	}
	if len(s) != 9 {
		return ErrRoutingLength
	}
	sum := 0
	for i, weight := range [9]int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += weight * int(s[i]-'0')
	}
	if sum%10 != 0 {
		return ErrRoutingChecksum
	}
	if s == "000000000" || !knownPrefix(int(s[0]-'0')*10+int(s[1]-'0')) {
		return ErrRoutingUnknown
	}
	return nil
}

// knownPrefix reports whether routing numbers start with this pair: 00 the government, 01-12 the Federal Reserve
// districts, 21-32 thrifts, 61-72 electronic payments, 80 traveler's checks.
func knownPrefix(n int) bool {
	return n <= 12 || n >= 21 && n <= 32 || n >= 61 && n <= 72 || n == 80
}

// ValidAccount returns the digits of an account number without the spaces and dashes that people type, or what is
// wrong with it: 4 to 17 digits 0-9 are right. Leading zeros count and are kept.
func ValidAccount(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\t', '\u00a0', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014':
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "", ErrAccountEmpty
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return "", ErrAccountDigits
		}
	}
	switch {
	case len(s) < 4:
		return "", ErrAccountShort
	case len(s) > 17:
		return "", ErrAccountLong
	}
	return s, nil
}

// last4 returns the last four characters of an account number.
func last4(account string) string { return account[max(0, len(account)-4):] }
