package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

const (
	leaseName = "keys"
	// leaseFor is how long a change of keys belongs to a program that has gone silent.
	leaseFor = 30 * time.Second
)

// lease is the right to change keys. One program has it at a time.
type lease struct {
	k      *Keys
	holder string
	until  time.Time
}

// take takes the lease. Where another program has it, it waits until that one has ended or was silent for leaseFor, and
// returns errBusy where it goes on for longer.
func (k *Keys) take(ctx context.Context, tell func(string)) (*lease, error) {
	l := &lease{k: k, holder: k.host + " " + id.New("krl")}
	said := ""
	for end := k.Now().Add(leaseFor + time.Second); ; {
		got, err := l.renew(ctx)
		if err != nil || got {
			return l, err
		}
		var holder string
		err = k.DB.Read().QueryRowContext(ctx, "SELECT holder FROM lease WHERE name = $1", leaseName).Scan(&holder)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("take the lease on the keys: %w", err)
		}
		if k.Now().After(end) {
			return nil, fmt.Errorf("the keys are being changed on %s; wait until that has ended", holder)
		}
		if holder != said {
			said = holder
			tell("the keys are being changed on " + holder + "; waiting for half a minute to see whether that has ended")
		}
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// renew takes or keeps the lease, and reports whether this program has it.
func (l *lease) renew(ctx context.Context) (got bool, err error) {
	now := l.k.Now()
	until := now.Add(leaseFor)
	err = l.k.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO lease (name, holder, until) VALUES ($1, '', 0) ON CONFLICT (name) DO NOTHING", leaseName); err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, "UPDATE lease SET holder = $2, until = $3 WHERE name = $1 AND (holder = $2 OR until < $4)",
			leaseName, l.holder, db.Micros(until), db.Micros(now))
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		got = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the lease on the keys: %w", err)
	}
	l.until = until
	return got, nil
}

// keep renews the lease in good time. It returns an error where another program has it.
func (l *lease) keep(ctx context.Context) error {
	if l.k.Now().Before(l.until.Add(-leaseFor / 2)) {
		return nil
	}
	got, err := l.renew(ctx)
	if err == nil && !got {
		err = errors.New("another program changes the keys now; this one has stopped")
	}
	return err
}

// end gives the lease back, also where ctx has ended.
func (l *lease) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return l.k.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE lease SET holder = '', until = 0 WHERE name = $1 AND holder = $2", leaseName, l.holder)
		return err
	})
}

// pause waits, or returns the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
