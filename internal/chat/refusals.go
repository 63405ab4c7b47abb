package chat

import (
	"errors"
	"sync"
	"time"

	"memberpay/internal/fault"
)

const (
	// deafAfter is how often a sender is refused in full before a flood is turned away without being looked up: nobody who
	// writes by hand goes on like that.
	deafAfter = 10
	// mostRefusals is how many senders are kept in mind. Where there are more, all are forgotten and refused in full again.
	mostRefusals = 10_000
)

// refusals counts, in this process alone, who was refused for sending too much. The zero refusals is empty.
type refusals struct {
	mu   sync.Mutex
	list map[sender]refusal
}

type sender struct {
	Asker
	chatID string
}

type refusal struct {
	times int
	until time.Time
}

// Refused notes that an asker, whose conversation it is, was refused with err. Anything but a Busy fault is no news.
func (s *Chats) Refused(now time.Time, a Asker, chatID string, err error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Busy {
		return
	}
	r := &s.refusals
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil || len(r.list) >= mostRefusals {
		r.list = map[sender]refusal{}
	}
	key := sender{a, chatID}
	was := r.list[key]
	if !now.Before(was.until) {
		was.times = 0
	}
	r.list[key] = refusal{was.times + 1, now.Add(f.Wait)}
}

// Floods returns the Busy fault of an asker who was refused often, and has not waited since, without asking the database.
func (s *Chats) Floods(now time.Time, a Asker, chatID string) error {
	r := &s.refusals
	r.mu.Lock()
	defer r.mu.Unlock()
	was, ok := r.list[sender{a, chatID}]
	switch {
	case !ok:
		return nil
	case !now.Before(was.until):
		delete(r.list, sender{a, chatID})
		return nil
	case was.times < deafAfter:
		return nil
	}
	return fault.BusyFor("limit.tries", was.until.Sub(now))
}
