package nacha

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"memberpay/internal/fault"
)

// What is wrong with the name on an account. Each Code is a translation key.
var (
	ErrNameEmpty   = fault.Field("name", "name.empty")
	ErrNameLong    = fault.Field("name", "name.long")    // more than 100 characters
	ErrNameLetters = fault.Field("name", "name.letters") // no letter A-Z remains of it
)

const (
	maxName       = 100 // characters a person may type
	maxIndividual = 22  // characters the file has room for
)

// ValidName reports what is wrong with the name on an account, or nil. Files for banks hold unaccented Latin letters
// only, as do the names banks keep; a name without any is refused. Accents are no fault.
func ValidName(s string) error {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return ErrNameEmpty
	case len([]rune(s)) > maxName:
		return ErrNameLong
	case !strings.ContainsFunc(fileText(s, maxName), func(r rune) bool { return r >= 'A' && r <= 'Z' }):
		return ErrNameLetters
	}
	return nil
}

// individualName writes a name as a file has it: at most 22 characters.
func individualName(s string) string { return fileText(s, maxIndividual) }

// latin spells letters that are no plain letter with an accent.
var latin = map[rune]string{
	'Æ': "AE", 'Œ': "OE", 'Ø': "O", 'Ł': "L", 'Đ': "D", 'Ð': "D", 'Þ': "TH", 'ẞ': "SS", 'Ħ': "H", 'Ŋ': "NG", 'Ŧ': "T",
	'ß': "SS", 'ı': "I", '’': "'", '‘': "'", '`': "'", '‐': "-", '‑': "-", '–': "-", '—': "-",
}

// fileText turns text into what every bank reads: capital letters A-Z, digits, and . ' & / - with single spaces
// between; everything else becomes a space. Accents are dropped, the letters under them stay.
func fileText(s string, limit int) string {
	var b strings.Builder
	space := false
	put := func(r rune) {
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToUpper(r)
		if text, ok := latin[r]; ok {
			for _, c := range text {
				put(c)
			}
			continue
		}
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(".'&/-", r):
			put(r)
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		default:
			space = true
		}
	}
	out := b.String()
	if len(out) > limit {
		out = out[:limit]
	}
	return strings.TrimSpace(out)
}
