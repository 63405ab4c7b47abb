package seal

import (
	"errors"
	"slices"
	"testing"
	"time"
)

var day1 = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

// must returns a keyset that could be made.
func must(t testing.TB) func(*Keyset, error) *Keyset {
	return func(k *Keyset, err error) *Keyset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

func states(k *Keyset) []State {
	var out []State
	for _, key := range k.Keys() {
		out = append(out, key.State)
	}
	return out
}

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	ok := must(t)
	first := ok(NewKeyset(day1))
	added := ok(first.WithNext(day1.Add(1)))
	promoted := ok(added.Promoted(day1.Add(2)))
	retired := ok(promoted.Without(first.Primary()))
	for _, c := range []struct {
		name string
		k    *Keyset
		want []State
	}{
		{"new", first, []State{Primary}},
		{"added", added, []State{Primary, Next}},
		{"promoted", promoted, []State{Old, Primary}},
		{"retired", retired, []State{Primary}},
	} {
		if got := states(c.k); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if c.k.Set != first.Set {
			t.Errorf("%s: it became another set", c.name)
		}
	}
	for i, k := range []*Keyset{first, added, promoted, retired} {
		if k.Generation != int64(i+1) {
			t.Errorf("generation %d, want %d", k.Generation, i+1)
		}
	}
	keys := promoted.Keys()
	if !keys[0].OldAt.Equal(day1.Add(2)) || !keys[0].MadeAt.Equal(day1) || !keys[1].PrimaryAt.Equal(day1.Add(2)) || !keys[1].MadeAt.Equal(day1.Add(1)) {
		t.Errorf("times: %+v", keys)
	}
	sealed, err := NewBox(first, time.Now).Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keyset{added, promoted} {
		if _, err := NewBox(k, time.Now).Open(sealed, "p"); err != nil {
			t.Errorf("generation %d does not open what was sealed before: %v", k.Generation, err)
		}
	}
	if _, err := NewBox(retired, time.Now).Open(sealed, "p"); err == nil {
		t.Error("a key that was taken out still opens")
	}
	if _, err := first.Promoted(day1); err == nil {
		t.Error("there was nothing to promote")
	}
	for _, k := range []*Keyset{first, added} {
		for _, key := range k.Keys() {
			if _, err := k.Without(key.ID); err == nil {
				t.Errorf("a key in state %s was taken out", key.State)
			}
		}
	}
}

func TestJoinedLosesNoKey(t *testing.T) {
	t.Parallel()
	ok := must(t)
	first := ok(NewKeyset(day1))
	second := ok(ok(first.WithNext(day1)).Promoted(day1))
	third := ok(second.Without(first.Primary()))
	joined := ok(third.Joined(first)) // the database came back from an old backup
	if got := states(joined); !slices.Equal(got, []State{Old, Primary}) || joined.Primary() != third.Primary() || joined.Generation != third.Generation+1 {
		t.Errorf("%v, primary %d, generation %d", got, joined.Primary(), joined.Generation)
	}
	if same := ok(joined.Joined(first)); same != joined {
		t.Error("joining what it has made another keyset")
	}
	pending := ok(first.WithNext(day1))
	if got := states(ok(ok(first.Again()).Joined(pending))); !slices.Equal(got, []State{Old, Primary}) {
		t.Errorf("a next key of the other one: %v", got)
	}
	if _, err := first.Joined(ok(NewKeyset(day1))); !errors.Is(err, ErrOtherSet) {
		t.Errorf("two installations became one: %v", err)
	}
}
