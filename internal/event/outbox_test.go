package event_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/seal"
)

var morning = time.Date(2026, 11, 23, 14, 30, 0, 0, time.UTC)

// post is an outbox on a database of its own.
type post struct {
	t *testing.T
	d *db.DB
	*event.Outbox
}

func newPost(t *testing.T, d *db.DB) post {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return post{t, d, event.NewOutbox(box)}
}

func (p post) tell(list ...event.Message) {
	p.t.Helper()
	if err := p.d.Write(p.t.Context(), func(tx *db.Tx) error { return p.Tell(p.t.Context(), tx, morning, list...) }); err != nil {
		p.t.Fatal(err)
	}
}

func (p post) claim(now time.Time, channel string) []event.Message {
	p.t.Helper()
	list, err := p.Claim(p.t.Context(), p.d, now, channel, 10)
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

func (p post) told(now time.Time, m event.Message, problem error) {
	p.t.Helper()
	if err := p.Told(p.t.Context(), p.d, now, m, problem); err != nil {
		p.t.Fatal(err)
	}
}

// only returns the one message about a subject.
func (p post) only(subject string) event.Message {
	p.t.Helper()
	list, err := p.Of(p.t.Context(), p.d.Read(), subject)
	if err != nil || len(list) != 1 {
		p.t.Fatalf("about %s: %d messages, %v", subject, len(list), err)
	}
	return list[0]
}

// stored is everything that the database holds of the outbox, as text.
func (p post) stored() string {
	p.t.Helper()
	var out strings.Builder
	rows, err := p.d.Read().QueryContext(p.t.Context(), "SELECT * FROM outbox")
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		p.t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]sql.RawBytes, len(names))
		into := make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			p.t.Fatal(err)
		}
		for _, c := range cells {
			out.Write(c)
			out.WriteByte('\n')
		}
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return out.String()
}

type code struct{ Code string }

// What a message holds reaches the sender, lies sealed until then, and is erased afterwards.
func TestDataIsSealedAndErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.tell(event.Message{Kind: "code", Subject: "chl_1", Recipient: "rosa@mail.example", Language: "es", Data: code{"918273"}},
			event.Message{Kind: "code", Subject: "chl_2", Channel: event.Text, Recipient: "+15035550100", Data: code{"645546"}},
			event.Message{Kind: "code", Subject: "chl_3", Recipient: "", Data: code{"000000"}})
		p.tell(event.Message{Kind: "code", Subject: "chl_1", Recipient: "other@mail.example", Data: code{"111111"}})
		for _, secret := range []string{"918273", "645546", "rosa@", "5550100"} {
			if strings.Contains(p.stored(), secret) {
				t.Errorf("%q lies open in the outbox", secret)
			}
		}
		list := p.claim(morning, event.Mail)
		if len(list) != 1 {
			t.Fatalf("claimed %d mails, want 1", len(list))
		}
		m := list[0]
		var c code
		if err := m.Read(&c); err != nil || c.Code != "918273" || m.Recipient != "rosa@mail.example" || m.Language != "es" ||
			m.Kind != "code" || m.Subject != "chl_1" || !m.At.Equal(morning) || m.State != "queued" {
			t.Errorf("claimed %+v with %+v, %v", m, c, err)
		}
		if again := p.claim(morning, event.Mail); len(again) != 0 {
			t.Error("a claimed message was claimed again")
		}
		p.told(morning, m, nil)
		texts := p.claim(morning, event.Text)
		if len(texts) != 1 || texts[0].Recipient != "+15035550100" {
			t.Fatalf("claimed texts %+v", texts)
		}
		p.told(morning, texts[0], fmt.Errorf("no such number: %w", event.ErrRefused))
		for subject, state := range map[string]string{"chl_1": "sent", "chl_2": "failed"} {
			if got := p.only(subject); got.State != state || got.Data != nil {
				t.Errorf("%s is %q and holds %v, want %q and nothing", subject, got.State, got.Data, state)
			}
		}
		if late := p.claim(morning.Add(time.Hour), event.Text); len(late) != 0 {
			t.Error("a refused message is tried again")
		}
	})
}

// A message is bound to its row: what was sealed for one does not open in another.
func TestSealedPlaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.tell(event.Message{Kind: "code", Subject: "a", Recipient: "rosa@mail.example", Data: code{"918273"}},
			event.Message{Kind: "code", Subject: "b", Recipient: "avery@mail.example", Data: code{"111111"}})
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE outbox SET data_sealed = (SELECT o.data_sealed FROM outbox AS o WHERE o.subject = 'a') WHERE subject = 'b'")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		list := p.claim(morning, event.Mail)
		if len(list) != 1 || list[0].Subject != "a" {
			t.Fatalf("claimed %+v; the other code must not open, and must not hold up the first", list)
		}
		var problem string
		if err := d.Read().QueryRowContext(t.Context(), "SELECT problem FROM outbox WHERE subject = 'b' AND state = 'queued'").Scan(&problem); err != nil ||
			!strings.Contains(problem, "unseal") {
			t.Errorf("problem %q, %v", problem, err)
		}
	})
}

func TestRunOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		end := morning.Add(10 * time.Minute)
		p.tell(event.Message{Kind: "code", Subject: "late", Channel: event.Text, Recipient: "+15035550100", Data: code{"1"}, NotAfter: end},
			event.Message{Kind: "code", Subject: "tried", Recipient: "rosa@mail.example", Data: code{"2"}, NotAfter: end},
			event.Message{Kind: "receipt", Subject: "pay", Recipient: "rosa@mail.example"})
		list := p.claim(morning, event.Mail)
		if len(list) != 2 {
			t.Fatalf("claimed %d mails, want 2", len(list))
		}
		for _, m := range list {
			p.told(morning, m, errors.New("no connection"))
		}
		if list = p.claim(end, event.Mail); len(list) != 1 || list[0].Subject != "pay" || list[0].Tries != 1 {
			t.Fatalf("claimed at the end %+v, want the receipt only", list)
		}
		for _, subject := range []string{"late", "tried"} {
			if m := p.only(subject); m.State != "failed" || m.Data != nil || !m.Over(end) || m.Over(end.Add(-time.Second)) {
				t.Errorf("%s ran out and is %+v", subject, m)
			}
		}
	})
}

// The pauses grow, and after twelve tries the message is given up and erased.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.tell(event.Message{Kind: "receipt", Subject: "pay", Recipient: "rosa@mail.example", Data: code{"x"}})
		now, pause := morning, 30*time.Second
		for try := range 12 {
			list := p.claim(now, event.Mail)
			if len(list) != 1 || list[0].Tries != try {
				t.Fatalf("try %d claimed %+v", try, list)
			}
			p.told(now, list[0], errors.New("no connection"))
			if early := p.claim(now.Add(pause-time.Second), event.Mail); len(early) != 0 {
				t.Fatalf("try %d came before its pause of %s", try+1, pause)
			}
			now = now.Add(pause)
			if try < 10 {
				pause *= 2
			}
		}
		if m := p.only("pay"); m.State != "failed" || m.Data != nil {
			t.Errorf("after 12 tries: %+v", m)
		}
	})
}

// A message of before this column was sealed still finds its way.
func TestOpenRecipient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO outbox (id, kind, subject, recipient, language, next_at, created_at)
 VALUES ('msg_old', 'payment.receipt', 'pay_1', 'rosa@mail.example', 'en', 1, 1)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if list := p.claim(morning, event.Mail); len(list) != 1 || list[0].Recipient != "rosa@mail.example" || list[0].Read(&code{}) != nil {
			t.Errorf("claimed %+v", list)
		}
	})
}

// A code stands in front of what may wait.
func TestCodesFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.tell(event.Message{Kind: "receipt", Subject: "pay_1", Recipient: "rosa@mail.example"},
			event.Message{Kind: "invited", Subject: "inv_1", Recipient: "rosa@mail.example", NotAfter: morning.Add(48 * time.Hour)})
		p.tell(event.Message{Kind: "code", Subject: "chl_1", Recipient: "rosa@mail.example", NotAfter: morning.Add(10 * time.Minute)})
		list, err := p.Claim(t.Context(), d, morning, event.Mail, 1)
		if err != nil || len(list) != 1 || list[0].Kind != "code" {
			t.Errorf("claimed first %+v, %v", list, err)
		}
		if rest := p.claim(morning, event.Mail); len(rest) != 2 {
			t.Errorf("claimed then %d, want the other 2", len(rest))
		}
	})
}

func TestStage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.tell(event.Message{Kind: "code", Subject: "a", Channel: event.Print, Recipient: "Rosa\n1 Road"})
		m := p.claim(morning, event.Print)[0]
		for _, name := range []string{"first", "second"} {
			if noted, err := p.Stage(t.Context(), d, m, name); err != nil || noted != "first" {
				t.Errorf("staging %q noted %q, %v", name, noted, err)
			}
		}
		if m := p.claim(morning.Add(time.Minute), event.Print)[0]; m.Staged != "first" {
			t.Errorf("staged %q", m.Staged)
		}
	})
}

func TestTellRefuses(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	p := newPost(t, d)
	for what, o := range map[string]*event.Outbox{"no outbox": nil, "no key": event.NewOutbox(nil), "too much": p.Outbox} {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return o.Tell(t.Context(), tx, morning, event.Message{Kind: "code", Subject: "a", Recipient: "rosa@mail.example", Data: strings.Repeat("x", 33<<10)})
		})
		if err == nil {
			t.Errorf("%s: the message was taken", what)
		}
	}
}
