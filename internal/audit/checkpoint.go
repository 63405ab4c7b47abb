package audit

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"memberpay/internal/db"
)

// Checkpoint is what is signed: the tree had Size leaves and this root. It says everything about every entry below Size.
type Checkpoint struct {
	Size  int64
	Root  tlog.Hash
	After int64     // Size of the checkpoint before it, 0 for the first
	At    time.Time // when it was signed, to the microsecond
}

// text is what the signature stands under: the C2SP checkpoint format with two more lines.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nafter %d\nat %s\n", keyName, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]), c.After, c.At.UTC().Format(time.RFC3339Nano))
}

// tree is what the checkpoint says of the tree.
func (c Checkpoint) tree() tlog.Tree { return tlog.Tree{N: c.Size, Hash: c.Root} }

// sign returns the checkpoint as a signed note.
func (k *Key) sign(c Checkpoint) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, k.signer)
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return string(signed), nil
}

// ErrSignature means that a checkpoint does not bear the signature of the key.
var ErrSignature = errors.New("it does not bear the signature of the key")

// OpenCheckpoint reads a signed checkpoint. It returns ErrSignature where the key has not signed it, and another error where
// it is no checkpoint at all.
func OpenCheckpoint(signed string, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		var unverified *note.UnverifiedNoteError
		var invalid *note.InvalidSignatureError
		if errors.As(err, &unverified) || errors.As(err, &invalid) {
			return Checkpoint{}, ErrSignature
		}
		return Checkpoint{}, errors.New("it is not a signed checkpoint")
	}
	for _, s := range append(n.Sigs, n.UnverifiedSigs...) { // one signature has one spelling
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Checkpoint{}, errors.New("it is not a signed checkpoint")
		}
	}
	return parseCheckpoint(n.Text)
}

// parseCheckpoint is the inverse of text. What text does not write is an error.
func parseCheckpoint(text string) (Checkpoint, error) {
	var c Checkpoint
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || len(lines[2]) > 64 {
		return c, errors.New("it is not a checkpoint of this log")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || copy(c.Root[:], root) != tlog.HashSize {
		return c, errors.New("its root is not readable")
	}
	c.Size, _ = strconv.ParseInt(lines[1], 10, 64)
	c.After, _ = strconv.ParseInt(strings.TrimPrefix(lines[3], "after "), 10, 64)
	c.At, _ = time.Parse(time.RFC3339Nano, strings.TrimPrefix(lines[4], "at "))
	if c.text() != text || c.Size < 1 || c.After < 0 || c.After >= c.Size || !c.At.Equal(c.At.Truncate(time.Microsecond)) {
		return Checkpoint{}, errors.New("it is not a checkpoint of this log")
	}
	return c, nil
}

// Newest returns the newest signed checkpoint, "" where nothing was sealed yet.
func Newest(ctx context.Context, q db.Queryer) (string, error) {
	var signed string
	err := q.QueryRowContext(ctx, "SELECT signed FROM audit_checkpoint ORDER BY size DESC LIMIT 1").Scan(&signed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the newest checkpoint: %w", err)
	}
	return signed, nil
}

// newest is Newest, opened; the zero Checkpoint where nothing was sealed yet.
func newest(ctx context.Context, q db.Queryer, v note.Verifier) (Checkpoint, error) {
	signed, err := Newest(ctx, q)
	if err != nil || signed == "" {
		return Checkpoint{}, err
	}
	c, err := OpenCheckpoint(signed, v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the newest checkpoint in the database: %w", err)
	}
	return c, nil
}
