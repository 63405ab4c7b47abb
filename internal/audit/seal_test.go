package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/seal"
)

var morning = time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC)

func newBox(t testing.TB) *seal.Box {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func openKey(t testing.TB, d *db.DB) *Key {
	t.Helper()
	key, err := OpenKey(t.Context(), d, newBox(t), morning)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// clock is a time that goes on by a second whenever it is asked.
func clock() func() time.Time {
	var mu sync.Mutex
	now := morning
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func write(t testing.TB, d *db.DB, entries ...Entry) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return Append(t.Context(), tx, entries...) }); err != nil {
		t.Fatal(err)
	}
}

// some returns n different entries, the first at morning + from milliseconds.
func some(from, n int) []Entry {
	out := make([]Entry, n)
	for i := range out {
		out[i] = Entry{At: morning.Add(time.Duration(from+i) * time.Millisecond), Actor: fmt.Sprintf("acc_%d", i%7), Role: Agent, Action: "member.view",
			Subject: fmt.Sprintf("mem_%d", from+i), Member: fmt.Sprintf("mem_%d", (from+i)%50), From: "192.0.2.1", Reason: "asked by the caller"}
	}
	return out
}

func sealAll(t testing.TB, s *Sealer, want int) {
	t.Helper()
	if n, err := s.Seal(t.Context()); err != nil || n != want {
		t.Fatalf("sealed %d entries, want %d; %v", n, want, err)
	}
}

func count(t testing.TB, d *db.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// check computes the tree the plain way, from all entries in memory, and compares everything with the tables.
func check(t testing.TB, d *db.DB, key *Key, want int) {
	t.Helper()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	roots := []tlog.Hash{{}}
	err := db.Each(t.Context(), d.Read(), "SELECT l.seq, l.mac, e.* FROM audit_leaf l JOIN audit_entry e ON e.id = l.entry_id ORDER BY l.seq", nil, func(rows *sql.Rows) error {
		var e Entry
		var seq, at int64
		var mac []byte
		if err := rows.Scan(&seq, &mac, &e.ID, &at, &e.Actor, &e.Role, &e.Action, &e.Subject, &e.Member, &e.From, &e.Reason, &e.Detail); err != nil {
			return err
		}
		e.At = db.Time(at)
		h := tlog.RecordHash(e.encode(nil))
		if seq != int64(len(roots)-1) || !bytes.Equal(mac, key.mac(seq, h)) {
			t.Errorf("entry %d stands at %d, or its mac is wrong", len(roots)-1, seq)
		}
		stored, err := tlog.StoredHashes(seq, e.encode(nil), reader)
		if err != nil {
			return err
		}
		hashes = append(hashes, stored...)
		root, err := tlog.TreeHash(seq+1, reader)
		roots = append(roots, root)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(roots)-1 != want {
		t.Fatalf("%d entries are in the tree, want %d", len(roots)-1, want)
	}
	last := int64(0)
	err = db.Each(t.Context(), d.Read(), "SELECT size, signed FROM audit_checkpoint ORDER BY size", nil, func(rows *sql.Rows) error {
		var size int64
		var signed string
		if err := rows.Scan(&size, &signed); err != nil {
			return err
		}
		c, err := OpenCheckpoint(signed, key.verifier)
		if err != nil || c.Size != size || c.Root != roots[size] || c.After != last {
			t.Errorf("checkpoint %d after %d: %+v, %v", size, last, c, err)
		}
		last = size
		return nil
	})
	if err != nil || last != int64(want) {
		t.Errorf("the newest checkpoint covers %d of %d entries, %v", last, want, err)
	}
	for _, tile := range tlog.NewTiles(height, 0, int64(want)) {
		have, err := readRow(t.Context(), d.Read(), place{tile.L, tile.N})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := tlog.ReadTileData(tile, reader); err != nil || !bytes.Equal(have, data) {
			t.Errorf("hashes of %s: %d bytes, want %d, %v", tile.Path(), len(have), len(data), err)
		}
	}
	if n := count(t, d, "SELECT COUNT(*) FROM audit_unsealed"); n != 0 {
		t.Errorf("%d entries are still queued", n)
	}
}

func TestSealing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		file := filepath.Join(t.TempDir(), "audit.checkpoint")
		s := NewSealer(d, key, clock(), file)
		sealAll(t, s, 0)
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a checkpoint of nothing was kept: %v", err)
		}
		total := 0
		for _, n := range []int{1, 254, 1, 1, batch, 3, 1203, 255} {
			entries := some(total, n)
			for from := 0; from < n; from += 400 {
				write(t, d, entries[from:min(from+400, n)]...)
			}
			sealAll(t, s, n)
			total += n
			check(t, d, key, total)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM audit_leaf a JOIN audit_leaf b ON b.seq = a.seq + 1 AND b.entry_id < a.entry_id"); n != 0 {
			t.Errorf("%d entries stand before earlier ones", n)
		}
		sealAll(t, s, 0)
		kept, err := os.ReadFile(file)
		signed, err2 := Newest(t.Context(), d.Read())
		if err != nil || err2 != nil || string(kept) != signed || signed == "" {
			t.Errorf("kept %q, newest %q, %v, %v", kept, signed, err, err2)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".audit*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// TestManyWritersTwoSealers appends in many transactions, some of which are rolled back, while two servers seal.
func TestManyWritersTwoSealers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		key := openKey(t, d)
		const writers, rounds, each = 8, 25, 5
		var writing, sealing sync.WaitGroup
		done := make(chan struct{})
		now := clock()
		for range 2 {
			sealing.Go(func() {
				s := NewSealer(d, key, now, "")
				for {
					if _, err := s.Seal(ctx); err != nil {
						t.Errorf("seal: %v", err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for w := range writers {
			writing.Go(func() {
				for r := range rounds {
					entries := some((w*rounds+r)*each, each)
					err := d.Write(ctx, func(tx *db.Tx) error {
						if err := Append(ctx, tx, entries[:2]...); err != nil {
							return err
						}
						if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, '')", fmt.Sprintf("%d-%d", w, r)); err != nil {
							return err
						}
						if err := Append(ctx, tx, entries[2:]...); err != nil {
							return err
						}
						if r%5 == 4 {
							return errLost // any error: nothing is kept
						}
						return nil
					})
					if err != nil && !errors.Is(err, errLost) {
						t.Errorf("write: %v", err)
					}
				}
			})
		}
		writing.Wait()
		close(done)
		sealing.Wait()
		if _, err := NewSealer(d, key, now, "").Seal(ctx); err != nil {
			t.Fatal(err)
		}
		check(t, d, key, writers*rounds*each*4/5)
	})
}

// TestLateCommit lets a transaction that wrote its entry first commit last, after later entries were sealed.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Postgres) // SQLite has one writer: nobody commits out of order
	key := openKey(t, d)
	s := NewSealer(d, key, clock(), "")
	ctx := t.Context()
	written, commit, committed := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		committed <- d.Write(ctx, func(tx *db.Tx) error {
			if err := Append(ctx, tx, some(0, 1)...); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ('late', '')"); err != nil { // sends what waits
				return err
			}
			close(written)
			<-commit
			return nil
		})
	}()
	<-written
	write(t, d, some(1000, 3)...)
	sealAll(t, s, 3)
	close(commit)
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	sealAll(t, s, 1)
	check(t, d, key, 4)
	if n := count(t, d, "SELECT seq FROM audit_leaf JOIN audit_entry ON id = entry_id WHERE subject = 'mem_0'"); n != 3 {
		t.Errorf("the late entry has the number %d", n)
	}
}

// TestEntryFromBefore is what a late commit looks like on every database: an entry with an earlier id.
func TestEntryFromBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		s := NewSealer(d, key, clock(), "")
		write(t, d, some(1000, 300)...)
		sealAll(t, s, 300)
		write(t, d, some(0, 5)...)
		sealAll(t, s, 5)
		check(t, d, key, 305)
	})
}

