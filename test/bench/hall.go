package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
	"memberpay/internal/web/desk"
)

// hall is where the conversations of a run are held.
type hall struct {
	database string
	settings []string
	agents   []string   // header lines of each agent's browser
	talks    [][2]party // the guest and the agent of each conversation
	streams  []*stream

	closing atomic.Bool
	listen  sync.WaitGroup
	read    sync.WaitGroup
	reads   chan []byte // what pages say of how far they were read
	mu      sync.Mutex
	said    []said
	wrong   error
}

// party is one side of a conversation in a browser.
type party struct{ path, headers string }

// newHall makes a database with agents, of an organisation that answers at any hour.
func (b *bench) newHall(ctx context.Context) (*hall, error) {
	h := &hall{reads: make(chan []byte, 1<<16)}
	path := filepath.Join(b.dir, "always.json")
	always := brand.Default()
	day := []brand.Span{{Open: 0, Close: 24 * 60}}
	always.Week, always.Closed = brand.Week{Monday: day, Tuesday: day, Wednesday: day, Thursday: day, Friday: day, Saturday: day, Sunday: day}, nil
	text, err := json.Marshal(always)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return nil, err
	}
	h.settings = []string{"MEMBERPAY_PROXIED=true", "MEMBERPAY_BRAND=" + path}
	if h.database, err = b.database(ctx, "chat"); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, h.database)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if _, err := d.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := b.keys(ctx, d); err != nil {
		return nil, err
	}
	return h, h.hire(ctx, b, d)
}

// hire makes the agents and signs each in.
func (h *hall) hire(ctx context.Context, b *bench, d *db.DB) error {
	now, accounts := time.Now(), identity.New(d, b.box, 1)
	people := staff.New(staff.Config{DB: d, Accounts: accounts, Seal: b.box, Outbox: event.NewOutbox(b.box)})
	hashed, err := accounts.Hash(ctx, benchPassword)
	if err != nil {
		return err
	}
	for i := range chatAgents {
		link, err := people.Invite(ctx, now, audit.Who{Actor: "operator", Role: audit.Operator}, "Robin Notreal", fmt.Sprintf("robin%d@staff.example", i), identity.Agent)
		if err != nil {
			return err
		}
		accountID, err := people.Accept(ctx, now, link[strings.LastIndexByte(link, '/')+1:], "", hashed, "127.0.0.1", nil)
		if err != nil {
			return err
		}
		_, token, err := accounts.Start(ctx, now, identity.Opening{AccountID: accountID, How: "password+totp"})
		if err != nil {
			return err
		}
		h.agents = append(h.agents, "Cookie: "+desk.Cookie+"="+token+"\r\n")
	}
	return nil
}

// message is the request that sends a message.
func message(address string, from party, key, text string) []byte {
	return form(address, from.path+"/messages", from.headers+"Accept: application/json\r\n", url.Values{"key": {key}, "text": {text}})
}

// each lets clients send what fn does for every number below n, and ends at the first error.
func each(ctx context.Context, address string, clients, n int, fn func(c *conn, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var tickets ticket
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			c, err := dial(address)
			if err != nil {
				stop(err)
				return
			}
			defer c.Close()
			for i := tickets.take(); i < n && ctx.Err() == nil; i = tickets.take() {
				if err := fn(c, i); err != nil {
					stop(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// expect sends a request whose answer has to have a status.
func expect(c *conn, status int, request []byte) error {
	got, err := c.send(request)
	if err == nil && got.status != status {
		line, _, _ := strings.Cut(string(request), "\r\n")
		err = fmt.Errorf("%w: status %d to %q", errWrong, got.status, line)
	}
	return err
}

// rest waits.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (h *hall) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = errors.Join(h.wrong, err)
}

func (h *hall) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wrong
}

// close ends every stream and returns what went wrong on them.
func (h *hall) close() error {
	h.closing.Store(true)
	for _, s := range h.streams {
		if s != nil {
			s.Close()
		}
	}
	h.listen.Wait()
	close(h.reads)
	h.read.Wait()
	return h.failed()
}
