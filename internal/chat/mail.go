package chat

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
)

const (
	// An answer that nobody has read for a while is told by e-mail: soon where that was promised.
	tellAfter = 5 * time.Minute
	tellSoon  = 20 * time.Second
	tellAgain = 30 * time.Minute // and not more often than this
)

// CopiesOf bounds the copies that are sent of one conversation, CopiesTo those that one address gets.
var (
	CopiesOf = identity.Limit{Name: "chat/copies", Hits: 5, Window: 24 * time.Hour}
	CopiesTo = identity.Limit{Name: "chat/copies-to", Hits: 10, Window: 24 * time.Hour}
)

// TellAnswers tells members by e-mail of answers that they have not read, and returns how many it told.
func (s *Chats) TellAnswers(ctx context.Context, now time.Time) (told int, err error) {
	var due []string
	err = db.Each(ctx, s.DB.Read(), `SELECT id FROM chat WHERE unread_since > 0 AND told_at < $1 AND unread_since <= CASE WHEN by_mail OR state = 'closed' THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END
 ORDER BY unread_since LIMIT 100`, []any{db.Micros(now.Add(-tellAgain)), db.Micros(now.Add(-tellSoon)), db.Micros(now.Add(-tellAfter))}, func(rows *sql.Rows) error {
		var chatID string
		err := rows.Scan(&chatID)
		due = append(due, chatID)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("answers that wait: %w", err)
	}
	for _, chatID := range due {
		sent, err := s.tellAnswer(ctx, now, chatID)
		if err != nil {
			return told, fmt.Errorf("tell of an answer: %w", err)
		}
		if sent {
			told++
		}
	}
	return told, nil
}

func (s *Chats) tellAnswer(ctx context.Context, now time.Time, chatID string) (sent bool, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		sent = false
		c, err := s.lock(ctx, tx, chatID)
		if err != nil {
			return err
		}
		var unread, told int64
		if err := tx.QueryRowContext(ctx, "SELECT unread_since, told_at FROM chat WHERE id = $1", chatID).Scan(&unread, &told); err != nil {
			return err
		}
		if unread == 0 || db.Time(told).After(now.Add(-tellAgain)) {
			return nil // another process was faster, or it was read meanwhile
		}
		to, err := s.address(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := tx.Later(ctx, "an answer was told", "UPDATE chat SET unread_since = 0, told_at = CASE WHEN $3 = '' THEN told_at ELSE $2 END WHERE id = $1", c.ID, db.Micros(now), to); err != nil {
			return err
		}
		if to == "" {
			return nil // it stands on the page; there is no other way to this guest
		}
		url, err := s.link(ctx, tx, now, c)
		if err != nil {
			return err
		}
		sent = true
		if err := audit.Append(ctx, tx, audit.Program.Did(now, "chat.answer_told", c.ID, c.MemberID)); err != nil {
			return err
		}
		return s.Outbox.Tell(ctx, tx, now, letter.New(letter.ChatAnswered{URL: url}, fmt.Sprintf("%s/%d", c.ID, c.Last),
			letter.To{Channel: event.Mail, Recipient: to, Language: c.Language}))
	})
	return sent, err
}

// address is where an answer is sent: the one that was given, else the account's; "" for none.
func (s *Chats) address(ctx context.Context, tx *db.Tx, c Chat) (string, error) {
	if c.Email != "" || c.AccountID == "" {
		return c.Email, nil
	}
	p, err := s.Accounts.GetIn(ctx, tx, c.AccountID)
	if fault.Is(err, fault.NotFound) { // closed meanwhile
		return "", nil
	}
	return p.Email, err
}

// link is the address of a conversation for its owner. Where there is no account to sign in to, it carries a token that opens
// this conversation and nothing else.
func (s *Chats) link(ctx context.Context, tx *db.Tx, now time.Time, c Chat) (string, error) {
	if c.AccountID != "" {
		return s.BaseURL + "/chat/" + c.ID, nil
	}
	token := id.Secret()
	return s.BaseURL + "/chat-link/" + token, addKey(ctx, tx, c.ID, token, "link", now.Add(LinkLife))
}

// Resume lets a browser into the conversation of a link from an e-mail: it returns its id and the token for the browser's
// cookie, which is browser where that is one. A link that is unknown, too old, or of a conversation that an account has now
// is ErrNotFound. look only tells whether the link is good.
func (s *Chats) Resume(ctx context.Context, now time.Time, who audit.Who, token, browser string, look bool) (chatID, cookie string, err error) {
	var expires int64
	err = s.DB.Read().QueryRowContext(ctx, `SELECT k.chat_id, k.expires_at FROM chat_key k JOIN chat c ON c.id = k.chat_id
 WHERE k.digest = $1 AND k.kind = 'link' AND c.account_id = ''`, id.Digest(token)).Scan(&chatID, &expires)
	if err == sql.ErrNoRows || (err == nil && !now.Before(db.Time(expires))) {
		return "", "", ErrNotFound
	}
	if err != nil {
		return "", "", fmt.Errorf("resume a conversation: %w", err)
	}
	if look {
		return chatID, "", nil
	}
	if cookie = browser; len(cookie) != len(id.Secret()) {
		cookie = id.Secret()
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := addKey(ctx, tx, chatID, cookie, "browser", now.Add(BrowserLife)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "chat.resumed", chatID, ""))
	})
	if err != nil {
		return "", "", fmt.Errorf("resume a conversation: %w", err)
	}
	return chatID, cookie, nil
}

// mostCopied bounds a copy, in bytes of text: an e-mail is no archive, and the page has the whole.
const mostCopied = 20 << 10

// SendCopy sends a copy of a conversation to its owner by e-mail: to the address they give, or to where answers go where it
// is "". lines are its words in their language. ErrEmail says that there is no address; a Busy fault that enough were sent.
func (s *Chats) SendCopy(ctx context.Context, now time.Time, who audit.Who, chatID, email string, lines []letter.ChatLine) error {
	if email != "" && !identity.ValidEmail(email) {
		return ErrEmail
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := s.lock(ctx, tx, chatID)
		if err != nil {
			return err
		}
		to := email
		if to == "" {
			if to, err = s.address(ctx, tx, c); err != nil {
				return err
			}
		}
		if to == "" {
			return ErrEmail
		}
		if err := identity.AllowIn(ctx, tx, now, CopiesOf, c.ID); err != nil {
			return err
		}
		if err := identity.AllowIn(ctx, tx, now, CopiesTo, identity.FoldEmail(to)); err != nil {
			return err
		}
		url, err := s.link(ctx, tx, now, c)
		if err != nil {
			return err
		}
		copied := letter.ChatCopy{Began: c.CreatedAt, URL: url}
		size := 0
		for _, l := range lines {
			if size += len(l.Text) + len(l.Who) + 64; size > mostCopied {
				copied.Cut = true
				break
			}
			copied.Lines = append(copied.Lines, l)
		}
		if err := audit.Append(ctx, tx, who.Did(now, "chat.copied", c.ID, c.MemberID)); err != nil {
			return err
		}
		return s.Outbox.Tell(ctx, tx, now, letter.New(copied, c.ID+"/"+id.New("cpy"), letter.To{Channel: event.Mail, Recipient: to, Language: c.Language}))
	})
	if err != nil {
		return fmt.Errorf("send a copy of a conversation: %w", err)
	}
	return nil
}
