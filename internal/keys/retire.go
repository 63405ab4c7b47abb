package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"memberpay/internal/seal"
)

// settled is how long a key must have been out of use before it is taken out: what was sealed with it in the last moment
// is stored by then, what was sealed into a cookie has run out, and no program seals with a keyset that old.
const settled = 30 * time.Minute

// ErrNeeded means that an old key is still needed. The text around it says for what.
var ErrNeeded = errors.New("old keys are still needed and nothing was taken out")

// Retire takes every old key out of the keyset, and returns their ids; none where there are none. What they have sealed
// opens from then on only with the keyset that lies in a backup of the database beside it. Where one of them is still needed it returns ErrNeeded and changes nothing.
func (k *Keys) Retire(ctx context.Context, p Progress) (gone []uint32, err error) {
	l, err := k.take(ctx, func(s string) { p.say("%s", s) })
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.end(ctx)) }()
	if _, err := k.look(ctx); err != nil {
		return nil, err
	}
	var words []string
	for _, key := range k.Box.Keyset().Keys() {
		if key.State != seal.Old {
			continue
		}
		if wait := key.OldAt.Add(settled).Sub(k.Now()); wait > 0 {
			return nil, fmt.Errorf("%w: key %d sealed until a moment ago, and a value sealed with it may still be on its way; "+
				"try again in %s", ErrNeeded, key.ID, wait.Round(time.Second))
		}
		gone = append(gone, key.ID)
		words = append(words, fmt.Sprint(key.ID))
	}
	if len(gone) == 0 {
		return nil, nil
	}
	if err := k.unneeded(ctx, gone); err != nil {
		return nil, err
	}
	set, err := k.Box.Keyset().Without(gone...)
	if err != nil {
		return nil, err
	}
	return gone, k.change(ctx, l, set, "keys.retired", "keys "+strings.Join(words, ", "))
}

// unneeded returns ErrNeeded where a value is sealed with one of the keys, or a server may still seal with one.
func (k *Keys) unneeded(ctx context.Context, keyIDs []uint32) error {
	counts, err := k.count(ctx, k.DB.Read())
	if err != nil {
		return err
	}
	var needed []string
	for _, c := range counts {
		if slices.Contains(keyIDs, c.KeyID) && !c.Damaged {
			needed = append(needed, c.String())
		}
	}
	if len(needed) > 0 {
		return fmt.Errorf("%w: %s; run: memberpay keys rotate", ErrNeeded, strings.Join(needed, ", "))
	}
	servers, err := k.servers(ctx)
	if err != nil {
		return err
	}
	for _, s := range servers {
		if s.Generation < k.Box.Keyset().Generation {
			return fmt.Errorf("%w: %s has not read the newest keyset yet; see why in its log", ErrNeeded, s.Host)
		}
	}
	return nil
}

// ErrServers means that a running server does not know the new master key.
var ErrServers = errors.New("a server does not know the new master key")

// Rewrap wraps the keyset under the master key of now. The one it was wrapped under may be that of before. It reports
// whether there was anything to do, and returns ErrServers where a server that runs could not follow.
func (k *Keys) Rewrap(ctx context.Context, p Progress) (done bool, err error) {
	l, err := k.take(ctx, func(s string) { p.say("%s", s) })
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, l.end(ctx)) }()
	if _, err := k.look(ctx); err != nil {
		return false, err
	}
	r, err := readRow(ctx, k.DB.Read())
	if err != nil {
		return false, err
	}
	h, err := seal.ReadHeader(r.content)
	if err != nil {
		return false, err
	}
	now := k.masters.Now()
	if now == nil {
		return false, errors.New("there is no master key to wrap the keyset with: set MEMBERPAY_MASTER_KEY or MEMBERPAY_MASTER_KEY_FILE")
	}
	if h.Master == now.Name() {
		return false, nil
	}
	servers, err := k.servers(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range servers {
		if !slices.Contains(s.masters, now.Name()) {
			return false, fmt.Errorf("%w: %s; start it again with the new key, and with the earlier one as MEMBERPAY_MASTER_KEY_BEFORE", ErrServers, s.Host)
		}
	}
	set, err := k.Box.Keyset().Again()
	if err != nil {
		return false, err
	}
	if err := k.change(ctx, l, set, "keys.rewrapped", h.Master+" to "+now.Name()); err != nil {
		return false, err
	}
	return true, k.await(ctx, l, p, "to read the keyset under the new master key")
}
