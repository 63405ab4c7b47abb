package audit

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

func TestProofs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLog(t, d, 1, 300, 300)
		write(t, d, some(900, 1)...)
		public := l.key.Public()
		var waits string
		if err := d.Read().QueryRowContext(t.Context(), "SELECT id FROM audit_unsealed").Scan(&waits); err != nil {
			t.Fatal(err)
		}
		for _, seq := range []int{0, 1, 255, 256, 300, 600} {
			p, err := Prove(t.Context(), d.Read(), l.ids[seq], public)
			if err != nil {
				t.Fatalf("%d: %v", seq, err)
			}
			e, n, c, err := CheckProof(p, public)
			if want, _ := byID(d, l.ids[seq]); err != nil || n != int64(seq) || e != want || c.Size != 601 {
				t.Errorf("%d: %+v, number %d of %d, %v", seq, e, n, c.Size, err)
			}
			for i := range p { // no character can be another one
				other := byte('A')
				if p[i] == 'A' {
					other = 'B'
				}
				if _, _, _, err := CheckProof(p[:i]+string(other)+p[i+1:], public); err == nil {
					t.Fatalf("%d: a proof with another character at %d holds:\n%s", seq, i, p)
				}
			}
		}
		for id, want := range map[string]error{"aud_none": ErrNoEntry, "": ErrNoEntry, "' OR 1=1": ErrNoEntry, waits: ErrNotSealed} {
			if _, err := Prove(t.Context(), d.Read(), id, public); !errors.Is(err, want) {
				t.Errorf("%q: %v, want %v", id, err, want)
			}
		}
		tamper(t, d, "UPDATE audit_entry SET actor = 'acc_x' WHERE id = $1", l.ids[7])
		if _, err := Prove(t.Context(), d.Read(), l.ids[7], public); err == nil || !strings.Contains(err.Error(), "not the one") {
			t.Errorf("an entry that was changed was proven: %v", err)
		}
		if _, err := Prove(t.Context(), d.Read(), l.ids[8], public); err != nil {
			t.Errorf("its neighbour: %v", err)
		}
		tamper(t, d, "UPDATE audit_tile SET hashes = $1 WHERE level = 0 AND n = 0", make([]byte, 256*32))
		if _, err := Prove(t.Context(), d.Read(), l.ids[8], public); !errors.Is(err, errTree) {
			t.Errorf("from a tree that was changed: %v", err)
		}
		if _, err := Prove(t.Context(), d.Read(), l.ids[8], "nonsense"); err == nil {
			t.Error("a nonsense key was taken")
		}
	})
}

// example is a proof and a checkpoint to begin with.
func example(f *testing.F) (proof, checkpoint string, v note.Verifier, public string) {
	d := dbtest.Open(f, db.SQLite)
	key := openKey(f, d)
	write(f, d, some(0, 5)...)
	sealAll(f, NewSealer(d, key, clock(), ""), 5)
	var id string
	if err := d.Read().QueryRowContext(f.Context(), "SELECT entry_id FROM audit_leaf WHERE seq = 3").Scan(&id); err != nil {
		f.Fatal(err)
	}
	proof, err := Prove(f.Context(), d.Read(), id, key.Public())
	if err != nil {
		f.Fatal(err)
	}
	if checkpoint, err = Newest(f.Context(), d.Read()); err != nil {
		f.Fatal(err)
	}
	return proof, checkpoint, key.verifier, key.Public()
}

// FuzzProof reads anything as a proof: what it takes is what it would write, and it proves nothing but what was sealed.
// TestOneSpelling writes the unused bits of a signature's last character in every other way: none of them is that signature.
func TestOneSpelling(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	d := dbtest.Open(t, db.SQLite)
	l := newLog(t, d, 1, 3)
	signed, err := Newest(t.Context(), d.Read())
	if err != nil || !strings.HasSuffix(signed, "=\n") {
		t.Fatalf("%q, %v", signed, err)
	}
	if _, err := OpenCheckpoint(signed, l.key.verifier); err != nil {
		t.Fatal(err)
	}
	at := len(strings.TrimRight(signed, "=\n")) - 1
	last := strings.IndexByte(letters, signed[at])
	for i := range 4 {
		other := letters[last&^3+i]
		if other == signed[at] {
			continue
		}
		if _, err := OpenCheckpoint(signed[:at]+string(other)+signed[at+1:], l.key.verifier); err == nil {
			t.Errorf("%q is as good as %q", other, signed[at])
		}
	}
}

func FuzzProof(f *testing.F) {
	genuine, _, _, public := example(f)
	sealed, _, _, err := CheckProof(genuine, public)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine)
	f.Add(strings.Replace(genuine, "index 3", "index 2", 1))
	f.Add(proofHeader + "\nextra \nindex -1\n\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseProof(text)
		if err == nil && p.text() != text {
			t.Errorf("%q was read as %q", text, p.text())
		}
		if e, n, _, err := CheckProof(text, public); err == nil && (e != sealed || n != 3) {
			t.Errorf("it proves %+v as number %d: %q", e, n, text)
		}
	})
}

// FuzzCheckpoint reads anything as a checkpoint.
func FuzzCheckpoint(f *testing.F) {
	_, genuine, v, _ := example(f)
	text, _, _ := strings.Cut(genuine, "\n\n")
	f.Add(genuine)
	f.Add(text + "\n")
	f.Add(strings.Replace(text, "after 0", "after 00", 1) + "\n")
	f.Add("memberpay-audit\n9223372036854775807\n\nafter -1\nat 0001-01-01T00:00:00Z\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCheckpoint(s); err == nil && c.text() != s {
			t.Errorf("%q was read as %q", s, c.text())
		}
		if _, err := OpenCheckpoint(s, v); err == nil && !strings.HasPrefix(s, text) {
			t.Errorf("signed: %q", s)
		}
	})
}

// FuzzEntry reads anything as the encoding of an entry.
func FuzzEntry(f *testing.F) {
	f.Add(some(0, 1)[0].encode(nil))
	f.Add(Entry{}.encode(nil))
	f.Add([]byte(header + "0:\n00:\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := decode(b); err == nil && string(e.encode(nil)) != string(b) {
			t.Errorf("%q was read as %+v", b, e)
		}
	})
}
