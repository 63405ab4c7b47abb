package member

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
)

// Care names somebody whose care somebody else may see.
type Care struct{ Of, Reader string } // member row ids

// AllowedCare returns which care of others the readers (row ids) were allowed to see.
func AllowedCare(ctx context.Context, q db.Queryer, readers []string) (map[Care]bool, error) {
	out := map[Care]bool{}
	if len(readers) == 0 {
		return out, nil
	}
	err := db.Each(ctx, q, "SELECT member_id, reader_id FROM care_permission WHERE reader_id IN "+db.In(1, len(readers)), db.Args(readers), func(rows *sql.Rows) error {
		var c Care
		err := rows.Scan(&c.Of, &c.Reader)
		out[c] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("whose care may be seen: %w", err)
	}
	return out, nil
}

// AllowCare lets a reader see somebody's care, or no longer. Either may be said twice.
func AllowCare(ctx context.Context, tx *db.Tx, now time.Time, c Care, allow bool) error {
	query, args := "DELETE FROM care_permission WHERE member_id = $1 AND reader_id = $2", []any{c.Of, c.Reader}
	if allow {
		query, args = "INSERT INTO care_permission (member_id, reader_id, given_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", append(args, db.Micros(now))
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("allow to see care: %w", err)
	}
	return nil
}
