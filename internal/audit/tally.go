package audit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
)

// Tally is how often somebody did something.
type Tally struct {
	Actor, Action string
	Count         int
	Subjects      int // of how many things: a call in which it was done three times is one
}

// StaffTallies counts what staff who help members did, from one time until before another, in the order of actors and
// actions.
func StaffTallies(ctx context.Context, q db.Queryer, from, to time.Time) ([]Tally, error) {
	var out []Tally
	err := db.Each(ctx, q, `SELECT actor, action, COUNT(*), COUNT(DISTINCT subject) FROM audit_entry WHERE id >= $1 AND at >= $2 AND id < $3 AND at < $4 AND role IN ('agent', 'supervisor')
		GROUP BY actor, action ORDER BY actor, action`,
		[]any{idOf(firstID(from)), db.Micros(from), idOf(firstID(to.Add(time.Millisecond))), db.Micros(to)}, func(rows *sql.Rows) error {
			var t Tally
			err := rows.Scan(&t.Actor, &t.Action, &t.Count, &t.Subjects)
			out = append(out, t)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("count what staff did: %w", err)
	}
	return out, nil
}
