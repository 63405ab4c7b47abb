package event

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/seal"
)

// The ways a message can travel.
const (
	Mail  = "mail"  // e-mail
	Text  = "text"  // a text message to a phone
	Print = "print" // a printed letter by post
)

// Message is something one person must be told: the kind of letter, what it is about and where it goes. The words are
// made when it is sent, by the feature that sends it.
type Message struct {
	ID        string
	Kind      string // "payment.receipt", "code", ...
	Subject   string // id of what it is about; a Kind is told once a Subject
	Channel   string // Mail where ""
	Recipient string // e-mail address; Text: phone number written +15035550100; Print: name and address, a line each
	Language  string
	Data      any       // small, JSON: what the letter is written from; nil for none. It may hold a code: it is sealed
	NotAfter  time.Time // a code that ran out is not sent any more; zero for none

	// What Claim and Of fill in.
	At     time.Time // when it was told
	State  string    // "queued", "sent" or "failed"
	Tries  int       // how often it was tried before
	Staged string    // Print: the temporary file noted by Stage, or ""
}

// Read fills v with the Data of a claimed message. A message without Data leaves v as it is.
func (m Message) Read(v any) error {
	raw, _ := m.Data.(json.RawMessage)
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("data of message %s: %w", m.ID, err)
	}
	return nil
}

// Outbox keeps messages until they are sent. Addresses and data lie in it sealed. It is safe for concurrent use.
type Outbox struct{ box *seal.Box }

// NewOutbox returns the Outbox that seals with box.
func NewOutbox(box *seal.Box) *Outbox { return &Outbox{box} }

// ErrRefused, wrapped in the problem given to Told, means that no further try can help.
var ErrRefused = errors.New("refused for good")

// maxTries is how often a message is tried before it is given up and kept as failed: about two days of backing off.
const maxTries = 12

// A message that runs out within urgent is put in front of all that do not: by the time the others are sent, a code may be
// of no use. ahead is how much earlier it counts as due; nothing else waits that long without being tried.
const (
	urgent = time.Hour
	ahead  = 7 * 24 * time.Hour
)

// maxData is the most data one message may hold, in bytes of JSON: it is a letter, not a store. maxPrint is the same for a
// printed one, which may be a document that is ready.
const (
	maxData  = 32 << 10
	maxPrint = 512 << 10
)

// Tell puts messages into the outbox, in the transaction of what they tell. A message without a recipient is dropped;
// one that was already told is left alone.
func (o *Outbox) Tell(ctx context.Context, tx *db.Tx, now time.Time, list ...Message) error {
	const columns = 12
	args := make([]any, 0, len(list)*columns)
	for _, m := range list {
		if m.Channel == "" {
			m.Channel = Mail
		}
		if m.Recipient == "" {
			continue
		}
		m.ID = id.New("msg")
		recipient, data, err := o.seal(m)
		if err != nil {
			return fmt.Errorf("tell %s: %w", m.Kind, err)
		}
		due := now
		if !m.NotAfter.IsZero() && m.NotAfter.Sub(now) <= urgent {
			due = now.Add(-ahead)
		}
		about, _, _ := strings.Cut(m.Subject, "/")
		args = append(args, m.ID, m.Kind, m.Subject, about, "", recipient, data, m.Channel, m.Language, db.Micros(m.NotAfter), db.Micros(due), db.Micros(now))
	}
	for len(args) > 0 {
		n := min(len(args)/columns, 500)
		if err := tx.Later(ctx, "tell", `INSERT INTO outbox (id, kind, subject, about, recipient, recipient_sealed, data_sealed, channel, language,
 not_after, next_at, created_at) VALUES `+db.Values(n, columns)+" ON CONFLICT (subject, kind) DO NOTHING", args[:n*columns]...); err != nil {
			return err
		}
		args = args[n*columns:]
	}
	return nil
}

// seal returns recipient and data as they lie in the database, nil for none.
func (o *Outbox) seal(m Message) (recipient, data any, err error) {
	if o == nil || o.box == nil {
		return nil, nil, errors.New("the outbox has no key to seal with")
	}
	if recipient, err = o.box.Seal([]byte(m.Recipient), outboxRecipient.Place(m.ID)); err != nil {
		return nil, nil, err
	}
	if m.Data == nil {
		return recipient, nil, nil
	}
	raw, err := json.Marshal(m.Data)
	if err != nil {
		return nil, nil, err
	}
	most := maxData
	if m.Channel == Print {
		most = maxPrint
	}
	if len(raw) > most {
		return nil, nil, fmt.Errorf("%d bytes of data; a message holds at most %d", len(raw), most)
	}
	data, err = o.box.Seal(raw, outboxData.Place(m.ID))
	return recipient, data, err
}

