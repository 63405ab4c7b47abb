package chat

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"memberpay/internal/db"
)

// channel is the name under which processes that share a database tell each other of chats.
const channel = "memberpay_chat"

// queueID is what is told where the queue changed: who waits, who takes chats.
const queueID = "queue"

// typingMark ends what is told of somebody who types: nothing is written down of that.
const typingMark = " types "

// Hub wakes whoever shows a conversation when something happened in it, in whatever process. It carries no message: who is
// woken reads the tables. It is safe for concurrent use.
type Hub struct {
	db   *db.DB
	done chan struct{}
	once sync.Once

	mu    sync.RWMutex
	ears  map[string]map[*Watch]struct{}
	count int
}

func newHub(d *db.DB) *Hub {
	return &Hub{db: d, done: make(chan struct{}), ears: map[string]map[*Watch]struct{}{}}
}

// Watch is one reader of a conversation, or of the queue.
type Watch struct {
	// C has something when there may be news. One token stands for any number of them.
	C      chan struct{}
	typed  [2]atomic.Int64 // how often each side was heard to type
	hub    *Hub
	chatID string
}

// Typed is how often the other side of reader was heard to type since the watch began.
func (w *Watch) Typed(reader Side) int64 {
	if reader == Agent {
		return w.typed[0].Load()
	}
	return w.typed[1].Load()
}

// Close ends the watch.
func (w *Watch) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	if list := w.hub.ears[w.chatID]; list != nil {
		if _, ok := list[w]; ok {
			w.hub.count--
		}
		delete(list, w)
		if len(list) == 0 {
			delete(w.hub.ears, w.chatID)
		}
	}
}

// Watch begins to watch a conversation. Read it after the watch began, and nothing is missed. Close the watch.
func (h *Hub) Watch(chatID string) *Watch {
	w := &Watch{C: make(chan struct{}, 1), hub: h, chatID: chatID}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ears[chatID] == nil {
		h.ears[chatID] = map[*Watch]struct{}{}
	}
	h.ears[chatID][w] = struct{}{}
	h.count++
	return w
}

// WatchQueue begins to watch who waits and who takes chats.
func (h *Hub) WatchQueue() *Watch { return h.Watch(queueID) }

// Watching is how many watches there are.
func (h *Hub) Watching() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.count
}

// Listen hears what all processes tell, until ctx ends.
func (h *Hub) Listen(ctx context.Context) { h.db.Listen(ctx, channel, h.heard) }

// Stop ends every stream of this process: Done is closed.
func (h *Hub) Stop() { h.once.Do(func() { close(h.done) }) }

// Done is closed when streams have to end.
func (h *Hub) Done() <-chan struct{} { return h.done }

func (h *Hub) heard(payload string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if payload == "" { // something may have been missed: everybody looks
		for _, list := range h.ears {
			for w := range list {
				w.wake()
			}
		}
		return
	}
	chatID, side, types := strings.Cut(payload, typingMark)
	for w := range h.ears[chatID] {
		if types {
			if Side(side) == Member {
				w.typed[0].Add(1)
			} else {
				w.typed[1].Add(1)
			}
		}
		w.wake()
	}
}

func (w *Watch) wake() {
	select {
	case w.C <- struct{}{}:
	default: // it has been told and has not looked yet
	}
}

// tell wakes, after the commit, who watches a conversation; queue also those who watch the queue.
func tell(ctx context.Context, tx *db.Tx, chatID string, queue bool) error {
	if err := tx.Notify(ctx, channel, chatID); err != nil || !queue {
		return err
	}
	return tx.Notify(ctx, channel, queueID)
}

// Types tells the other side that one side is writing. Nothing of it is kept.
func (s *Chats) Types(ctx context.Context, chatID string, side Side) error {
	return s.DB.Notify(ctx, channel, chatID+typingMark+string(side))
}
