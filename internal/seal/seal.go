// Package seal encrypts single fields (bank account numbers) with a Tink keyset. A sealed value is bound to the table,
// row and column it belongs to: moved elsewhere it does not open.
package seal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Box seals and opens fields. It is safe for concurrent use.
type Box struct {
	aead  tink.AEAD
	index *prf.Set
}

// Open reads the keyset in path, or makes it (readable by its owner only) where there is none. An unreadable keyset is
// an error and never replaced: what it sealed would be lost.
func Open(path string) (*Box, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw, err = create(path, aead.AES256GCMKeyTemplate())
	}
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("keyset %s is damaged; restore it from a backup: %w", path, err)
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	set, err := openIndex(filepath.Join(filepath.Dir(path), "index.json"))
	if err != nil {
		return nil, err
	}
	return &Box{a, set}, nil
}

// openIndex reads the keyset of blind indexes in path, or makes it where there is none.
func openIndex(path string) (*prf.Set, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw, err = create(path, prf.HMACSHA256PRFKeyTemplate())
	}
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("keyset %s is damaged; restore it from a backup: %w", path, err)
	}
	return prf.NewPRFSet(handle)
}

// New returns a Box with a fresh key that lives in memory only, for tests.
func New() (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	indexing, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, err
	}
	set, err := prf.NewPRFSet(indexing)
	return &Box{a, set}, err
}

func create(path string, template *tinkpb.KeyTemplate) ([]byte, error) {
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buf)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// Written whole under another name and then linked: of two processes that start at once one makes the keyset, the
	// other reads it, and nobody ever sees half of it.
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(buf.Bytes()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, os.ErrExist) {
		return os.ReadFile(path)
	} else if err != nil {
		return nil, err
	}
	return buf.Bytes(), syncDir(filepath.Dir(path))
}

// syncDir makes the keyset's name as durable as what is sealed with it.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Seal encrypts value for one place, written "table/id/column".
func (b *Box) Seal(value []byte, place string) ([]byte, error) {
	return b.aead.Encrypt(value, []byte(place))
}

// Index returns a blind index of value: the same for the same value and place (such as "account/email"), and telling
// nothing of the value to whoever lacks the key. A row is found by it while the value itself stands sealed.
func (b *Box) Index(value, place string) string {
	out, err := b.index.ComputePrimaryPRF([]byte(place+"\x00"+value), 32)
	if err != nil {
		panic(err) // the length is one that HMAC-SHA256 has
	}
	return hex.EncodeToString(out)
}

// Open decrypts what Seal made for the same place. A wrong place, a wrong key and damage are all errors.
func (b *Box) Open(sealed []byte, place string) ([]byte, error) {
	v, err := b.aead.Decrypt(sealed, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("unseal %s: %w", place, err)
	}
	return v, nil
}
