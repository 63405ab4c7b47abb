package audit

import (
	"errors"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// slip puts an entry beside the program, as somebody does who has the database and not the keys, and returns its id.
func slip(t *testing.T, d *db.DB, marks []byte) string {
	t.Helper()
	id := newID(morning)
	tamper(t, d, `INSERT INTO audit_entry (id, at, actor, role, action, subject, member_id, address, reason, detail)
 VALUES ($1, $2, 'acc_innocent', 'agent', 'member.view', 'mem_1', 'mem_1', '192.0.2.66', 'never happened', '')`, id, db.Micros(morning))
	tamper(t, d, "INSERT INTO audit_unsealed (id, ids, marks) VALUES ($1, $1, $2)", id, marks)
	return id
}

// TestWhatIsSlippedIntoTheQueueIsNotSealed: neither without a mark, nor with one that was made for another entry.
func TestWhatIsSlippedIntoTheQueueIsNotSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		write(t, d, some(0, 3)...)
		var borrowed []byte
		if err := d.Read().QueryRowContext(t.Context(), "SELECT marks FROM audit_unsealed").Scan(&borrowed); err != nil || len(borrowed) != 3*markSize {
			t.Fatalf("three entries bear %d bytes of marks, %v", len(borrowed), err)
		}
		forged := map[string]bool{slip(t, d, []byte{}): true, slip(t, d, borrowed): true, slip(t, d, borrowed[:5]): true}
		s := NewSealer(d, key, clock(), "")
		for range 2 {
			if _, err := s.Seal(t.Context()); !errors.Is(err, ErrUnmarked) {
				t.Fatalf("what was slipped in is told as %v", err)
			}
			if n := count(t, d, "SELECT COUNT(*) FROM audit_leaf"); n != 3 {
				t.Errorf("%d entries are sealed", n)
			}
		}
		r, err := Verify(t.Context(), d, Options{Public: key.Public(), Key: key})
		if err != nil || r.Entries != 3 || r.Waiting != 0 || r.Count != 3 {
			t.Fatalf("%+v, %v", r, err)
		}
		for _, p := range r.Problems {
			if p.What != Inserted || !forged[p.Entry] || strings.Contains(p.String(), "entries -1") {
				t.Errorf("told as %s", p)
			}
		}
	})
}

// TestAnEntryChangedWhileItWaitsIsNotSealed, and the others of its statement are.
func TestAnEntryChangedWhileItWaitsIsNotSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		key := openKey(t, d)
		write(t, d, some(0, 3)...)
		unlock(t, d)
		tamper(t, d, "UPDATE audit_entry SET reason = 'another' WHERE subject = 'mem_1'")
		if n, err := NewSealer(d, key, clock(), "").Seal(t.Context()); n != 2 || !errors.Is(err, ErrUnmarked) {
			t.Errorf("sealed %d, %v", n, err)
		}
	})
}

// TestWhatWaitedBeforeThereWereMarksIsMarkedOnce: with the key where there was none, and with a key of an older version.
func TestWhatWaitedBeforeThereWereMarksIsMarkedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := newBox(t)
		write(t, d, some(0, 600)...)
		key, err := OpenKey(t.Context(), d, box, morning)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSealer(d, key, clock(), "")
		sealAll(t, s, 600)

		both, err := readSecret(t.Context(), d.Read(), box)
		if err != nil {
			t.Fatal(err)
		}
		old, _ := hasMarks(both)
		sealed, err := box.Seal([]byte(old), keySecret.Place(keyName))
		if err != nil {
			t.Fatal(err)
		}
		tamper(t, d, "UPDATE audit_key SET secret_sealed = $1", sealed)
		write(t, d, some(600, 20)...)
		tamper(t, d, "UPDATE audit_unsealed SET marks = ''")
		if _, err := OpenKey(t.Context(), d, box, morning); err != nil {
			t.Fatal(err)
		}
		sealAll(t, s, 20)

		forged := slip(t, d, []byte{})
		if _, err := OpenKey(t.Context(), d, box, morning); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seal(t.Context()); !errors.Is(err, ErrUnmarked) {
			t.Errorf("another start has marked %s: %v", forged, err)
		}
		if n := count(t, d, "SELECT COUNT(*) FROM audit_leaf"); n != 620 {
			t.Errorf("%d entries are sealed", n)
		}
	})
}
