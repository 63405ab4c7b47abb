package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// Options say what Verify may rely on.
type Options struct {
	Public   string // the public key whose signature counts: from Key.Public, kept elsewhere
	Key      *Key   // the key itself where it is at hand, else nil: with it a changed entry is named even if the tree was changed with it
	Saved    []Saved
	Progress func(done, total int64) // hears how far it is, nil for nobody
}

// Saved is a signed checkpoint that was kept outside of the database.
type Saved struct{ Name, Signed string }

// What can be wrong.
const (
	Changed   = "changed"    // an entry is not what was sealed
	Removed   = "removed"    // an entry that was sealed, or waited, is gone
	Inserted  = "inserted"   // an entry that was never sealed stands among the sealed ones, or beside the queue
	Moved     = "moved"      // an entry stands at the number of another one
	Place     = "place"      // the table of places is not what it was
	Tree      = "tree"       // the tree is not what was signed
	Signature = "checkpoint" // a checkpoint is not what was signed
	Cut       = "cut"        // the log does not go on from a checkpoint that was kept elsewhere
)

// Problem is one thing that is wrong, and where.
type Problem struct {
	What     string    `json:"what"`            // one of the words above
	Sequence int64     `json:"sequence"`        // number in the tree, -1 for none
	Last     int64     `json:"last,omitempty"`  // where it is about several: the last number
	Entry    string    `json:"entry,omitempty"` // id, "" where nothing is left of it
	At       time.Time `json:"at,omitzero"`     // when that was, by the entry or by its id
	Says     string    `json:"says"`
}

func (p Problem) String() string {
	s := p.What + ":"
	switch {
	case p.Sequence >= 0 && p.Last > p.Sequence:
		s += fmt.Sprintf(" entries %d to %d", p.Sequence, p.Last)
	case p.Sequence >= 0:
		s += fmt.Sprintf(" entry %d", p.Sequence)
	}
	if p.Entry != "" {
		s += " " + p.Entry
	}
	if !p.At.IsZero() {
		s += " of " + p.At.Format(time.RFC3339Nano)
	}
	return s + ": " + p.Says
}

// Report is what Verify found.
type Report struct {
	Entries     int64     `json:"entries"`     // sealed ones, all checked
	Checkpoints int64     `json:"checkpoints"` // checked
	Waiting     int64     `json:"waiting"`     // entries that are not sealed yet
	Late        int64     `json:"late"`        // entries that were sealed more than an hour after their time
	FirstLate   string    `json:"first_late,omitempty"`
	Newest      string    `json:"newest,omitempty"` // the newest signed checkpoint
	Sealed      time.Time `json:"sealed_at,omitzero"`
	Count       int       `json:"problems"`
	Problems    []Problem `json:"first,omitempty"` // at most mostProblems of them
}

// mostProblems is how many problems are told one by one.
const mostProblems = 200

// lateAfter is how long after its time an entry may be sealed before that is worth a word.
const lateAfter = time.Hour

func (r *Report) add(p Problem) {
	if r.Count++; len(r.Problems) < mostProblems {
		r.Problems = append(r.Problems, p)
	}
}

// Verify computes everything again from the entries: every hash of the tree, every checkpoint and that each goes on from
// the one before. It reads the log once, in pieces, and may run beside a live server: what is sealed meanwhile is left out.
// An error means that it could not be done; what is wrong with the log stands in the Report.
func Verify(ctx context.Context, d *db.DB, o Options) (Report, error) {
	v, err := note.NewVerifier(o.Public)
	if err != nil {
		return Report{}, errPublic
	}
	if o.Key != nil && o.Key.public != o.Public {
		o.Key = nil // the log of another key: its marks cannot be checked
	}
	w := &walk{ctx: ctx, q: d.Read(), o: o, verifier: v, tree: newGrower(), sealedAs: map[tlog.Hash]int64{}, lost: map[int64]bool{}}
	if err := w.begin(); err != nil {
		return Report{}, err
	}
	for w.i < w.size {
		if err := w.step(); err != nil {
			return Report{}, err
		}
	}
	if err := w.end(); err != nil {
		return Report{}, err
	}
	slices.SortStableFunc(w.report.Problems, func(a, b Problem) int { return order(a) - order(b) })
	return w.report, nil
}