func TestSealerDies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		file := filepath.Join(t.TempDir(), "audit.checkpoint")
		total := 0
		for i, step := range []string{"signed", "written", "committed", "written", "signed"} {
			write(t, d, some(total, 300)...)
			write(t, d, some(total+300, 400)...)
			died := errors.New("killed")
			s := NewSealer(d, key, clock(), file)
			s.at = func(at string) error {
				if at == step {
					return died
				}
				return nil
			}
			if _, err := s.Seal(t.Context()); !errors.Is(err, died) {
				t.Fatalf("%d, %s: %v", i, step, err)
			}
			want := 700
			if step == "committed" {
				want -= 300 // the row of the queue that went into the first batch
			}
			total += 700
			sealAll(t, NewSealer(d, key, clock(), file), want)
			check(t, d, key, total)
		}
	})
}

// TestSealerSignsNoOtherTree changes what the next batch would build on.
func TestSealerSignsNoOtherTree(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"a hash":                   "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = 1",
		"a hash of a higher level": "UPDATE audit_tile SET hashes = $1 WHERE level = 1",
		"no hashes":                "DELETE FROM audit_tile WHERE $1 <> 'x'",
		"no checkpoints":           "DELETE FROM audit_checkpoint WHERE $1 <> 'x'",
		"another checkpoint":       "UPDATE audit_checkpoint SET signed = REPLACE(signed, 'after 0', 'after 1') WHERE $1 <> 'x'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := NewSealer(d, openKey(t, d), clock(), "")
				write(t, d, some(0, 300)...)
				sealAll(t, s, 300)
				unlock(t, d)
				tamper(t, d, statement, bytes.Repeat([]byte{7}, 44*32))
				write(t, d, some(300, 2)...)
				if n, err := s.Seal(t.Context()); err == nil || n != 0 {
					t.Fatalf("sealed %d entries on it, %v", n, err)
				}
				if n := count(t, d, "SELECT COUNT(*) FROM audit_unsealed"); n != 1 {
					t.Errorf("%d rows wait", n)
				}
			})
		})
	}
}

