package keys

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
)

// columns are those that the tests fill.
var columns = append(append(append([]seal.Column{}, nacha.SealedColumns...), payment.SealedColumns...), event.SealedColumns...)

// installation is one data folder and database.
type installation struct {
	db  *db.DB
	dir string
}

func newInstallation(t testing.TB, d *db.DB) installation {
	return installation{d, t.TempDir()}
}

// config of a program of this installation, with the master key in its default place.
func (in installation) config() Config {
	return Config{DB: in.db, Path: in.keys(), Columns: columns, Log: slog.New(slog.DiscardHandler), Master: seal.MasterAt{Default: in.master()}}
}

func (in installation) keys() string   { return filepath.Join(in.dir, "keys.json") }
func (in installation) master() string { return filepath.Join(in.dir, "master.key") }

func (in installation) open(t testing.TB) *Keys {
	t.Helper()
	k, err := Open(t.Context(), in.config())
	if err != nil {
		t.Fatalf("open the keys: %v", err)
	}
	return k
}

// refused checks that the keys do not open, that the error says what to do, and that no file was touched.
func (in installation) refused(t *testing.T, is error, says ...string) {
	t.Helper()
	before := in.files(t)
	for name, open := range map[string]func(context.Context, Config) (*Keys, error){"open": Open, "look": Look} {
		_, err := open(t.Context(), in.config())
		if err == nil || (is != nil && !errors.Is(err, is)) {
			t.Fatalf("%s: %v, want %v", name, err, is)
		}
		for _, want := range says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s does not say %q: %v", name, want, err)
			}
		}
	}
	if after := in.files(t); after != before {
		t.Errorf("files were changed:\n%s\nbecame\n%s", before, after)
	}
}

func (in installation) files(t *testing.T) string {
	t.Helper()
	list, err := os.ReadDir(in.dir)
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, f := range list {
		text, err := os.ReadFile(filepath.Join(in.dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out += f.Name() + "\n" + string(text) + "\n"
	}
	return out
}

// tell puts a sealed value into the database.
func (in installation) tell(t testing.TB, box *seal.Box, subject string) {
	t.Helper()
	err := in.db.Write(t.Context(), func(tx *db.Tx) error {
		return event.NewOutbox(box).Tell(t.Context(), tx, time.Now(), event.Message{Kind: "test", Subject: subject, Recipient: subject + "@members.example", Language: "en", Data: subject})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// told reads it back.
func (in installation) told(t testing.TB, box *seal.Box, subject string) {
	t.Helper()
	list, err := event.NewOutbox(box).Of(t.Context(), in.db.Read(), subject)
	if err != nil || len(list) != 1 || list[0].Recipient != subject+"@members.example" {
		t.Errorf("%s: %+v, %v", subject, list, err)
	}
}

func TestFirstStartMakesKeysAndEveryLaterOneReadsThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		if _, err := Look(t.Context(), in.config()); !errors.Is(err, ErrNone) || in.files(t) != "" {
			t.Fatalf("looking: %v, files %q", err, in.files(t))
		}
		first := in.open(t)
		in.tell(t, first.Box, "first")
		again := in.open(t)
		in.told(t, again.Box, "first")
		looked, err := Look(t.Context(), in.config())
		if err != nil {
			t.Fatal(err)
		}
		in.told(t, looked.Box, "first")
		if err := os.Remove(in.keys()); err != nil {
			t.Fatal(err)
		}
		in.told(t, in.open(t).Box, "first")
		for _, path := range []string{in.keys(), in.master()} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{}, 10)
		if err != nil || len(entries) != 1 || entries[0].Action != "keys.made" {
			t.Errorf("audit: %+v, %v", entries, err)
		}
	})
}

func TestManyFirstStartsEndWithOneKeyset(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		list := make([]*Keys, 8)
		var all sync.WaitGroup
		for i := range list {
			all.Go(func() {
				var err error
				if list[i], err = Open(t.Context(), in.config()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		in.tell(t, list[0].Box, "first")
		for i, k := range append(list, in.open(t)) {
			in.told(t, k.Box, "first")
			if k.Box.Index("v", "p") != list[0].Box.Index("v", "p") {
				t.Errorf("start %d indexes with another key", i)
			}
		}
	})
}

func TestServersOnTwoMachinesShareTheKeysetOfTheirDatabase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one := newInstallation(t, d)
		two := newInstallation(t, d)
		in := one.open(t)
		one.tell(t, in.Box, "first")
		two.refused(t, seal.ErrMaster, "restore "+two.master()+" from a backup or from another server")
		key, err := os.ReadFile(one.master())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(two.master(), key, 0o600); err != nil {
			t.Fatal(err)
		}
		two.told(t, two.open(t).Box, "first")
		if a, b := one.files(t), two.files(t); a != b {
			t.Errorf("one has\n%s\nthe other\n%s", a, b)
		}
	})
}

func TestTwoMachinesStartTogetherWithoutOneMasterKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 5 {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "DELETE FROM keyset")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			machines := []installation{newInstallation(t, d), newInstallation(t, d)}
			errs := make([]error, 2)
			var all sync.WaitGroup
			for i, in := range machines {
				all.Go(func() { _, errs[i] = Open(t.Context(), in.config()) })
			}
			all.Wait()
			won := 0
			for i, in := range machines {
				switch {
				case errs[i] == nil:
					won++
				case !errors.Is(errs[i], seal.ErrMaster):
					t.Error(errs[i])
				case in.files(t) != "":
					t.Errorf("whoever lost left files behind: %s", in.files(t))
				}
			}
			if won != 1 {
				t.Errorf("%d machines made the keyset: %v", won, errs)
			}
		}
	})
}

