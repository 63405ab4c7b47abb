package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/scrub"
)

// Limits of what one conversation and one place may send. They count messages that are kept, so a repeated send is free.
var (
	MessagesOf  = identity.Limit{Name: "chat/messages", Hits: 40, Window: time.Minute}
	MessagesDay = identity.Limit{Name: "chat/day", Hits: 2000, Window: 24 * time.Hour}
	FilesOf     = identity.Limit{Name: "chat/files", Hits: 20, Window: time.Hour}
	StartsFrom  = identity.Limit{Name: "chat/starts", Hits: 30, Window: 10 * time.Minute} // from one network address
	TypesOf     = identity.Limit{Name: "chat/types", Hits: 40, Window: time.Minute}
)

// Sending is one message on its way.
type Sending struct {
	Key      string // the sender's own: the same one is one message, however often it is sent
	Side     Side   // Member or Agent
	AuthorID string // Agent only: account
	Author   string // Agent only: first name
	Text     string // may be "" where a file is sent
	File     *Upload
}

// Send adds a message to a conversation and returns it; the same key again returns the first one. ErrText, ErrLong and the
// errors of CheckFile say what to correct. A closed conversation is ErrClosed, except that a question answered by e-mail goes
// on; an agent who has not taken it gets ErrNotTaken. Card numbers are taken out, and both sides are told so by a message of
// Kind Card behind it, whose author is the agent where an agent wrote it.
func (s *Chats) Send(ctx context.Context, now time.Time, chatID string, in Sending) (m Message, err error) {
	if !goodKey(in.Key) {
		return Message{}, ErrKey
	}
	kind := Text
	if in.File != nil {
		kind = File
	}
	if in.Text, err = cleanText(in.Text, MaxText, ErrText, ErrLong); err != nil && !(kind == File && errors.Is(err, ErrText)) {
		return Message{}, err
	}
	clean, cards := scrub.Cards(in.Text)
	m = Message{ID: id.New("cmg"), Side: in.Side, Kind: kind, AuthorID: in.AuthorID, Author: in.Author, Text: clean}
	var pieces *sealedFile
	if in.File != nil {
		if pieces, err = s.sealFile(m.ID, chatID, *in.File); err != nil {
			return Message{}, err
		}
		m.File = &pieces.Attachment
	}
	if err := s.room(ctx, now, chatID, in.Side); err != nil {
		return Message{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		kept, err := s.send(ctx, tx, now, chatID, m, in, cards, pieces)
		m = kept
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("send a message: %w", err)
	}
	return m, nil
}

// room refuses, by reading alone, what a limit would refuse anyway: a flood costs nobody else the one writer of a database.
func (s *Chats) room(ctx context.Context, now time.Time, chatID string, side Side) error {
	if side != Member {
		return nil
	}
	return identity.Full(ctx, s.DB.Read(), now, MessagesOf, chatID)
}

func (s *Chats) send(ctx context.Context, tx *db.Tx, now time.Time, chatID string, m Message, in Sending, cards int, pieces *sealedFile) (Message, error) {
	c, err := s.lock(ctx, tx, chatID)
	if err != nil {
		return Message{}, err
	}
	if earlier, err := s.scanMessage(tx.QueryRowContext(ctx, selectMessage+" WHERE m.chat_id = $1 AND m.side = $2 AND m.key = $3", chatID, in.Side, in.Key).Scan); err == nil {
		return earlier, nil
	} else if !errors.Is(err, ErrNotFound) {
		return Message{}, err
	}
	switch {
	case in.Side == Agent && c.State == Closed:
		return Message{}, ErrClosed
	case in.Side == Agent && (c.State != Open || c.AgentID != in.AuthorID):
		return Message{}, ErrNotTaken
	case c.State == Closed && !c.Mail:
		return Message{}, ErrClosed
	case c.State == Closed: // whoever answers an e-mail has no second conversation to find
		if err := s.queue(ctx, tx, now, &c); err != nil {
			return Message{}, err
		}
	}
	if in.Side == Member {
		if err := limits(ctx, tx, now, chatID, pieces != nil); err != nil {
			return Message{}, err
		}
	}
	if m, err = s.add(ctx, tx, now, &c, m, in.Key); err != nil {
		return Message{}, err
	}
	if pieces != nil {
		if err := pieces.keep(ctx, tx); err != nil {
			return Message{}, err
		}
	}
	if cards > 0 {
		if _, err := s.add(ctx, tx, now, &c, Message{ID: id.New("cmg"), Side: Desk, Kind: Card, AuthorID: in.AuthorID, Author: in.Author}, ""); err != nil {
			return Message{}, err
		}
	}
	if err := read(ctx, tx, now, c, in.Side, m.Number); err != nil {
		return Message{}, err
	}
	if in.Side == Agent {
		if err := tx.Later(ctx, "an answer waits", "UPDATE chat SET unread_since = CASE WHEN unread_since > 0 THEN unread_since ELSE $2 END WHERE id = $1", c.ID, db.Micros(now)); err != nil {
			return Message{}, err
		}
	}
	return m, tell(ctx, tx, c.ID, in.Side == Member)
}

// limits counts one message, and one file.
func limits(ctx context.Context, tx *db.Tx, now time.Time, chatID string, file bool) error {
	for _, l := range []identity.Limit{MessagesOf, MessagesDay} {
		if err := identity.AllowIn(ctx, tx, now, l, chatID); err != nil {
			return err
		}
	}
	if file {
		return identity.AllowIn(ctx, tx, now, FilesOf, chatID)
	}
	return nil
}

// queue puts a conversation back among those that wait for somebody.
func (s *Chats) queue(ctx context.Context, tx *db.Tx, now time.Time, c *Chat) error {
	c.State, c.AgentID, c.AgentName, c.WaitingSince = Waiting, "", "", now
	return tx.Later(ctx, "queue a conversation", `UPDATE chat SET state = 'waiting', agent_id = '', agent_name = '', waiting_since = $2, closed_at = 0, closed_by = '' WHERE id = $1`,
		c.ID, db.Micros(now))
}

// read notes that a side has seen everything up to a number.
func read(ctx context.Context, tx *db.Tx, now time.Time, c Chat, side Side, number int64) error {
	column, more := "agent_read", ""
	if side == Member {
		column, more = "member_read", ", unread_since = CASE WHEN last <= $2 THEN 0 ELSE unread_since END"
	}
	return tx.Later(ctx, "note what was read", "UPDATE chat SET "+column+" = $2"+more+" WHERE id = $1 AND "+column+" < $2", c.ID, min(number, c.Last))
}

// Read notes that a side has seen everything up to a number, and tells the other side.
func (s *Chats) Read(ctx context.Context, now time.Time, chatID string, side Side, number int64) error {
	c, err := s.Get(ctx, s.DB.Read(), chatID)
	if err != nil {
		return err
	}
	if seen := c.MemberRead; number <= 0 || (side == Member && number <= seen) || (side == Agent && number <= c.AgentRead) {
		return nil
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := s.lock(ctx, tx, chatID)
		if err != nil {
			return err
		}
		if err := read(ctx, tx, now, c, side, number); err != nil {
			return err
		}
		return tell(ctx, tx, chatID, false)
	})
	if err != nil {
		return fmt.Errorf("note what was read: %w", err)
	}
	return nil
}

