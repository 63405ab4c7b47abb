package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// Sealer puts committed entries into the tree and signs. Any number of servers may each run one: the next free sequence
// number is what they compete for, and whoever comes second does nothing. It belongs to one goroutine.
type Sealer struct {
	db   *db.DB
	key  *Key
	now  func() time.Time
	file string // where the newest checkpoint is kept, too

	at func(step string) error // tests let it die there
}

// NewSealer returns the Sealer of a database. file is a path outside of the database where the newest checkpoint is kept,
// "" for none: who can write the database but not the file cannot cut the log's end off unseen.
func NewSealer(d *db.DB, key *Key, now func() time.Time, file string) *Sealer {
	return &Sealer{db: d, key: key, now: now, file: file, at: func(string) error { return nil }}
}

// batch is how many entries go into the tree in one transaction. On SQLite payments wait for it, a few milliseconds.
const batch = 500

// Seal puts everything that waits into the tree and returns how many entries that were. It refuses to sign a tree that is
// not the one it signed before; entries wait until that is repaired. Entries that bear no mark of the key stay out: it returns
// ErrUnmarked when the others are sealed.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	total, unmarked := 0, false
	for more := true; more; {
		n, left, err := s.seal(ctx)
		if errors.Is(err, ErrUnmarked) {
			unmarked, err = true, nil
		}
		if err != nil {
			return total, fmt.Errorf("seal the audit log: %w", err)
		}
		total, more = total+n, left
	}
	var err error
	if total > 0 && s.file != "" {
		err = s.keep(ctx)
	}
	if unmarked {
		err = errors.Join(err, ErrUnmarked)
	}
	return total, err
}

// errLost means that another server was faster.
var errLost = errors.New("another server sealed")

// seal puts at most batch entries into the tree and reports whether more may wait. It seals none where another server was
// faster, and returns ErrUnmarked, with the marked entries sealed, where others wait.
func (s *Sealer) seal(ctx context.Context) (n int, more bool, err error) {
	// In this order: where nobody sealed since the checkpoint was read, what is found after it is in no tree.
	last, err := newest(ctx, s.db.Read(), s.key.verifier)
	if err != nil {
		return 0, false, err
	}
	w, err := s.waiting(ctx, s.db.Read())
	if err != nil {
		return 0, false, err
	}
	if len(w.entries) == 0 {
		return 0, false, w.err()
	}
	tree, err := readEdge(ctx, s.db.Read(), last.tree())
	if err != nil {
		return 0, false, err
	}
	leaves := make([]leaf, len(w.entries))
	var buffer []byte
	for i, e := range w.entries {
		h := e.hash(&buffer)
		leaves[i] = leaf{last.Size + int64(i), e.ID, s.key.mac(last.Size+int64(i), h)}
		if err := tree.add(h); err != nil {
			return 0, false, err
		}
	}
	next := Checkpoint{Size: tree.size, After: last.Size, At: s.now().UTC().Truncate(time.Microsecond)}
	if next.Root, err = tree.root(); err != nil {
		return 0, false, err
	}
	signed, err := s.key.sign(next)
	if err != nil {
		return 0, false, err
	}
	if err := s.at("signed"); err != nil {
		return 0, false, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { return s.write(ctx, tx, leaves, w.done, tree, next, signed) })
	if errors.Is(err, errLost) {
		return 0, false, s.lost(ctx, last)
	}
	if err != nil {
		return 0, false, err
	}
	if err := s.at("committed"); err != nil {
		return len(leaves), w.more, err
	}
	return len(leaves), w.more, w.err()
}

// leaf is an entry's place in the tree.
type leaf struct {
	seq   int64
	entry string
	mac   []byte
}

// queue is what waits to be sealed.
type queue struct {
	entries  []Entry  // in order of time
	done     []string // rows of the queue that hold nothing else
	more     bool     // there is more than one batch
	unmarked bool     // some bear no mark of the key
	found    map[string]bool
}

func (w queue) err() error {
	if w.unmarked {
		return ErrUnmarked
	}
	return nil
}

