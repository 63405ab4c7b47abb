package paper

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// missing stands for a character the fonts cannot draw.
const missing = '□'

// maxMarks is the number of combining marks drawn on one letter; more would run into the neighbouring lines.
const maxMarks = 3

// clean makes text safe to set: valid UTF-8 in composed form, tabs as spaces, line ends as line feeds, no control
// characters and none of the invisible characters that turn the direction of what follows.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f' || r == '\u0085':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		case r == '\uFEFF' || r == '\u00AD':
			return -1
		}
		return r
	}, s)
}

// shown returns what is drawn for clean text: a box for each character the font lacks, without the marks that belong to
// it, and right-to-left words in the order in which the eye meets them.
func (f *face) shown(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7F
	}
	if plain {
		return s
	}
	var b strings.Builder
	rightToLeft, boxed, marks := false, false, 0
	for _, r := range s {
		mark := unicode.In(r, unicode.Mn, unicode.Me)
		switch {
		case mark:
			if marks++; !boxed && marks <= maxMarks && f.has(r) {
				b.WriteRune(r)
			}
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector), r >= 0x1F3FB && r <= 0x1F3FF, r == '\n':
		case f.has(r):
			boxed, marks = false, 0
			b.WriteRune(r)
			rightToLeft = rightToLeft || r >= 0x590 && r < 0x600 || r >= 0xFB1D && r < 0xFB50
		default:
			boxed, marks = true, 0
			b.WriteRune(missing)
		}
	}
	if !rightToLeft {
		return b.String()
	}
	return visual(b.String())
}

// visual turns the right-to-left words of a line that reads left to right as a whole.
func visual(s string) string {
	var p bidi.Paragraph
	if _, err := p.SetString(s, bidi.DefaultDirection(bidi.LeftToRight)); err != nil {
		return s
	}
	order, err := p.Order()
	if err != nil {
		return s
	}
	var b strings.Builder
	for i := range order.NumRuns() {
		run := order.Run(i)
		text := run.String()
		if run.Direction() == bidi.RightToLeft {
			core := strings.TrimRight(text, " ")
			text = bidi.ReverseString(core) + text[len(core):]
		}
		b.WriteString(text)
	}
	return b.String()
}

// style is how text looks.
type style struct {
	face    *face
	size    float64 // points
	leading float64 // points from line to line
	color   rgb
}

// line is one line of wrapped text. A line that was broken at a space keeps that space at its end, so that the words stay
// apart for those who copy the text or have it read to them.
type line struct {
	text string
	st   style
}

// replaced reports whether the line is shown otherwise than it reads.
func (l line) replaced() bool { return l.st.face.shown(l.text) != l.text }

// width is the width of s as set in the style, in points, without spaces at its end.
func (st style) width(s string) float64 {
	return st.face.width(st.face.shown(strings.TrimRight(s, " ")), st.size)
}

// wrap breaks text into lines no wider than width: at line feeds and spaces, and inside a word only where the word alone
// is wider than the line. Blank text gives no lines. Each line holds at least one character, however narrow the width.
func wrap(s string, st style, width float64) []line {
	var out []line
	for _, para := range strings.Split(clean(s), "\n") {
		if words := strings.FieldsFunc(para, func(r rune) bool { return r == ' ' }); len(words) > 0 {
			out = fill(out, words, st, width)
		}
	}
	if n := len(out); n > 0 {
		out[n-1].text = strings.TrimSuffix(out[n-1].text, " ")
	}
	return out
}

// fill puts words into lines and appends these to out. A line that ends with a whole word ends with a space.
func fill(out []line, words []string, st style, width float64) []line {
	space := st.width("x x") - st.width("xx")
	cur, used := "", 0.0
	for _, word := range words {
		w := st.width(word)
		if cur != "" && used+space+w <= width {
			cur, used = cur+" "+word, used+space+w
			continue
		}
		if cur != "" {
			out = append(out, line{cur + " ", st})
		}
		if w > width {
			for n := fitting(word, st, width); n < len(word); n = fitting(word, st, width) {
				out = append(out, line{word[:n], st})
				word = word[n:]
			}
			w = st.width(word)
		}
		cur, used = word, w
	}
	return append(out, line{cur + " ", st})
}

// fitting returns how many bytes of the word fit into the width: at least one character with its marks.
func fitting(word string, st style, width float64) int {
	used := 0.0
	for i, r := range word {
		w := st.face.width(st.face.shown(string(r)), st.size)
		joins := unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector)
		if i > 0 && used+w > width && !joins {
			return i
		}
		used += w
	}
	return len(word)
}
