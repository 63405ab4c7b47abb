package audit

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// sealedLog is a log of n entries, sealed in batches, whose tables anybody may change.
type sealedLog struct {
	d     *db.DB
	key   *Key
	n     int
	ids   []string // by number
	saved []string // every checkpoint, oldest first
}

func newLog(t testing.TB, d *db.DB, batches ...int) *sealedLog {
	t.Helper()
	l := &sealedLog{d: d, key: openKey(t, d)}
	s := NewSealer(d, l.key, clock(), "")
	for _, n := range batches {
		write(t, d, some(l.n, n)...)
		sealAll(t, s, n)
		l.n += n
		signed, err := Newest(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		l.saved = append(l.saved, signed)
	}
	l.ids = make([]string, l.n)
	for i := range l.ids {
		if err := d.Read().QueryRowContext(t.Context(), "SELECT entry_id FROM audit_leaf WHERE seq = $1", i).Scan(&l.ids[i]); err != nil {
			t.Fatal(err)
		}
	}
	unlock(t, d)
	return l
}

func (l *sealedLog) verify(t testing.TB, key *Key, saved ...Saved) Report {
	t.Helper()
	r, err := Verify(context.Background(), l.d, Options{Public: l.key.Public(), Key: key, Saved: saved})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// renumber moves the numbers from one on by so many.
func (l *sealedLog) renumber(t testing.TB, from, by int) {
	tamper(t, l.d, "UPDATE audit_leaf SET seq = -1000000 - seq WHERE seq >= $1", from)
	tamper(t, l.d, "UPDATE audit_leaf SET seq = -1000000 - seq + $1 WHERE seq <= -1000000", by)
}

// forge builds the tree again from the entries as they are, the way somebody would who knows how it is built and has no key.
func (l *sealedLog) forge(t testing.TB) {
	t.Helper()
	g := newGrower()
	var buffer, row []byte
	for i, id := range l.ids {
		e, err := byID(l.d, id)
		if err != nil {
			t.Fatal(err)
		}
		h := e.hash(&buffer)
		g.add(h)
		if row = append(row, h[:]...); len(row) == fullRow*tlog.HashSize || i == len(l.ids)-1 {
			tamper(t, l.d, "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = $2", row, i/fullRow)
			row = nil
		}
		for _, m := range g.made {
			stored, err := readRow(t.Context(), l.d.Read(), place{m.level, m.index / fullRow})
			if err != nil {
				t.Fatal(err)
			}
			stored = bytes.Clone(stored)
			copy(stored[m.index%fullRow*tlog.HashSize:], m.hash[:])
			tamper(t, l.d, "UPDATE audit_tile SET hashes = $1 WHERE level = $2 AND n = $3", stored, m.level, m.index/fullRow)
		}
	}
}

func byID(d *db.DB, id string) (Entry, error) {
	rows, err := d.Read().QueryContext(context.Background(), "SELECT "+fields+" FROM audit_entry WHERE id = $1", id)
	if err != nil {
		return Entry{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		return Entry{}, fmt.Errorf("no entry %s", id)
	}
	return scan(rows)
}

// slip writes an entry past the program and returns its id.
func (l *sealedLog) slip(t testing.TB, at time.Time) string {
	e := some(5000, 1)[0]
	e.ID, e.At = newID(at), at
	tamper(t, l.d, "INSERT INTO audit_entry ("+fields+") VALUES "+db.Values(1, columns), e.ID, db.Micros(e.At), e.Actor, e.Role, e.Action, e.Subject, e.Member, e.From, e.Reason, e.Detail)
	return e.ID
}

// told reports whether a problem of the kind names the entry ("" for any) and the number (-2 for any, else within its range).
func told(r Report, what, entry string, seq int) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool {
		return p.What == what && (entry == "" || p.Entry == entry) && (seq == -2 || p.Sequence == int64(seq) || (p.Sequence <= int64(seq) && int64(seq) <= p.Last))
	})
}

func list(r Report) string {
	var b strings.Builder
	for i, p := range r.Problems {
		if i == 12 {
			b.WriteString("...\n")
			break
		}
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

func TestVerifyAnUntouchedLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d, 1, 300, 256, 43, 500, 17)
		write(t, d, some(2000, 3)...)
		write(t, d, some(2010, 1)...)
		late := clock()().Add(2 * time.Hour)
		var progress []int64
		r, err := Verify(t.Context(), d, Options{Public: l.key.Public(), Key: l.key, Saved: []Saved{{"a", l.saved[0]}, {"c", l.saved[5]}, {"b", l.saved[3]}},
			Progress: func(done, total int64) { progress = append(progress, done) }})
		if err != nil || r.Count != 0 || r.Entries != 1117 || r.Waiting != 4 || r.Checkpoints != 6 || r.Late != 0 || r.Newest != l.saved[5] || r.Sealed.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
		if r := l.verify(t, nil); r.Count != 0 {
			t.Errorf("with the public key alone: %s", list(r))
		}
		s := NewSealer(d, l.key, func() time.Time { return late }, "")
		sealAll(t, s, 4)
		if r := l.verify(t, l.key); r.Count != 0 || r.Late != 4 || r.Waiting != 0 || r.FirstLate == "" {
			t.Errorf("sealed two hours late: %+v", r)
		}
	})
}

func TestVerifyAnEmptyLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d)
		if r := l.verify(t, l.key); r.Count != 0 || r.Entries != 0 || r.Waiting != 0 {
			t.Errorf("%+v", r)
		}
		write(t, d, some(0, 2)...)
		if r := l.verify(t, l.key); r.Count != 0 || r.Waiting != 2 {
			t.Errorf("%+v", r)
		}
		if _, err := Verify(t.Context(), d, Options{Public: "nonsense"}); err == nil {
			t.Error("a nonsense key was taken")
		}
	})
}

// TestVerifyNamesWhatWasDone does one thing to the tables at a time, with triggers out of the way.
func TestVerifyNamesWhatWasDone(t *testing.T) {
	t.Parallel()
	type look struct {
		what  string
		entry int // number of the entry that is to be named, -1 for none
		seq   int // number that is to be told, -2 for any
	}
	const first, middle, last = 0, 333, 999
	cases := []struct {
		name string
		do   func(t *testing.T, l *sealedLog)
		want []look
		weak []look // with the public key alone, where that is less
	}{
		{"actor", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET actor = 'acc_x' WHERE id = $1", l.ids[middle])
		}, []look{{Changed, middle, middle}}, nil},
		{"first", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET reason = '' WHERE id = $1", l.ids[first])
		}, []look{{Changed, first, first}}, nil},
		{"last", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET at = at + 1 WHERE id = $1", l.ids[last])
		}, []look{{Changed, last, last}}, nil},
		{"two fields changed places", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET subject = reason, reason = subject WHERE id = $1", l.ids[middle])
		}, []look{{Changed, middle, middle}}, nil},
		{"two entries changed places", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_leaf SET entry_id = 'x' WHERE seq = $1", 10)
			tamper(t, l.d, "UPDATE audit_leaf SET entry_id = $2 WHERE seq = $1", 700, l.ids[10])
			tamper(t, l.d, "UPDATE audit_leaf SET entry_id = $2 WHERE seq = $1", 10, l.ids[700])
		}, []look{{Moved, 10, 700}, {Moved, 700, 10}}, nil},
		{"neighbours changed places", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_leaf SET seq = -5 WHERE seq = $1", 300)
			tamper(t, l.d, "UPDATE audit_leaf SET seq = 300 WHERE seq = $1", 301)
			tamper(t, l.d, "UPDATE audit_leaf SET seq = 301 WHERE seq = $1", -5)
		}, []look{{Moved, 300, 301}, {Moved, 301, 300}}, nil},
		{"two entries changed contents", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET subject = (SELECT subject FROM audit_entry e WHERE e.id = $2) WHERE id = $1", l.ids[5], l.ids[6])
			tamper(t, l.d, "UPDATE audit_entry SET subject = 'mem_5' WHERE id = $1", l.ids[6])
		}, []look{{Changed, 5, 5}, {Changed, 6, 6}}, nil},
		{"entry removed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id = $1", l.ids[middle])
		}, []look{{Removed, middle, middle}}, nil},
		{"entry and place removed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id = $1", l.ids[middle])
			tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq = $1", middle)
		}, []look{{Removed, -1, middle}}, nil},
		{"removed and the others moved up", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id = $1", l.ids[middle])
			tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq = $1", middle)
			l.renumber(t, middle+1, -1)
		}, []look{{Removed, -1, middle}}, nil},
		{"first removed and the others moved up", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id = $1", l.ids[0])
			tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq = 0")
			l.renumber(t, 1, -1)
		}, []look{{Removed, -1, 0}}, nil},
		{"many removed and the others moved up", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_leaf WHERE seq BETWEEN 400 AND 449)")
			tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq BETWEEN 400 AND 449")
			l.renumber(t, 450, -50)
		}, []look{{Removed, -1, 400}, {Removed, -1, 449}}, nil},
		{"the end removed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_leaf WHERE seq >= 995)")
			tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq >= 995")
		}, []look{{Removed, -1, 995}, {Removed, -1, 999}}, nil},
		{"place removed", func(t *testing.T, l *sealedLog) { tamper(t, l.d, "DELETE FROM audit_leaf WHERE seq = $1", middle) }, []look{{Place, middle, middle}}, nil},
		{"number made impossible", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_leaf SET seq = -3 WHERE seq = $1", middle)
		}, []look{{Place, middle, -3}, {Removed, -1, middle}}, nil},
		{"mark changed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_leaf SET mac = $2 WHERE seq = $1", middle, []byte("0123456789abcdef"))
		}, []look{{Place, middle, middle}}, []look{}},
		{"a hash of the tree changed", func(t *testing.T, l *sealedLog) {
			row, _ := readRow(t.Context(), l.d.Read(), place{0, 1})
			row = bytes.Clone(row)
			row[(middle-256)*tlog.HashSize]++
			tamper(t, l.d, "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = 1", row)
		}, []look{{Tree, middle, middle}}, nil},
		{"a hash on a higher level changed", func(t *testing.T, l *sealedLog) {
			row, _ := readRow(t.Context(), l.d.Read(), place{1, 0})
			row = bytes.Clone(row)
			row[40]++
			tamper(t, l.d, "UPDATE audit_tile SET hashes = $1 WHERE level = 1 AND n = 0", row)
		}, []look{{Tree, -1, middle}}, nil},
		{"hashes removed", func(t *testing.T, l *sealedLog) { tamper(t, l.d, "DELETE FROM audit_tile WHERE level = 0 AND n = 1") }, []look{{Tree, -1, middle}}, nil},
		{"hashes added", func(t *testing.T, l *sealedLog) {
			row, _ := readRow(t.Context(), l.d.Read(), place{0, 3})
			tamper(t, l.d, "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = 3", append(bytes.Clone(row), row[:64]...))
		}, []look{{Tree, -1, -1}}, nil},
		{"changed together with its hash", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_entry SET actor = 'acc_x' WHERE id = $1", l.ids[middle])
			l.forge(t)
		}, []look{{Changed, middle, middle}, {Tree, -1, middle}}, []look{{Tree, -1, middle}}},
		{"slipped in", func(t *testing.T, l *sealedLog) { l.ids = append(l.ids, l.slip(t, morning)) }, []look{{Inserted, last + 1, -1}}, nil},
		{"slipped in at the end", func(t *testing.T, l *sealedLog) {
			l.ids = append(l.ids, l.slip(t, morning.Add(time.Hour)))
			tamper(t, l.d, "INSERT INTO audit_leaf (seq, entry_id, mac) VALUES (1000, $1, $2)", l.ids[last+1], []byte("0123456789abcdef"))
		}, []look{{Inserted, last + 1, 1000}}, nil},
		{"slipped in, and the others moved down", func(t *testing.T, l *sealedLog) {
			l.ids = append(l.ids, l.slip(t, morning))
			l.renumber(t, middle, 1)
			tamper(t, l.d, "INSERT INTO audit_leaf (seq, entry_id, mac) VALUES ($1, $2, $3)", middle, l.ids[last+1], []byte("0123456789abcdef"))
		}, []look{{Inserted, last + 1, middle}}, nil},
		{"moved far, and the others moved up", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_leaf SET seq = -7 WHERE seq = 100")
			l.renumber(t, 101, -1)
			tamper(t, l.d, "UPDATE audit_leaf SET seq = 999 WHERE seq = -7")
		}, []look{{Removed, -1, 100}}, nil},
		{"a checkpoint changed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_checkpoint SET signed = REPLACE(signed, 'after 300', 'after 299') WHERE size = 600")
		}, []look{{Signature, -1, 599}}, nil},
		{"a checkpoint in the place of another", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_checkpoint SET signed = (SELECT signed FROM audit_checkpoint c WHERE c.size = 300) WHERE size = 600")
		}, []look{{Signature, -1, 599}}, nil},
		{"a checkpoint removed", func(t *testing.T, l *sealedLog) { tamper(t, l.d, "DELETE FROM audit_checkpoint WHERE size = 600") }, []look{{Signature, -1, 899}}, nil},
		{"the newest checkpoint removed", func(t *testing.T, l *sealedLog) { tamper(t, l.d, "DELETE FROM audit_checkpoint WHERE size = 1000") }, []look{{Inserted, 900, 900}, {Inserted, -1, last}}, nil},
		{"the newest checkpoint changed", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "UPDATE audit_checkpoint SET signed = 'x' WHERE size = 1000")
		}, []look{{Signature, -1, 999}}, nil},
		{"a checkpoint of far away", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "INSERT INTO audit_checkpoint (size, at, signed) VALUES (9000000000000000000, 1, 'x')")
		}, []look{{Signature, -1, 8999999999999999999}}, nil},
		{"no checkpoints", func(t *testing.T, l *sealedLog) { tamper(t, l.d, "DELETE FROM audit_checkpoint") }, []look{{Inserted, first, first}}, nil},
		{"an entry that waited removed", func(t *testing.T, l *sealedLog) {
			write(t, l.d, some(3000, 3)...)
			var id string
			if err := l.d.Read().QueryRowContext(t.Context(), "SELECT id FROM audit_entry WHERE subject = 'mem_3001'").Scan(&id); err != nil {
				t.Fatal(err)
			}
			l.ids = append(l.ids, id)
			tamper(t, l.d, "DELETE FROM audit_entry WHERE id = $1", id)
		}, []look{{Removed, last + 1, -1}}, nil},
		{"an entry that waited taken off the queue", func(t *testing.T, l *sealedLog) {
			write(t, l.d, some(3000, 1)...)
			var id string
			if err := l.d.Read().QueryRowContext(t.Context(), "SELECT id FROM audit_unsealed").Scan(&id); err != nil {
				t.Fatal(err)
			}
			l.ids = append(l.ids, id)
			tamper(t, l.d, "DELETE FROM audit_unsealed")
		}, []look{{Inserted, last + 1, -1}}, nil},
		{"an entry queued once more", func(t *testing.T, l *sealedLog) {
			tamper(t, l.d, "INSERT INTO audit_unsealed (id, ids) VALUES ($1, $1)", l.ids[7])
		}, []look{{Place, 7, 7}}, nil},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		whole := newLog(t, d, 300, 300, 300, 100)
		back := dump(t, d)
		for _, c := range cases {
			l := *whole
			l.ids = slices.Clone(whole.ids)
			c.do(t, &l)
			weak := c.weak
			if weak == nil {
				weak = c.want
			}
			for name, x := range map[string]struct {
				r    Report
				want []look
			}{"with the key": {l.verify(t, l.key), c.want}, "with the public key": {l.verify(t, nil), weak}} {
				if len(x.want) > 0 == (x.r.Count == 0) || x.r.Count > 110 {
					t.Errorf("%s, %s: %d problems:\n%s", c.name, name, x.r.Count, list(x.r))
				}
				for _, w := range x.want {
					entry := ""
					if w.entry >= 0 {
						entry = l.ids[w.entry]
					}
					if !told(x.r, w.what, entry, w.seq) {
						t.Errorf("%s, %s: no word of %q, entry %q, number %d. Told was:\n%s", c.name, name, w.what, entry, w.seq, list(x.r))
					}
				}
			}
			back(t)
		}
		if r := whole.verify(t, whole.key); r.Count != 0 {
			t.Errorf("put back as it was: %s", list(r))
		}
	})
}

