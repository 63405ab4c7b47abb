package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// row is the keyset in the database, generation 0 where there is none.
type row struct {
	generation int64
	content    []byte
}

// rowName is the keyset of sealed fields. There is no other one yet.
const rowName = "fields"

func readRow(ctx context.Context, q db.Queryer) (row, error) {
	var r row
	err := q.QueryRowContext(ctx, "SELECT generation, content FROM keyset WHERE name = $1", rowName).Scan(&r.generation, &r.content)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return row{}, fmt.Errorf("read the keyset in the database: %w", err)
	}
	return r, nil
}

// errChanged means that somebody else has changed the keyset meanwhile.
var errChanged = errors.New("the keyset was changed by somebody else meanwhile; run the command again")

// reconcile brings the database and keys.json onto one keyset and returns it.
func (k *Keys) reconcile(ctx context.Context) (*seal.Keyset, error) {
	for try := 1; ; try++ {
		set, err := k.reconcileOnce(ctx)
		again := errors.Is(err, errChanged)
		if errors.Is(err, seal.ErrMaster) && k.masters.Now() == nil {
			// Another process of this machine may have made the master key since it was looked for.
			m, e := k.Master.Load()
			if again = e == nil && m.Now() != nil; again {
				k.masters = m
			}
		}
		if !again || try == 5 {
			return set, err
		}
	}
}

func (k *Keys) reconcileOnce(ctx context.Context) (*seal.Keyset, error) {
	f, err := seal.ReadFile(ctx, k.Path, k.masters)
	if err != nil {
		return nil, err
	}
	r, err := readRow(ctx, k.DB.Read())
	if err != nil {
		return nil, err
	}
	if r.generation == 0 {
		return k.begin(ctx, f)
	}
	set, err := k.decide(ctx, r, f)
	if err != nil {
		return nil, err
	}
	if set.Generation == r.generation {
		return set, keep(k.Path, f, r.content)
	}
	k.Log.Warn("keys.json has keys that the database did not have; both have them now", "generation", set.Generation)
	return set, k.publish(ctx, r.generation, set, f, "keys.joined", "")
}

// decide returns the keyset of the database, joined with what keys.json has beside it.
func (k *Keys) decide(ctx context.Context, r row, f seal.File) (*seal.Keyset, error) {
	set, err := seal.Unwrap(ctx, r.content, k.masters)
	if err != nil {
		return nil, fmt.Errorf("the keyset in the database: %w", err)
	}
	switch {
	case set.Generation != r.generation:
		return nil, fmt.Errorf("the keyset in the database: %w: it says generation %d and holds %d", seal.ErrDamaged, r.generation, set.Generation)
	case f.Missing:
	case f.Clear != nil:
		set, err = set.JoinedClear(*f.Clear)
	case f.Master != nil:
		if f.Header.Set != set.Set || f.Header.Generation > set.Generation {
			return nil, f.Master
		}
	case f.Keyset.Set != set.Set:
		err = seal.ErrOtherSet
	case f.Keyset.Generation > set.Generation:
		// The database comes from a backup: what was sealed before may need its keys, and what seals now are those of the file.
		set, err = f.Keyset.Joined(set)
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not fit to the database: %w; restore the keys.json that belongs to this database, or "+
			"move it away: the database has a copy of its own", k.Path, err)
	}
	return set, nil
}

// begin gives a database its first keyset: that of keys.json, or a fresh one where nothing is sealed.
func (k *Keys) begin(ctx context.Context, f seal.File) (*seal.Keyset, error) {
	var set *seal.Keyset
	var err error
	action := "keys.made"
	switch {
	case f.Missing:
		if err := k.missing(ctx); err != nil {
			return nil, err
		}
		set, err = seal.NewKeyset(k.Now())
	case f.Clear != nil:
		set, err = f.Clear.Keyset()
		action = "keys.taken_over"
	case f.Master != nil:
		return nil, f.Master
	default:
		set = f.Keyset
	}
	if err != nil {
		return nil, err
	}
	if !f.Missing {
		if err := k.foreign(ctx, set); err != nil {
			return nil, err
		}
	}
	made, err := k.masters.Make()
	if err != nil {
		return nil, err
	}
	err = k.publish(ctx, 0, set, f, action, "")
	if made && errors.Is(err, errChanged) {
		// Another server was first. If its master key is ours, it is the same file; if not, ours is of no use to anybody.
		if r, e := readRow(ctx, k.DB.Read()); e == nil && r.generation > 0 {
			if _, e := seal.Unwrap(ctx, r.content, k.masters); errors.Is(e, seal.ErrMaster) {
				return nil, errors.Join(e, k.masters.Unmake())
			}
		}
	}
	return set, err
}

// missing is an error where values are sealed and their keys are nowhere.
func (k *Keys) missing(ctx context.Context) error {
	counts, err := k.count(ctx, k.DB.Read())
	if err != nil || len(counts) == 0 {
		return err
	}
	return fmt.Errorf("the keyset is missing: %s does not exist, the database has no copy, and it holds sealed values (%s). "+
		"Restore keys.json and the master key from a backup; nothing was changed", k.Path, counts[0])
}

// foreign is an error where the database holds sealed values and set can open none of them.
func (k *Keys) foreign(ctx context.Context, set *seal.Keyset) error {
	counts, err := k.count(ctx, k.DB.Read())
	if err != nil || len(counts) == 0 {
		return err
	}
	strange := int64(0)
	for _, c := range counts {
		if set.Has(c.KeyID) {
			return nil
		}
		strange += c.Values
	}
	return fmt.Errorf("%s does not belong to this database: none of its keys has sealed any of the %d sealed values (%s). "+
		"Restore the right keys.json from a backup; nothing was changed", k.Path, strange, counts[0])
}

// publish puts a keyset into the place of the generation before, with an entry in the audit log, and copies it to
// keys.json. It returns errChanged where that generation is not there any more.
func (k *Keys) publish(ctx context.Context, before int64, set *seal.Keyset, f seal.File, action, detail string) error {
	raw, err := set.Wrap(ctx, k.masters)
	if err != nil {
		return err
	}
	if err := audit.UseKey(ctx, k.DB, seal.NewBox(set, k.Now)); err != nil {
		return err
	}
	now := k.Now()
	err = k.DB.Write(ctx, func(tx *db.Tx) error {
		query := "UPDATE keyset SET generation = $2, content = $3, updated_at = $4 WHERE name = $1 AND generation = $5"
		args := []any{rowName, set.Generation, string(raw), db.Micros(now), before}
		if before == 0 {
			query = "INSERT INTO keyset (name, generation, content, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING"
			args = args[:4]
		}
		done, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return errChanged
		}
		e := k.Who.Did(now, action, set.Set, "")
		e.Detail = detail
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("publish the keyset: %w", err)
	}
	k.Log.Info("keyset published", "generation", set.Generation, "what", action)
	return keep(k.Path, f, raw)
}

// keep copies a wrapped keyset to keys.json. f is what was read there and found to be part of it.
func keep(path string, f seal.File, raw []byte) error {
	switch {
	case f.Clear != nil:
		return seal.TakeOver(path, raw)
	default:
		return seal.Save(path, raw)
	}
}
