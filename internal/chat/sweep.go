package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
)

const (
	// Whoever waits while nobody takes chats is answered by e-mail after this.
	patience = 3 * time.Minute
	// A live conversation in which nothing was said for this long is closed; one by e-mail after mailIdle.
	liveIdle = 24 * time.Hour
	mailIdle = 30 * 24 * time.Hour
	// atOnce is how many conversations one round of a sweep takes.
	atOnce = 100
)

// Sweep turns conversations in which nobody can be there into questions that are answered by e-mail, closes those that were
// left, and forgets those that were kept long enough. It returns how many of each.
func (s *Chats) Sweep(ctx context.Context, now time.Time) (mailed, closed, forgotten int, err error) {
	if mailed, err = s.sweepQueue(ctx, now); err != nil {
		return
	}
	if closed, err = s.sweepLeft(ctx, now); err != nil {
		return
	}
	forgotten, err = s.sweepOld(ctx, now)
	return
}

func (s *Chats) sweepQueue(ctx context.Context, now time.Time) (int, error) {
	w, err := s.Queue(ctx, now, Chat{})
	if err != nil || w.Live() {
		return 0, err
	}
	before := now
	if w.Open {
		before = now.Add(-patience)
	}
	return s.each(ctx, "SELECT id FROM chat WHERE state = 'waiting' AND by_mail = FALSE AND waiting_since <= $1 ORDER BY waiting_since LIMIT $2", []any{db.Micros(before), atOnce},
		func(chatID string) error {
			return s.change(ctx, now, audit.Program, chatID, "chat.by_mail", "", func(tx *db.Tx, c *Chat) error {
				if c.State != Waiting || c.Mail {
					return ErrTaken
				}
				return s.toMail(ctx, tx, now, c)
			})
		})
}

func (s *Chats) sweepLeft(ctx context.Context, now time.Time) (int, error) {
	return s.each(ctx, "SELECT id FROM chat WHERE state = 'open' AND last_at <= CASE WHEN by_mail THEN CAST($1 AS BIGINT) ELSE CAST($2 AS BIGINT) END ORDER BY last_at LIMIT $3",
		[]any{db.Micros(now.Add(-mailIdle)), db.Micros(now.Add(-liveIdle)), atOnce}, func(chatID string) error { return s.Close(ctx, now, audit.Program, chatID, Desk) })
}

func (s *Chats) sweepOld(ctx context.Context, now time.Time) (int, error) {
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		for query, before := range map[string]time.Time{"DELETE FROM chat_key WHERE expires_at <= $1": now, "DELETE FROM chat_duty WHERE seen_at < $1": now.Add(-24 * time.Hour)} {
			if _, err := tx.ExecContext(ctx, query, db.Micros(before)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return 0, fmt.Errorf("forget old keys: %w", err)
	}
	return s.each(ctx, "SELECT id FROM chat WHERE state = 'closed' AND closed_at > 0 AND closed_at <= $1 ORDER BY closed_at LIMIT $2", []any{db.Micros(now.Add(-s.Keep)), atOnce},
		func(chatID string) error { return s.forget(ctx, now, chatID) })
}

// forget removes a conversation and everything in it.
func (s *Chats) forget(ctx context.Context, now time.Time, chatID string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := s.lock(ctx, tx, chatID)
		if err != nil || c.State != Closed {
			return err
		}
		for _, query := range []string{
			"DELETE FROM chat_file_piece WHERE file_id IN (SELECT id FROM chat_file WHERE chat_id = $1)",
			"DELETE FROM chat_file WHERE chat_id = $1",
			"DELETE FROM chat_message WHERE chat_id = $1",
			"DELETE FROM chat_key WHERE chat_id = $1",
			"DELETE FROM chat WHERE id = $1",
		} {
			if _, err := tx.ExecContext(ctx, query, chatID); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, audit.Program.Did(now, "chat.forgotten", chatID, c.MemberID))
	})
}

// each runs fn on the ids that a query finds. Where somebody else changed a conversation meanwhile, it goes on.
func (s *Chats) each(ctx context.Context, query string, args []any, fn func(chatID string) error) (n int, err error) {
	var ids []string
	if err := db.Each(ctx, s.DB.Read(), query, args, func(rows *sql.Rows) error {
		var chatID string
		err := rows.Scan(&chatID)
		ids = append(ids, chatID)
		return err
	}); err != nil {
		return 0, fmt.Errorf("sweep conversations: %w", err)
	}
	for _, chatID := range ids {
		switch err := fn(chatID); {
		case fault.Is(err, fault.Conflict), errors.Is(err, ErrNotFound):
		case err != nil:
			return n, fmt.Errorf("sweep conversations: %w", err)
		default:
			n++
		}
	}
	return n, nil
}
