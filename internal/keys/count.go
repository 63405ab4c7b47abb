package keys

import (
	"context"
	"database/sql"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Count says how many values of one column one key has sealed.
type Count struct {
	Column  seal.Column
	KeyID   uint32
	Damaged bool // they are no sealed values at all
	Values  int64
}

func (c Count) String() string {
	if c.Damaged {
		return fmt.Sprintf("%d damaged in %s", c.Values, c.Column)
	}
	return fmt.Sprintf("%d in %s under key %d", c.Values, c.Column, c.KeyID)
}

// count reads which keys have sealed what, column by column.
func (k *Keys) count(ctx context.Context, q db.Queryer) ([]Count, error) {
	var out []Count
	for _, c := range k.Columns {
		query := fmt.Sprintf(`SELECT SUBSTR(%[2]s, 1, %[3]d), CAST(COUNT(*) AS BIGINT) FROM %[1]s WHERE LENGTH(%[2]s) > 0
			GROUP BY SUBSTR(%[2]s, 1, %[3]d) ORDER BY 1`, c.Table, c.Name, seal.PrefixSize)
		err := db.Each(ctx, q, query, nil, func(rows *sql.Rows) error {
			var prefix []byte
			n := Count{Column: c}
			if err := rows.Scan(&prefix, &n.Values); err != nil {
				return err
			}
			var ok bool
			n.KeyID, ok = seal.KeyOf(prefix)
			n.Damaged = !ok
			out = append(out, n)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("count the sealed values of %s: %w", c, err)
		}
	}
	return out, nil
}

// List is what there is to know of the keys.
type List struct {
	Keyset  *seal.Keyset
	Master  string // name of the master key it is wrapped under
	Counts  []Count
	Servers []Server
}

// List reads keys, values and servers.
func (k *Keys) List(ctx context.Context) (List, error) {
	r, err := readRow(ctx, k.DB.Read())
	if err != nil {
		return List{}, err
	}
	out := List{Keyset: k.Box.Keyset()}
	if r.generation > 0 {
		h, err := seal.ReadHeader(r.content)
		if err != nil {
			return List{}, fmt.Errorf("the keyset in the database: %w", err)
		}
		out.Master = h.Master
	}
	if out.Counts, err = k.count(ctx, k.DB.Read()); err != nil {
		return List{}, err
	}
	out.Servers, err = k.servers(ctx)
	return out, err
}

// Under returns what a key has sealed and is not sealed again yet.
func (l List) Under(keyID uint32) (values int64, where []Count) {
	for _, c := range l.Counts {
		if !c.Damaged && c.KeyID == keyID {
			values += c.Values
			where = append(where, c)
		}
	}
	return values, where
}

// Lost returns what no key of the keyset opens.
func (l List) Lost() []Count {
	var out []Count
	for _, c := range l.Counts {
		if c.Damaged || !l.Keyset.Has(c.KeyID) {
			out = append(out, c)
		}
	}
	return out
}
