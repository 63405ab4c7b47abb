package db

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	t.Parallel()
	if got := Values(2, 3); got != "($1,$2,$3),($4,$5,$6)" {
		t.Error(got)
	}
	if got := TypedValues(1, "TEXT", ""); got != "(CAST($1 AS TEXT),$2)" {
		t.Error(got)
	}
	if got := In(3, 2); got != "($3,$4)" {
		t.Error(got)
	}
}

func TestSpellKeepsTheMeaning(t *testing.T) {
	t.Parallel()
	long := "INSERT INTO t VALUES " + Values(100, 4)
	if got := SQLite.spell(long); strings.Contains(got, "$") || strings.Count(got, "?") != 400 {
		t.Error("a list in order keeps its numbers")
	}
	again := long + " RETURNING $1"
	if SQLite.spell(again) != again || Postgres.spell(long) != long {
		t.Error("a statement that uses a number twice, or is for PostgreSQL, was changed")
	}
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a#b.db", "a?b.db", "a%20b.db", "a b ñ.db"} {
		path := filepath.Join(t.TempDir(), name)
		for try := range 2 { // the second time it is the same database
			d, err := Open(t.Context(), "sqlite:"+path)
			if err != nil {
				t.Fatal(name, err)
			}
			if n, err := d.Migrate(t.Context()); err != nil || (n > 0) != (try == 0) {
				t.Errorf("%s: %d migrations, %v", name, n, err)
			}
			if _, err := d.Read().ExecContext(t.Context(), "DELETE FROM member"); err == nil {
				t.Errorf("%s: the read connections write", name)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if found, _ := filepath.Glob(strings.NewReplacer("?", "[?]", "*", "[*]").Replace(path)); len(found) != 1 {
			t.Errorf("%s: no such file was made", name)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.write.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(t.Context()); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "mysql://me:secret@host/db")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
