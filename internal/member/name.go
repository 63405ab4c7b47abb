package member

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldName is the form in which names are compared: letters only, lower case, without accents. "José-Luis 2nd" is
// "joseluisnd"; a name without letters is "".
func FoldName(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch r = unicode.ToLower(r); {
		case plainLetters[r] != "":
			b.WriteString(plainLetters[r])
		case unicode.IsLetter(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainLetters are letters that have no accent to take off and are still written plainly on many keyboards.
var plainLetters = map[rune]string{'ß': "ss", 'ø': "o", 'æ': "ae", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i"}

// suffixes stand behind a family name and are no part of it for whoever types it.
var suffixes = []string{"jr", "sr", "ii", "iii", "iv", "junior", "senior", "md", "phd"}

// Named reports whether somebody who calls themselves given family means this person. Letter case, accents, spaces,
// hyphens, apostrophes and digits do not count. Any of several given names is enough, with or without the others, and so
// is the first or the last of several family names.
func (m Member) Named(given, family string) bool {
	return nameIn(m.Given, given, false) && nameIn(m.Family, family, true)
}

// nameIn reports whether said is name, or one or more words of it in order. Of a family name the words have to begin it
// or end it, and particles ("de", "la") alone are none.
func nameIn(name, said string, family bool) bool {
	words := nameWords(name)
	if family {
		words = slices.DeleteFunc(words, func(w string) bool { return len(words) > 1 && slices.Contains(suffixes, w) })
	}
	want := ""
	for _, w := range nameWords(said) {
		if !family || !slices.Contains(suffixes, w) || want == "" {
			want += w
		}
	}
	for from := range words {
		got := ""
		for to := from; to < len(words); to++ {
			got += words[to]
			if got != want {
				continue
			}
			whole := from == 0 && to == len(words)-1
			edge := from == 0 || to == len(words)-1
			return whole || !family || (edge && len([]rune(got)) > 2)
		}
	}
	return false
}

// nameWords are the folded words of a name; those without a letter are left out.
func nameWords(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) }) {
		if f := FoldName(w); f != "" {
			out = append(out, f)
		}
	}
	return out
}
