package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
// not the one it signed before; entries wait until that is repaired.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := s.seal(ctx)
		total += n
		if err != nil {
			return total, fmt.Errorf("seal the audit log: %w", err)
		}
		if n < batch {
			break
		}
	}
	if total == 0 || s.file == "" {
		return total, nil
	}
	return total, s.keep(ctx)
}

// errLost means that another server was faster.
var errLost = errors.New("another server sealed")

// seal puts at most batch entries into the tree. It returns 0 where another server was faster.
func (s *Sealer) seal(ctx context.Context) (int, error) {
	// In this order: where nobody sealed since the checkpoint was read, what is found after it is in no tree.
	last, err := newest(ctx, s.db.Read(), s.key.verifier)
	if err != nil {
		return 0, err
	}
	waiting, err := waiting(ctx, s.db.Read())
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	tree, err := readEdge(ctx, s.db.Read(), last.tree())
	if err != nil {
		return 0, err
	}
	leaves := make([]leaf, len(waiting))
	var buffer []byte
	for i, e := range waiting {
		h := e.hash(&buffer)
		leaves[i] = leaf{last.Size + int64(i), e.ID, s.key.mac(last.Size+int64(i), h)}
		if err := tree.add(h); err != nil {
			return 0, err
		}
	}
	next := Checkpoint{Size: tree.size, After: last.Size, At: s.now().UTC().Truncate(time.Microsecond)}
	if next.Root, err = tree.root(); err != nil {
		return 0, err
	}
	signed, err := s.key.sign(next)
	if err != nil {
		return 0, err
	}
	if err := s.at("signed"); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { return s.write(ctx, tx, leaves, tree, next, signed) })
	if errors.Is(err, errLost) {
		return 0, s.lost(ctx, last)
	}
	if err != nil {
		return 0, err
	}
	return len(leaves), s.at("committed")
}

// leaf is an entry's place in the tree.
type leaf struct {
	seq   int64
	entry string
	mac   []byte
}

// waiting reads committed entries that are not in the tree, in order of time, at most batch.
func waiting(ctx context.Context, q db.Queryer) (list []Entry, err error) {
	err = db.Each(ctx, q, fmt.Sprintf(`SELECT `+fields+` FROM audit_entry WHERE id IN (SELECT u.id FROM audit_unsealed u
 WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.entry_id = u.id) ORDER BY u.id LIMIT %d) ORDER BY id`, batch), nil,
		func(rows *sql.Rows) error {
			e, err := scan(rows)
			list = append(list, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return list, nil
}

// write keeps one batch. The first leaf decides who seals: whoever finds its number taken returns errLost.
func (s *Sealer) write(ctx context.Context, tx *db.Tx, leaves []leaf, tree *edge, next Checkpoint, signed string) error {
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
	err = inPowers(len(leaves), func(from, to int) error {
		args := make([]any, 0, to-from)
		for _, l := range leaves[from:to] {
			args = append(args, l.entry)
		}
		return tx.Later(ctx, "take entries off the queue", "DELETE FROM audit_unsealed WHERE id IN "+db.In(1, to-from), args...)
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
