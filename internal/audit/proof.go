package audit

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// proofHeader begins a proof in the C2SP tlog-proof format.
const proofHeader = "c2sp.org/tlog-proof@v1"

// ErrNotSealed means that an entry is not in the tree yet; it will be within seconds.
var ErrNotSealed = errors.New("the entry is not sealed yet; try again in a few seconds")

// ErrNoEntry means that there is no entry with an id.
var ErrNoEntry = errors.New("there is no such entry")

// Prove returns a proof that an entry is in the log, for somebody who has the public key and nothing else: the entry, the
// hashes between it and the root, and the newest signed checkpoint. It returns ErrNoEntry or ErrNotSealed, and another
// error where the entry is not what was sealed.
func Prove(ctx context.Context, q db.Queryer, entryID, public string) (string, error) {
	v, err := note.NewVerifier(public)
	if err != nil {
		return "", errPublic
	}
	var seq int64
	row := q.QueryRowContext(ctx, "SELECT COALESCE(l.seq, -1) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.id WHERE e.id = $1", entryID)
	if err := row.Scan(&seq); errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoEntry
	} else if err != nil {
		return "", fmt.Errorf("prove: %w", err)
	}
	var e Entry
	err = db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry WHERE id = $1", []any{entryID}, func(rows *sql.Rows) (err error) {
		e, err = scan(rows)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("prove: %w", err)
	}
	signed, err := Newest(ctx, q)
	if err != nil {
		return "", err
	}
	if seq < 0 || signed == "" {
		return "", ErrNotSealed
	}
	c, err := OpenCheckpoint(signed, v)
	if err != nil {
		return "", fmt.Errorf("the newest checkpoint in the database: %w", err)
	}
	p := proof{index: seq, entry: e, signed: signed}
	if p.hashes, err = tlog.ProveRecord(c.Size, seq, prover(ctx, q, c.tree())); err != nil {
		return "", errTree
	}
	if _, _, err := p.check(v); err != nil {
		return "", err
	}
	return p.text(), nil
}

// CheckProof reads a proof and returns the entry that it proves to be in the log, its number, and the checkpoint that covers
// it. It needs nothing but the public key.
func CheckProof(text, public string) (Entry, int64, Checkpoint, error) {
	v, err := note.NewVerifier(public)
	if err != nil {
		return Entry{}, 0, Checkpoint{}, errPublic
	}
	p, err := parseProof(text)
	if err != nil {
		return Entry{}, 0, Checkpoint{}, err
	}
	e, c, err := p.check(v)
	return e, p.index, c, err
}

var errPublic = errors.New("the public key is not readable; print it with \"memberpay audit key\"")

// proof is that an entry is in a signed tree.
type proof struct {
	index  int64
	entry  Entry
	hashes tlog.RecordProof
	signed string
}

func (p proof) check(v note.Verifier) (Entry, Checkpoint, error) {
	c, err := OpenCheckpoint(p.signed, v)
	if err != nil {
		return Entry{}, Checkpoint{}, fmt.Errorf("the checkpoint in the proof: %w", err)
	}
	var buffer []byte
	if tlog.CheckRecord(p.hashes, c.Size, c.Root, p.index, p.entry.hash(&buffer)) != nil {
		return Entry{}, Checkpoint{}, errors.New("the entry is not the one that was sealed with this number")
	}
	return p.entry, c, nil
}

func (p proof) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(p.entry.encode(nil)), p.index)
	for _, h := range p.hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n" + p.signed)
	return b.String()
}

var errProof = errors.New("it is not a proof that \"memberpay audit prove\" wrote")

// maxProof is longer than any proof, in bytes.
const maxProof = 64 << 10

// parseProof is the inverse of text. What text does not write is an error.
func parseProof(text string) (proof, error) {
	var p proof
	head, signed, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(text) > maxProof || len(lines) < 3 || len(lines) > 3+64 || lines[0] != proofHeader {
		return proof{}, errProof
	}
	p.signed = signed
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return proof{}, errProof
	}
	if p.entry, err = decode(raw); err != nil {
		return proof{}, errProof
	}
	if p.index, err = strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64); err != nil || p.index < 0 {
		return proof{}, errProof
	}
	for _, line := range lines[3:] {
		var h tlog.Hash
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || copy(h[:], raw) != tlog.HashSize {
			return proof{}, errProof
		}
		p.hashes = append(p.hashes, h)
	}
	if p.text() != text {
		return proof{}, errProof
	}
	return p, nil
}