// TestKeptCheckpointIsNotLost takes the log back to an earlier state, as somebody with the database but without the
// server's files could.
func TestKeptCheckpointIsNotLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "audit.checkpoint")
		s := NewSealer(d, openKey(t, d), clock(), file)
		write(t, d, some(0, 3)...)
		sealAll(t, s, 3)
		earlier := dump(t, d)
		write(t, d, some(3, 3)...)
		sealAll(t, s, 3)
		kept, _ := os.ReadFile(file)
		unlock(t, d)
		earlier(t)
		for i := range 2 {
			write(t, d, some(10+5*i, 5)...)
			n, err := s.Seal(t.Context())
			if err == nil || n != 5 || !strings.Contains(err.Error(), "cut or replaced") {
				t.Errorf("round %d: sealed %d, %v", i, n, err)
			}
			if now, _ := os.ReadFile(file); !bytes.Equal(kept, now) {
				t.Error("the file with the evidence was written over")
			}
		}
	})
}

// unlock drops what protects the tables: whoever has the database can do that.
func unlock(t testing.TB, d *db.DB) {
	t.Helper()
	find := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
	if d.Engine == db.Postgres {
		find = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'audit%' AND NOT tgisinternal"
	}
	var drops []string
	if err := db.Each(t.Context(), d.Read(), find, nil, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		drops = append(drops, s)
		return err
	}); err != nil || len(drops) == 0 {
		t.Fatalf("find the triggers: %d, %v", len(drops), err)
	}
	for _, s := range drops {
		tamper(t, d, s)
	}
}

// tamper changes the tables and returns how many rows that touched.
func tamper(t testing.TB, d *db.DB, statement string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := d.Write(context.Background(), func(tx *db.Tx) error {
		res, err := tx.ExecContext(context.Background(), statement, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	}); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// dump copies the tables of the log and returns what puts them back.
func dump(t testing.TB, d *db.DB) (restore func(testing.TB)) {
	tables := []string{"audit_entry", "audit_unsealed", "audit_leaf", "audit_tile", "audit_checkpoint"}
	for _, table := range tables {
		tamper(t, d, "CREATE TABLE copy_"+table+" AS SELECT * FROM "+table)
	}
	return func(t testing.TB) {
		for _, table := range tables {
			tamper(t, d, "DELETE FROM "+table)
			tamper(t, d, "INSERT INTO "+table+" SELECT * FROM copy_"+table)
		}
	}
}

func TestKeyIsMadeOnceAndNeverReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := newBox(t)
		if _, err := ReadKey(t.Context(), d.Read(), box); !errors.Is(err, ErrNoKey) {
			t.Errorf("before the first start: %v", err)
		}
		keys := make([]*Key, 6)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = OpenKey(t.Context(), d, box, morning); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, k := range keys {
			if k.Public() != keys[0].Public() || k.macKey != keys[0].macKey {
				t.Error("two servers made two keys")
			}
		}
		if public, err := PublishedKey(t.Context(), d.Read()); err != nil || public != keys[0].Public() {
			t.Errorf("published %q, %v", public, err)
		}
		if _, err := OpenKey(t.Context(), d, newBox(t), morning); err == nil {
			t.Error("another keyset opened the key")
		}
		write(t, d, some(0, 1)...)
		sealAll(t, NewSealer(d, keys[0], clock(), ""), 1)
		tamper(t, d, "DELETE FROM audit_key")
		if _, err := OpenKey(t.Context(), d, box, morning); err == nil || !strings.Contains(err.Error(), "backup") {
			t.Errorf("the key is gone: %v", err)
		}
	})
}

func TestEncodingIsOneToOne(t *testing.T) {
	t.Parallel()
	full := Entry{"aud_1", morning, "a", "agent", "b", "c", "d", "e", "f", "g"}
	seen := map[string]bool{}
	for _, e := range []Entry{full, {}, {Actor: "ab"}, {Actor: "a", Role: "b"}, {Role: "ab"}, {Reason: "1:x\n"}, {Reason: "1:x", Detail: "\n"}, {Reason: "é\n0:\n"}, {Detail: "x\n"}} {
		b := e.encode(nil)
		if seen[string(b)] {
			t.Errorf("%+v has the encoding of another entry", e)
		}
		seen[string(b)] = true
		if got, err := decode(b); err != nil || got != e {
			t.Errorf("%+v came back as %+v, %v", e, got, err)
		}
		for i := range b {
			if _, err := decode(b[:i]); err == nil {
				t.Errorf("the first %d bytes of %q are an entry", i, b)
			}
		}
	}
	const want = "memberpay audit entry 1\n5:aud_1\n16:1796288400000000\n1:a\n5:agent\n1:b\n1:c\n1:d\n1:e\n1:f\n1:g\n" // as documented: other programs write it, too
	if got := string(full.encode(nil)); got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine)
			s := NewSealer(d, openKey(b, d), time.Now, "")
			for from := 0; from < b.N; from += together {
				write(b, d, some(from, min(together, b.N-from))...)
			}
			b.ResetTimer()
			sealAll(b, s, b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine)
			for i := range b.N {
				write(b, d, some(i, 1)...)
			}
		})
	}
}
