package seal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// State is where a key stands.
type State string

const (
	Next    State = "next"    // every server can open with it; it seals nothing yet
	Primary State = "primary" // seals
	Old     State = "old"     // opens what it has sealed, until that is sealed again
)

// Key is what is known of one key that seals.
type Key struct {
	ID    uint32
	State State
	Times
}

// Times are the moments of a key's life, zero where they have not come or are not known.
type Times struct {
	MadeAt    time.Time // zero for a key of a version that did not note it
	PrimaryAt time.Time // since when it seals
	OldAt     time.Time // since when it seals no more
}

// Keyset is the keys that seal and the key of blind indexes. It never changes: what changes a keyset returns another one.
type Keyset struct {
	Set        string // which installation's it is: bound to the key of blind indexes, which is never replaced
	Generation int64  // grows with each change

	values  *tinkpb.Keyset
	indexes *tinkpb.Keyset
	times   map[uint32]Times
	aead    tink.AEAD
	index   *prf.Set
}

// NewKeyset makes fresh keys.
func NewKeyset(now time.Time) (*Keyset, error) {
	values, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	indexes, err := newIndexes()
	if err != nil {
		return nil, err
	}
	material := insecurecleartextkeyset.KeysetMaterial(values)
	return build(1, material, indexes, map[uint32]Times{material.PrimaryKeyId: {MadeAt: now, PrimaryAt: now}})
}

func newIndexes() (*tinkpb.Keyset, error) {
	h, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, err
	}
	return insecurecleartextkeyset.KeysetMaterial(h), nil
}

// build checks keys and makes a Keyset of them.
func build(generation int64, values, indexes *tinkpb.Keyset, times map[uint32]Times) (*Keyset, error) {
	if generation < 1 {
		return nil, fmt.Errorf("generation %d", generation)
	}
	for _, k := range values.GetKey() {
		if k.OutputPrefixType != tinkpb.OutputPrefixType_TINK || k.Status != tinkpb.KeyStatusType_ENABLED {
			return nil, fmt.Errorf("key %d is of another kind", k.KeyId)
		}
	}
	open, err := handle(values)
	if err != nil {
		return nil, err
	}
	out := &Keyset{Generation: generation, values: values, indexes: indexes, times: times}
	if out.aead, err = aead.New(open); err != nil {
		return nil, err
	}
	if out.index, err = indexer(indexes); err != nil {
		return nil, fmt.Errorf("key of blind indexes: %w", err)
	}
	out.Set = mark(out.index, "", setPlace)[:setSize]
	return out, nil
}

// The name of a set is a blind index itself, of nothing.
const (
	setPlace = "keyset"
	setSize  = 16
)

func indexer(indexes *tinkpb.Keyset) (*prf.Set, error) {
	h, err := handle(indexes)
	if err != nil {
		return nil, err
	}
	set, err := prf.NewPRFSet(h)
	if err != nil {
		return nil, err
	}
	_, err = set.ComputePrimaryPRF(nil, 32)
	return set, err
}

// handle checks keys as Tink does.
func handle(material *tinkpb.Keyset) (*keyset.Handle, error) {
	var raw bytes.Buffer
	if err := keyset.NewBinaryWriter(&raw).Write(material); err != nil {
		return nil, err
	}
	return insecurecleartextkeyset.Read(keyset.NewBinaryReader(&raw))
}

// Keys returns the keys that seal, oldest first.
func (k *Keyset) Keys() []Key {
	var out []Key
	for _, key := range k.values.Key {
		state, times := Old, k.times[key.KeyId]
		switch {
		case key.KeyId == k.values.PrimaryKeyId:
			state = Primary
		case times.PrimaryAt.IsZero() && !times.MadeAt.IsZero():
			state = Next
		}
		out = append(out, Key{key.KeyId, state, times})
	}
	return out
}

// Primary is the id of the key that seals.
func (k *Keyset) Primary() uint32 { return k.values.PrimaryKeyId }

// Since is when the primary key began to seal, zero where that is not known.
func (k *Keyset) Since() time.Time { return k.times[k.values.PrimaryKeyId].PrimaryAt }

// Has reports whether a key is among those that open.
func (k *Keyset) Has(keyID uint32) bool { return k.find(keyID) != nil }

func (k *Keyset) find(keyID uint32) *tinkpb.Keyset_Key {
	for _, key := range k.values.Key {
		if key.KeyId == keyID {
			return key
		}
	}
	return nil
}

