package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// markSize is the length of the mark that an entry bears while it waits to be sealed.
const markSize = 16

// mark returns the keyed hash of an entry's hash: who has the database alone cannot add an entry to the queue.
func (k *Key) mark(hash []byte) []byte {
	m := hmac.New(sha256.New, k.markKey[:])
	m.Write(hash)
	return m.Sum(nil)[:markSize]
}

// marks reports whether one of marks, each markSize bytes, is that of an entry's hash.
func (k *Key) marks(marks, hash []byte) bool {
	want := k.mark(hash)
	for ; len(marks) >= markSize; marks = marks[markSize:] {
		if hmac.Equal(marks[:markSize], want) {
			return true
		}
	}
	return false
}

// of returns the mark of the i-th id of a row of the queue, nil where it has none.
func (r queuedRow) of(i int) []byte {
	if len(r.marks) < (i+1)*markSize {
		return nil
	}
	return r.marks[i*markSize : (i+1)*markSize]
}

// UseKey lets the entries that are written to d from now on bear the marks of its key. Without a key yet it does nothing: OpenKey
// marks what waits when it makes one.
func UseKey(ctx context.Context, d *db.DB, box *seal.Box) error {
	k, err := ReadKey(ctx, d.Read(), box)
	if errors.Is(err, ErrNoKey) {
		return nil
	}
	if err != nil {
		return err
	}
	d.UseMark(k.mark)
	return nil
}

// markWaiting marks every entry that waits, whoever wrote it. That is done once: with the key, or with the first version that has
// marks.
func (k *Key) markWaiting(ctx context.Context, tx *db.Tx) error {
	for after := ""; ; {
		rows, err := queued(ctx, tx, after)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			after = row.id
			hashes, err := hashesOf(ctx, tx, row.ids)
			if err != nil {
				return err
			}
			var marks bytes.Buffer
			for _, id := range row.ids {
				marks.Write(k.mark(hashes[id])) // of nothing for an entry that is not there
			}
			if _, err := tx.ExecContext(ctx, "UPDATE audit_unsealed SET marks = $2 WHERE id = $1", row.id, marks.Bytes()); err != nil {
				return fmt.Errorf("mark what waits: %w", err)
			}
		}
	}
}

// hashesOf returns the hashes of entries by id.
func hashesOf(ctx context.Context, q db.Queryer, ids []string) (map[string][]byte, error) {
	out, buffer := map[string][]byte{}, []byte(nil)
	err := inPowers(len(ids), func(from, to int) error {
		return db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry WHERE id IN "+db.In(1, to-from), db.Args(ids[from:to]), func(r *sql.Rows) error {
			e, err := scan(r)
			h := e.hash(&buffer)
			out[e.ID] = h[:]
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return out, nil
}

// ErrUnmarked means that entries wait to be sealed that this program did not write.
var ErrUnmarked = errors.New("entries wait to be sealed that bear no mark of this program: they were slipped in, or changed; run \"memberpay audit verify\"")

// withMarks ends the secret half of a key whose queue was marked once.
const withMarks = "\nmarks"

// hasMarks tells whether what is sealed of a key ends so, and returns the rest.
func hasMarks(secret string) (string, bool) { return strings.CutSuffix(secret, withMarks) }
