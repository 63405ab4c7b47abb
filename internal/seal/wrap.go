package seal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// version of the wrapped form.
const version = 1

// maxWrapped is the most bytes that are read as a keyset: a few hundred keys.
const maxWrapped = 1 << 20

// wrapped is a keyset as keys.json and the database hold it. Sealed is its content under a key of its own, which stands
// in Key, wrapped under the master key: that is 32 bytes, which every key management service takes.
type wrapped struct {
	Header
	Key    []byte `json:"key"`
	Sealed []byte `json:"sealed"`
}

// Header is what can be read of a wrapped keyset without its master key.
type Header struct {
	Version    int    `json:"memberpay_keys"`
	Set        string `json:"set"`
	Generation int64  `json:"generation"`
	Master     string `json:"master"`
}

// about binds what is wrapped to its header. The master key's name is not in it: an alias may be renamed.
func (h Header) about() []byte {
	return fmt.Appendf(nil, "memberpay keyset\n%d\n%s\n%d", h.Version, h.Set, h.Generation)
}

// content is what lies in wrapped.Sealed.
type content struct {
	Values  json.RawMessage `json:"values"`  // as Tink writes a keyset
	Indexes json.RawMessage `json:"indexes"` // as Tink writes a keyset
	Keys    []keyTimes      `json:"keys"`
}

type keyTimes struct {
	ID        uint32    `json:"id"`
	MadeAt    time.Time `json:"made_at,omitzero"`
	PrimaryAt time.Time `json:"primary_at,omitzero"`
	OldAt     time.Time `json:"old_at,omitzero"`
}

// ErrDamaged means that a keyset cannot be read though its master key is here.
var ErrDamaged = errors.New("the keyset is damaged")

// Wrap returns the keyset under the master key that wraps.
func (k *Keyset) Wrap(ctx context.Context, m *Masters) ([]byte, error) {
	if m.now == nil {
		return nil, errors.New("there is no master key to wrap the keyset with")
	}
	var inner content
	var err error
	if inner.Values, err = clearJSON(k.values); err != nil {
		return nil, err
	}
	if inner.Indexes, err = clearJSON(k.indexes); err != nil {
		return nil, err
	}
	for _, key := range k.Keys() {
		inner.Keys = append(inner.Keys, keyTimes{key.ID, key.MadeAt, key.PrimaryAt, key.OldAt})
	}
	plain, err := json.Marshal(inner)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, masterSize)
	rand.Read(secret)
	a, err := subtle.NewAESGCM(secret)
	if err != nil {
		return nil, err
	}
	out := wrapped{Header: Header{version, k.Set, k.Generation, m.now.Name()}}
	if out.Sealed, err = a.Encrypt(plain, out.about()); err != nil {
		return nil, err
	}
	if out.Key, err = m.now.Wrap(ctx, secret, out.about()); err != nil {
		return nil, fmt.Errorf("wrap the keyset under %s: %w", m.now.Name(), err)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	return append(text, '\n'), err
}

// ReadHeader reads what can be read of a wrapped keyset without its master key. It returns ErrDamaged.
func ReadHeader(raw []byte) (Header, error) {
	w, err := readWrapped(raw)
	return w.Header, err
}

func readWrapped(raw []byte) (wrapped, error) {
	var w wrapped
	if len(raw) > maxWrapped {
		return w, fmt.Errorf("%w: it is too large", ErrDamaged)
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return w, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	switch {
	case w.Version > version:
		return w, errors.New("the keyset was written by a newer version; start that version")
	case w.Version < 1 || w.Generation < 1 || w.Set == "" || w.Master == "" || len(w.Key) == 0 || len(w.Sealed) == 0:
		return w, fmt.Errorf("%w: something is missing in it", ErrDamaged)
	}
	return w, nil
}

// Unwrap is the inverse of Wrap. It returns ErrMaster where the master key is another, and ErrDamaged.
func Unwrap(ctx context.Context, raw []byte, m *Masters) (*Keyset, error) {
	w, err := readWrapped(raw)
	if err != nil {
		return nil, err
	}
	master, err := m.named(w.Master)
	if err != nil {
		return nil, err
	}
	secret, err := master.Unwrap(ctx, w.Key, w.about())
	if err != nil {
		return nil, fmt.Errorf("%w: its key does not open under %s: %w", ErrDamaged, master.Name(), err)
	}
	k, err := w.open(secret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return k, nil
}

func (w wrapped) open(secret []byte) (*Keyset, error) {
	a, err := subtle.NewAESGCM(secret)
	if err != nil {
		return nil, err
	}
	plain, err := a.Decrypt(w.Sealed, w.about())
	if err != nil {
		return nil, err
	}
	k, err := readContent(plain, w.Generation)
	if err != nil {
		return nil, err
	}
	if k.Set != w.Set {
		return nil, errors.New("it is not the set it says")
	}
	return k, nil
}

func readContent(plain []byte, generation int64) (*Keyset, error) {
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, err
	}
	values, err := fromClearJSON(c.Values)
	if err != nil {
		return nil, err
	}
	indexes, err := fromClearJSON(c.Indexes)
	if err != nil {
		return nil, err
	}
	times := map[uint32]Times{}
	for _, t := range c.Keys {
		times[t.ID] = Times{t.MadeAt, t.PrimaryAt, t.OldAt}
	}
	return build(generation, values, indexes, times)
}

// Clear are keysets in clear, as an older version kept them in keys.json and index.json.
type Clear struct {
	values  *tinkpb.Keyset
	indexes *tinkpb.Keyset // nil where that version had none
}

// IsClear reports whether raw looks like a keyset in clear.
func IsClear(raw []byte) bool {
	var look struct {
		Version json.RawMessage `json:"memberpay_keys"`
		Primary json.RawMessage `json:"primaryKeyId"`
		Keys    json.RawMessage `json:"key"`
	}
	return len(raw) <= maxWrapped && json.Unmarshal(raw, &look) == nil && look.Version == nil && look.Primary != nil &&
		strings.HasPrefix(string(look.Keys), "[")
}

// ReadClear reads keysets in clear. indexes is nil where there are none. It returns ErrDamaged.
func ReadClear(values, indexes []byte) (Clear, error) {
	var out Clear
	var err error
	if out.values, err = fromClearJSON(values); err != nil {
		return Clear{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if indexes != nil {
		if out.indexes, err = fromClearJSON(indexes); err != nil {
			return Clear{}, fmt.Errorf("%w: index.json: %w", ErrDamaged, err)
		}
	}
	if _, err := out.Keyset(); err != nil {
		return Clear{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return out, nil
}

// Keyset is the first generation of what was kept in clear. Where there was no key of blind indexes it makes one.
func (c Clear) Keyset() (*Keyset, error) {
	indexes := c.indexes
	if indexes == nil {
		var err error
		if indexes, err = newIndexes(); err != nil {
			return nil, err
		}
	}
	return build(1, c.values, indexes, map[uint32]Times{})
}

// JoinedClear is Joined with keys that were kept in clear.
func (k *Keyset) JoinedClear(c Clear) (*Keyset, error) {
	if c.indexes != nil {
		other, err := c.Keyset()
		if err != nil {
			return nil, err
		}
		return k.Joined(other)
	}
	return k.joinedKeys(1, c.values, nil)
}