// order puts what names an entry before what follows from it.
func order(p Problem) int {
	return slices.Index([]string{Changed, Removed, Inserted, Moved, Place, Cut, Signature, Tree}, p.What)
}

// walk is one reading of the log.
type walk struct {
	ctx      context.Context
	q        db.Queryer
	o        Options
	verifier note.Verifier
	report   Report

	size   int64 // how many leaves the newest checkpoint has
	i      int64 // sealed hashes that are done
	hashes *hashStream
	rows   *rowStream
	checks *checkStream

	tree *grower // what was sealed, as far as it is known
	rest *grower // the same by the entries as they are now, since the two differ; nil while they do not
	good int64   // the tree was right up to there
	bad  int64   // checkpoints that it did not reach

	wrong    []wrong             // what differs, to be told in the end
	sealedAs map[tlog.Hash]int64 // where the hashes were sealed whose entries were not found there
	lost     map[int64]bool      // numbers whose entries are there and have lost them
	marks    []wrong             // entries of this checkpoint with a wrong mark
}

// wrong is a place where the tree and the entries differ.
type wrong struct {
	seq    int64
	sealed tlog.Hash
	known  bool // sealed is
	row    row
	extra  bool // the row was slipped in: the ones behind it were numbered again
	gone   bool // the row was taken out: the ones behind it were numbered again
}

// mostWrong bounds what is remembered of differences. Beyond it they are counted.
const mostWrong = 10_000

func (w *walk) begin() error {
	w.hashes, w.rows = &hashStream{w: w}, &rowStream{w: w, from: math.MinInt64}
	newest, worthless, err := w.newest()
	if err != nil {
		return err
	}
	if w.size, w.report.Sealed = newest.Size, newest.At; newest.Size == 0 { // nothing was sealed, or nothing that is signed is left
		if err := w.q.QueryRowContext(w.ctx, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_leaf").Scan(&w.size); err != nil {
			return fmt.Errorf("read the entries: %w", err)
		}
	}
	for _, p := range worthless {
		if p.Sequence >= w.size { // those before come in their turn
			w.report.Checkpoints++
			w.report.add(p)
		}
	}
	if w.checks, err = newChecks(w); err != nil {
		return err
	}
	return w.checks.next()
}

// newest returns the newest checkpoint that is signed and in its place, and what is wrong with those behind it.
func (w *walk) newest() (found Checkpoint, worthless []Problem, err error) {
	for before := int64(math.MaxInt64); ; {
		got := 0
		err := db.Each(w.ctx, w.q, "SELECT size, at, signed FROM audit_checkpoint WHERE size < $1 ORDER BY size DESC LIMIT 50", []any{before}, func(rows *sql.Rows) error {
			var at int64
			var signed string
			if err := rows.Scan(&before, &at, &signed); err != nil || found.Size > 0 {
				return err
			}
			got++
			c, err := OpenCheckpoint(signed, w.verifier)
			if err == nil && c.Size != before {
				err = errOther
			}
			if err != nil {
				if len(worthless) > mostProblems {
					return nil
				}
				worthless = append(worthless, Problem{What: Signature, Sequence: before - 1, At: db.Time(at), Says: err.Error()})
				return nil
			}
			found, w.report.Newest = c, signed
			return nil
		})
		if err != nil {
			return Checkpoint{}, nil, fmt.Errorf("read the checkpoints: %w", err)
		}
		if found.Size > 0 || got == 0 {
			return found, worthless, nil
		}
	}
}

// errOther means that a checkpoint stands in the place of another one.
var errOther = errors.New("what was signed is another checkpoint")

