package keys

import (
	"context"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/seal"
)

const (
	// Pause is how often every program looks for a newer keyset.
	Pause = 2 * time.Second
	// fresh is how long a program may seal after its last look. It must be well below settled.
	fresh = 30 * time.Second
	// heartbeat is how often a program says that it runs, where nothing changed.
	heartbeat = 15 * time.Second
	// gone is after which silence a program is taken for stopped.
	gone = time.Minute
)

// Follow calls Check until ctx ends, and then Close.
func (k *Keys) Follow(ctx context.Context) {
	for {
		if err := k.Check(ctx); err != nil && ctx.Err() == nil {
			k.Log.Error("the keyset could not be checked; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := k.Close(late); err != nil {
				k.Log.Error("the list of servers still has this one; it is forgotten after a minute", "err", err)
			}
			return
		case <-time.After(Pause):
		}
	}
}

// Check looks for a newer keyset, takes it, and tells the other programs which one this program has. Call it every Pause.
func (k *Keys) Check(ctx context.Context) error {
	r, err := k.look(ctx)
	if err != nil {
		return err
	}
	if have := k.Box.Keyset(); r.generation < have.Generation {
		k.Log.Warn("the database has an older keyset than this program; it gets this one", "has", r.generation, "gets", have.Generation+1)
		set, err := k.restore(ctx, r, have)
		if err != nil {
			return err
		}
		k.Box.Use(set)
	}
	return k.tell(ctx)
}

// look takes the keyset of the database where it is newer, and returns what it found. It writes nothing into the
// database and waits for nobody: it is called in the middle of transactions.
func (k *Keys) look(ctx context.Context) (row, error) {
	start, have := k.Now(), k.Box.Keyset()
	r, err := readRow(ctx, k.DB.Read())
	if err != nil {
		return row{}, err
	}
	if r.generation > have.Generation {
		set, err := seal.Unwrap(ctx, r.content, k.masters)
		if err == nil && set.Set != have.Set {
			err = seal.ErrOtherSet
		}
		if err != nil {
			return row{}, fmt.Errorf("generation %d of the keyset: %w", r.generation, err)
		}
		k.Box.Use(set)
		k.Log.Info("keyset read", "generation", set.Generation)
		if err := seal.Save(k.Path, r.content); err != nil {
			k.Log.Error("keys.json is behind the database", "err", err)
		}
	}
	k.Box.FreshUntil(start.Add(fresh))
	return r, nil
}

// restore gives a database that was restored from a backup the keys of this program, beside its own.
func (k *Keys) restore(ctx context.Context, r row, have *seal.Keyset) (*seal.Keyset, error) {
	set, err := have.Again()
	if r.generation > 0 {
		var was *seal.Keyset
		if was, err = seal.Unwrap(ctx, r.content, k.masters); err == nil {
			set, err = have.Joined(was)
		}
	}
	if err != nil {
		return nil, err
	}
	return set, k.publish(ctx, r.generation, set, seal.File{}, "keys.joined", "")
}

// tell writes this program's line into the list of those that run, where it is new, changed or getting old.
func (k *Keys) tell(ctx context.Context) error {
	k.telling.Lock()
	defer k.telling.Unlock()
	now, has := k.Now(), k.Box.Keyset().Generation
	if k.reader != "" && k.told == has && now.Sub(k.seenAt) < heartbeat {
		return nil
	}
	reader := k.reader
	if reader == "" {
		reader = id.New("kr")
	}
	err := k.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO key_reader (id, host, generation, masters, seen_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, masters = excluded.masters, seen_at = excluded.seen_at`,
			reader, k.host, has, strings.Join(k.masters.Names(), " "), db.Micros(now))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM key_reader WHERE seen_at < $1", db.Micros(now.Add(-24*time.Hour)))
		return err
	})
	if err != nil {
		return fmt.Errorf("tell which keyset is read: %w", err)
	}
	k.reader, k.told, k.seenAt = reader, has, now
	return nil
}

// Server is a program that runs with the keyset.
type Server struct {
	Host       string
	Generation int64 // of the keyset it has read
	SeenAt     time.Time
	masters    []string // names of the master keys it knows
}

// servers are the programs that run, other than this one.
func (k *Keys) servers(ctx context.Context) ([]Server, error) {
	k.telling.Lock()
	self := k.reader
	k.telling.Unlock()
	var out []Server
	rows, err := k.DB.Read().QueryContext(ctx, "SELECT host, generation, masters, seen_at FROM key_reader WHERE seen_at > $1 AND id <> $2 ORDER BY host, id",
		db.Micros(k.Now().Add(-gone)), self)
	if err != nil {
		return nil, fmt.Errorf("list the servers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Server
		var masters string
		var seen int64
		if err := rows.Scan(&s.Host, &s.Generation, &masters, &seen); err != nil {
			return nil, fmt.Errorf("list the servers: %w", err)
		}
		s.masters, s.SeenAt = strings.Fields(masters), db.Time(seen)
		out = append(out, s)
	}
	return out, rows.Err()
}