// waiting reads committed entries that are not in the tree, at most batch. A row of the queue whose entries are not all
// there, are in the tree already or bear no mark, stays in the queue for Verify to tell.
func (s *Sealer) waiting(ctx context.Context, q db.Queryer) (queue, error) {
	out := queue{found: map[string]bool{}}
	for after := ""; len(out.entries) < batch; {
		rows, err := queued(ctx, q, after)
		if err != nil {
			return queue{}, err
		}
		if len(rows) == 0 {
			break
		}
		take, total := 0, 0
		for take < len(rows) && len(out.entries)+total+len(rows[take].ids) <= batch {
			total += len(rows[take].ids)
			take++
		}
		if take < len(rows) {
			out.more = true
		}
		if take == 0 {
			break
		}
		if err := out.read(ctx, q, s.key, rows[:take]); err != nil {
			return queue{}, err
		}
		after = rows[take-1].id
	}
	slices.SortFunc(out.entries, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// queuedRow is a row of the queue: the entries of one statement.
type queuedRow struct {
	id    string
	ids   []string
	marks []byte // of each id, see Key.mark
}

// queued reads the next rows of the queue.
func queued(ctx context.Context, q db.Queryer, after string) (rows []queuedRow, err error) {
	err = db.Each(ctx, q, fmt.Sprintf("SELECT id, ids, marks FROM audit_unsealed WHERE id > $1 ORDER BY id LIMIT %d", batch), []any{after}, func(r *sql.Rows) error {
		var row queuedRow
		var ids string
		err := r.Scan(&row.id, &ids, &row.marks)
		row.ids = strings.Fields(ids)
		rows = append(rows, row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return rows, nil
}

// read adds the entries of rows that are not in the tree and bear a mark of the key.
func (w *queue) read(ctx context.Context, q db.Queryer, key *Key, rows []queuedRow) error {
	var ids []string
	marks := map[string][]byte{} // an id may stand in the queue twice
	for _, row := range rows {
		ids = append(ids, row.ids...)
		for i, id := range row.ids {
			marks[id] = append(marks[id], row.of(i)...)
		}
	}
	var buffer []byte
	sealed := map[string]bool{}
	err := inPowers(len(ids), func(from, to int) error { // two plain statements: no database is tempted to read a whole table
		list, args := db.In(1, to-from), db.Args(ids[from:to])
		err := db.Each(ctx, q, "SELECT entry_id FROM audit_leaf WHERE entry_id IN "+list, args, func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			sealed[id] = true
			return err
		})
		if err != nil {
			return err
		}
		return db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry WHERE id IN "+list, args, func(r *sql.Rows) error {
			e, err := scan(r)
			if sealed[e.ID] || w.found[e.ID] {
				return err
			}
			if h := e.hash(&buffer); !key.marks(marks[e.ID], h[:]) {
				w.unmarked = true
			} else {
				w.entries = append(w.entries, e)
				w.found[e.ID] = true
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	for _, row := range rows {
		if !slices.ContainsFunc(row.ids, func(id string) bool { return !w.found[id] }) {
			w.done = append(w.done, row.id)
		}
	}
	return nil
}

// write keeps one batch. The first leaf decides who seals: whoever finds its number taken returns errLost.
func (s *Sealer) write(ctx context.Context, tx *db.Tx, leaves []leaf, done []string, tree *edge, next Checkpoint, signed string) error {
	first, rest := leaves[0], leaves[1:]
	res, err := tx.ExecContext(ctx, "INSERT INTO audit_leaf (seq, entry_id, mac) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", first.seq, first.entry, first.mac)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errLost)
	}
	err = inPowers(len(rest), func(from, to int) error {
		args := make([]any, 0, 3*(to-from))
		for _, l := range rest[from:to] {
			args = append(args, l.seq, l.entry, l.mac)
		}
		return tx.Later(ctx, "add leaves", "INSERT INTO audit_leaf (seq, entry_id, mac) VALUES "+db.Values(to-from, 3), args...)
	})
	if err != nil {
		return err
	}
	err = tree.grown(func(p place, row []byte) error {
		return tx.Later(ctx, "add hashes", "INSERT INTO audit_tile (level, n, hashes) VALUES ($1, $2, $3) ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes", p.level, p.n, row)
	})
	if err != nil {
		return err
	}
	err = inPowers(len(done), func(from, to int) error {
		return tx.Later(ctx, "take entries off the queue", "DELETE FROM audit_unsealed WHERE id IN "+db.In(1, to-from), db.Args(done[from:to])...)
	})
	if err != nil {
		return err
	}
	if err := tx.Later(ctx, "keep the checkpoint", "INSERT INTO audit_checkpoint (size, at, signed) VALUES ($1, $2, $3)", next.Size, db.Micros(next.At), signed); err != nil {
		return err
	}
	return s.at("written")
}

// inPowers cuts n things into pieces whose sizes are powers of two, so that PostgreSQL meets few different statements.
func inPowers(n int, fn func(from, to int) error) error {
	for from, size := 0, 256; from < n; size /= 2 {
		for from+size <= n {
			if err := fn(from, from+size); err != nil {
				return err
			}
			from += size
		}
	}
	return nil
}

// lost tells a lost race from a number that is taken though nobody signed.
func (s *Sealer) lost(ctx context.Context, last Checkpoint) error {
	now, err := newest(ctx, s.db.Read(), s.key.verifier)
	if err == nil && now.Size == last.Size {
		return fmt.Errorf("sequence %d is taken, but no checkpoint covers it: %w", last.Size, errTree)
	}
	return err
}

// keep writes the newest checkpoint to the file, unless the log does not go on from what stands there.
func (s *Sealer) keep(ctx context.Context) error {
	signed, err := Newest(ctx, s.db.Read())
	if err != nil {
		return err
	}
	c, err := OpenCheckpoint(signed, s.key.verifier)
	if err != nil {
		return fmt.Errorf("the newest checkpoint in the database: %w", err)
	}
	before, err := readKept(s.file, s.key.verifier)
	if err != nil {
		return err
	}
	if err := s.continues(ctx, before, c); err != nil {
		return fmt.Errorf("the audit log does not go on from the checkpoint in %s, it was cut or replaced: %w", s.file, err)
	}
	return writeKept(s.file, signed)
}

// continues reports whether the tree of c holds everything that the tree of before held.
func (s *Sealer) continues(ctx context.Context, before, c Checkpoint) error {
	if before.Size == 0 {
		return nil
	}
	if before.Size > c.Size {
		return fmt.Errorf("it had %d entries, now it has %d", before.Size, c.Size)
	}
	proof, err := tlog.ProveTree(c.Size, before.Size, prover(ctx, s.db.Read(), c.tree()))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, c.Size, c.Root, before.Size, before.Root)
}
