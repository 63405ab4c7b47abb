package webtest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/db"
)

// aside are tables that a stranger's try may write: counts of tries, their own sessions, what was done by whom.
var aside = []string{"rate_limit", "session", "event", "goose_db_version", "lease", "counter"}

// State returns every row of a SQLite database that names one of ids, a line each, in order. Tables of the log of who
// did what are left out: a refused try may stand there.
func State(t testing.TB, d *db.DB, ids ...string) string {
	t.Helper()
	ctx := context.Background()
	var tables []string
	err := db.Each(ctx, d.Read(), "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		if !slices.Contains(aside, name) && !strings.HasPrefix(name, "sqlite_") && !strings.HasPrefix(name, "audit") {
			tables = append(tables, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, table := range tables {
		if err := stateOf(ctx, d, table, ids, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func stateOf(ctx context.Context, d *db.DB, table string, ids []string, out *strings.Builder) error {
	return db.Each(ctx, d.Read(), "SELECT * FROM "+table+" ORDER BY 1", nil, func(rows *sql.Rows) error {
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v", table, values)
		for _, id := range ids {
			if strings.Contains(line, id) {
				out.WriteString(strings.ReplaceAll(line, "\n", " ") + "\n")
				break
			}
		}
		return nil
	})
}
