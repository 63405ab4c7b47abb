package chat

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/scrub"
)

// Beginning is what somebody says who asks for a conversation.
type Beginning struct {
	Key       string // of the form: the same one begins one conversation, however often it is sent
	AccountID string // of a member who is signed in, "" for a guest
	MemberID  string // whom that account acts for first, "" for a guest
	Token     string // of the browser of a guest, from earlier conversations; "" makes one
	Name      string // what a guest wants to be called, may be ""
	Email     string // where a guest wants an answer that comes later, may be ""
	Language  string
	Text      string
	Mail      bool // to be answered by e-mail, because nobody is there
}

// AgainWithin is for how long a form that lost the answer may be sent again: the same key with the same message leads into the
// conversation that it began. Only the browser that was given the form knows its key.
const AgainWithin = 15 * time.Minute

// Start begins a conversation with its first message. It returns the conversation and, for a guest, the token that goes into
// the cookie of the browser. ErrText, ErrLong, ErrName and ErrEmail say what to correct; a guest whose question is answered
// by e-mail has to give an address. The same key again returns the conversation it began, also, within AgainWithin, to a
// browser that lost the token with the answer; ErrStarted says that nothing was kept, because the message is another one, or
// comes too late.
func (s *Chats) Start(ctx context.Context, now time.Time, who audit.Who, in Beginning) (c Chat, token string, err error) {
	if in.Text, err = cleanText(in.Text, MaxText, ErrText, ErrLong); err != nil {
		return Chat{}, "", err
	}
	if in.Name, err = cleanLine(in.Name); err != nil {
		return Chat{}, "", err
	}
	in.Email = strings.TrimSpace(in.Email)
	switch {
	case !goodKey(in.Key):
		return Chat{}, "", ErrKey
	case in.Email != "" && !identity.ValidEmail(in.Email):
		return Chat{}, "", ErrEmail
	}
	if token = in.Token; len(token) != len(id.Secret()) {
		token = id.Secret()
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err = s.started(ctx, tx, now, who, in, token)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if in.Email == "" && in.Mail && in.AccountID == "" {
			return ErrEmail
		}
		c, err = s.begin(ctx, tx, now, in)
		if errors.Is(err, errTwin) {
			c, err = s.started(ctx, tx, now, who, in, token)
			return err
		}
		if err != nil {
			return err
		}
		if in.AccountID == "" {
			if err := addKey(ctx, tx, c.ID, token, "browser", now.Add(BrowserLife)); err != nil {
				return err
			}
		}
		if err := audit.Append(ctx, tx, who.Did(now, "chat.started", c.ID, in.MemberID)); err != nil {
			return err
		}
		return tell(ctx, tx, c.ID, true)
	})
	if err != nil {
		return Chat{}, "", fmt.Errorf("start a conversation: %w", err)
	}
	if c.AccountID != "" {
		token = ""
	}
	return c, token, nil
}

// errTwin says that the same form began a conversation at this very moment.
var errTwin = errors.New("the same form has begun one")

// started is the conversation that the same form has begun before, or ErrNotFound. A guest who sends the same message without
// the token has lost the answer, and the token of this browser is let in.
func (s *Chats) started(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, in Beginning, token string) (Chat, error) {
	c, err := s.scan(tx.QueryRowContext(ctx, selectChat+" WHERE start_key = $1", id.Digest(in.Key)).Scan)
	if err != nil {
		return Chat{}, err
	}
	first, err := s.scanMessage(tx.QueryRowContext(ctx, selectMessage+" WHERE m.chat_id = $1 AND m.number = 1", c.ID).Scan)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Chat{}, err
	}
	if clean, _ := scrub.Cards(in.Text); clean != first.Text {
		return Chat{}, ErrStarted
	}
	if _, err := s.mine(ctx, tx, Asker{AccountID: in.AccountID, Token: token}, c.ID); !fault.Is(err, fault.NotFound) {
		return c, err
	}
	if c.AccountID != "" || now.Sub(c.CreatedAt) > AgainWithin {
		return Chat{}, ErrStarted
	}
	if err := addKey(ctx, tx, c.ID, token, "browser", now.Add(BrowserLife)); err != nil {
		return Chat{}, err
	}
	return c, audit.Append(ctx, tx, who.Did(now, "chat.resumed", c.ID, ""))
}

