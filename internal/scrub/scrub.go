// Package scrub cleans free text before it is kept or shown, of chats, notes, comments and questions: it takes out card numbers,
// and characters that nobody writes. It knows nothing of who wrote the text or where it goes.
package scrub

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Removed stands in a text where a card number stood.
const Removed = "[card number removed]"

// Shortest and longest card numbers, in digits.
const (
	shortest = 13
	longest  = 19
)

// maxGap is how many characters may stand between two digits of one number, those without width not counted.
const maxGap = 5

// Cards returns text with every card number in it replaced by Removed, and how many there were. A card number is a run of
// 13 to 19 digits of any script that passes the Luhn check, whatever stands between its digits as long as it is no letter.
// Numbers of the product stay: member IDs, bill and confirmation numbers, phones, dates and amounts are too short or have
// letters. What a text would hide by chance, such as two phone numbers in a row, is hidden: losing a number is the lesser harm.
func Cards(text string) (clean string, found int) {
	for {
		next, n := pass(text)
		if n == 0 {
			return text, found
		}
		text, found = next, found+n // what is left of a long run may be a number of its own
	}
}

// digit is one digit of a text with its place.
type digit struct {
	value      byte
	begin, end int
	joined     bool // follows the digit before it directly
	gap        rune // what stands between it and the one before: one rune, or 0 where nothing or more than one stands there
}

func pass(text string) (string, int) {
	var (
		out  strings.Builder
		kept int // what of text is in out
		n    int
		run  []digit
		wide int  // characters with width since the last digit
		gap  rune // the first of them
		any  bool // anything since the last digit
	)
	flush := func() {
		for i := 0; i < len(run); {
			size := card(run, i)
			if size == 0 {
				i++
				continue
			}
			out.WriteString(text[kept:run[i].begin])
			out.WriteString(Removed)
			kept = run[i+size-1].end
			n++
			i += size
		}
		run = run[:0]
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch v, ok := value(r); {
		case ok:
			d := digit{value: v, begin: at, end: at + size, joined: len(run) > 0 && !any}
			if wide == 1 {
				d.gap = gap
			}
			run = append(run, d)
			wide, gap, any = 0, 0, false
		case unicode.IsLetter(r):
			flush()
			wide, gap, any = 0, 0, false
		case len(run) > 0:
			any = true
			if !unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me) {
				if wide++; wide == 1 {
					gap = r
				}
				if wide > maxGap {
					flush()
				}
			}
		}
		at += size
	}
	flush()
	if n == 0 {
		return text, 0
	}
	out.WriteString(text[kept:])
	return out.String(), n
}

// card returns how many digits of run from i on are a card number, 0 for none, the longest where several are.
func card(run []digit, i int) int {
	whole := func(k int) bool { return k == len(run) || !run[k].joined } // nothing is cut in two at k
	if !whole(i) && !within(run, i) {
		return 0
	}
	for size := min(longest, len(run)-i); size >= shortest; size-- {
		part := run[i : i+size]
		if !luhn(part) {
			continue
		}
		switch {
		case !whole(i) || !whole(i+size):
			if within(run, i) && issued(part) {
				return size
			}
		case solid(part), issued(part), printed(part):
			return size
		}
	}
	return 0
}

// within reports whether digit i stands in more digits, without anything between them, than a card has: then a number may
// begin anywhere.
func within(run []digit, i int) bool {
	from, to := i, i+1
	for from > 0 && run[from].joined {
		from--
	}
	for to < len(run) && run[to].joined && to-from <= longest {
		to++
	}
	return to-from > longest
}

// solid reports whether nothing stands between the digits. A number that begins with 0 is no card.
func solid(part []digit) bool {
	for _, d := range part[1:] {
		if !d.joined {
			return false
		}
	}
	return part[0].value != 0
}

// printed reports whether the digits stand as on a card: in fours, with the same single character between.
func printed(part []digit) bool {
	for k, d := range part[1:] {
		if d.joined != ((k+1)%4 != 0) || (!d.joined && (d.gap == 0 || d.gap != part[4].gap)) {
			return false
		}
	}
	return part[0].value != 0
}

// issued reports whether card networks give out numbers with this beginning and length.
func issued(part []digit) bool {
	head := 0
	for _, d := range part[:4] {
		head = head*10 + int(d.value)
	}
	n := len(part)
	switch part[0].value {
	case 4:
		return n == 13 || n == 16 || n == 19
	case 5:
		return n == 16 || (head < 5100 || head >= 5600)
	case 2:
		return n == 16 && head >= 2200 && head <= 2720
	case 3:
		return (n == 15 && (head/100 == 34 || head/100 == 37)) || (n == 14 && (head/100 == 36 || head/100 == 38 || head/100 == 39 || head/10 == 300 || head/10 == 309 || (head >= 3000 && head < 3060))) ||
			(n >= 16 && (head >= 3528 && head < 3590 || head/100 == 36 || head/100 == 38 || head/100 == 39 || head/100 == 30))
	case 6:
		return true
	}
	return false
}

func luhn(part []digit) bool {
	sum := 0
	for k := range part {
		v := int(part[len(part)-1-k].value)
		if k%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// value is the value of a digit of any script, false for anything else.
func value(r rune) (byte, bool) {
	if r < 0x80 {
		return byte(r - '0'), r >= '0' && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, t := range unicode.Nd.R16 { // every script's ten stand together, in order
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	return 0, false
}
