package scrub

import (
	"strings"
	"unicode"
)

// Text returns free text as it is kept: valid UTF-8, line ends of one kind, nothing around it, no control characters but line
// ends and tabs, and none of those that turn the direction of what follows: nobody writes backwards over others' words.
func Text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s))
}

// Line is Text in one line, with one space between words: a name.
func Line(s string) string { return strings.Join(strings.Fields(Text(s)), " ") }
