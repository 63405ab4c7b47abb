package audit

import (
	"golang.org/x/mod/sumdb/tlog"
)

// grower computes a tree leaf by leaf. It holds only the right edge.
type grower struct {
	size int64
	rows [][]byte // by level, the row of hashes that is not full yet
	made []placed // hashes above the leaves that the last leaf completed
}

// placed is a hash of a level above the leaves.
type placed struct {
	level int
	index int64 // in its level
	hash  tlog.Hash
}

func newGrower() *grower { return &grower{rows: [][]byte{nil}} }

func (g *grower) clone() *grower {
	c := &grower{size: g.size, rows: make([][]byte, len(g.rows))}
	for i, r := range g.rows {
		c.rows[i] = append([]byte(nil), r...)
	}
	return c
}

// add appends a leaf.
func (g *grower) add(h tlog.Hash) {
	g.made = g.made[:0]
	g.size++
	for level := 0; ; level++ {
		if level == len(g.rows) {
			g.rows = append(g.rows, nil)
		}
		g.rows[level] = append(g.rows[level], h[:]...)
		if len(g.rows[level]) < fullRow*tlog.HashSize {
			return
		}
		h = rowHash(g.rows[level])
		g.rows[level] = g.rows[level][:0]
		g.made = append(g.made, placed{level + 1, g.size>>(height*(level+1)) - 1, h})
	}
}

// root returns the root of the tree as it is now.
func (g *grower) root() tlog.Hash {
	h, err := tlog.TreeHash(g.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			var err error
			t := tlog.TileForIndex(height, x)
			if out[i], err = tlog.HashFromTile(t, g.rows[t.L], x); err != nil {
				return nil, err
			}
		}
		return out, nil
	}))
	if err != nil {
		return tlog.Hash{} // no tree has it
	}
	return h
}

// rowHash is the hash of the subtree above a full row.
func rowHash(row []byte) tlog.Hash {
	if len(row) == tlog.HashSize {
		return tlog.Hash(row)
	}
	half := len(row) / 2
	return tlog.NodeHash(rowHash(row[:half]), rowHash(row[half:]))
}
