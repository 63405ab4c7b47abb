package event

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
)

// About is a message without its words and without whom it goes to.
type About struct {
	Kind    string // "payment.submitted", "member_id", ...
	Subject string
	Channel string
	State   string // "queued", "sent" or "failed"
	At      time.Time
	SentAt  time.Time // zero where it was not sent
}

// MessagesAbout returns the messages that were told about things (ids), several about one too, newest first, at most limit, for those who help
// whoever gets them.
func MessagesAbout(ctx context.Context, q db.Queryer, subjects []string, limit int) ([]About, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	subjects = subjects[:min(len(subjects), 500)]
	var out []About
	err := db.Each(ctx, q, fmt.Sprintf("SELECT kind, subject, channel, state, created_at, sent_at FROM outbox WHERE about IN %s ORDER BY created_at DESC, id DESC LIMIT $%d",
		db.In(1, len(subjects)), len(subjects)+1), append(db.Args(subjects), limit), func(rows *sql.Rows) error {
		var a About
		var at, sent int64
		err := rows.Scan(&a.Kind, &a.Subject, &a.Channel, &a.State, &at, &sent)
		a.At, a.SentAt = db.Time(at), db.Time(sent)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return out, nil
}

// OfSubjects returns the events of several subjects, newest first, at most limit, without their data.
func OfSubjects(ctx context.Context, q db.Queryer, subjects []string, limit int) ([]Event, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	subjects = subjects[:min(len(subjects), 500)]
	var out []Event
	err := db.Each(ctx, q, fmt.Sprintf("SELECT id, at, kind, subject FROM event WHERE subject IN %s ORDER BY at DESC, id DESC LIMIT $%d",
		db.In(1, len(subjects)), len(subjects)+1), append(db.Args(subjects), limit), func(rows *sql.Rows) error {
		var e Event
		var at int64
		err := rows.Scan(&e.ID, &at, &e.Kind, &e.Subject)
		e.At = db.Time(at)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return out, nil
}

// StateOf returns what became of a message of a kind about a subject: "queued", "sent", "failed" for good, or "" where there
// is none.
func StateOf(ctx context.Context, q db.Queryer, subject, kind string) (state string, err error) {
	err = q.QueryRowContext(ctx, "SELECT COALESCE((SELECT state FROM outbox WHERE subject = $1 AND kind = $2), '')", subject, kind).Scan(&state)
	if err != nil {
		return "", fmt.Errorf("what became of a message: %w", err)
	}
	return state, nil
}
