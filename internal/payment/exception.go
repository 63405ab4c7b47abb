package payment

import (
	"context"
	"database/sql"
	"time"

	"memberpay/internal/db"
)

// Exception is something about money that a person has to look at.
type Exception struct {
	ID       string
	Kind     string // "payment.late_success", "ach.unknown_trace", ...
	Subject  string // id of the payment, file or entry
	Detail   string
	OpenedAt time.Time
}

// exceptionOpen reports whether a person was told of something of a kind about a subject.
func exceptionOpen(ctx context.Context, q db.Queryer, kind, subject string) (told bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM exception WHERE kind = $1 AND subject = $2)", kind, subject).Scan(&told)
	return told, err
}

// Exceptions calls fn for every exception that is open, the oldest first.
func Exceptions(ctx context.Context, q db.Queryer, fn func(Exception) error) error {
	return db.Each(ctx, q, "SELECT id, kind, subject, detail, opened_at FROM exception WHERE closed_at = 0 ORDER BY opened_at, id", nil,
		func(rows *sql.Rows) error {
			var e Exception
			var at int64
			if err := rows.Scan(&e.ID, &e.Kind, &e.Subject, &e.Detail, &at); err != nil {
				return err
			}
			e.OpenedAt = db.Time(at)
			return fn(e)
		})
}
