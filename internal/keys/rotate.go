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

// Report is what Rotate did.
type Report struct {
	Primary  uint32 // the key that seals now
	Added    bool   // false where it went on with a rotation that was interrupted
	Resealed int64
	Trouble  []Trouble // values that do not open, and so are still sealed with the key they were
}

// Progress hears of a change of keys, for a person to read.
type Progress struct {
	Say    func(text string)                         // a step, or what is waited for; may be nil
	Values func(c seal.Column, done, of int64) error // after each batch; an error stops the work; may be nil
}

func (p Progress) say(format string, args ...any) {
	if p.Say != nil {
		p.Say(fmt.Sprintf(format, args...))
	}
}

// Rotate adds a key, makes it the one that seals once every running server can open with it, and seals every value
// again. Servers go on serving. Where an earlier rotation was interrupted it goes on with that one and adds no key. Old
// keys stay, to open what stands in backups, until Retire.
//
// It may be stopped at any moment and called again.
func (k *Keys) Rotate(ctx context.Context, p Progress) (r Report, err error) {
	l, err := k.take(ctx, func(s string) { p.say("%s", s) })
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.end(ctx)) }()
	if _, err := k.look(ctx); err != nil {
		return r, err
	}
	if r.Added, err = k.addKey(ctx, l, p); err != nil {
		return r, err
	}
	if r.Primary = k.Box.Keyset().Primary(); k.Box.Keyset().Next() != 0 {
		if r.Primary, err = k.promote(ctx, l, p); err != nil {
			return r, err
		}
	}
	if err := k.await(ctx, l, p, "to seal with the new key"); err != nil {
		return r, err
	}
	return r, k.resealAll(ctx, l, p, &r)
}

// again is how long after a rotation values under older keys mean that it was interrupted. Later they are stragglers, and
// a new key takes them along.
const again = 24 * time.Hour

// addKey adds the next key, unless a rotation is under way: a next key is there, or the newest one is new and values are
// left under older ones.
func (k *Keys) addKey(ctx context.Context, l *lease, p Progress) (bool, error) {
	have := k.Box.Keyset()
	if have.Next() != 0 {
		p.say("going on with the rotation that was interrupted: key %d was added", have.Next())
		return false, nil
	}
	left, err := k.underOld(ctx)
	if err != nil {
		return false, err
	}
	if left > 0 && k.Now().Before(have.Since().Add(again)) {
		p.say("going on with the rotation that was interrupted: %d values are to be sealed again with key %d", left, have.Primary())
		return false, nil
	}
	set, err := have.WithNext(k.Now())
	if err != nil {
		return false, err
	}
	if err := k.change(ctx, l, set, "keys.added", fmt.Sprintf("key %d", set.Next())); err != nil {
		return false, err
	}
	p.say("key %d is added; it opens and does not seal yet", set.Next())
	return true, nil
}

// promote makes the next key the primary one, once every server can open with it.
func (k *Keys) promote(ctx context.Context, l *lease, p Progress) (uint32, error) {
	if err := k.await(ctx, l, p, "to read the new key"); err != nil {
		return 0, err
	}
	set, err := k.Box.Keyset().Promoted(k.Now())
	if err != nil {
		return 0, err
	}
	if err := k.change(ctx, l, set, "keys.rotated", fmt.Sprintf("key %d", set.Primary())); err != nil {
		return 0, err
	}
	p.say("key %d seals from now on", set.Primary())
	return set.Primary(), nil
}

// change publishes the next generation of the keyset and uses it.
func (k *Keys) change(ctx context.Context, l *lease, set *seal.Keyset, action, detail string) error {
	if err := l.keep(ctx); err != nil {
		return err
	}
	if err := k.publish(ctx, k.Box.Keyset().Generation, set, seal.File{}, action, detail); err != nil {
		return err
	}
	k.Box.Use(set)
	return nil
}

// await waits until every running server has read this program's keyset. One that falls silent is waited for until it
// is taken for gone.
func (k *Keys) await(ctx context.Context, l *lease, p Progress, what string) error {
	said := ""
	for {
		servers, err := k.servers(ctx)
		if err != nil {
			return err
		}
		behind := slices.DeleteFunc(servers, func(s Server) bool { return s.Generation >= k.Box.Keyset().Generation })
		if len(behind) == 0 {
			return nil
		}
		names := make([]string, len(behind))
		for i, s := range behind {
			names[i] = s.Host
		}
		if list := strings.Join(names, ", "); list != said {
			said = list
			p.say("waiting for %s %s", list, what)
		}
		if err := l.keep(ctx); err != nil {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// resealAll goes through every column until nothing is left under another key than the primary one, except what does
// not open. Values that were on their way while the key changed are found by a later round.
func (k *Keys) resealAll(ctx context.Context, l *lease, p Progress, r *Report) error {
	of, err := k.left(ctx)
	if err != nil {
		return err
	}
	seen := int64(0)
	for {
		r.Trouble = nil
		round := int64(0)
		for _, c := range k.Columns {
			done, bad, err := k.pass(ctx, c, func(n int) error {
				if seen += int64(n); p.Values != nil {
					if err := p.Values(c, seen, max(of, seen)); err != nil {
						return err
					}
				}
				return l.keep(ctx)
			})
			round += done
			r.Resealed += done
			r.Trouble = append(r.Trouble, bad...)
			if err != nil {
				return err
			}
		}
		left, err := k.left(ctx)
		if err != nil {
			return err
		}
		if left == 0 || (round == 0 && left <= int64(len(r.Trouble))) {
			return nil
		}
	}
}

// underOld counts the values that an old key has sealed.
func (k *Keys) underOld(ctx context.Context) (int64, error) {
	l := List{Keyset: k.Box.Keyset()}
	var err error
	if l.Counts, err = k.count(ctx, k.DB.Read()); err != nil {
		return 0, err
	}
	n := int64(0)
	for _, key := range l.Keyset.Keys() {
		if key.State == seal.Old {
			values, _ := l.Under(key.ID)
			n += values
		}
	}
	return n, nil
}

// left counts the values that are not sealed with the primary key.
func (k *Keys) left(ctx context.Context) (int64, error) {
	counts, err := k.count(ctx, k.DB.Read())
	if err != nil {
		return 0, err
	}
	primary, left := k.Box.Keyset().Primary(), int64(0)
	for _, c := range counts {
		if c.Damaged || c.KeyID != primary {
			left += c.Values
		}
	}
	return left, nil
}