// Next returns the id of the key that is to become the primary one, 0 where there is none.
func (k *Keyset) Next() uint32 {
	for _, key := range k.Keys() {
		if key.State == Next {
			return key.ID
		}
	}
	return 0
}

// WithNext returns the next generation, with one more key that seals nothing yet.
func (k *Keyset) WithNext(now time.Time) (*Keyset, error) {
	h, err := handle(k.values)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManagerFromHandle(h)
	added, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if h, err = m.Handle(); err != nil {
		return nil, err
	}
	times := maps.Clone(k.times)
	times[added] = Times{MadeAt: now}
	return build(k.Generation+1, insecurecleartextkeyset.KeysetMaterial(h), k.indexes, times)
}

// Promoted returns the next generation, in which the key called next seals and the one before is old.
func (k *Keyset) Promoted(now time.Time) (*Keyset, error) {
	next := k.Next()
	if next == 0 {
		return nil, errors.New("the keyset has no next key")
	}
	values, times := copyOf(k.values), maps.Clone(k.times)
	before, after := times[values.PrimaryKeyId], times[next]
	before.OldAt, after.PrimaryAt = now, now
	times[values.PrimaryKeyId], times[next] = before, after
	values.PrimaryKeyId = next
	return build(k.Generation+1, values, k.indexes, times)
}

// Without returns the next generation, without some old keys. What they have sealed can never be opened again.
func (k *Keyset) Without(keyIDs ...uint32) (*Keyset, error) {
	values, times := copyOf(k.values), maps.Clone(k.times)
	for _, keyID := range keyIDs {
		if keyID == values.PrimaryKeyId || keyID == k.Next() {
			return nil, fmt.Errorf("key %d is in use", keyID)
		}
		values.Key = slices.DeleteFunc(values.Key, func(key *tinkpb.Keyset_Key) bool { return key.KeyId == keyID })
		delete(times, keyID)
	}
	return build(k.Generation+1, values, k.indexes, times)
}

// Again returns the same keys as the next generation, to be wrapped anew.
func (k *Keyset) Again() (*Keyset, error) { return build(k.Generation+1, k.values, k.indexes, k.times) }

// ErrOtherSet means that two keysets belong to two installations: what one of them indexes the other does not find.
var ErrOtherSet = errors.New("the keysets belong to two installations")

// Joined returns a generation above both, with the keys of both: those of other that k lacks are old ones. It returns k
// itself where other has no key that k lacks and is not newer, and ErrOtherSet where their blind indexes differ.
func (k *Keyset) Joined(other *Keyset) (*Keyset, error) {
	if k.Set != other.Set {
		return nil, ErrOtherSet
	}
	return k.joinedKeys(other.Generation, other.values, other.times)
}

func (k *Keyset) joinedKeys(generation int64, more *tinkpb.Keyset, moreTimes map[uint32]Times) (*Keyset, error) {
	values, times := copyOf(k.values), maps.Clone(k.times)
	var lacking []*tinkpb.Keyset_Key
	for _, key := range more.Key {
		switch mine := k.find(key.KeyId); {
		case mine == nil:
			lacking = append(lacking, key)
			t := moreTimes[key.KeyId]
			if t.PrimaryAt.IsZero() {
				t.PrimaryAt = t.MadeAt // it may have sealed: it is old here, and not next
			}
			times[key.KeyId] = t
		case mine.KeyData.GetTypeUrl() != key.KeyData.GetTypeUrl() || !bytes.Equal(mine.KeyData.GetValue(), key.KeyData.GetValue()):
			return nil, fmt.Errorf("%w: two different keys have the id %d", ErrOtherSet, key.KeyId)
		}
	}
	if len(lacking) == 0 && generation <= k.Generation {
		return k, nil
	}
	values.Key = append(lacking, values.Key...)
	return build(max(k.Generation, generation)+1, values, k.indexes, times)
}

// copyOf returns a keyset of its own with the same keys, which themselves never change.
func copyOf(k *tinkpb.Keyset) *tinkpb.Keyset {
	return &tinkpb.Keyset{PrimaryKeyId: k.PrimaryKeyId, Key: slices.Clone(k.Key)}
}

// clearJSON is material as Tink writes it, in clear.
func clearJSON(material *tinkpb.Keyset) ([]byte, error) {
	h, err := handle(material)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}

// fromClearJSON is the inverse of clearJSON. It checks what Tink checks.
func fromClearJSON(raw []byte) (*tinkpb.Keyset, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, err
	}
	return insecurecleartextkeyset.KeysetMaterial(h), nil
}
