package seal

import (
	"errors"
	"testing"
	"time"
)

func newKeyset(t testing.TB) *Keyset {
	t.Helper()
	k, err := NewKeyset(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedValueOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	box, err := New()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte("000123456789"), "ach_entry/1/account_sealed")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := box.Open(sealed, "ach_entry/1/account_sealed"); err != nil || string(got) != "000123456789" {
		t.Errorf("opened %q, %v", got, err)
	}
	for _, place := range []string{"ach_entry/2/account_sealed", "draft/1/account_sealed", "ach_entry/1/other", ""} {
		if _, err := box.Open(sealed, place); err == nil {
			t.Errorf("it opened in %q", place)
		}
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := box.Open(sealed, "ach_entry/1/account_sealed"); err == nil {
			t.Errorf("it opened with byte %d changed", i)
		}
		sealed[i] ^= 1
	}
}

func TestKeyOfNamesTheKey(t *testing.T) {
	t.Parallel()
	k := newKeyset(t)
	sealed, err := NewBox(k, time.Now).Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := KeyOf(sealed); !ok || id != k.Primary() || string(Prefix(id)) != string(sealed[:PrefixSize]) {
		t.Errorf("sealed with %d, it says %d, %t", k.Primary(), id, ok)
	}
	for _, none := range [][]byte{nil, {}, {1, 2, 3, 4}, {0, 1, 2, 3, 4, 5}, []byte("hello")} {
		if id, ok := KeyOf(none); ok {
			t.Errorf("%q names key %d", none, id)
		}
	}
}

func TestIndexIsTheSameForTheSameValueAndPlace(t *testing.T) {
	t.Parallel()
	k := newKeyset(t)
	box := NewBox(k, time.Now)
	seen := map[string]string{}
	for _, c := range [][2]string{{"a@b.example", "account/email"}, {"a@b.example", "account/staff_email"}, {"c@b.example", "account/email"}, {"", "account/email"}, {"il", "account/ema"}} {
		got := box.Index(c[0], c[1])
		if len(got) != 64 || got != box.Index(c[0], c[1]) {
			t.Errorf("index of %q: %q", c, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q have one index", c, other)
		}
		seen[got] = c[0] + " in " + c[1]
	}
	rotated, err := k.WithNext(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if rotated, err = rotated.Promoted(time.Now()); err != nil {
		t.Fatal(err)
	}
	want := box.Index("a@b.example", "account/email")
	box.Use(rotated)
	if box.Keyset() != rotated || box.Index("a@b.example", "account/email") != want {
		t.Error("after a rotation look-ups find nothing")
	}
	if NewBox(newKeyset(t), time.Now).Index("a@b.example", "account/email") == want {
		t.Error("another key makes the same index")
	}
}

func TestBoxLooksBeforeItSealsAgainAfterALongPause(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	old := newKeyset(t)
	box := NewBox(old, func() time.Time { return now })
	if _, err := box.Seal([]byte("x"), "p"); err != nil {
		t.Fatalf("a box that nobody looks after: %v", err)
	}
	box.FreshUntil(now.Add(time.Minute))
	looks, answer := 0, errors.New("the database does not answer")
	box.Renew(func() error {
		looks++
		if answer == nil {
			next, err := old.WithNext(now)
			if err != nil {
				return err
			}
			if next, err = next.Promoted(now); err != nil {
				return err
			}
			box.Use(next)
			box.FreshUntil(now.Add(time.Minute))
		}
		return answer
	})
	if _, err := box.Seal([]byte("x"), "p"); err != nil || looks != 0 {
		t.Errorf("within its minute: %v, %d looks", err, looks)
	}
	now = now.Add(time.Minute)
	if _, err := box.Seal([]byte("x"), "p"); !errors.Is(err, ErrStale) || looks != 1 {
		t.Errorf("it sealed with a keyset that nobody could check: %v, %d looks", err, looks)
	}
	answer = nil
	sealed, err := box.Seal([]byte("x"), "p")
	if err != nil || looks != 2 {
		t.Fatalf("%v, %d looks", err, looks)
	}
	if id, _ := KeyOf(sealed); id == old.Primary() {
		t.Error("it sealed with the key that was taken out of use")
	}
}

func TestBoxLooksForAKeyItDoesNotKnow(t *testing.T) {
	t.Parallel()
	old := newKeyset(t)
	next, err := old.WithNext(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if next, err = next.Promoted(time.Now()); err != nil {
		t.Fatal(err)
	}
	sealed, err := NewBox(next, time.Now).Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	box, looks := NewBox(old, time.Now), 0
	box.Renew(func() error { looks++; box.Use(next); return nil })
	for range 2 {
		if got, err := box.Open(sealed, "p"); err != nil || string(got) != "x" || looks != 1 {
			t.Errorf("%q, %v, %d looks", got, err, looks)
		}
	}
	if _, err := box.Open([]byte("no sealed value"), "p"); err == nil || looks != 1 {
		t.Errorf("a damaged value: %v, %d looks", err, looks)
	}
}

func TestBoxNeverGoesBack(t *testing.T) {
	t.Parallel()
	old := newKeyset(t)
	next, err := old.WithNext(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	box := NewBox(next, time.Now)
	if box.Use(old); box.Keyset() != next {
		t.Error("an older generation replaced a newer one")
	}
}