// TestVerifyAgainstWhatWasKeptElsewhere lets somebody cut the end off without a trace, or write the whole log again with the
// stolen key.
func TestVerifyAgainstWhatWasKeptElsewhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d, 300)
		earlier := dump(t, d)
		s := NewSealer(d, l.key, clock(), "")
		write(t, d, some(300, 200)...)
		sealAll(t, s, 200)
		newest, err := Newest(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		kept := Saved{"in the safe", newest}
		if r := l.verify(t, l.key, kept); r.Count != 0 {
			t.Errorf("before: %s", list(r))
		}
		earlier(t)
		if r := l.verify(t, l.key); r.Count != 0 {
			t.Errorf("the shorter log contradicts itself: %s", list(r))
		}
		if r := l.verify(t, l.key, kept); r.Count != 1 || !told(r, Cut, "", 300) || !told(r, Cut, "", 499) {
			t.Errorf("the end is gone: %s", list(r))
		}
		write(t, d, some(900, 200)...) // and another end is put in its place, by the server itself
		sealAll(t, s, 200)
		if r := l.verify(t, l.key); r.Count != 0 {
			t.Errorf("the other log contradicts itself: %s", list(r))
		}
		for _, key := range []*Key{l.key, nil} {
			if r := l.verify(t, key, kept); r.Count != 1 || !told(r, Cut, "", 300) || !told(r, Cut, "", 499) || told(r, Cut, "", 299) {
				t.Errorf("the end was replaced: %s", list(r))
			}
		}
		if _, err := Verify(t.Context(), d, Options{Public: l.key.Public(), Saved: []Saved{{"forged", strings.Replace(newest, "500", "501", 1)}}}); err == nil {
			t.Error("a checkpoint that nobody signed was taken")
		}
	})
}

