package audit

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// row is an entry at its place, as both stand in the database.
type row struct {
	seq   int64
	id    string
	mac   []byte
	place bool // somebody has the number
	there bool // the entry itself is there
	at    time.Time
	hash  tlog.Hash
}

// rowStream reads the entries in the order of their numbers. A number that nobody has is a row without a place.
type rowStream struct {
	w      *walk
	ahead  []row
	next   int64 // number of the row after those ahead
	from   int64 // number that the next piece begins at
	ended  bool
	buffer []byte
}

// piece is how many entries are read at once.
const piece = 2000

// at returns the n-th row from here on.
func (s *rowStream) at(n int) (row, error) {
	for len(s.ahead) <= n {
		if s.ended {
			return row{seq: s.next + int64(n-len(s.ahead))}, nil
		}
		if err := s.read(); err != nil {
			return row{}, err
		}
	}
	return s.ahead[n], nil
}

func (s *rowStream) drop() {
	if len(s.ahead) > 0 {
		s.ahead = s.ahead[1:]
	} else {
		s.next++
	}
}

func (s *rowStream) read() error {
	s.ahead = slices.Clone(s.ahead) // gives back what was dropped
	got := 0
	err := db.Each(s.w.ctx, s.w.q, fmt.Sprintf(`SELECT l.seq, l.entry_id, l.mac, COALESCE(e.id, ''), COALESCE(e.at, 0), COALESCE(e.actor, ''), COALESCE(e.role, ''),
 COALESCE(e.action, ''), COALESCE(e.subject, ''), COALESCE(e.member_id, ''), COALESCE(e.address, ''), COALESCE(e.reason, ''), COALESCE(e.detail, '')
 FROM (SELECT seq, entry_id, mac FROM audit_leaf WHERE seq >= $1 ORDER BY seq LIMIT %d) l LEFT JOIN audit_entry e ON e.id = l.entry_id ORDER BY l.seq`, piece),
		[]any{s.from}, func(rows *sql.Rows) error {
			r := row{place: true}
			var e Entry
			var at int64
			if err := rows.Scan(&r.seq, &r.id, &r.mac, &e.ID, &at, &e.Actor, &e.Role, &e.Action, &e.Subject, &e.Member, &e.From, &e.Reason, &e.Detail); err != nil {
				return err
			}
			got++
			s.from = r.seq + 1
			if r.at = when(r.id); e.ID != "" {
				e.At = db.Time(at)
				r.there, r.at, r.hash = true, e.At, e.hash(&s.buffer)
			}
			s.put(r)
			return nil
		})
	if err != nil {
		return fmt.Errorf("read the entries: %w", err)
	}
	s.ended = got < piece
	return nil
}

// put appends a row, and rows without a place for the numbers that are missing before it, up to the end of what is checked.
func (s *rowStream) put(r row) {
	if r.seq < s.next { // a number below 0, or one that two entries have: somebody changed the table itself
		s.w.report.add(Problem{What: Place, Sequence: r.seq, Entry: r.id, At: r.at, Says: "its number is not possible"})
		return
	}
	for ; s.next < min(r.seq, s.w.size+window); s.next++ {
		s.ahead = append(s.ahead, row{seq: s.next})
	}
	s.ahead = append(s.ahead, r)
	s.next = r.seq + 1
}

// hashStream reads the hashes of the leaves from the tree.
type hashStream struct {
	w     *walk
	from  int64  // number of the first hash ahead
	ahead []byte // hashes from there on
	known []bool // whether each is there at all
	row   int64  // row that is read next
	rows  []storedRow
	ended bool
}

type storedRow struct {
	n      int64
	hashes []byte
}

// at returns the n-th hash from here on, false where the tree has none there.
func (s *hashStream) at(n int) (tlog.Hash, bool, error) {
	if s.from+int64(n) >= s.w.size {
		return tlog.Hash{}, false, nil
	}
	for len(s.known) <= n {
		if err := s.read(); err != nil {
			return tlog.Hash{}, false, err
		}
	}
	return tlog.Hash(s.ahead[n*tlog.HashSize:]), s.known[n], nil
}

func (s *hashStream) drop() {
	s.from++
	s.ahead, s.known = s.ahead[tlog.HashSize:], s.known[1:]
}