// Claim takes up to n messages of one channel that are due and puts each off by a growing pause, so that nobody else
// takes them and a crash only delays them. Messages of any channel whose NotAfter has passed are given up. One that
// cannot be unsealed is kept for a later try and does not hold up the others.
func (o *Outbox) Claim(ctx context.Context, d *db.DB, now time.Time, channel string, n int) ([]Message, error) {
	var claimed []sealedMessage
	// Where nothing waits, which is most of the time, nobody's writing is held up.
	if waits, err := waits(ctx, d.Read(), now, channel); err != nil || !waits {
		return nil, err
	}
	err := d.Write(ctx, func(tx *db.Tx) error {
		claimed = nil
		if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'failed', problem = 'it ran out before it could be sent', data_sealed = NULL
 WHERE state = 'queued' AND not_after > 0 AND not_after <= $1`, db.Micros(now)); err != nil {
			return err
		}
		err := db.Each(ctx, tx, selectMessage+" WHERE state = 'queued' AND next_at <= $1 AND channel = $2 ORDER BY next_at LIMIT $3"+d.Engine.SkipLocked(),
			[]any{db.Micros(now), channel, n}, into(&claimed))
		if err != nil {
			return err
		}
		for _, m := range claimed {
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
	out := make([]Message, 0, len(claimed))
	for _, m := range claimed {
		if err := o.open(&m); err != nil {
			if err := o.Told(ctx, d, now, m.Message, err); err != nil {
				return out, err
			}
			continue
		}
		out = append(out, m.Message)
	}
	return out, nil
}

// waits reports whether Claim has anything to do.
func waits(ctx context.Context, q db.Queryer, now time.Time, channel string) (bool, error) {
	var yes bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued' AND channel = $2 AND next_at <= $1)
 OR EXISTS (SELECT 1 FROM outbox WHERE state = 'queued' AND not_after > 0 AND not_after <= $1)`, db.Micros(now), channel).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for messages: %w", err)
	}
	return yes, nil
}

// Of returns every message about a subject, oldest first, sent or not. Data is nil once it was erased.
func (o *Outbox) Of(ctx context.Context, q db.Queryer, subject string) ([]Message, error) {
	var list []sealedMessage
	if err := db.Each(ctx, q, selectMessage+" WHERE subject = $1 ORDER BY id", []any{subject}, into(&list)); err != nil {
		return nil, fmt.Errorf("messages about %s: %w", subject, err)
	}
	out := make([]Message, len(list))
	for i := range list {
		if err := o.open(&list[i]); err != nil {
			return nil, err
		}
		out[i] = list[i].Message
	}
	return out, nil
}

// sealedMessage is a message as it lies in the database.
type sealedMessage struct {
	Message
	recipient, data []byte
}

const selectMessage = `SELECT id, kind, subject, channel, recipient, recipient_sealed, data_sealed, language, state, not_after, created_at, tries, staged
 FROM outbox`

// into appends what selectMessage finds to list.
func into(list *[]sealedMessage) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var m sealedMessage
		var notAfter, at int64
		err := rows.Scan(&m.ID, &m.Kind, &m.Subject, &m.Channel, &m.Recipient, &m.recipient, &m.data, &m.Language, &m.State, &notAfter, &at, &m.Tries, &m.Staged)
		m.NotAfter, m.At = db.Time(notAfter), db.Time(at)
		*list = append(*list, m)
		return err
	}
}

func (o *Outbox) open(m *sealedMessage) error {
	if o == nil || o.box == nil {
		return errors.New("the outbox has no key to open with")
	}
	if len(m.recipient) > 0 {
		plain, err := o.box.Open(m.recipient, outboxRecipient.Place(m.ID))
		if err != nil {
			return err
		}
		m.Recipient = string(plain)
	}
	if len(m.data) > 0 {
		plain, err := o.box.Open(m.data, outboxData.Place(m.ID))
		if err != nil {
			return err
		}
		m.Data = json.RawMessage(plain)
	}
	return nil
}

// Stage notes the temporary file of a printed letter and returns the name that is noted in the end: where two processes
// stage one letter, the first one counts.
func (o *Outbox) Stage(ctx context.Context, d *db.DB, m Message, name string) (noted string, err error) {
	err = d.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE outbox SET staged = $2 WHERE id = $1 AND staged = ''", m.ID, name); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT staged FROM outbox WHERE id = $1", m.ID).Scan(&noted)
	})
	if err != nil {
		return "", fmt.Errorf("stage message %s: %w", m.ID, err)
	}
	return noted, nil
}

// Told marks a claimed message as sent, or keeps the problem that stopped it; the problem must name nobody. A message
// that was tried maxTries times, that has run out or whose problem is ErrRefused is given up as failed. What a message
// was written from is erased once it is sent or given up.
func (o *Outbox) Told(ctx context.Context, d *db.DB, now time.Time, m Message, problem error) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		if problem == nil {
			_, err := tx.ExecContext(ctx, "UPDATE outbox SET state = 'sent', sent_at = $2, problem = '', data_sealed = NULL WHERE id = $1", m.ID, db.Micros(now))
			return err
		}
		if m.Tries+1 >= maxTries || errors.Is(problem, ErrRefused) || m.Over(now) {
			_, err := tx.ExecContext(ctx, "UPDATE outbox SET state = 'failed', problem = $2, data_sealed = NULL WHERE id = $1 AND state = 'queued'", m.ID, problem.Error())
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE outbox SET problem = $2 WHERE id = $1 AND state = 'queued'", m.ID, problem.Error())
		return err
	})
}

// Over reports whether the message has run out.
func (m Message) Over(now time.Time) bool { return !m.NotAfter.IsZero() && !now.Before(m.NotAfter) }
