package member_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// TestFindIDUsesItsIndex: ten million members must not make the look-up slower than ten thousand do.
func TestFindIDUsesItsIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		explain := "EXPLAIN QUERY PLAN "
		if d.Engine == db.Postgres {
			explain = "EXPLAIN "
		}
		var plan strings.Builder
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if d.Engine == db.Postgres { // an empty table is read whole, whatever indexes it has
				if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
					return err
				}
			}
			return db.Each(t.Context(), tx, explain+"SELECT id FROM member WHERE birth_date = '1984-03-05' AND SUBSTR(zip, 1, 5) = '97001' ORDER BY id LIMIT 200", nil, func(rows *sql.Rows) error {
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				cells := make([]any, len(columns))
				for i := range cells {
					cells[i] = new(any)
				}
				err = rows.Scan(cells...)
				for _, c := range cells {
					fmt.Fprint(&plan, *c.(*any), " ")
				}
				return err
			})
		})
		if err != nil || !strings.Contains(plan.String(), "member_birth_zip") {
			t.Errorf("%v: %s", err, plan.String())
		}
	})
}
