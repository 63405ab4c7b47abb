package identity

import (
	"strings"
	"unicode/utf8"
)

// MaskEmail hides an e-mail address so that its owner knows it and nobody else learns it: "m•••@m•••.example".
func MaskEmail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "•••"
	}
	host, end := domain, ""
	if dot := strings.LastIndexByte(domain, '.'); dot >= 0 {
		host, end = domain[:dot], domain[dot:]
	}
	return firstRune(local) + "•••@" + firstRune(host) + "•••" + end
}

// MaskPhone is the part of a phone number that may be shown: its last two digits.
func MaskPhone(s string) string { return s[max(0, len(s)-2):] }

func firstRune(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n < 2 {
		return ""
	}
	return string(r)
}
