package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// said is one message of the run.
type said struct {
	due  time.Time
	side int              // who said it: 0 is the guest, 1 the agent
	took [2]time.Duration // until it stood on the guest's and on the agent's page; 0 while it does not
}

// say numbers a message, from 1.
func (h *hall) say(due time.Time, side int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, said{due: due, side: side})
	return len(h.said)
}

func (h *hall) heard(n, side int, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := &h.said[n-1]
	if m.took[side] != 0 {
		h.wrong = errors.Join(h.wrong, fmt.Errorf("%w: line %d came twice", errWrong, n))
	}
	m.took[side] = at.Sub(m.due)
}

// watch opens what agents look at: the board of each, and the conversations that will be talked in.
func (h *hall) watch(address string) error {
	for _, a := range h.agents {
		s, err := h.open(address, [2]party{1: {"/desk/chats", a}}, 1)
		if err != nil {
			return err
		}
		h.streams = append(h.streams, s)
	}
	for k := range talkers {
		s, err := h.open(address, h.talk(k), 1)
		if err != nil {
			return err
		}
		h.streams = append(h.streams, s)
	}
	for range chatClients {
		h.read.Go(func() {
			c, err := dial(address)
			if err != nil {
				h.fail(err)
				return
			}
			defer c.Close()
			for request := range h.reads {
				if err := expect(c, http.StatusNoContent, request); err != nil && !h.closing.Load() {
					h.fail(err)
					return
				}
			}
		})
	}
	return nil
}

// talk is the k-th conversation that is talked in. They lie between those of the floods.
func (h *hall) talk(k int) [2]party { return h.talks[k*(openChats/talkers)+openChats/talkers/2] }

// converse lets guest and agent of some conversations take turns, a message a second in each, for a second of warming up and
// then for some seconds that count. The time of a message runs from when it was due until it stands on the other side's page.
// Each has to come to both sides.
func (h *hall) converse(ctx context.Context, address string, seconds int) (sample, error) {
	h.mu.Lock()
	first := len(h.said)
	h.mu.Unlock()
	begin := time.Now().Add(50 * time.Millisecond)
	turns := seconds + 1
	err := each(ctx, address, talkers, talkers, func(c *conn, k int) error {
		for i := range turns {
			due := begin.Add(time.Duration(i)*time.Second + time.Duration(k)*time.Second/talkers)
			if err := rest(ctx, time.Until(due)); err != nil {
				return err
			}
			side := (i + k) % 2
			n := h.say(due, side)
			if err := expect(c, http.StatusOK, message(address, h.talk(k)[side], fmt.Sprintf("bench-line-%d", n), fmt.Sprintf("This is line %d.", n))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return sample{}, err
	}
	var all []int64
	for late := time.Now().Add(10 * time.Second); ; {
		all = nil
		missing := h.look(first, func(m said) {
			if m.due.After(begin.Add(time.Second)) {
				all = append(all, int64(m.took[1-m.side]))
			}
		})
		if missing == 0 {
			return timings(all, float64(seconds)), h.failed()
		}
		if time.Now().After(late) {
			return sample{}, errors.Join(h.failed(), fmt.Errorf("%w: %d messages did not come", errWrong, missing))
		}
		if err := rest(ctx, 10*time.Millisecond); err != nil {
			return sample{}, err
		}
	}
}

// look calls fn with what was said from a number on, and returns how many of it did not come to both sides.
func (h *hall) look(first int, fn func(said)) (missing int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.said[first:] {
		if m.took[0] == 0 || m.took[1] == 0 {
			missing++
		}
		fn(m)
	}
	return missing
}

// complete checks that what was taken of the floods stands on the pages of those who sent it, once each.
func (h *hall) complete(ctx context.Context, rounds int, taken int64) error {
	for range 100 {
		came := int64(0)
		for _, s := range h.streams[:rounds] {
			came += s.last.Load() - begun
		}
		if came == taken {
			return h.failed()
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.Join(h.failed(), fmt.Errorf("%w: of %d messages of the floods, some did not come", errWrong, taken))
}
