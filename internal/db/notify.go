package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// note is one notification: a channel and what is said on it.
type note struct{ channel, payload string }

// board is who listens in this process: the whole of it on SQLite, where one process serves a file.
type board struct {
	mu   sync.Mutex
	next int
	ears map[string]map[int]func(string)
}

func (b *board) add(channel string, heard func(string)) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ears == nil {
		b.ears = map[string]map[int]func(string){}
	}
	if b.ears[channel] == nil {
		b.ears[channel] = map[int]func(string){}
	}
	b.next++
	n := b.next
	b.ears[channel][n] = heard
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.ears[channel], n)
	}
}

func (b *board) tell(list ...note) {
	for _, n := range list {
		b.mu.Lock()
		var ears []func(string)
		for _, heard := range b.ears[n.channel] {
			ears = append(ears, heard)
		}
		b.mu.Unlock()
		for _, heard := range ears {
			heard(n.payload)
		}
	}
}

// Notify tells whoever listens on channel, in every process that shares the database, once the transaction is committed
// and only then. A payload is at most 8,000 bytes; two that are alike in one transaction may arrive as one.
func (t *Tx) Notify(ctx context.Context, channel, payload string) error {
	if t.conn == nil {
		t.notes = append(t.notes, note{channel, payload})
		return nil
	}
	return t.Later(ctx, "notify", "SELECT pg_notify($1, $2)", channel, payload)
}

// Notify is Tx.Notify for what is written nowhere: it is heard at once, or never.
func (d *DB) Notify(ctx context.Context, channel, payload string) error {
	if d.Engine == SQLite {
		d.board.tell(note{channel, payload})
		return nil
	}
	if _, err := d.pool.Exec(ctx, "SELECT pg_notify($1, $2)", channel, payload); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// againAfter is how long a listener waits before it connects again.
const againAfter = 500 * time.Millisecond

// Listen calls heard with every payload on channel until ctx ends, from one goroutine at a time. It calls it with "" where
// something may have been missed: once at the start, and after every time the connection was lost. heard must return soon.
// On PostgreSQL it holds a connection of its own.
func (d *DB) Listen(ctx context.Context, channel string, heard func(payload string)) {
	if d.Engine == SQLite {
		defer d.board.add(channel, heard)()
		heard("")
		<-ctx.Done()
		return
	}
	for ctx.Err() == nil {
		d.listenOnce(ctx, channel, heard)
		select {
		case <-ctx.Done():
		case <-time.After(againAfter):
		}
	}
}

func (d *DB) listenOnce(ctx context.Context, channel string, heard func(string)) {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return
	}
	heard("")
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		heard(n.Payload)
	}
}
