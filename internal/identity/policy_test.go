package identity_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"memberpay/internal/identity"
)

// maya is what others may know of somebody.
var maya = []string{"Maya José Torres-Ruiz", "pineapple.maya99@members.example", "LH-2041-7788", "1984-03-07", "97204"}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	a := identity.New(nil, nil, 1)
	if err := a.UsePasskeys(identity.Passkeys{ID: "localhost", Origins: []string{"http://localhost"}, Name: "Larkspur Health"}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		password string
		second   bool
		want     error
	}{
		{"copper lantern drifts", false, nil},
		{"   copper lantern drifts   ", false, nil},
		{"gato perro casa azul", false, nil},
		{"ñandú verde camina lento", false, nil},
		{"紫の傘と古い自転車が海へ走るのだよ", false, nil},
		{"Фиолетовый зонт у моря", false, nil},
		{"kX9 vmQ2 pLw7 zR4", false, nil},
		{strings.Repeat("copper lantern drifts by night, ", 4), false, nil},
		{"", false, identity.ErrPasswordShort},
		{"copper lanter", false, identity.ErrPasswordShort},
		{"copper lanter", true, nil},
		{"copper lant", true, identity.ErrPasswordShortSecond},
		{"copper lantern drifts" + strings.Repeat("x", 108), false, identity.ErrPasswordLong},
		{strings.Repeat("copper lantern ", 100000), false, identity.ErrPasswordLong},
		{"passwordpasswordpassword", false, identity.ErrPasswordPattern},
		{"Spring2026! Spring2026!", false, identity.ErrPasswordPattern},
		{"aaaaaaaaaaaaaaaaaaaaaaaa", false, identity.ErrPasswordPattern},
		{"ababababcabababababab", false, identity.ErrPasswordPattern},
		{"................", false, identity.ErrPasswordPattern},
		{"abcdefghijklmnopqrst", false, identity.ErrPasswordPattern},
		{strings.Repeat("abcdefghijklmnopqrstuvwxyz", 4), false, identity.ErrPasswordPattern},
		{"password1234567", false, identity.ErrPasswordCommon},
		{"password password1", false, identity.ErrPasswordCommon},
		{"Password1 Password2", false, identity.ErrPasswordCommon},
		{"PASSWORD-password_12", false, identity.ErrPasswordCommon},
		{"mypassword mypassword2", false, identity.ErrPasswordCommon},
		{"password password password1", false, identity.ErrPasswordCommon},
		{"iloveyou iloveyou2", false, identity.ErrPasswordCommon},
		{"baseball baseball1", true, identity.ErrPasswordCommon},
		{"monkey dragon master", false, identity.ErrPasswordCommon},
		{"monkey, dragon! monkey? dragon.", false, identity.ErrPasswordCommon},
		{"12345 password 12345", false, identity.ErrPasswordCommon},
		{"Password123 Password456", false, identity.ErrPasswordCommon},
		{"sunshine princess football kayak", false, nil}, // one word that nobody begins with makes the difference
		{"copper copper lantern drifts", false, nil},
		{"P@ssw0rd12345678", false, identity.ErrPasswordCommon},
		{"qwertyuiop[]asdfghjkl", false, identity.ErrPasswordCommon},
		{"123456789012345", false, identity.ErrPasswordCommon},
		{"welcome to Larkspur 42", false, identity.ErrPasswordOrganisation},
		{"L-A-R-K-S-P-U-R is my plan", false, identity.ErrPasswordOrganisation},
		{"good health forever 42", false, identity.ErrPasswordOrganisation},
		{"copper MAYA lantern", false, identity.ErrPasswordPersonal},
		{"copper jose lantern", false, identity.ErrPasswordPersonal},
		{"copper torresruiz lantern", false, identity.ErrPasswordPersonal},
		{"copper Ruíz lantern", false, identity.ErrPasswordPersonal},
		{"copper pineapple lantern", false, identity.ErrPasswordPersonal},
		{"copper lh20417788 lantern", false, identity.ErrPasswordPersonal},
		{"copper 7788 lantern", false, identity.ErrPasswordPersonal},
		{"copper 1984 lantern", false, identity.ErrPasswordPersonal},
		{"copper 03/07/84 lantern", false, identity.ErrPasswordPersonal},
		{"copper 97204 lantern", false, identity.ErrPasswordPersonal},
		{"copper members lantern", false, nil}, // the mail provider's name is nobody's own
	} {
		if err := a.CheckPassword(row.password, row.second, maya...); !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
			t.Errorf("%.60q: %v, want %v", row.password, err, row.want)
		}
	}
	if err := identity.CheckPassword("welcome to Larkspur 42", false); err != nil {
		t.Errorf("without an organisation: %v", err)
	}
}

// TestPasswordForms: however a keyboard composes a letter, the password is the same, before and after it is hashed.
func TestPasswordForms(t *testing.T) {
	t.Parallel()
	a := identity.New(nil, nil, 1)
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringOf(rapid.SampledFrom([]rune("añéö ñÅﬁ가1\u0301\u0308\u1100\u1161🙂x"))).Draw(t, "password")
		composed, apart := identity.CheckPassword(norm.NFC.String(password), true), identity.CheckPassword(norm.NFD.String(password), true)
		if !errors.Is(apart, composed) {
			t.Errorf("%q: composed %v, apart %v", password, composed, apart)
		}
		if (utf8.RuneCountInString(norm.NFC.String(password)) < identity.MinPasswordSecond) != errors.Is(composed, identity.ErrPasswordShortSecond) {
			t.Errorf("%q: %v", password, composed)
		}
	})
	for _, pair := range [][2]string{{"contraseña única del año", norm.NFD.String("contraseña única del año")}} {
		one, err := a.Hash(t.Context(), pair[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range pair {
			if !identity.Matches(one, typed) {
				t.Errorf("%q does not open what %q made", typed, pair[1])
			}
		}
	}
}

// TestPasswordsTakeLittleTime: whatever is sent, the answer comes soon. The bound is far above what a quiet machine needs.
func TestPasswordsTakeLittleTime(t *testing.T) {
	t.Parallel()
	letters := []string{"4@8({[<369&#|!10$5+7%2", "4@8({[<6317$5pasword", "01", "1984-/.", "abc", "ñ😀\u0301xİ", "\x00\xff~ "}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		var b strings.Builder
		all := letters[i%len(letters)]
		for b.Len() < identity.MaxPassword-4 {
			b.WriteByte(all[random.IntN(len(all))])
		}
		begin := time.Now()
		_ = identity.CheckPassword(b.String(), false, maya...)
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("%q took %v", b.String(), took)
		}
	}
}

// FuzzCheckPassword: nothing breaks, and what is fine has the length it needs.
func FuzzCheckPassword(f *testing.F) {
	for _, s := range []string{"", "copper lantern drifts", strings.Repeat("İ", 40), "\xff\xfe\x00", strings.Repeat("e\u0301", 60), "🙂🙂🙂", "4@8({[<369&#|!10$5+7%2~"} {
		f.Add(s, "Maya Torres")
	}
	f.Fuzz(func(t *testing.T, password, name string) {
		err := identity.CheckPassword(password, false, name, "maya@members.example")
		if n := utf8.RuneCountInString(norm.NFC.String(strings.ToValidUTF8(password, "\uFFFD"))); err == nil && (n < identity.MinPassword || n > identity.MaxPassword) {
			t.Errorf("%q is fine", password)
		}
	})
}