// read takes the next row of hashes.
func (s *hashStream) read() error {
	if len(s.rows) == 0 && !s.ended {
		err := db.Each(s.w.ctx, s.w.q, "SELECT n, hashes FROM audit_tile WHERE level = 0 AND n >= $1 ORDER BY n LIMIT 32", []any{s.row}, func(rows *sql.Rows) error {
			var r storedRow
			err := rows.Scan(&r.n, &r.hashes)
			s.rows = append(s.rows, r)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the tree: %w", err)
		}
		s.ended = len(s.rows) == 0
	}
	var hashes []byte
	if len(s.rows) > 0 && s.rows[0].n == s.row {
		hashes, s.rows = s.rows[0].hashes, s.rows[1:]
	}
	first := s.row * fullRow
	want := int(min(fullRow, s.w.size-first))
	have := min(len(hashes)/tlog.HashSize, want)
	if have < want {
		s.w.report.add(Problem{What: Tree, Sequence: first + int64(have), Last: first + int64(want) - 1, Says: "the tree has no hashes for them"})
	}
	whole := make([]byte, want*tlog.HashSize)
	copy(whole, hashes[:have*tlog.HashSize])
	s.ahead = append(slices.Clone(s.ahead), whole...)
	s.known = slices.Clone(s.known)
	for n := range want {
		s.known = append(s.known, n < have)
	}
	s.row++
	return nil
}

// checkpointRow is a checkpoint as it stands in the database, or one that was kept elsewhere.
type checkpointRow struct {
	Checkpoint
	name string // of the one that was kept elsewhere
}

// checkStream reads the checkpoints in the order of their sizes, together with those that were kept elsewhere.
type checkStream struct {
	w     *walk
	saved []checkpointRow // in order of size
	rows  []checkpointRow
	after int64 // size of the last one read from the database
	last  int64 // size of the last good one of the database: the next one says that it comes after it
	now   *checkpointRow
	ended bool
}

func newChecks(w *walk) (*checkStream, error) {
	s := &checkStream{w: w}
	for _, kept := range w.o.Saved {
		c, err := OpenCheckpoint(kept.Signed, w.verifier)
		if err != nil {
			return nil, fmt.Errorf("the checkpoint %s: %w", kept.Name, err)
		}
		s.saved = append(s.saved, checkpointRow{c, kept.Name})
	}
	slices.SortFunc(s.saved, func(a, b checkpointRow) int { return int(a.Size - b.Size) })
	return s, nil
}

// next goes to the checkpoint after this one.
func (s *checkStream) next() error {
	if len(s.rows) == 0 && !s.ended {
		if err := s.read(); err != nil {
			return err
		}
	}
	s.now = nil
	switch {
	case len(s.saved) > 0 && s.saved[0].Size <= s.w.size && (len(s.rows) == 0 || s.saved[0].Size <= s.rows[0].Size):
		s.now, s.saved = &s.saved[0], s.saved[1:]
	case len(s.rows) > 0:
		s.now, s.rows = &s.rows[0], s.rows[1:]
	}
	return nil
}

// read takes the next checkpoints of the database whose signature is right.
func (s *checkStream) read() error {
	for len(s.rows) == 0 && !s.ended {
		got := 0
		err := db.Each(s.w.ctx, s.w.q, "SELECT size, at, signed FROM audit_checkpoint WHERE size > $1 AND size <= $2 ORDER BY size LIMIT 500", []any{s.after, s.w.size}, func(rows *sql.Rows) error {
			var size, at int64
			var signed string
			if err := rows.Scan(&size, &at, &signed); err != nil {
				return err
			}
			got++
			s.after = size
			s.w.report.Checkpoints++
			c, err := OpenCheckpoint(signed, s.w.verifier)
			says := ""
			switch {
			case err != nil:
				says = err.Error()
			case c.Size != size || db.Micros(c.At) != at:
				says = errOther.Error()
			case c.After != s.last:
				says = fmt.Sprintf("a checkpoint between %d and %d is missing", s.last, size)
			}
			if says != "" {
				s.w.report.add(Problem{What: Signature, Sequence: size - 1, At: db.Time(at), Says: says})
			}
			if err == nil && c.Size == size {
				s.rows, s.last = append(s.rows, checkpointRow{c, ""}), size
			} else {
				s.last = size // what comes after it is not to be blamed
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the checkpoints: %w", err)
		}
		s.ended = got == 0
	}
	return nil
}

// late reports whether a row was sealed long after its time.
func (s *checkStream) late(r row) bool { return s.now != nil && s.now.At.Sub(r.at) > lateAfter }

// reached compares the tree with the checkpoints that are as long as it is.
func (s *checkStream) reached() error {
	for s.now != nil && s.now.Size <= s.w.tree.size {
		if s.now.Size == s.w.tree.size {
			s.w.compare(*s.now)
		}
		if err := s.next(); err != nil {
			return err
		}
	}
	return nil
}