// step checks one leaf, or a stretch of leaves where the tree and the entries differ.
func (w *walk) step() error {
	h, known, err := w.hashes.at(0)
	if err != nil {
		return err
	}
	r, err := w.rows.at(0)
	if err != nil {
		return err
	}
	if known && r.there && r.hash == h {
		if w.o.Key != nil && r.seq == w.i && !w.marked(r, h) && len(w.marks) < mostWrong {
			w.marks = append(w.marks, wrong{seq: w.i, sealed: h, known: true, row: r})
		}
		return w.take(h, h, r, true)
	}
	a, b, err := w.align()
	if err != nil {
		return err
	}
	for ; a > 0 || b > 0; a, b = a-1, b-1 {
		x := wrong{seq: w.i, gone: b <= 0, extra: a <= 0}
		if !x.gone {
			if x.row, err = w.rows.at(0); err != nil {
				return err
			}
		}
		if x.extra {
			w.differs(x)
			w.rows.drop()
			continue
		}
		if x.sealed, x.known, err = w.hashes.at(0); err != nil {
			return err
		}
		w.differs(x)
		truth, other := w.truth(x)
		if err := w.take(truth, other, x.row, !x.gone); err != nil {
			return err
		}
	}
	return nil
}

// truth is the hash that was most likely sealed, and the other one.
func (w *walk) truth(x wrong) (truth, other tlog.Hash) {
	if !x.known || (w.o.Key != nil && x.row.there && x.row.seq == x.seq && w.marked(x.row, x.row.hash)) {
		return x.row.hash, x.sealed
	}
	if !x.row.there {
		return x.sealed, x.sealed
	}
	return x.sealed, x.row.hash
}

// marked reports whether the mark of a place is that of the hash.
func (w *walk) marked(r row, h tlog.Hash) bool { return string(w.o.Key.mac(r.seq, h)) == string(r.mac) }

// differs remembers a difference.
func (w *walk) differs(x wrong) {
	if len(w.wrong) >= mostWrong {
		w.report.Count++
		return
	}
	w.wrong = append(w.wrong, x)
	if x.known {
		w.sealedAs[x.sealed] = x.seq
	}
}

// take goes on by one leaf whose hash was truth; the entry as it is now has the hash other.
func (w *walk) take(truth, other tlog.Hash, r row, dropRow bool) error {
	if w.rest == nil && truth != other {
		w.rest = w.tree.clone()
	}
	if w.rest != nil {
		w.rest.add(other)
	}
	w.tree.add(truth)
	if r.there && w.checks.late(r) {
		if w.report.Late++; w.report.FirstLate == "" {
			w.report.FirstLate = r.id
		}
	}
	if err := w.compareRows(); err != nil {
		return err
	}
	w.hashes.drop()
	if dropRow {
		w.rows.drop()
	}
	w.i++
	w.report.Entries++
	if w.o.Progress != nil && w.i%10_000 == 0 {
		w.o.Progress(w.i, w.size)
	}
	return w.checks.reached()
}

// window is how far is looked for where the tree and the entries agree again.
const window = 128

// align tells how many sealed hashes (a) and how many entries (b) from here on differ. Where nothing fits within the
// window, it is one of each.
func (w *walk) align() (a, b int, err error) {
	if len(w.wrong) >= mostWrong {
		return 1, 1, nil
	}
	hashes, rows := map[tlog.Hash]int{}, make([]row, 0, window)
	for n := range window {
		h, known, err := w.hashes.at(n)
		if err != nil {
			return 0, 0, err
		}
		r, err := w.rows.at(n)
		if err != nil {
			return 0, 0, err
		}
		if known && r.there && r.hash == h {
			return n, n, nil // they agree at the same numbers
		}
		if known {
			hashes[h] = n
		}
		rows = append(rows, r)
	}
	best := 2 * window
	for n, r := range rows {
		if m, ok := hashes[r.hash]; ok && r.there && m+n < best {
			a, b, best = m, n, m+n
		}
	}
	if best == 2*window || (a > 0 && b > 0) {
		return 1, 1, nil
	}
	return a, b, nil
}
