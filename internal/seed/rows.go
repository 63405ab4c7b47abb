package seed

import (
	"context"
	"fmt"
	"strings"

	"memberpay/internal/db"
)

// table collects rows for one table and writes them many a statement.
type table struct {
	name    string
	columns int
	insert  string
	args    []any
}

func newTable(name string, columns ...string) *table {
	return &table{name: name, columns: len(columns),
		insert: "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ") VALUES "}
}

func (t *table) add(values ...any) {
	if len(values) != t.columns {
		panic(fmt.Sprintf("seed: %d values for the %d columns of %s", len(values), t.columns, t.name))
	}
	t.args = append(t.args, values...)
}

func (t *table) rows() int { return len(t.args) / t.columns }

// write inserts what was collected. Statements have a power of two of rows, so that there are few different ones and
// each is prepared once.
func (t *table) write(ctx context.Context, tx *db.Tx, texts *statements) error {
	args := t.args
	for n := 256; n > 0; n /= 2 {
		for len(args) >= n*t.columns {
			if _, err := tx.ExecContext(ctx, texts.of(t, n), args[:n*t.columns]...); err != nil {
				return fmt.Errorf("insert into %s: %w", t.name, err)
			}
			args = args[n*t.columns:]
		}
	}
	return nil
}

// statements keeps the texts of statements that were made.
type statements map[string]string

func (s statements) of(t *table, rows int) string {
	key := fmt.Sprintf("%s/%d", t.name, rows)
	text, ok := s[key]
	if !ok {
		text = t.insert + db.Values(rows, t.columns)
		s[key] = text
	}
	return text
}
