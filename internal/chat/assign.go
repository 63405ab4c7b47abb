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
	"memberpay/internal/id"
	"memberpay/internal/scrub"
)

// Worker is one of the staff who answers.
type Worker struct {
	ID   string // account id
	Name string // first name, as members read it
}

// change locks a conversation, lets fn change it, notes that down and tells who watches.
func (s *Chats) change(ctx context.Context, now time.Time, who audit.Who, chatID, action, detail string, fn func(tx *db.Tx, c *Chat) error) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := s.lock(ctx, tx, chatID)
		if err != nil {
			return err
		}
		if err := fn(tx, &c); err != nil {
			return err
		}
		e := who.Did(now, action, chatID, c.MemberID)
		e.Detail = detail
		if err := audit.Append(ctx, tx, e); err != nil {
			return err
		}
		return tell(ctx, tx, chatID, true)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// Take gives a conversation that waits to one of the staff. One that somebody else has is ErrTaken, a closed one ErrClosed;
// one that the same worker has is left as it is.
func (s *Chats) Take(ctx context.Context, now time.Time, who audit.Who, w Worker, chatID string) error {
	if c, err := s.Get(ctx, s.DB.Read(), chatID); err != nil || (c.State == Open && c.AgentID == w.ID) {
		return err
	}
	return s.change(ctx, now, who, chatID, "chat.assigned", w.ID, func(tx *db.Tx, c *Chat) error {
		switch {
		case c.State == Closed:
			return ErrClosed
		case c.State == Open && c.AgentID != w.ID:
			return ErrTaken
		case c.State == Open:
			return nil
		}
		return s.assign(ctx, tx, now, c, w, Joined)
	})
}

// TakeNext gives the next conversation to one of the staff: whoever waits longest on the page, then the oldest question that
// is answered by e-mail. It returns ErrNotFound where nobody waits.
func (s *Chats) TakeNext(ctx context.Context, now time.Time, who audit.Who, w Worker) (chatID string, err error) {
	for range 20 { // others take from the same queue
		err := s.DB.Read().QueryRowContext(ctx, "SELECT id FROM chat WHERE state = 'waiting' ORDER BY by_mail, waiting_since, id LIMIT 1").Scan(&chatID)
		if errors.Is(err, sql.ErrNoRows) {
			return "", ErrNotFound
		}
		if err != nil {
			return "", fmt.Errorf("take the next conversation: %w", err)
		}
		if err = s.Take(ctx, now, who, w, chatID); fault.Is(err, fault.Conflict) {
			continue
		}
		return chatID, err
	}
	return "", ErrTaken
}

// assign gives a locked conversation to a worker.
func (s *Chats) assign(ctx context.Context, tx *db.Tx, now time.Time, c *Chat, w Worker, kind Kind) error {
	waited := int64(0)
	if c.State == Waiting && !c.Mail {
		waited = max(1, now.Sub(c.WaitingSince).Microseconds())
	}
	c.State, c.AgentID, c.AgentName, c.AssignedAt = Open, w.ID, w.Name, now
	if err := tx.Later(ctx, "assign a conversation", `UPDATE chat SET state = 'open', agent_id = $2, agent_name = $3, assigned_at = $4, waiting_since = 0,
 waited = CASE WHEN waited > 0 THEN waited ELSE $5 END WHERE id = $1`, c.ID, w.ID, w.Name, db.Micros(now), waited); err != nil {
		return err
	}
	_, err := s.add(ctx, tx, now, c, Message{ID: id.New("cmg"), Side: Desk, Kind: kind, AuthorID: w.ID, Author: w.Name}, "")
	return err
}

// Transfer hands an open conversation on, with a note that only staff read: to another worker, or to whoever takes it next
// where to is the zero Worker. Anybody who may answer chats may do so, also for one that a colleague has. ErrNote and ErrTo
// say what to correct.
func (s *Chats) Transfer(ctx context.Context, now time.Time, who audit.Who, from, to Worker, chatID, note string) error {
	note, err := cleanText(note, MaxNote, ErrNote, ErrNote)
	if err != nil {
		return err
	}
	note, _ = scrub.Cards(note)
	detail := "to " + to.ID
	if to.ID == "" {
		detail = "to the queue"
	}
	return s.change(ctx, now, who, chatID, "chat.transferred", detail, func(tx *db.Tx, c *Chat) error {
		switch {
		case c.State == Closed:
			return ErrClosed
		case c.State != Open:
			return ErrNotTaken
		case c.AgentID == to.ID:
			return ErrTo
		}
		if _, err := s.add(ctx, tx, now, c, Message{ID: id.New("cmg"), Side: Note, Kind: Text, AuthorID: from.ID, Author: from.Name, Text: note}, ""); err != nil {
			return err
		}
		if to.ID != "" {
			return s.assign(ctx, tx, now, c, to, Moved)
		}
		if err := s.queue(ctx, tx, now, c); err != nil {
			return err
		}
		_, err := s.add(ctx, tx, now, c, Message{ID: id.New("cmg"), Side: Desk, Kind: Queued}, "")
		return err
	})
}