// TestVerifyALogOfAnotherKey replaces everything with a log that is right in itself and signed by a stranger.
func TestVerifyALogOfAnotherKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d, 20, 20)
		for _, table := range []string{"audit_leaf", "audit_tile", "audit_checkpoint", "audit_unsealed", "audit_key"} {
			tamper(t, d, "DELETE FROM "+table)
		}
		tamper(t, d, "UPDATE audit_entry SET actor = 'acc_9' WHERE id = $1", l.ids[3])
		for _, id := range l.ids {
			tamper(t, d, "INSERT INTO audit_unsealed (id, ids) VALUES ($1, $1)", id)
		}
		sealAll(t, NewSealer(d, openKey(t, d), clock(), ""), 40)
		r := l.verify(t, l.key)
		if !told(r, Signature, "", 39) || !told(r, Changed, l.ids[3], 3) {
			t.Errorf("told was %d:\n%s", r.Count, list(r))
		}
	})
}

// TestAnyTamperingIsFound does random things to random rows of one log and puts it back.
func TestAnyTamperingIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d, 150, 1, 260, 40, 140)
		back := dump(t, d)
		column := rapid.SampledFrom([]string{"at", "actor", "role", "action", "subject", "member_id", "address", "reason", "detail"})
		rapid.Check(t, func(rt *rapid.T) {
			seq := rapid.IntRange(0, l.n-1).Draw(rt, "number")
			id := l.ids[seq]
			key := rapid.SampledFrom([]*Key{l.key, nil}).Draw(rt, "key")
			doing := rapid.SampledFrom([]string{"change", "change and forge", "remove", "remove with place", "remove and renumber", "insert", "insert and renumber", "swap", "hash"}).Draw(rt, "doing")
			want := func(r Report) bool { return told(r, Changed, id, seq) }
			change := func() {
				c := column.Draw(rt, "column")
				value := "'another'"
				if c == "at" {
					value = "at + " + fmt.Sprint(rapid.Int64Range(1, 1e12).Draw(rt, "later"))
				}
				tamper(t, d, "UPDATE audit_entry SET "+c+" = "+value+" WHERE id = $1", id)
			}
			switch doing {
			case "change":
				change()
			case "change and forge":
				change()
				l.forge(t)
				if key == nil {
					want = func(r Report) bool { return told(r, Tree, "", seq) }
				}
			case "remove":
				tamper(t, d, "DELETE FROM audit_entry WHERE id = $1", id)
				want = func(r Report) bool { return told(r, Removed, id, seq) }
			case "remove with place", "remove and renumber":
				tamper(t, d, "DELETE FROM audit_entry WHERE id = $1", id)
				tamper(t, d, "DELETE FROM audit_leaf WHERE entry_id = $1", id)
				if doing == "remove and renumber" {
					l.renumber(t, seq+1, -1)
				}
				want = func(r Report) bool { return told(r, Removed, "", seq) && r.Count <= 2 }
			case "insert":
				id := l.slip(t, morning.Add(time.Duration(seq)*time.Millisecond))
				want = func(r Report) bool { return told(r, Inserted, id, -1) && r.Count == 1 }
			case "insert and renumber":
				id := l.slip(t, morning.Add(time.Duration(seq)*time.Millisecond))
				l.renumber(t, seq, 1)
				tamper(t, d, "INSERT INTO audit_leaf (seq, entry_id, mac) VALUES ($1, $2, $3)", seq, id, []byte("0123456789abcdef"))
				want = func(r Report) bool { return told(r, Inserted, id, seq) && r.Count <= 2 }
			case "swap":
				other := rapid.IntRange(0, l.n-1).Filter(func(n int) bool { return n != seq }).Draw(rt, "other")
				tamper(t, d, "UPDATE audit_leaf SET seq = -5 WHERE seq = $1", seq)
				tamper(t, d, "UPDATE audit_leaf SET seq = $2 WHERE seq = $1", other, seq)
				tamper(t, d, "UPDATE audit_leaf SET seq = $1 WHERE seq = -5", other)
				want = func(r Report) bool {
					return told(r, Moved, id, other) && told(r, Moved, l.ids[other], seq) && r.Count == 2
				}
			case "hash":
				row, err := readRow(t.Context(), d.Read(), place{0, int64(seq / fullRow)})
				if err != nil {
					rt.Fatal(err)
				}
				row = bytes.Clone(row)
				row[seq%fullRow*tlog.HashSize+rapid.IntRange(0, 31).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
				tamper(t, d, "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = $2", row, seq/fullRow)
				want = func(r Report) bool { return told(r, Tree, id, seq) }
			}
			r := l.verify(t, key)
			back(t)
			if !want(r) {
				rt.Errorf("%s of %d, %s: told was %d:\n%s", doing, seq, id, r.Count, list(r))
			}
		})
		if r := l.verify(t, l.key); r.Count != 0 {
			t.Errorf("put back as it was: %s", list(r))
		}
	})
}

// TestVerifyBesideALiveServer verifies again and again while entries come in and are sealed.
func TestVerifyBesideALiveServer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		s := NewSealer(d, key, clock(), "")
		done := make(chan error, 1)
		go func() {
			for i := range 60 {
				if err := Write(t.Context(), d, some(i*13, 13)...); err != nil {
					done <- err
					return
				}
				if _, err := s.Seal(t.Context()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for running := true; running; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				running = false
			default:
			}
			r, err := Verify(t.Context(), d, Options{Public: key.Public(), Key: key})
			if err != nil || r.Count != 0 {
				t.Fatalf("%d entries: %v\n%s", r.Entries, err, list(r))
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine)
			l := &sealedLog{d: d, key: openKey(b, d)}
			for from := 0; from < b.N; from += together {
				write(b, d, some(from, min(together, b.N-from))...)
			}
			sealAll(b, NewSealer(d, l.key, clock(), ""), b.N)
			b.ResetTimer()
			if r := l.verify(b, l.key); r.Count != 0 || r.Entries != int64(b.N) {
				b.Errorf("%+v", r)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
