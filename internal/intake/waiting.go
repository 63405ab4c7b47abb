package intake

import (
	"context"
	"database/sql"
	"time"

	"memberpay/internal/db"
)

// Waiting is a record that made no bill and that a person has to look at.
type Waiting struct {
	Key      string // of the claim, or of the record where it could not be read
	Verdict  string // "review" or "refused"
	Reason   string
	Detail   string
	Path     string
	Entry    int
	OpenedAt time.Time
}

// WorkList calls fn for every record that still waits for a person, the longest waiting first.
func WorkList(ctx context.Context, q db.Queryer, fn func(Waiting) error) error {
	return db.Each(ctx, q, `SELECT key, verdict, reason, detail, path, entry, opened_at FROM import_record
		WHERE closed_at = 0 ORDER BY opened_at, key`, nil, func(rows *sql.Rows) error {
		var w Waiting
		var at int64
		if err := rows.Scan(&w.Key, &w.Verdict, &w.Reason, &w.Detail, &w.Path, &w.Entry, &at); err != nil {
			return err
		}
		w.OpenedAt = db.Time(at)
		return fn(w)
	})
}
