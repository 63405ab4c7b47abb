package scrub

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		found      int
	}{
		{"", "", 0},
		{"My card is 4242424242424242.", "My card is [card number removed].", 1},
		{"4242 4242 4242 4242", Removed, 1},
		{"4242-4242-4242-4242 exp 12/29", Removed + " exp 12/29", 1},
		{"4242.4242.4242.4242", Removed, 1},
		{"4242 4242-4242.4242", Removed, 1},
		{"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", Removed, 1},
		{"4242 - 4242 - 4242 - 4242", Removed, 1},
		{"4242\n4242\n4242\n4242", Removed, 1},
		{"4242\u00a04242\u20094242\u20114242", Removed, 1},
		{"42\u200b42\u200b42\u200d424242\ufeff4242", Removed, 1},
		{"４２４２４２４２４２４２４２４２", Removed, 1},
		{"４２４２　４２４２　４２４２　４２４２", Removed, 1},
		{"٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", Removed, 1},
		{"𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐", Removed, 1},
		{"card:4242424242424242cvc123", "card:" + Removed + "cvc123", 1},
		{"3782 822463 10005", Removed, 1},
		{"378282246310005", Removed, 1},
		{"30569309025904", Removed, 1},
		{"6011 1111 1111 1117", Removed, 1},
		{"3530 1113 3330 0000", Removed, 1},
		{"6205500000000000004", Removed, 1},
		{"2223003122003222", Removed, 1},
		{"4222222222222", Removed, 1},
		{"5555 5555 5555 4444 or 4000 0566 5566 5556", Removed + " or " + Removed, 2},
		{"5555555555554444, 4242424242424242", Removed + ", " + Removed, 2},
		{"call 1-800-555-0142 with 4242 4242 4242 4242", "call 1-800-555-0142 with " + Removed, 1},
		{"00004242424242424242", "0000" + Removed, 1},
		{"424242424242424242424242", "", 1}, // longer than a card, with cards in it
		{"1234 5678 9012 3452", Removed, 1}, // no network's, but written as a card is

		{"4242 4242 4242 4241", "4242 4242 4242 4241", 0},
		{"4242", "4242", 0},
		{"My member ID is 0012345678 and my phone (555) 555-0142.", "My member ID is 0012345678 and my phone (555) 555-0142.", 0},
		{"Call +1 800 555 0142 or 503-555-0160.", "Call +1 800 555 0142 or 503-555-0160.", 0},
		{"Bill M-204118907 of 12/20/2026 over $1,234.56", "Bill M-204118907 of 12/20/2026 over $1,234.56", 0},
		{"Confirmation 7K4M-9QXR-2D, pay code 4T7K-9M2Q-XW", "Confirmation 7K4M-9QXR-2D, pay code 4T7K-9M2Q-XW", 0},
		{"0000000000000000", "0000000000000000", 0},
		{"Routing 129900010 account 000123456789", "Routing 129900010 account 000123456789", 0},
		{"2026-11-26 19:04:16", "2026-11-26 19:04:16", 0},
		{"\xff\xfe4242\xff", "\xff\xfe4242\xff", 0},
	} {
		clean, found := Cards(c.text)
		if c.want == "" && c.text != "" {
			if found < c.found || strings.Contains(clean, "4242424242424242") {
				t.Errorf("Cards(%q) = %q, %d", c.text, clean, found)
			}
			continue
		}
		if clean != c.want || found != c.found {
			t.Errorf("Cards(%q) = %q, %d; want %q, %d", c.text, clean, found, c.want, c.found)
		}
	}
}

// TestEverySeparator writes one number with each character between its groups that is neither letter nor digit.
func TestEverySeparator(t *testing.T) {
	t.Parallel()
	for r := rune(1); r < 0x3100; r++ {
		sep := string(r)
		if _, ok := value(r); ok || unicode.IsLetter(r) {
			continue
		}
		if clean, found := Cards("4000" + sep + "0566" + sep + "5566" + sep + "5556"); found != 1 || clean != Removed {
			t.Errorf("with %U between: %q, %d", r, clean, found)
		}
	}
}

func FuzzCards(f *testing.F) {
	for _, s := range []string{"4242 4242 4242 4242", "４２４２４２４２４２４２４２４２", "3782-822463-10005", "\xff4242424242424242", "12345678901234567890123456789", "4\u200b2", "member 0012345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean, found := Cards(text)
		if found == 0 && clean != text {
			t.Fatalf("nothing was found, yet %q became %q", text, clean)
		}
		if again, n := Cards(clean); n != 0 || again != clean {
			t.Fatalf("%q became %q and then %q", text, clean, again)
		}
		if utf8.ValidString(text) && !utf8.ValidString(clean) {
			t.Fatalf("%q became broken text %q", text, clean)
		}
		if strings.Count(clean, Removed) < found-strings.Count(text, Removed) {
			t.Fatalf("%d found in %q, but %q", found, text, clean)
		}
		// A number put into the text, set off by words, never survives it.
		if hidden, n := Cards(text + " card 4000056655665556 card"); n == 0 || strings.Contains(hidden, "4000056655665556") {
			t.Fatalf("the number survives in %q", hidden)
		}
	})
}

func BenchmarkCards(b *testing.B) {
	text := strings.Repeat("My member ID is 0012345678, bill M-204118907 of 12/20/2026. ", 170)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Cards(text)
	}
}
