package seal

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSealedValueOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "keys.json")
	box, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte("000123456789"), "ach_entry/1/account")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(path) // another start with the same keyset
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(sealed, "ach_entry/1/account"); err != nil || string(got) != "000123456789" {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := again.Open(sealed, "ach_entry/2/account"); err == nil {
		t.Error("it opened in another place")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keyset has mode %v, %v", info.Mode(), err)
	}
}

func TestDamagedKeysetIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a damaged keyset was taken")
	}
	if raw, _ := os.ReadFile(path); string(raw) != "{" {
		t.Error("a damaged keyset was replaced")
	}
}

func TestManyStartsMakeOneKeyset(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	boxes := make([]*Box, 8)
	var all sync.WaitGroup
	for i := range boxes {
		all.Go(func() {
			var err error
			if boxes[i], err = Open(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	sealed, err := boxes[0].Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range boxes {
		if _, err := b.Open(sealed, "p"); err != nil {
			t.Errorf("start %d has another key: %v", i, err)
		}
	}
}
