package seal

import (
	"testing"
	"time"
)

// FuzzReadKeyset feeds foreign bytes to everything that reads keys.json. Whatever it takes must work as a keyset.
func FuzzReadKeyset(f *testing.F) {
	a := masters(f, key("a"), "")
	k := newKeyset(f)
	raw, err := k.Wrap(f.Context(), a)
	if err != nil {
		f.Fatal(err)
	}
	values, err := clearJSON(k.values)
	if err != nil {
		f.Fatal(err)
	}
	indexes, err := clearJSON(k.indexes)
	if err != nil {
		f.Fatal(err)
	}
	inner := []byte(`{"values":` + string(values) + `,"indexes":` + string(indexes) + `,"keys":[{"id":1,"made_at":"2026-11-01T00:00:00Z"}]}`)
	for _, seed := range [][]byte{raw, values, indexes, inner, []byte("{"), []byte(`{"memberpay_keys":1,"set":"x","generation":1,"master":"local:1","key":"eA==","sealed":"eA=="}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, foreign []byte) {
		works := func(k *Keyset, err error) {
			if err != nil {
				return
			}
			box := NewBox(k, time.Now)
			sealed, err := box.Seal([]byte("x"), "p")
			if err != nil {
				t.Fatalf("a keyset that was taken does not seal: %v", err)
			}
			if got, err := box.Open(sealed, "p"); err != nil || string(got) != "x" {
				t.Fatalf("a keyset that was taken does not open: %v", err)
			}
			if id, ok := KeyOf(sealed); !ok || id != k.Primary() || len(box.Index("v", "p")) != 64 {
				t.Fatalf("a keyset that was taken seals without the name of its key")
			}
			if again, err := k.Wrap(t.Context(), a); err != nil {
				t.Fatalf("a keyset that was taken cannot be wrapped: %v", err)
			} else if _, err := Unwrap(t.Context(), again, a); err != nil {
				t.Fatalf("a keyset that was taken cannot be unwrapped: %v", err)
			}
		}
		works(Unwrap(t.Context(), foreign, a))
		works(readContent(foreign, 1))
		if IsClear(foreign) {
			if c, err := ReadClear(foreign, nil); err == nil {
				works(c.Keyset())
			}
		}
		if c, err := ReadClear(values, foreign); err == nil {
			works(c.Keyset())
		}
	})
}
