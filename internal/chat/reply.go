package chat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Reply is an answer that is ready to be used.
type Reply struct {
	ID     string
	Title  string // for staff
	En, Es string
}

// In is the text in a language.
func (r Reply) In(lang string) string {
	if lang == "es" {
		return r.Es
	}
	return r.En
}

// Errors of SaveReply.
var (
	ErrReplyTitle = fault.Field("title", "chat.reply.title")
	ErrReplyEn    = fault.Field("text_en", "chat.reply.text_en")
	ErrReplyEs    = fault.Field("text_es", "chat.reply.text_es")
)

// Replies returns all ready answers, by title.
func (s *Chats) Replies(ctx context.Context) (out []Reply, err error) {
	err = db.Each(ctx, s.DB.Read(), "SELECT id, title, text_en, text_es FROM chat_reply ORDER BY title, id LIMIT 200", nil, func(rows *sql.Rows) error {
		var r Reply
		err := rows.Scan(&r.ID, &r.Title, &r.En, &r.Es)
		out = append(out, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ready answers: %w", err)
	}
	return out, nil
}

// GetReply returns a ready answer, or ErrNotFound.
func (s *Chats) GetReply(ctx context.Context, replyID string) (r Reply, err error) {
	err = s.DB.Read().QueryRowContext(ctx, "SELECT id, title, text_en, text_es FROM chat_reply WHERE id = $1", replyID).Scan(&r.ID, &r.Title, &r.En, &r.Es)
	if err == sql.ErrNoRows {
		return Reply{}, ErrNotFound
	}
	if err != nil {
		return Reply{}, fmt.Errorf("a ready answer: %w", err)
	}
	return r, nil
}

// SaveReply keeps a ready answer: a new one where its ID is "". Both languages have to say something.
func (s *Chats) SaveReply(ctx context.Context, now time.Time, who audit.Who, r Reply) (err error) {
	if r.Title, err = cleanText(r.Title, MaxName, ErrReplyTitle, ErrReplyTitle); err != nil {
		return err
	}
	if r.En, err = cleanText(r.En, MaxText, ErrReplyEn, ErrReplyEn); err != nil {
		return err
	}
	if r.Es, err = cleanText(r.Es, MaxText, ErrReplyEs, ErrReplyEs); err != nil {
		return err
	}
	made := r.ID == ""
	if made {
		r.ID = id.New("rpl")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		query := "UPDATE chat_reply SET title = $2, text_en = $3, text_es = $4, changed_by = $5, changed_at = $6 WHERE id = $1"
		if made {
			query = "INSERT INTO chat_reply (id, title, text_en, text_es, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)"
		}
		if err := one(tx.ExecContext(ctx, query, r.ID, r.Title, r.En, r.Es, who.Actor, db.Micros(now))); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "chat.reply_changed", r.ID, ""))
	})
	if err != nil {
		return fmt.Errorf("keep a ready answer: %w", err)
	}
	return nil
}

// DropReply removes a ready answer, or returns ErrNotFound.
func (s *Chats) DropReply(ctx context.Context, now time.Time, who audit.Who, replyID string) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := one(tx.ExecContext(ctx, "DELETE FROM chat_reply WHERE id = $1", replyID)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "chat.reply_removed", replyID, ""))
	})
	if err != nil {
		return fmt.Errorf("remove a ready answer: %w", err)
	}
	return nil
}

// one is ErrNotFound where a statement changed no row.
func one(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}
