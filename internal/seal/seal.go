// Package seal encrypts single fields (bank account numbers, e-mail addresses) with Tink keysets. A sealed value is bound
// to the table, row and column it belongs to: moved elsewhere it does not open. The keysets themselves are kept wrapped
// under a master key that lies elsewhere.
//
// It knows files and keys, and no database: package keys keeps every server on the same keyset and changes it.
package seal

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/prf"
)

// Box seals and opens fields. It is safe for concurrent use, and its keyset may be replaced while it is in use.
type Box struct {
	keys    atomic.Pointer[Keyset]
	clock   func() time.Time
	until   atomic.Int64                 // microseconds; from then on somebody has to look whether keys is the newest. 0: never
	renewal atomic.Pointer[func() error] // looks, and calls Use and FreshUntil
	one     sync.Mutex                   // one renewal at a time
}

// New returns a Box with fresh keys that live in memory only, for tests.
func New() (*Box, error) {
	k, err := NewKeyset(time.Now())
	if err != nil {
		return nil, err
	}
	return NewBox(k, time.Now), nil
}

// NewBox returns a Box that seals with the primary key of k.
func NewBox(k *Keyset, clock func() time.Time) *Box {
	b := &Box{clock: clock}
	b.keys.Store(k)
	return b
}

// Keyset returns what the Box seals with now.
func (b *Box) Keyset() *Keyset { return b.keys.Load() }

// Use replaces the keyset by one of a later generation, and leaves it where k is not later.
func (b *Box) Use(k *Keyset) {
	for {
		have := b.keys.Load()
		if k.Generation <= have.Generation || b.keys.CompareAndSwap(have, k) {
			return
		}
	}
}

// Renew gives the Box a function that looks for a newer keyset, and calls Use and FreshUntil. The Box calls it by itself
// where it meets a key it does not know, or where nobody has looked for too long.
func (b *Box) Renew(look func() error) { b.renewal.Store(&look) }

// FreshUntil says until when the Box may seal without another look. A program that was stopped for an hour must not
// seal with a key that was taken out of use meanwhile.
func (b *Box) FreshUntil(t time.Time) { b.until.Store(t.UnixMicro()) }

// ErrStale means that nobody could tell whether the keyset is still the one in use.
var ErrStale = errors.New("the keyset could not be checked for too long, so nothing is sealed with it")

// Seal encrypts value for one place, written "table/id/column" (Column.Place). It returns ErrStale where it cannot be
// known whether the key is still in use.
func (b *Box) Seal(value []byte, place string) ([]byte, error) {
	if b.stale() {
		if err := b.renew(b.stale); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrStale, err)
		}
		if b.stale() {
			return nil, ErrStale
		}
	}
	return b.keys.Load().aead.Encrypt(value, []byte(place))
}

func (b *Box) stale() bool {
	until := b.until.Load()
	return until != 0 && b.clock().UnixMicro() >= until
}

// Open decrypts what Seal made for the same place. A wrong place, a wrong key and damage are all errors.
func (b *Box) Open(sealed []byte, place string) ([]byte, error) {
	strange := func() bool {
		id, ok := KeyOf(sealed)
		return ok && !b.keys.Load().Has(id)
	}
	if strange() {
		if err := b.renew(strange); err != nil {
			return nil, fmt.Errorf("unseal %s: look for its key: %w", place, err)
		}
	}
	v, err := b.keys.Load().aead.Decrypt(sealed, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("unseal %s: %w", place, err)
	}
	return v, nil
}

// renew looks for a newer keyset where it is still needed once it is this caller's turn.
func (b *Box) renew(needed func() bool) error {
	look := b.renewal.Load()
	if look == nil {
		return nil
	}
	b.one.Lock()
	defer b.one.Unlock()
	if !needed() {
		return nil
	}
	return (*look)()
}

// Index returns a blind index of value: the same for the same value and place (such as "account/email"), and telling
// nothing of the value to whoever lacks the key. A row is found by it while the value itself stands sealed. Its key stays
// when the keys that seal are rotated, so what is indexed is still found.
func (b *Box) Index(value, place string) string { return mark(b.keys.Load().index, value, place) }

func mark(index *prf.Set, value, place string) string {
	out, err := index.ComputePrimaryPRF([]byte(place+"\x00"+value), 32)
	if err != nil {
		panic(err) // the length is one that HMAC-SHA256 has
	}
	return hex.EncodeToString(out)
}

// PrefixSize is how many bytes at the beginning of a sealed value name its key.
const PrefixSize = 5

// KeyOf returns the id of the key that sealed a value, false where it is no sealed value.
func KeyOf(sealed []byte) (uint32, bool) {
	if len(sealed) < PrefixSize || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:PrefixSize]), true
}

// Prefix is how every value begins that a key has sealed.
func Prefix(keyID uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{1}, keyID)
}
