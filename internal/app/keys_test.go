package app

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/seal"
)

// TestEverySealedColumnIsListed reads the schema: a column that is sealed and not listed would keep its old keys in use
// for ever, and one that is listed and not there would stop a rotation.
func TestEverySealedColumnIsListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		query := `SELECT m.name, c.name, (SELECT group_concat(k.name) FROM pragma_table_info(m.name) k WHERE k.pk > 0)
			FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.type = 'BLOB' AND (c.name = 'sealed' OR c.name LIKE '%\_sealed' ESCAPE '\') ORDER BY 1, 2`
		if d.Engine == db.Postgres {
			query = `SELECT c.table_name, c.column_name, (SELECT string_agg(k.column_name, ',') FROM information_schema.table_constraints p
					JOIN information_schema.key_column_usage k ON k.constraint_name = p.constraint_name AND k.table_schema = p.table_schema
					WHERE p.constraint_type = 'PRIMARY KEY' AND p.table_schema = c.table_schema AND p.table_name = c.table_name)
				FROM information_schema.columns c
				WHERE c.table_schema = 'public' AND c.data_type = 'bytea' AND (c.column_name = 'sealed' OR c.column_name LIKE '%\_sealed') ORDER BY 1, 2`
		}
		var schema []seal.Column
		err := db.Each(t.Context(), d.Read(), query, nil, func(rows *sql.Rows) error {
			var c seal.Column
			err := rows.Scan(&c.Table, &c.Name, &c.Key)
			schema = append(schema, c)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(schema) < 10 {
			t.Fatalf("only %d sealed columns found: %v", len(schema), schema)
		}
		for _, c := range schema {
			if !slices.Contains(SealedColumns, c) {
				t.Errorf("%s is not listed; add {Table: %q, Key: %q, Name: %q} to the SealedColumns of its package", c, c.Table, c.Key, c.Name)
			}
		}
		for _, c := range SealedColumns {
			if !slices.Contains(schema, c) {
				t.Errorf("%s is listed, and the schema has no such column with this primary key", c)
			}
		}
	})
}

func TestNoSealedColumnIsListedTwice(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range SealedColumns {
		names = append(names, c.String())
		if want := fmt.Sprintf("%s/7/%s", c.Table, c.Name); c.Place("7") != want || strings.Contains(c.Table, "/") {
			t.Errorf("place %q, want %q", c.Place("7"), want)
		}
	}
	slices.Sort(names)
	if got := slices.Compact(slices.Clone(names)); len(got) != len(names) {
		t.Errorf("listed twice: %v", names)
	}
}