// Rate keeps what the member thinks of a closed conversation: 1 to 5, and a few words. A conversation
// counts once: a second rating, from a page that was still open, takes the place of the first, with its words. ErrRating and ErrComment say what to correct.
func (s *Chats) Rate(ctx context.Context, now time.Time, who audit.Who, chatID string, rating int, comment string) error {
	if rating < 1 || rating > 5 {
		return ErrRating
	}
	comment, err := cleanText(comment, MaxComment, nil, ErrComment)
	if err != nil {
		return err
	}
	comment, _ = scrub.Cards(comment)
	sealed, err := s.sealed(chatComment, chatID, comment)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE chat SET rating = $2, comment_sealed = $3, version = version + 1 WHERE id = $1 AND state = 'closed'", chatID, rating, sealed)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		c, err := s.Get(ctx, tx, chatID)
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "chat.rated", chatID, c.MemberID))
	})
	if err != nil {
		return fmt.Errorf("rate a conversation: %w", err)
	}
	return nil
}

// Ratings is how many conversations that closed since were rated with 1 to 5: index 0 is a rating of 1.
func (s *Chats) Ratings(ctx context.Context, since time.Time) (counts [5]int, err error) {
	err = db.Each(ctx, s.DB.Read(), "SELECT rating, COUNT(*) FROM chat WHERE state = 'closed' AND closed_at >= $1 AND rating > 0 GROUP BY rating", []any{db.Micros(since)},
		func(rows *sql.Rows) error {
			var rating, n int
			err := rows.Scan(&rating, &n)
			if err == nil {
				counts[rating-1] = n
			}
			return err
		})
	if err != nil {
		return counts, fmt.Errorf("ratings of conversations: %w", err)
	}
	return counts, nil
}

// Rated returns the conversations that were rated, those that ended last first, at most limit.
func (s *Chats) Rated(ctx context.Context, limit int) ([]Chat, error) {
	return s.list(ctx, "WHERE state = 'closed' AND rating > 0 ORDER BY closed_at DESC, id LIMIT $1", limit)
}
