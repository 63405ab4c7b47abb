package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// height of a row of hashes: it has 2^height of them.
const height = 8

const fullRow = 1 << height

// place is the place of a row of hashes.
type place struct {
	level int
	n     int64
}

// errTree means that the hashes in the database are not those of the tree that was signed.
var errTree = errors.New("the tree in the database is not the one that was signed; run \"memberpay audit verify\"")

// edge is the right edge of a tree: the rows of hashes that are not full, which is all that growing needs.
type edge struct {
	size  int64 // how many leaves the tree has now
	old   int64 // how many it had
	rows  map[place][]byte
	fresh map[int64]tlog.Hash // by stored hash index
}

// readEdge reads the right edge of a tree and checks it against the root. It returns errTree where it is not that tree's.
func readEdge(ctx context.Context, q db.Queryer, tree tlog.Tree) (*edge, error) {
	e := &edge{size: tree.N, old: tree.N, rows: map[place][]byte{}, fresh: map[int64]tlog.Hash{}}
	for level := 0; tree.N>>(height*level) > 0; level++ {
		n := tree.N >> (height * level)
		if n%fullRow == 0 {
			continue
		}
		p := place{level, n / fullRow}
		row, err := readRow(ctx, q, p)
		if err != nil {
			return nil, err
		}
		want := int(n%fullRow) * tlog.HashSize
		if len(row) < want {
			return nil, errTree
		}
		e.rows[p] = row[:want]
	}
	if tree.N == 0 {
		return e, nil
	}
	if root, err := e.root(); err != nil || root != tree.Hash {
		return nil, errTree
	}
	return e, nil
}

// readRow reads one row of hashes, nil where there is none.
func readRow(ctx context.Context, q db.Queryer, p place) ([]byte, error) {
	var row []byte
	err := q.QueryRowContext(ctx, "SELECT hashes FROM audit_tile WHERE level = $1 AND n = $2", p.level, p.n).Scan(&row)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return row, nil
}

// ReadHashes returns hashes by their stored hash index.
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if h, ok := e.fresh[x]; ok {
			out[i] = h
			continue
		}
		t := tlog.TileForIndex(height, x)
		row := e.rows[place{t.L, t.N}]
		h, err := tlog.HashFromTile(t, row, x)
		if err != nil {
			return nil, errTree
		}
		out[i] = h
	}
	return out, nil
}

// add appends a leaf.
func (e *edge) add(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(e.size, leaf, e)
	if err != nil {
		return err
	}
	at := tlog.StoredHashIndex(0, e.size)
	for i, h := range hashes {
		e.fresh[at+int64(i)] = h
	}
	e.size++
	return nil
}

// root returns the root of the tree as it is now.
func (e *edge) root() (tlog.Hash, error) { return tlog.TreeHash(e.size, e) }

// grown calls fn for every row of hashes that is new or longer than before.
func (e *edge) grown(fn func(p place, row []byte) error) error {
	for _, t := range tlog.NewTiles(height, e.old, e.size) {
		row, err := tlog.ReadTileData(t, e)
		if err != nil {
			return err
		}
		if err := fn(place{t.L, t.N}, row); err != nil {
			return err
		}
	}
	return nil
}

// prover reads hashes of a signed tree. What it returns is proven to be in the tree.
func prover(ctx context.Context, q db.Queryer, tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, &rowReader{ctx, q})
}

// rowReader reads rows of hashes for tlog.
type rowReader struct {
	ctx context.Context
	q   db.Queryer
}

func (r *rowReader) Height() int { return height }

func (r *rowReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		row, err := readRow(r.ctx, r.q, place{t.L, t.N})
		if err != nil {
			return nil, err
		}
		if len(row) < t.W*tlog.HashSize {
			return nil, errTree
		}
		out[i] = row[:t.W*tlog.HashSize]
	}
	return out, nil
}

func (r *rowReader) SaveTiles([]tlog.Tile, [][]byte) {}
