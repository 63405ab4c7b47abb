package consent

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
)

// Topic is a kind of news.
type Topic string

// The topics. Receipts are what the law or the member's safety asks for: they always go out by mail.
const (
	Receipts   Topic = "receipts"    // receipts, payments that failed or came back, changes of the account
	NewBills   Topic = "new_bills"   // there is a new bill
	Reminders  Topic = "reminders"   // a bill is due soon
	HelperNews Topic = "helper_news" // a helper paid
)

// Topics are all topics, in the order in which they are asked about.
var Topics = []Topic{Receipts, NewBills, Reminders, HelperNews}

// Always reports whether news of the topic goes out by mail whatever was asked for.
func (t Topic) Always() bool { return t == Receipts }

// Ways are the ways in which news of a topic is wanted.
type Ways struct{ Mail, Text bool }

// usual are the ways for whoever said nothing.
var usual = Ways{Mail: true}

// Preferences returns the ways that an account's owner asked for, a value for each topic.
func Preferences(ctx context.Context, q db.Queryer, accountID string) (map[Topic]Ways, error) {
	out := make(map[Topic]Ways, len(Topics))
	for _, t := range Topics {
		out[t] = usual
	}
	err := db.Each(ctx, q, "SELECT topic, by_mail, by_text FROM notice_preference WHERE account_id = $1", []any{accountID}, func(rows *sql.Rows) error {
		var t Topic
		var w Ways
		err := rows.Scan(&t, &w.Mail, &w.Text)
		w.Mail = w.Mail || t.Always()
		out[t] = w
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("notice preferences: %w", err)
	}
	return out, nil
}

// Prefer keeps the ways that an account's owner asked for.
func Prefer(ctx context.Context, tx *db.Tx, now time.Time, accountID string, ways map[Topic]Ways) error {
	for _, t := range Topics {
		w, ok := ways[t]
		if !ok {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO notice_preference (account_id, topic, by_mail, by_text, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account_id, topic) DO UPDATE SET by_mail = EXCLUDED.by_mail, by_text = EXCLUDED.by_text, updated_at = EXCLUDED.updated_at`,
			accountID, t, w.Mail || t.Always(), w.Text, db.Micros(now))
		if err != nil {
			return fmt.Errorf("keep notice preferences: %w", err)
		}
	}
	return nil
}

// Wants returns the channels of the outbox by which an account's owner wants news of a topic: event.Mail, event.Text,
// both or none. A text is wanted only while its owner's consent to texts holds. Nobody's account ("") wants mail.
func Wants(ctx context.Context, q db.Queryer, accountID string, topic Topic) ([]string, error) {
	ways, err := Preferences(ctx, q, accountID)
	if err != nil {
		return nil, err
	}
	var out []string
	w, ok := ways[topic]
	if !ok {
		return nil, fmt.Errorf("there is no topic %q", topic)
	}
	if w.Mail {
		out = append(out, event.Mail)
	}
	if w.Text {
		c, err := Current(ctx, q, accountID, Texts)
		if err != nil {
			return nil, err
		}
		if c.Holds() {
			out = append(out, event.Text)
		}
	}
	return out, nil
}