// Close ends a conversation: by is Member or, for the program itself, Desk. One that is closed is left as it is.
func (s *Chats) Close(ctx context.Context, now time.Time, who audit.Who, chatID string, by Side) error {
	return s.end(ctx, now, who, chatID, by, func(Chat) error { return nil })
}

// Finish ends a conversation for one of the staff: for whoever has it, or for anybody where lead says that they lead the
// others. It is ErrTaken where a colleague has it, and ErrNotTaken where nobody does. One that is closed is left as it is.
func (s *Chats) Finish(ctx context.Context, now time.Time, who audit.Who, w Worker, lead bool, chatID string) error {
	return s.end(ctx, now, who, chatID, Agent, func(c Chat) error {
		switch {
		case lead:
			return nil
		case c.State == Waiting:
			return ErrNotTaken
		case c.AgentID != w.ID:
			return ErrTaken
		}
		return nil
	})
}

// end ends a conversation that may says can be ended.
func (s *Chats) end(ctx context.Context, now time.Time, who audit.Who, chatID string, by Side, may func(Chat) error) error {
	c, err := s.Get(ctx, s.DB.Read(), chatID)
	if err != nil || c.State == Closed {
		return err
	}
	return s.change(ctx, now, who, chatID, "chat.closed", "by "+string(by), func(tx *db.Tx, c *Chat) error {
		if c.State == Closed {
			return nil
		}
		if err := may(*c); err != nil {
			return err
		}
		return s.close(ctx, tx, now, c, by)
	})
}

func (s *Chats) close(ctx context.Context, tx *db.Tx, now time.Time, c *Chat, by Side) error {
	kind := Ended
	if by == Member {
		kind = Left
	}
	c.State, c.ClosedAt, c.ClosedBy = Closed, now, by
	if err := tx.Later(ctx, "close a conversation", "UPDATE chat SET state = 'closed', closed_at = $2, closed_by = $3, waiting_since = 0 WHERE id = $1", c.ID, db.Micros(now), by); err != nil {
		return err
	}
	_, err := s.add(ctx, tx, now, c, Message{ID: id.New("cmg"), Side: Desk, Kind: kind}, "")
	return err
}

// ToMail lets a conversation be answered by e-mail from here on. email is where the answer goes; a guest has to give one. A
// member who is signed in may leave it "".
func (s *Chats) ToMail(ctx context.Context, now time.Time, who audit.Who, chatID, email string) error {
	sealed, err := s.sealed(chatEmail, chatID, email)
	if err != nil {
		return err
	}
	return s.change(ctx, now, who, chatID, "chat.by_mail", "", func(tx *db.Tx, c *Chat) error {
		if c.State == Closed {
			return ErrClosed
		}
		if email == "" && !c.Reachable() {
			return ErrEmail
		}
		if email != "" {
			if err := tx.Later(ctx, "note an address", "UPDATE chat SET email_sealed = $2 WHERE id = $1", c.ID, sealed); err != nil {
				return err
			}
		}
		if c.Mail || c.State != Waiting {
			return nil // an answer that is not read is told by e-mail anyway
		}
		return s.toMail(ctx, tx, now, c)
	})
}

func (s *Chats) toMail(ctx context.Context, tx *db.Tx, now time.Time, c *Chat) error {
	c.Mail = true
	if err := tx.Later(ctx, "answer by e-mail", "UPDATE chat SET by_mail = TRUE WHERE id = $1", c.ID); err != nil {
		return err
	}
	_, err := s.add(ctx, tx, now, c, Message{ID: id.New("cmg"), Side: Desk, Kind: ByMail}, "")
	return err
}

// Link notes whom a conversation is with, once that has been verified: by one of the staff on the phone or in person, or by
// the member signing in. verifiedBy is the account of who did so, accountID the member's own where they signed in, "" where
// they did not. A conversation of somebody else's account is ErrNotFound.
func (s *Chats) Link(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, chatID, memberID, accountID, verifiedBy string) error {
	c, err := s.lock(ctx, tx, chatID)
	if err != nil {
		return err
	}
	if memberID == "" || verifiedBy == "" || (c.AccountID != "" && c.AccountID != accountID) {
		return ErrNotFound
	}
	if c.MemberID == memberID && (accountID == "" || c.AccountID == accountID) {
		return nil
	}
	if err := tx.Later(ctx, "link a conversation", `UPDATE chat SET member_id = $2, linked_by = $3, linked_at = $4,
 account_id = CASE WHEN $5 = '' THEN account_id ELSE $5 END WHERE id = $1`, chatID, memberID, verifiedBy, db.Micros(now), accountID); err != nil {
		return err
	}
	if _, err := s.add(ctx, tx, now, &c, Message{ID: id.New("cmg"), Side: Desk, Kind: Linked}, ""); err != nil {
		return err
	}
	if err := audit.Append(ctx, tx, who.Did(now, "chat.linked", chatID, memberID)); err != nil {
		return err
	}
	return tell(ctx, tx, chatID, true)
}
