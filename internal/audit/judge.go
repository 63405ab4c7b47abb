package audit

import (
	"database/sql"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// compareRows compares the hashes above the leaves that were completed with those in the database.
func (w *walk) compareRows() error {
	for _, m := range w.tree.made {
		stored, err := readRow(w.ctx, w.q, place{m.level, m.index / fullRow})
		if err != nil {
			return err
		}
		at := int(m.index%fullRow) * tlog.HashSize
		if len(stored) < at+tlog.HashSize || tlog.Hash(stored[at:]) != m.hash {
			below := int64(1) << (height * m.level)
			w.report.add(Problem{What: Tree, Sequence: m.index * below, Last: (m.index+1)*below - 1, Says: fmt.Sprintf("their hash on level %d is not the one that follows from the level below", m.level)})
		}
	}
	return nil
}

// compare compares the tree with a checkpoint of its size. Where the tree fails and the entries as they are now do not, the
// entries are believed.
func (w *walk) compare(c checkpointRow) {
	right := w.tree.root() == c.Root
	if !right && w.rest != nil && w.rest.size == c.Size && w.rest.root() == c.Root {
		right, w.tree = true, w.rest
		w.believeEntries()
	}
	if !right && c.name != "" {
		w.report.add(Problem{What: Cut, Sequence: w.good, Last: c.Size - 1, At: c.At, Says: fmt.Sprintf("the log does not go on from the checkpoint %s: it was written again, or one of these entries was changed together with the tree", c.name)})
	} else if !right {
		if w.bad++; w.bad == 1 {
			w.report.add(Problem{What: Tree, Sequence: w.good, Last: c.Size - 1, At: c.At, Says: "the tree is not the one that was signed: it was built again, or one of these entries was changed together with it"})
		}
	}
	for _, m := range w.marks {
		says := "the mark of its place was changed; the entry is what was sealed"
		p := Problem{What: Place, Sequence: m.seq, Entry: m.row.id, At: m.row.at, Says: says}
		if !right {
			p.What, p.Says = Changed, "it is not the entry that was sealed here, and the tree was changed with it"
		}
		w.report.add(p)
	}
	w.marks, w.rest = w.marks[:0], nil
	if right {
		w.good = c.Size
	}
}

// believeEntries turns the differences since the last good checkpoint into faults of the tree.
func (w *walk) believeEntries() {
	kept := w.wrong[:0]
	for _, x := range w.wrong {
		if x.seq >= w.good && x.row.there && !x.extra {
			w.report.add(Problem{What: Tree, Sequence: x.seq, Entry: x.row.id, At: x.row.at, Says: "its hash in the tree was changed; the entry is what was sealed"})
			delete(w.sealedAs, x.sealed)
			continue
		}
		kept = append(kept, x)
	}
	w.wrong = kept
}

// end tells what is beyond the checked part, and turns the differences into problems.
func (w *walk) end() error {
	for _, m := range w.marks { // behind the last good checkpoint
		w.report.add(Problem{What: Changed, Sequence: m.seq, Entry: m.row.id, At: m.row.at, Says: "it is not the entry that was sealed here, and the tree was changed with it"})
	}
	if w.bad > 1 {
		w.report.add(Problem{What: Tree, Sequence: w.good, Last: w.size - 1, Says: fmt.Sprintf("%d later checkpoints do not fit the tree either", w.bad-1)})
	}
	for _, c := range w.checks.saved {
		w.report.add(Problem{What: Cut, Sequence: w.size, Last: c.Size - 1, At: c.At, Says: fmt.Sprintf("the checkpoint %s covers %d entries, the log has %d: its end was cut off", c.name, c.Size, w.size)})
	}
	if err := w.strays(); err != nil {
		return err
	}
	shift := int64(0)
	for _, x := range w.wrong {
		w.tell(x)
		switch {
		case x.gone:
			shift--
		case x.extra:
			shift++
		}
	}
	return w.beyond(shift)
}

// tell turns a difference into a problem.
func (w *walk) tell(x wrong) {
	p := Problem{Sequence: x.seq, Entry: x.row.id, At: x.row.at}
	from, moved := w.sealedAs[x.row.hash]
	moved = moved && x.row.there && from != x.seq
	switch {
	case x.gone:
		p.What, p.Says = Removed, "the entry that was sealed here is gone, and those behind it were numbered again"
	case moved && x.extra:
		p.What, p.Says = Moved, fmt.Sprintf("it was sealed as number %d", from)
	case x.extra:
		p.What, p.Says = Inserted, "it was never sealed here, and those behind it were numbered again"
	case !x.row.place && w.lost[x.seq]:
		return // its entry was told of
	case !x.row.place:
		p.What, p.Says = Removed, "nothing stands at this number any more"
	case !x.row.there:
		p.What, p.Says = Removed, "the entry that was sealed here is gone"
	case moved:
		p.What, p.Says = Moved, fmt.Sprintf("it was sealed as number %d", from)
	case !x.known && w.o.Key != nil && x.row.seq == x.seq && w.marked(x.row, x.row.hash):
		return // only the tree has a gap, and that was told
	case !x.known:
		p.What, p.Says = Changed, "it cannot be checked: the tree has no hash for it"
		if w.good > x.seq {
			return // the checkpoint was reached with it
		}
	case w.o.Key != nil && x.row.seq == x.seq && w.marked(x.row, x.row.hash):
		p.What, p.Says = Tree, "its hash in the tree was changed; the entry is what was sealed"
	case w.good <= x.seq && w.o.Key == nil:
		p.What, p.Says = Changed, "it, or its hash in the tree, is not what was sealed"
	default:
		p.What, p.Says = Changed, "it is not what was sealed"
	}
	w.report.add(p)
}

// beyond tells of places and hashes behind the newest checkpoint. shift is by how much the numbers were moved before.
func (w *walk) beyond(shift int64) error {
	var size, leaves int64
	err := w.q.QueryRowContext(w.ctx, "SELECT (SELECT COALESCE(MAX(size), 0) FROM audit_checkpoint), (SELECT COALESCE(MAX(seq) + 1, 0) FROM audit_leaf)").Scan(&size, &leaves)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	if first := size + max(shift, 0); leaves > first {
		const named, says = 20, "no checkpoint covers this number"
		if err := db.Each(w.ctx, w.q, fmt.Sprintf("SELECT l.seq, l.entry_id FROM audit_leaf l WHERE l.seq >= $1 ORDER BY l.seq LIMIT %d", named), []any{first}, func(rows *sql.Rows) error {
			p := Problem{What: Inserted, Says: says}
			err := rows.Scan(&p.Sequence, &p.Entry)
			p.At = when(p.Entry)
			w.report.add(p)
			return err
		}); err != nil {
			return fmt.Errorf("read the end of the log: %w", err)
		}
		if leaves > first+named {
			w.report.add(Problem{What: Inserted, Sequence: first + named, Last: leaves - 1, Says: says})
		}
	}
	return db.Each(w.ctx, w.q, `SELECT t.level, t.n, LENGTH(t.hashes), (SELECT COALESCE(MAX(size), 0) FROM audit_checkpoint) FROM audit_tile t
 WHERE t.n = (SELECT MAX(n) FROM audit_tile u WHERE u.level = t.level)`, nil, func(rows *sql.Rows) error {
		var level int
		var n, length, size int64
		if err := rows.Scan(&level, &n, &length, &size); err != nil {
			return err
		}
		hashes := int64(0)
		if level >= 0 && level < 8 {
			hashes = size >> (height * level)
		}
		if have := n*fullRow + length/tlog.HashSize; have > hashes || length%tlog.HashSize != 0 {
			w.report.add(Problem{What: Tree, Sequence: -1, Says: fmt.Sprintf("level %d has %d hashes, %d were signed", level, have, hashes)})
		}
		return nil
	})
}

// strays tells of entries that are neither sealed nor queued, and of a queue that names what is not there. The log may grow
// and be sealed meanwhile: what was not sealed at first is looked for in the queue, and then among the sealed ones.
func (w *walk) strays() error {
	unsealed := map[string]row{}
	var buffer []byte
	err := db.Each(w.ctx, w.q, "SELECT "+fields+" FROM audit_entry e WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.entry_id = e.id)", nil, func(rows *sql.Rows) error {
		e, err := scan(rows)
		unsealed[e.ID] = row{id: e.ID, at: e.At, hash: e.hash(&buffer)}
		return err
	})
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	var unknown []string // ids in the queue of which nothing was seen
	for after, more := "", true; more; {
		rows, err := queued(w.ctx, w.q, after)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.id
			for i, id := range row.ids {
				if e, ok := unsealed[id]; ok {
					if w.o.Key != nil && !w.o.Key.marks(row.of(i), e.hash[:]) {
						w.report.add(Problem{What: Inserted, Sequence: -1, Entry: id, At: e.at, Says: "it waits to be sealed and bears no mark of the program: it was slipped in, or is not what was written"})
					} else {
						w.report.Waiting++
					}
					delete(unsealed, id)
				} else {
					unknown = append(unknown, id)
				}
			}
		}
		more = len(rows) > 0
	}
	stray := make([]string, 0, len(unsealed))
	for id := range unsealed {
		stray = append(stray, id)
	}
	slices.Sort(stray)
	sealed, err := w.among("SELECT entry_id FROM audit_leaf WHERE entry_id IN ", stray)
	if err != nil {
		return err
	}
	for _, id := range stray {
		if !sealed[id] {
			w.stray(unsealed[id])
		}
	}
	known, err := w.among("SELECT id FROM audit_entry WHERE id IN ", unknown)
	if err != nil {
		return err
	}
	for _, id := range unknown {
		if !known[id] {
			w.report.add(Problem{What: Removed, Sequence: -1, Entry: id, At: when(id), Says: "it is gone before it was sealed"})
		}
	}
	return db.Each(w.ctx, w.q, "SELECT u.id, l.seq FROM audit_unsealed u JOIN audit_leaf l ON l.entry_id = u.id ORDER BY u.id", nil, func(rows *sql.Rows) error {
		p := Problem{What: Place, Says: "it is sealed, and yet it waits to be"}
		err := rows.Scan(&p.Entry, &p.Sequence)
		p.At = when(p.Entry)
		w.report.add(p)
		return err
	})
}

// stray tells of an entry that is neither sealed nor queued.
func (w *walk) stray(e row) {
	p := Problem{What: Inserted, Sequence: -1, Entry: e.id, At: e.at, Says: "it is neither sealed nor waiting to be: it did not come in through the program"}
	if seq, ok := w.sealedAs[e.hash]; ok {
		p = Problem{What: Place, Sequence: seq, Entry: e.id, At: e.at, Says: "it was sealed with this number and has lost it"}
		w.lost[seq] = true
	}
	w.report.add(p)
}

// among returns which of the ids a statement finds.
func (w *walk) among(query string, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	err := inPowers(len(ids), func(from, to int) error {
		return db.Each(w.ctx, w.q, query+db.In(1, to-from), db.Args(ids[from:to]), func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			found[id] = true
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return found, nil
}
