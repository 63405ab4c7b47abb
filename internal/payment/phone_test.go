package payment_test

import (
	"strings"
	"testing"

	"memberpay/internal/payment"
	"memberpay/internal/scrub"
)

func TestRecordingReference(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"  2026-11-27/4711 ": "2026-11-27/4711", "REC_9.a:b": "REC_9.a:b", "abc": "abc", "": "", "ab": "", "4242 4242 4242 4242": "",
		"call 4242424242424242": "", "<b>": "", "x\ny": "", strings.Repeat("9a", 30): strings.Repeat("9a", 30), strings.Repeat("9a", 31): "", "grabación": ""} {
		got, err := payment.RecordingReference(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func FuzzRecordingReference(f *testing.F) {
	f.Add("2026-11-27/4711")
	f.Add("4242 4242 4242 4242")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := payment.RecordingReference(s)
		if err != nil {
			return
		}
		if _, cards := scrub.Cards(got); cards > 0 || len(got) < 3 || len(got) > 60 || strings.ContainsAny(got, "<>&\"'\n\r") {
			t.Errorf("%q is taken as %q", s, got)
		}
		if again, err := payment.RecordingReference(got); err != nil || again != got {
			t.Errorf("%q becomes %q, %v", got, again, err)
		}
	})
}
