package chat_test

import (
	"bytes"
	"context"
	"database/sql"
	"image"
	"image/jpeg"
	"image/png"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// room is the conversations on a database, with a clock.
type room struct {
	t     testing.TB
	db    *db.DB
	chats *chat.Chats
	box   *seal.Box
	now   time.Time
	open  bool
}

var (
	amal  = chat.Worker{ID: "acc_amal", Name: "Amal"}
	blair = chat.Worker{ID: "acc_blair", Name: "Blair"}
	staff = audit.Who{Actor: "acc_amal", Role: audit.Agent, From: "192.0.2.9"}
	guest = audit.Who{Role: audit.Guest, From: "192.0.2.1"}
)

func newRoom(t testing.TB, d *db.DB) *room {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	r := &room{t: t, db: d, box: box, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC), open: true}
	r.chats = r.node()
	return r
}

// node is another process on the same database.
func (r *room) node() *chat.Chats {
	return chat.New(chat.Config{DB: r.db, Seal: r.box, Outbox: event.NewOutbox(r.box), Accounts: identity.New(r.db, r.box, 1), BaseURL: "https://pay.larkspur.example",
		Open: func(time.Time) bool { return r.open }})
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) begin(text string) (chat.Chat, string) {
	r.t.Helper()
	c, token, err := r.chats.Start(r.t.Context(), r.now, guest, chat.Beginning{Key: id.Secret(), Language: "en", Text: text})
	r.must(err)
	return c, token
}

func (r *room) says(chatID, text string) chat.Message {
	r.t.Helper()
	m, err := r.chats.Send(r.t.Context(), r.now, chatID, chat.Sending{Key: id.Secret(), Side: chat.Member, Text: text})
	r.must(err)
	return m
}

func (r *room) answers(w chat.Worker, chatID, text string) chat.Message {
	r.t.Helper()
	m, err := r.chats.Send(r.t.Context(), r.now, chatID, chat.Sending{Key: id.Secret(), Side: chat.Agent, AuthorID: w.ID, Author: w.Name, Text: text})
	r.must(err)
	return m
}

func (r *room) take(w chat.Worker, chatID string) {
	r.t.Helper()
	r.must(r.chats.Take(r.t.Context(), r.now, staff, w, chatID))
}

func (r *room) get(chatID string) chat.Chat {
	r.t.Helper()
	c, err := r.chats.Get(r.t.Context(), r.db.Read(), chatID)
	r.must(err)
	return c
}

func (r *room) all(chatID string, side chat.Side) []chat.Message {
	r.t.Helper()
	list, err := r.chats.All(r.t.Context(), r.db.Read(), chatID, side)
	r.must(err)
	return list
}

// texts are what a side reads: words, or the kind of what happened in angle brackets.
func (r *room) texts(chatID string, side chat.Side) []string {
	r.t.Helper()
	var out []string
	for _, m := range r.all(chatID, side) {
		if m.Text == "" {
			out = append(out, "<"+string(m.Kind)+">")
		} else {
			out = append(out, m.Text)
		}
	}
	return out
}

func (r *room) letters(kind string) (out []event.Message) {
	r.t.Helper()
	var subjects []string
	r.must(db.Each(r.t.Context(), r.db.Read(), "SELECT subject FROM outbox WHERE kind = $1 ORDER BY id", []any{kind}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		subjects = append(subjects, s)
		return err
	}))
	for _, s := range subjects {
		list, err := event.NewOutbox(r.box).Of(r.t.Context(), r.db.Read(), s)
		r.must(err)
		out = append(out, list...)
	}
	return out
}

func (r *room) count(query string, args ...any) (n int) {
	r.t.Helper()
	r.must(r.db.Read().QueryRowContext(r.t.Context(), query, args...).Scan(&n))
	return n
}

// listen lets a node hear what all of them tell, until the test ends.
func listen(t testing.TB, h *chat.Hub) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Listen(ctx) })
	first := h.Watch("ready")
	<-first.C // woken once when it begins to hear
	first.Close()
	t.Cleanup(func() { stop(); wg.Wait() })
}

func picture(t testing.TB, kind string, w, h int) []byte {
	t.Helper()
	var out bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, w, h))
	var err error
	if kind == "png" {
		err = png.Encode(&out, img)
	} else {
		err = jpeg.Encode(&out, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