func TestNoKeyIsLost(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	forget := func(t *testing.T, d *db.DB) {
		t.Helper()
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "DELETE FROM keyset")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	other := func(t *testing.T) installation {
		t.Helper()
		in := newInstallation(t, dbtest.Open(t, db.SQLite))
		in.open(t)
		return in
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, in installation)
		is   error
		says []string
	}{
		{"master key gone", func(t *testing.T, in installation) { os.Remove(in.master()) }, seal.ErrMaster, []string{"there is none here", "restore"}},
		{"another master key", func(t *testing.T, in installation) {
			os.Remove(in.master())
			if _, _, err := seal.MakeMaster(in.master()); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrMaster, []string{"MEMBERPAY_MASTER_KEY"}},
		{"damaged master key", func(t *testing.T, in installation) { write(t, in.master(), "hello") }, nil, []string{in32}},
		{"damaged file", func(t *testing.T, in installation) { write(t, in.keys(), "{") }, seal.ErrDamaged, []string{"move it away"}},
		{"file of another installation", func(t *testing.T, in installation) {
			foreign := other(t)
			text, err := os.ReadFile(foreign.keys())
			if err != nil {
				t.Fatal(err)
			}
			write(t, in.keys(), string(text))
		}, seal.ErrMaster, nil},
		{"file and copy gone", func(t *testing.T, in installation) { os.Remove(in.keys()); forget(t, in.db) }, nil, []string{"keyset is missing", "outbox", "Restore keys.json"}},
		{"file damaged and copy gone", func(t *testing.T, in installation) { write(t, in.keys(), "{"); forget(t, in.db) }, seal.ErrDamaged, []string{"restore it from a backup"}},
		{"fresh files for an older database", func(t *testing.T, in installation) {
			forget(t, in.db)
			foreign := other(t)
			for _, f := range []func(installation) string{installation.keys, installation.master} {
				text, err := os.ReadFile(f(foreign))
				if err != nil {
					t.Fatal(err)
				}
				write(t, f(in), string(text))
			}
		}, nil, []string{"does not belong to this database", "Restore the right keys.json"}},
		{"damaged copy", func(t *testing.T, in installation) {
			if err := in.db.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE keyset SET content = '{'")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrDamaged, []string{"keyset in the database"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				in := newInstallation(t, d)
				in.tell(t, in.open(t).Box, "first")
				c.do(t, in)
				in.refused(t, c.is, c.says...)
			})
		})
	}
}

const in32 = "a master key is 32 bytes in base64"

func TestKeysetInClearIsTakenOverWithItsValues(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		old := clearFiles(t, in)
		looked, err := Look(t.Context(), in.config())
		if err != nil || !looked.Clear {
			t.Fatalf("looking: %+v, %v", looked, err)
		}
		in.told(t, looked.Box, "first")
		k := in.open(t)
		in.told(t, k.Box, "first")
		if k.Box.Index("v", "p") != old {
			t.Error("the blind index is another one")
		}
		if text := in.files(t); strings.Contains(text, "keyData") || strings.Contains(text, "index.json") {
			t.Errorf("something is left in clear: %s", text)
		}
		in.told(t, in.open(t).Box, "first")
	})
}

func TestSecondMachineTakesOverTheSameKeysInClear(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := newInstallation(t, d), newInstallation(t, d)
		clearFiles(t, one)
		for _, name := range []string{"keys.json", "index.json"} {
			text, err := os.ReadFile(filepath.Join(one.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(two.dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		one.open(t)
		key, err := os.ReadFile(one.master())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(two.master(), key, 0o600); err != nil {
			t.Fatal(err)
		}
		two.told(t, two.open(t).Box, "first")
		if a, b := one.files(t), two.files(t); a != b {
			t.Errorf("one has\n%s\nthe other\n%s", a, b)
		}
	})
}

func TestDatabaseFromABackupGetsTheNewerKeysAndKeepsItsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		running := in.open(t)
		in.tell(t, running.Box, "before")
		backup, err := readRow(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		restore := func() {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE keyset SET generation = $1, content = $2", backup.generation, string(backup.content))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := running.Rotate(t.Context(), Progress{}); err != nil {
			t.Fatal(err)
		}
		in.tell(t, running.Box, "after")
		restore()
		started := in.open(t)
		for _, subject := range []string{"before", "after"} {
			in.told(t, started.Box, subject)
		}
		if r, err := readRow(t.Context(), d.Read()); err != nil || r.generation != started.Box.Keyset().Generation || r.generation < running.Box.Keyset().Generation {
			t.Errorf("the database has generation %d, the program %d: %v", r.generation, started.Box.Keyset().Generation, err)
		}
		restore() // and once more while it runs
		if err := started.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r, err := readRow(t.Context(), d.Read()); err != nil || r.generation != started.Box.Keyset().Generation {
			t.Errorf("the database has generation %d, the program %d: %v", r.generation, started.Box.Keyset().Generation, err)
		}
	})
}
