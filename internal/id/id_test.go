package id

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPayCodesNeverRepeat(t *testing.T) {
	t.Parallel()
	key := [32]byte{1, 2, 3}
	seen := make(map[string]bool)
	for n := range uint64(200_000) {
		c := PayCode(key, n)
		if len(c) != 8 || !Checked(c) || seen[c] {
			t.Fatalf("code %d is %q: repeated %v, checked %v", n, c, seen[c], Checked(c))
		}
		seen[c] = true
	}
	if PayCode(key, 0) == PayCode([32]byte{9}, 0) {
		t.Error("two installations give the same code")
	}
}

// A code read with one wrong character, or with two neighbours swapped, is never taken for another.
func TestCheckCharacterFindsSlips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := []byte(PayCode([32]byte{7}, rapid.Uint64Range(0, payCodeSpace-1).Draw(t, "n")))
		if rapid.Bool().Draw(t, "confirmation") {
			code = []byte(Confirmation())
		}
		wrong := append([]byte(nil), code...)
		i := rapid.IntRange(0, len(code)-1).Draw(t, "at")
		if swap := rapid.Bool().Draw(t, "swap"); swap && i+1 < len(code) {
			wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
		} else {
			wrong[i] = alphabet[rapid.IntRange(0, 28).Draw(t, "char")]
		}
		if string(wrong) != string(code) && Checked(string(wrong)) {
			t.Fatalf("%s passes as %s", code, wrong)
		}
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"LH10002001", "lh-1000-2001", " LH 1000 2001 ", "LHIOOO2OOl"},
		{"0000123456", "123456", "123-456", "１２３４５６"},
		{"K7QM-4T2X", "k7qm4t2x", "K7QM 4T2X"},
	} {
		for _, s := range same {
			if Fold(s) != Fold(same[0]) {
				t.Errorf("%q folds to %q, %q to %q", s, Fold(s), same[0], Fold(same[0]))
			}
		}
	}
	if Fold("0000") != "" || Fold("--- ") != "" || Fold("日本") != "" {
		t.Error("something without letters and digits folds to a number")
	}
	if n := len(Fold(strings.Repeat("A", 1000))); n > 64 {
		t.Errorf("a folded number has %d characters", n)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	if got := Grouped("K7QM4T2X9P"); got != "K7Q-M4T-2X9P" {
		t.Error(got)
	}
	for _, s := range []string{Confirmation(), PayCode([32]byte{}, 5)} {
		if Unfold(strings.ToLower(Grouped(s))) != s {
			t.Errorf("%q grouped and read back is %q", s, Unfold(strings.ToLower(Grouped(s))))
		}
	}
}
