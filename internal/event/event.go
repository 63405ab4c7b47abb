// Package event keeps facts: what happened, to what, in the same transaction as the thing itself. It is append-only.
// Features write events; the code above them reads them. Data never holds personal data, numbers of accounts or tokens.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Event is one fact.
type Event struct {
	ID      string
	At      time.Time
	Kind    string // "payment.succeeded", "bill.issued", ...
	Subject string // id of what it happened to
	Data    any    // small, JSON; nil for none
}

// Append writes events in one statement. ID is made where it is "". An empty list does nothing.
func Append(ctx context.Context, tx *db.Tx, events ...Event) error {
	const columns = 5
	for len(events) > 0 {
		n := min(len(events), 500)
		args := make([]any, 0, n*columns)
		for _, e := range events[:n] {
			data := []byte("{}")
			if e.Data != nil {
				var err error
				if data, err = json.Marshal(e.Data); err != nil {
					return fmt.Errorf("event %s: %w", e.Kind, err)
				}
			}
			if e.ID == "" {
				e.ID = id.New("evt")
			}
			args = append(args, e.ID, db.Micros(e.At), e.Kind, e.Subject, string(data))
		}
		if err := tx.Later(ctx, "append events", "INSERT INTO event (id, at, kind, subject, data) VALUES "+db.Values(n, columns), args...); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

// Of returns the events of one subject, oldest first. Data holds the JSON text.
func Of(ctx context.Context, q db.Queryer, subject string) ([]Event, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, at, kind, subject, data FROM event WHERE subject = $1 ORDER BY id", subject)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		var at int64
		var data string
		if err := rows.Scan(&e.ID, &at, &e.Kind, &e.Subject, &data); err != nil {
			return nil, err
		}
		e.At, e.Data = db.Time(at), data
		out = append(out, e)
	}
	return out, rows.Err()
}
