package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
)

const selectChat = `SELECT id, account_id, member_id, linked_by, linked_at, name_sealed, email_sealed, language, by_mail, state, agent_id, agent_name,
 last, member_read, agent_read, created_at, waiting_since, assigned_at, last_at, closed_at, closed_by, rating, comment_sealed FROM chat`

// scan reads one row of selectChat and opens what is sealed in it.
func (s *Chats) scan(scan func(...any) error) (Chat, error) {
	var c Chat
	var name, email, comment []byte
	var linked, created, waiting, assigned, last, closed int64
	err := scan(&c.ID, &c.AccountID, &c.MemberID, &c.LinkedBy, &linked, &name, &email, &c.Language, &c.Mail, &c.State, &c.AgentID, &c.AgentName,
		&c.Last, &c.MemberRead, &c.AgentRead, &created, &waiting, &assigned, &last, &closed, &c.ClosedBy, &c.Rating, &comment)
	if errors.Is(err, sql.ErrNoRows) {
		return Chat{}, ErrNotFound
	}
	if err != nil {
		return Chat{}, err
	}
	c.LinkedAt, c.CreatedAt, c.WaitingSince, c.AssignedAt = db.Time(linked), db.Time(created), db.Time(waiting), db.Time(assigned)
	c.LastAt, c.ClosedAt = db.Time(last), db.Time(closed)
	if c.Name, err = s.opened(chatName, c.ID, name); err != nil {
		return Chat{}, err
	}
	if c.Email, err = s.opened(chatEmail, c.ID, email); err != nil {
		return Chat{}, err
	}
	c.Comment, err = s.opened(chatComment, c.ID, comment)
	return c, err
}

// Get returns a conversation, or ErrNotFound.
func (s *Chats) Get(ctx context.Context, q db.Queryer, chatID string) (Chat, error) {
	c, err := s.scan(q.QueryRowContext(ctx, selectChat+" WHERE id = $1", chatID).Scan)
	if err != nil {
		return Chat{}, fmt.Errorf("get a conversation: %w", err)
	}
	return c, nil
}

func (s *Chats) list(ctx context.Context, where string, args ...any) (out []Chat, err error) {
	err = db.Each(ctx, s.DB.Read(), selectChat+" "+where, args, func(rows *sql.Rows) error {
		c, err := s.scan(rows.Scan)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return out, nil
}

// lock touches the row of a conversation, so that whatever else the transaction does to it happens alone, and returns it.
func (s *Chats) lock(ctx context.Context, tx *db.Tx, chatID string) (Chat, error) {
	if _, err := tx.ExecContext(ctx, "UPDATE chat SET version = version + 1 WHERE id = $1", chatID); err != nil {
		return Chat{}, fmt.Errorf("lock a conversation: %w", err)
	}
	return s.Get(ctx, tx, chatID)
}

// page is how many messages one read returns at most.
const page = 500

const selectMessage = `SELECT m.id, m.chat_id, m.number, m.side, m.kind, m.author_id, m.author, m.text_sealed, m.at,
 COALESCE(f.id, ''), COALESCE(f.kind, ''), COALESCE(f.size, 0), f.name_sealed
 FROM chat_message m LEFT JOIN chat_file f ON f.message_id = m.id`

// Messages returns what of a conversation has a number above after, in order, at most 500. reader is the side that reads:
// the notes of staff are for Agent alone.
func (s *Chats) Messages(ctx context.Context, q db.Queryer, chatID string, reader Side, after int64) (out []Message, err error) {
	hidden := Note
	if reader == Agent {
		hidden = ""
	}
	err = db.Each(ctx, q, selectMessage+" WHERE m.chat_id = $1 AND m.number > $2 AND m.side <> $3 ORDER BY m.number LIMIT $4",
		[]any{chatID, after, hidden, page}, func(rows *sql.Rows) error {
			m, err := s.scanMessage(rows.Scan)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("messages of a conversation: %w", err)
	}
	return out, nil
}

// All is every message of a conversation that reader may see.
func (s *Chats) All(ctx context.Context, q db.Queryer, chatID string, reader Side) (out []Message, err error) {
	for after := int64(0); ; {
		list, err := s.Messages(ctx, q, chatID, reader, after)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
		if len(list) < page {
			return out, nil
		}
		after = list[len(list)-1].Number
	}
}

func (s *Chats) scanMessage(scan func(...any) error) (Message, error) {
	var m Message
	var f Attachment
	var text, name []byte
	var at int64
	err := scan(&m.ID, &m.ChatID, &m.Number, &m.Side, &m.Kind, &m.AuthorID, &m.Author, &text, &at, &f.ID, &f.Kind, &f.Size, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return Message{}, ErrNotFound
	}
	if err != nil {
		return Message{}, err
	}
	m.At = db.Time(at)
	if f.ID != "" {
		if f.Name, err = s.opened(fileName, f.ID, name); err != nil {
			return Message{}, err
		}
		m.File = &f
	}
	m.Text, err = s.opened(messageText, m.ID, text)
	return m, err
}

// add writes the next message of a conversation that the transaction has locked, and counts it in c.
func (s *Chats) add(ctx context.Context, tx *db.Tx, now time.Time, c *Chat, m Message, key string) (Message, error) {
	text, err := s.sealed(messageText, m.ID, m.Text)
	if err != nil {
		return Message{}, err
	}
	c.Last++
	c.LastAt = now
	m.ChatID, m.Number, m.At = c.ID, c.Last, now
	if key == "" {
		key = m.ID
	}
	err = tx.Later(ctx, "add a message", `INSERT INTO chat_message (id, chat_id, number, side, kind, author_id, author, key, text_sealed, at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, m.ID, m.ChatID, m.Number, m.Side, m.Kind, m.AuthorID, m.Author, key, text, db.Micros(now))
	if err != nil {
		return Message{}, err
	}
	if err := tx.Later(ctx, "count a message", "UPDATE chat SET last = $2, last_at = $3 WHERE id = $1", c.ID, c.Last, db.Micros(now)); err != nil {
		return Message{}, err
	}
	return m, nil
}
