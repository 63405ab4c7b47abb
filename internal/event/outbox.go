package event

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Message is something one person must be told: the kind of letter, what it is about and where it goes. The words are
// made when it is sent, by the feature that sends it.
type Message struct {
	ID        string
	Kind      string // "payment.receipt", "payment.returned", ...
	Subject   string // id of what it is about; a Kind is told once a Subject
	Recipient string // e-mail address
	Language  string
	Tries     int
}

// maxTries is how often a message is tried before it is given up and kept as failed: about two days of backing off.
const maxTries = 12

// Tell puts messages into the outbox, in the transaction of what they tell. A message without a recipient is dropped;
// one that was already told is left alone.
func Tell(ctx context.Context, tx *db.Tx, now time.Time, list ...Message) error {
	args := make([]any, 0, len(list)*7)
	for _, m := range list {
		if m.Recipient != "" {
			args = append(args, id.New("msg"), m.Kind, m.Subject, m.Recipient, m.Language, db.Micros(now), db.Micros(now))
		}
	}
	if len(args) == 0 {
		return nil
	}
	return tx.Later(ctx, "tell", "INSERT INTO outbox (id, kind, subject, recipient, language, next_at, created_at) VALUES "+
		db.Values(len(args)/7, 7)+" ON CONFLICT (subject, kind) DO NOTHING", args...)
}

// Claim takes up to n messages that are due and puts each off by a growing pause, so that nobody else takes them and a
// crash only delays them.
func Claim(ctx context.Context, d *db.DB, now time.Time, n int) ([]Message, error) {
	var out []Message
	err := d.Write(ctx, func(tx *db.Tx) error {
		out = nil
		err := db.Each(ctx, tx, "SELECT id, kind, subject, recipient, language, tries FROM outbox WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at LIMIT $2"+
			d.Engine.SkipLocked(), []any{db.Micros(now), n}, func(rows *sql.Rows) error {
			var m Message
			err := rows.Scan(&m.ID, &m.Kind, &m.Subject, &m.Recipient, &m.Language, &m.Tries)
			out = append(out, m)
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range out {
			pause := 30 * time.Second << min(m.Tries, 10)
			if _, err := tx.ExecContext(ctx, "UPDATE outbox SET tries = tries + 1, next_at = $2 WHERE id = $1", m.ID, db.Micros(now.Add(pause))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim messages: %w", err)
	}
	return out, nil
}

// Told marks a claimed message as sent, or keeps the problem that stopped it. After maxTries it is given up as failed.
func Told(ctx context.Context, d *db.DB, now time.Time, m Message, problem error) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		if problem == nil {
			_, err := tx.ExecContext(ctx, "UPDATE outbox SET state = 'sent', sent_at = $2, problem = '' WHERE id = $1", m.ID, db.Micros(now))
			return err
		}
		state := "queued"
		if m.Tries+1 >= maxTries {
			state = "failed"
		}
		_, err := tx.ExecContext(ctx, "UPDATE outbox SET state = $2, problem = $3 WHERE id = $1", m.ID, state, problem.Error())
		return err
	})
}