// begin keeps a new conversation. errTwin says that there is one with this key by now.
func (s *Chats) begin(ctx context.Context, tx *db.Tx, now time.Time, in Beginning) (Chat, error) {
	c := Chat{ID: id.New("cht"), AccountID: in.AccountID, MemberID: in.MemberID, LinkedBy: in.AccountID, Name: in.Name, Email: in.Email,
		Language: in.Language, Mail: in.Mail, State: Waiting, CreatedAt: now, WaitingSince: now, LastAt: now}
	name, err := s.sealed(chatName, c.ID, in.Name)
	if err != nil {
		return Chat{}, err
	}
	email, err := s.sealed(chatEmail, c.ID, in.Email)
	if err != nil {
		return Chat{}, err
	}
	linked := int64(0)
	if in.MemberID != "" {
		c.LinkedAt, linked = now, db.Micros(now)
	}
	made, err := tx.ExecContext(ctx, `INSERT INTO chat (id, account_id, member_id, linked_by, linked_at, name_sealed, email_sealed, language, start_key, by_mail,
 state, created_at, waiting_since, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11, $11, $11) ON CONFLICT (start_key) DO NOTHING`,
		c.ID, c.AccountID, c.MemberID, c.LinkedBy, linked, name, email, c.Language, id.Digest(in.Key), c.Mail, db.Micros(now))
	if err != nil {
		return Chat{}, err
	}
	if n, err := made.RowsAffected(); err != nil || n == 0 {
		return Chat{}, cmp.Or(err, errTwin)
	}
	clean, cards := scrub.Cards(in.Text)
	if _, err := s.add(ctx, tx, now, &c, Message{ID: id.New("cmg"), Side: Member, Kind: Text, Text: clean}, ""); err != nil {
		return Chat{}, err
	}
	if cards > 0 {
		if _, err := s.add(ctx, tx, now, &c, Message{ID: id.New("cmg"), Side: Desk, Kind: Card}, ""); err != nil {
			return Chat{}, err
		}
	}
	if c.Mail {
		_, err = s.add(ctx, tx, now, &c, Message{ID: id.New("cmg"), Side: Desk, Kind: ByMail}, "")
	}
	return c, err
}

// Lives of what lets a browser in that has no account.
const (
	BrowserLife = 30 * 24 * time.Hour // a guest's cookie is gone with the browser's session; this is for one that never ends
	LinkLife    = 14 * 24 * time.Hour // the link of an e-mail
)

func addKey(ctx context.Context, tx *db.Tx, chatID, token, kind string, until time.Time) error {
	return tx.Later(ctx, "let a browser in", `INSERT INTO chat_key (digest, chat_id, kind, expires_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (digest, chat_id) DO UPDATE SET expires_at = $4`, id.Digest(token), chatID, kind, db.Micros(until))
}

// Asker is who wants to see a conversation: an account, or a browser with a token in its cookie.
type Asker struct {
	AccountID string
	Token     string
}

// Mine returns a conversation of the asker: their account's, or one without an account that their browser began. Anything
// else is ErrNotFound.
func (s *Chats) Mine(ctx context.Context, now time.Time, a Asker, chatID string) (Chat, error) {
	return s.mine(ctx, s.DB.Read(), a, chatID)
}

func (s *Chats) mine(ctx context.Context, q db.Queryer, a Asker, chatID string) (Chat, error) {
	c, err := s.Get(ctx, q, chatID)
	if err != nil {
		return Chat{}, err
	}
	if c.AccountID != "" {
		if subtle.ConstantTimeCompare([]byte(c.AccountID), []byte(a.AccountID)) == 1 {
			return c, nil
		}
		return Chat{}, ErrNotFound
	}
	if a.Token == "" {
		return Chat{}, ErrNotFound
	}
	var n int
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM chat_key WHERE digest = $1 AND chat_id = $2 AND kind = 'browser'", id.Digest(a.Token), chatID).Scan(&n)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Chat{}, err
	}
	return c, nil
}

// mostListed is how many conversations a list shows at most.
const mostListed = 50

// Of returns the asker's conversations, the latest first, at most 50.
func (s *Chats) Of(ctx context.Context, a Asker) ([]Chat, error) {
	account := a.AccountID
	if account == "" {
		account = "-" // of nobody
	}
	return s.list(ctx, `WHERE account_id = $1 OR (account_id = '' AND id IN (SELECT chat_id FROM chat_key WHERE digest = $2 AND kind = 'browser'))
 ORDER BY created_at DESC, id LIMIT $3`, account, id.Digest(a.Token), mostListed)
}

// goodKey reports whether a sender's key can be one: 8 to 64 letters, digits or dashes.
func goodKey(key string) bool {
	return len(key) >= 8 && len(key) <= 64 && strings.IndexFunc(key, func(r rune) bool {
		return r != '-' && r != '_' && !(r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)))
	}) < 0
}

// cleanText is what somebody wrote, as it is kept. none and long are what is returned for nothing and for more than most characters.
func cleanText(text string, most int, none, long error) (string, error) {
	if len(text) > most*utf8.UTFMax*2 {
		return "", long
	}
	text = scrub.Text(text)
	switch {
	case text == "":
		return "", none
	case utf8.RuneCountInString(text) > most:
		return "", long
	}
	return text, nil
}

// cleanLine is a name in one line, with no card number in it.
func cleanLine(name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	name, err := cleanText(name, MaxName, ErrName, ErrName)
	if err != nil {
		return "", err
	}
	name, _ = scrub.Cards(scrub.Line(name))
	return name, nil
}
