package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// keyName begins every checkpoint and names whose signature stands under it.
const keyName = "memberpay-audit"

// Key signs checkpoints (Ed25519) and ties leaves to their places. Its secret lies in the database, sealed: whoever has
// only the database cannot sign, and every server that has the keyset signs with the same key.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
	public   string
	macKey   [32]byte // of places
	markKey  [32]byte // of what waits
	marked   bool     // what waited before there were marks has some
}

// ErrNoKey means that nothing was ever sealed in this database.
var ErrNoKey = errors.New("the audit log has no key yet; a server makes it when it starts")

// Public is the public half of the key, one line of text. Keep it where nobody can change it who can change the database.
func (k *Key) Public() string { return k.public }

// OpenKey reads the key, or makes it where there is none, and lets what is written to d bear its marks. Where something was signed and the key is gone, that is an error:
// a new key would hide it.
func OpenKey(ctx context.Context, d *db.DB, box *seal.Box, now time.Time) (*Key, error) {
	k, err := ReadKey(ctx, d.Read(), box)
	if errors.Is(err, ErrNoKey) {
		k, err = makeKey(ctx, d, box, now)
	}
	if err == nil && !k.marked {
		err = k.beginMarks(ctx, d, box)
	}
	if err != nil {
		return nil, err
	}
	d.UseMark(k.mark)
	return k, nil
}

// makeKey makes the key. What waits for it is marked in the same transaction.
func makeKey(ctx context.Context, d *db.DB, box *seal.Box, now time.Time) (*Key, error) {
	secret, public, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	made, err := newKey(secret + "\n" + public + withMarks)
	if err != nil {
		return nil, err
	}
	sealed, err := box.Seal([]byte(secret+"\n"+public+withMarks), keySecret.Place(keyName))
	if err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		var signed int64
		if err := tx.QueryRowContext(ctx, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_checkpoint").Scan(&signed); err != nil {
			return err
		}
		if signed > 0 {
			return errors.New("the audit log was signed with a key that is gone; restore the table audit_key from a backup")
		}
		res, err := tx.ExecContext(ctx, "INSERT INTO audit_key (name, verifier, secret_sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
			keyName, public, sealed, db.Micros(now))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // of two servers that start at once, one made it
		}
		return made.markWaiting(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	return ReadKey(ctx, d.Read(), box)
}

// beginMarks marks what waits, once for a key that is older than marks.
func (k *Key) beginMarks(ctx context.Context, d *db.DB, box *seal.Box) error {
	err := d.Write(ctx, func(tx *db.Tx) error {
		both, err := readSecret(ctx, tx, box)
		if err != nil {
			return err
		}
		if _, done := hasMarks(both); done {
			return nil // another server was first
		}
		sealed, err := box.Seal([]byte(both+withMarks), keySecret.Place(keyName))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE audit_key SET secret_sealed = $2 WHERE name = $1", keyName, sealed); err != nil {
			return err
		}
		return k.markWaiting(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("mark what waits to be sealed: %w", err)
	}
	return nil
}

// ReadKey reads the key. It returns ErrNoKey where there is none.
func ReadKey(ctx context.Context, q db.Queryer, box *seal.Box) (*Key, error) {
	both, err := readSecret(ctx, q, box)
	if err != nil {
		return nil, err
	}
	return newKey(both)
}

// readSecret reads what is sealed of the key. It returns ErrNoKey where there is none.
func readSecret(ctx context.Context, q db.Queryer, box *seal.Box) (string, error) {
	var sealed []byte
	err := q.QueryRowContext(ctx, "SELECT secret_sealed FROM audit_key WHERE name = $1", keyName).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoKey
	}
	if err != nil {
		return "", fmt.Errorf("read the audit key: %w", err)
	}
	both, err := box.Open(sealed, keySecret.Place(keyName))
	if err != nil {
		return "", fmt.Errorf("read the audit key: %w", err)
	}
	return string(both), nil
}

func newKey(both string) (*Key, error) {
	both, marked := hasMarks(both)
	secret, public, _ := strings.Cut(both, "\n")
	signer, err1 := note.NewSigner(secret)
	verifier, err2 := note.NewVerifier(public)
	if err1 != nil || err2 != nil || signer.Name() != verifier.Name() || signer.KeyHash() != verifier.KeyHash() {
		return nil, errors.New("the audit key is damaged; restore the table audit_key from a backup")
	}
	return &Key{signer, verifier, public, sha256.Sum256([]byte("memberpay audit leaf\n" + secret)), sha256.Sum256([]byte("memberpay audit queue\n" + secret)), marked}, nil
}

// PublishedKey returns the public key that the database itself names. It is no better than the database.
func PublishedKey(ctx context.Context, q db.Queryer) (string, error) {
	var public string
	err := q.QueryRowContext(ctx, "SELECT verifier FROM audit_key WHERE name = $1", keyName).Scan(&public)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoKey
	}
	if err != nil {
		return "", fmt.Errorf("read the audit key: %w", err)
	}
	return public, nil
}
