package scrub_test

import (
	"testing"

	"memberpay/internal/scrub"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                              "",
		" \n\t\x00\x1b\u202e ":          "",
		" one\r\ntwo\rthree\u2028four ": "one\ntwo\nthree\nfour",
		"a\tb\x07c\u0085":               "a\tbc",
		"paid \u202e001\u202c \u2066x\u2069 \u202a\u202b\u202d\u2067\u2068": "paid 001 x",
		"bad \xff\xfe":      "bad \uFFFD",
		"שלום \u200eعربى é": "שלום \u200eعربى é",
	} {
		if got := scrub.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := scrub.Line(" Nora\u202e\n\t  de  la\x00 Cruz "); got != "Nora de la Cruz" {
		t.Errorf("a name became %q", got)
	}
}
