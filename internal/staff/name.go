package staff

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"memberpay/internal/db"
)

// FirstNames returns the first names of staff by account id, also of those who have left: what a member may know of who
// looked at their record. Ids that are not of staff are left out.
func FirstNames(ctx context.Context, q db.Queryer, accountIDs []string) (map[string]string, error) {
	out := map[string]string{}
	if len(accountIDs) == 0 {
		return out, nil
	}
	err := db.Each(ctx, q, "SELECT account_id, name FROM staff WHERE account_id IN "+db.In(1, len(accountIDs)), db.Args(accountIDs), func(rows *sql.Rows) error {
		var id, name string
		err := rows.Scan(&id, &name)
		if words := strings.Fields(name); len(words) > 0 {
			out[id] = words[0]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("first names of staff: %w", err)
	}
	return out, nil
}
