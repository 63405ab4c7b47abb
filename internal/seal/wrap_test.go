package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// key is a master key in base64, a different one for each letter.
func key(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, masterSize)))
}

func masters(t testing.TB, now, before string) *Masters {
	t.Helper()
	m, err := MasterAt{Key: now, Before: before, Default: filepath.Join(t.TempDir(), "master.key")}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWrappedKeysetTellsNothingAndUnwraps(t *testing.T) {
	t.Parallel()
	ok := must(t)
	k := ok(ok(NewKeyset(day1)).WithNext(day1.Add(time.Hour)))
	a := masters(t, key("a"), "")
	raw, err := k.Wrap(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range k.values.Key {
		if bytes.Contains(raw, []byte(base64.StdEncoding.EncodeToString(secret.KeyData.Value))) || bytes.Contains(raw, []byte("keyData")) {
			t.Errorf("a key stands in it in clear: %s", raw)
		}
	}
	again := ok(Unwrap(t.Context(), raw, a))
	if again.Set != k.Set || again.Generation != k.Generation || !slices.Equal(again.Keys(), k.Keys()) {
		t.Errorf("%+v became %+v", k.Keys(), again.Keys())
	}
	sealed, err := NewBox(k, time.Now).Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := NewBox(again, time.Now).Open(sealed, "p"); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if NewBox(again, time.Now).Index("v", "p") != NewBox(k, time.Now).Index("v", "p") {
		t.Error("the blind index changed")
	}
	if _, err := Unwrap(t.Context(), raw, masters(t, key("b"), key("a"))); err != nil {
		t.Errorf("under the key of before: %v", err)
	}
}

func TestWrongMasterKeyIsToldFromDamage(t *testing.T) {
	t.Parallel()
	raw, err := newKeyset(t).Wrap(t.Context(), masters(t, key("a"), ""))
	if err != nil {
		t.Fatal(err)
	}
	b := masters(t, key("b"), "")
	_, err = Unwrap(t.Context(), raw, b)
	h, _ := ReadHeader(raw)
	if !errors.Is(err, ErrMaster) || errors.Is(err, ErrDamaged) {
		t.Fatalf("another master key: %v", err)
	}
	for _, want := range []string{h.Master, b.Now().Name(), "MEMBERPAY_MASTER_KEY", "MEMBERPAY_MASTER_KEY_BEFORE", "master.key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q: %v", want, err)
		}
	}
	if _, err := Unwrap(t.Context(), raw, masters(t, "", "")); !errors.Is(err, ErrMaster) || !strings.Contains(err.Error(), "there is none here") {
		t.Errorf("no master key: %v", err)
	}
}

func TestDamagedKeysetIsRefused(t *testing.T) {
	t.Parallel()
	a := masters(t, key("a"), "")
	raw, err := newKeyset(t).Wrap(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*wrapped)) []byte {
		var w wrapped
		if err := json.Unmarshal(raw, &w); err != nil {
			t.Fatal(err)
		}
		f(&w)
		out, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, damaged := range map[string][]byte{
		"empty":      {},
		"half":       raw[:len(raw)/2],
		"no JSON":    []byte("hello"),
		"null":       []byte("null"),
		"list":       []byte("[]"),
		"too large":  bytes.Repeat([]byte(" "), maxWrapped+1),
		"sealed":     change(func(w *wrapped) { w.Sealed[20] ^= 1 }),
		"key":        change(func(w *wrapped) { w.Key[20] ^= 1 }),
		"generation": change(func(w *wrapped) { w.Generation = 99 }),
		"set":        change(func(w *wrapped) { w.Set = "0123456789abcdef" }),
		"no key":     change(func(w *wrapped) { w.Key = nil }),
		"no sealed":  change(func(w *wrapped) { w.Sealed = nil }),
		"minus":      change(func(w *wrapped) { w.Generation = -1 }),
	} {
		if _, err := Unwrap(t.Context(), damaged, a); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Unwrap(t.Context(), change(func(w *wrapped) { w.Version = 2 }), a); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("a later version: %v", err)
	}
}

// service is a master key that lies elsewhere, as a key management service has it: it may fail.
type service struct {
	Master
	err error
}

func (s service) Name() string { return "kms:alias/memberpay" }

func (s service) Unwrap(ctx context.Context, wrapped, about []byte) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.Master.Unwrap(ctx, wrapped, about)
}

func TestAnyMasterWillDo(t *testing.T) {
	t.Parallel()
	local, err := ParseMaster(key("a"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := newKeyset(t).Wrap(t.Context(), &Masters{now: service{Master: local}})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := ReadHeader(raw); err != nil || h.Master != "kms:alias/memberpay" {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := Unwrap(t.Context(), raw, &Masters{now: service{Master: local}}); err != nil {
		t.Error(err)
	}
	down := errors.New("the service does not answer")
	if _, err := Unwrap(t.Context(), raw, &Masters{now: service{local, down}}); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

func TestMasterSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	for path, text := range map[string]string{good: key("f") + "\n", bad: "hello"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := filepath.Join(dir, "none")
	for _, c := range []struct {
		name string
		at   MasterAt
		want string // of the error; "" for none
		keys int
	}{
		{"nothing", MasterAt{Default: none}, "", 0},
		{"default", MasterAt{Default: good}, "", 1},
		{"bad default", MasterAt{Default: bad}, "memberpay keys master", 0},
		{"key", MasterAt{Key: key("k"), Default: bad}, "", 1},
		{"key with spaces", MasterAt{Key: " " + strings.TrimRight(key("k"), "=") + "\n", Default: none}, "", 1},
		{"file", MasterAt{KeyFile: good, Default: none}, "", 1},
		{"missing file", MasterAt{KeyFile: none, Default: none}, "MEMBERPAY_MASTER_KEY_FILE", 0},
		{"both", MasterAt{Key: key("k"), KeyFile: good, Default: none}, "set one of them", 0},
		{"short", MasterAt{Key: "c2hvcnQ=", Default: none}, "MEMBERPAY_MASTER_KEY: a master key is 32 bytes", 0},
		{"before", MasterAt{Key: key("k"), BeforeFile: good, Default: none}, "", 2},
		{"bad before", MasterAt{Key: key("k"), Before: "x", Default: none}, "MEMBERPAY_MASTER_KEY_BEFORE", 0},
	} {
		m, err := c.at.Load()
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil || len(m.Names()) != c.keys:
			t.Errorf("%s: %v, %v", c.name, m, err)
		}
		if err != nil && strings.Contains(err.Error(), "c2hvcnQ") {
			t.Errorf("%s: the error tells the key", c.name)
		}
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Error("reading settings made a file")
	}
}

func TestMasterKeyIsMadeOnceAndForItsOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "master.key")
	m, made, err := MakeMaster(path)
	if err != nil || !made {
		t.Fatalf("%t, %v", made, err)
	}
	again, made, err := MakeMaster(path)
	if err != nil || made || again.Name() != m.Name() {
		t.Errorf("a second one: %t, %v", made, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
