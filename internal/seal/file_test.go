package seal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// inClear writes the files that an older version kept, and returns what opens its values.
func inClear(t testing.TB, path string, withIndex bool) *Keyset {
	t.Helper()
	k := newKeyset(t)
	values, err1 := clearJSON(k.values)
	indexes, err2 := clearJSON(k.indexes)
	if err := errors.Join(err1, err2, os.WriteFile(path, values, 0o600)); err != nil {
		t.Fatal(err)
	}
	if withIndex {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), indexName), indexes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestKeysetInClearIsTakenOver(t *testing.T) {
	t.Parallel()
	for _, withIndex := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "keys.json")
		was := inClear(t, path, withIndex)
		sealed, err := NewBox(was, time.Now).Seal([]byte("x"), "p")
		if err != nil {
			t.Fatal(err)
		}
		a := masters(t, key("a"), "")
		f, err := ReadFile(t.Context(), path, a)
		if err != nil || f.Clear == nil || f.Keyset != nil {
			t.Fatalf("%+v, %v", f, err)
		}
		k := must(t)(f.Clear.Keyset())
		raw, err := k.Wrap(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := Save(path, raw); err == nil {
			t.Error("Save replaced keys that it had not read")
		}
		if err := TakeOver(path, raw); err != nil {
			t.Fatal(err)
		}
		f, err = ReadFile(t.Context(), path, a)
		if err != nil || f.Keyset == nil || f.Keyset.Set != k.Set {
			t.Fatalf("%+v, %v", f, err)
		}
		box := NewBox(f.Keyset, time.Now)
		if got, err := box.Open(sealed, "p"); err != nil || string(got) != "x" {
			t.Errorf("%q, %v", got, err)
		}
		if withIndex && box.Index("v", "p") != NewBox(was, time.Now).Index("v", "p") {
			t.Error("what was indexed is not found any more")
		}
		if !slices.Equal(states(f.Keyset), []State{Primary}) || !f.Keyset.Keys()[0].MadeAt.IsZero() {
			t.Errorf("%+v", f.Keyset.Keys())
		}
		names, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(names) != 1 {
			t.Errorf("left beside keys.json: %v, %v", names, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}

func TestSaveReplacesOnlyAnEarlierGenerationOfTheSet(t *testing.T) {
	t.Parallel()
	ok := must(t)
	path, a := filepath.Join(t.TempDir(), "sub", "keys.json"), masters(t, key("a"), "")
	wrap := func(k *Keyset) []byte {
		raw, err := k.Wrap(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	first := ok(NewKeyset(day1))
	second := ok(first.WithNext(day1))
	for _, raw := range [][]byte{wrap(first), wrap(second), wrap(first)} {
		if err := Save(path, raw); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := ReadFile(t.Context(), path, a); err != nil || f.Keyset.Generation != 2 {
		t.Errorf("%+v, %v", f, err)
	}
	for name, there := range map[string][]byte{"another set": wrap(newKeyset(t)), "no keyset": []byte("{")} {
		if err := os.WriteFile(path, there, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Save(path, wrap(second)); err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != string(there) {
			t.Errorf("%s was replaced", name)
		}
	}
}

func TestReadFileSaysWhatToDo(t *testing.T) {
	t.Parallel()
	path, a := filepath.Join(t.TempDir(), "keys.json"), masters(t, key("a"), "")
	if f, err := ReadFile(t.Context(), path, a); err != nil || !f.Missing {
		t.Errorf("%+v, %v", f, err)
	}
	for _, text := range []string{"{", "", "hello", `{"primaryKeyId":1,"key":[]}`, `{"primaryKeyId":"x","key":[{}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(t.Context(), path, a); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore it from a backup") {
			t.Errorf("%q: %v", text, err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q was replaced", text)
		}
	}
	inClear(t, path, true)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), indexName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(t.Context(), path, a); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), indexName) {
		t.Errorf("a damaged key of blind indexes: %v", err)
	}
}
