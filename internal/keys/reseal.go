package keys

import (
	"context"
	"database/sql"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// maxBatch is the most bytes that are read to be sealed again at once.
const maxBatch = 8 << 20

// Trouble is a value that did not open.
type Trouble struct {
	Column seal.Column
	Key    string // of its row
	Err    error
}

// pass goes through one column once and seals with the primary key what another one has sealed. step hears how many
// values it took after each batch, and may stop it. What does not open is left alone and returned.
//
// Nothing is noted of how far it came: a value names its key, so whoever begins again skips what is done.
func (k *Keys) pass(ctx context.Context, c seal.Column, step func(n int) error) (done int64, bad []Trouble, err error) {
	after := ""
	for {
		batch, last, err := k.older(ctx, c, after)
		if err != nil {
			return done, bad, err
		}
		if last == "" {
			return done, bad, nil
		}
		after = last
		n, trouble, err := k.reseal(ctx, c, batch)
		if err != nil {
			return done, bad, err
		}
		done += n
		bad = append(bad, trouble...)
		if err := step(len(batch)); err != nil {
			return done, bad, err
		}
	}
}

// older returns the keys of the next rows whose value is not sealed with the primary key, as many as fit into a batch,
// and the last of them, "" where there are none.
func (k *Keys) older(ctx context.Context, c seal.Column, after string) (keys []string, last string, err error) {
	size := int64(0)
	query := fmt.Sprintf(`SELECT %[2]s, CAST(LENGTH(%[3]s) AS BIGINT) FROM %[1]s WHERE %[2]s > $1 AND LENGTH(%[3]s) > 0
		AND SUBSTR(%[3]s, 1, %[4]d) <> $2 ORDER BY %[2]s LIMIT $3`, c.Table, c.Key, c.Name, seal.PrefixSize)
	err = db.Each(ctx, k.DB.Read(), query, []any{after, seal.Prefix(k.Box.Keyset().Primary()), k.batch}, func(rows *sql.Rows) error {
		var key string
		var bytes int64
		if err := rows.Scan(&key, &bytes); err != nil {
			return err
		}
		if size += bytes; size <= maxBatch || len(keys) == 0 {
			keys, last = append(keys, key), key
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("look for values of %s to seal again: %w", c, err)
	}
	return keys, last, nil
}

// sealedValue is one value, before and after.
type sealedValue struct {
	key           string
	before, after []byte
}

// reseal seals the values of some rows again. A row that changed since it was read is left as it is.
func (k *Keys) reseal(ctx context.Context, c seal.Column, keys []string) (done int64, bad []Trouble, err error) {
	var values []sealedValue
	query := fmt.Sprintf("SELECT %[2]s, %[3]s FROM %[1]s WHERE LENGTH(%[3]s) > 0 AND %[2]s IN %[4]s ORDER BY %[2]s", c.Table, c.Key, c.Name, db.In(1, len(keys)))
	err = db.Each(ctx, k.DB.Read(), query, db.Args(keys), func(rows *sql.Rows) error {
		var v sealedValue
		if err := rows.Scan(&v.key, &v.before); err != nil {
			return err
		}
		values = append(values, v)
		return nil
	})
	if err != nil {
		return 0, nil, fmt.Errorf("read values of %s: %w", c, err)
	}
	var good []sealedValue
	for _, v := range values {
		plain, err := k.Box.Open(v.before, c.Place(v.key))
		if err != nil {
			bad = append(bad, Trouble{c, v.key, err})
			continue
		}
		if v.after, err = k.Box.Seal(plain, c.Place(v.key)); err != nil {
			return 0, bad, err
		}
		clear(plain)
		good = append(good, v)
	}
	if len(good) == 0 {
		return 0, bad, nil
	}
	if k.between != nil {
		k.between(c)
	}
	update := fmt.Sprintf("UPDATE %[1]s SET %[3]s = $3 WHERE %[2]s = $1 AND %[3]s = $2", c.Table, c.Key, c.Name)
	err = k.DB.Write(ctx, func(tx *db.Tx) error {
		for _, v := range good {
			if err := tx.Later(ctx, "seal again", update, v.key, v.before, v.after); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, bad, fmt.Errorf("seal values of %s again: %w", c, err)
	}
	return int64(len(good)), bad, nil
}
