package identity

import (
	"context"
	"sync"
	"time"

	"memberpay/internal/fault"
)

// mostWaiting is how many hashes may wait for their turn. Where each of them rests (see SpareProcessors) the last one waits
// about six seconds on the smallest machine.
const mostWaiting = 16

// ErrHashing is the answer where too many passwords wait to be hashed already.
var ErrHashing = fault.BusyFor("sign_in.busy", 5*time.Second)

// hashing bounds how many hashes run at once, how much of the processors they take in the long run, so that a flood of
// sign-ins leaves them to payments, and how many wait, so that the flood does not pile up here.
type hashing struct {
	running chan struct{}
	asked   chan struct{} // those that run and those that wait

	mu     sync.Mutex
	share  float64       // processors that all hashes together may take in the long run; 0 is no limit
	saved  time.Duration // how long they may have been quiet before a rush, and take it then
	paidTo time.Time     // until when what has run is paid for by quiet time
}

func newHashing(atOnce int) *hashing {
	return &hashing{running: make(chan struct{}, atOnce), asked: make(chan struct{}, atOnce+mostWaiting)}
}

// room returns ErrHashing where too many wait.
func (h *hashing) room() error {
	if len(h.asked) == cap(h.asked) {
		return ErrHashing
	}
	return nil
}

// run runs fn when its turn has come. It returns ErrHashing, without fn, where too many wait.
func (h *hashing) run(ctx context.Context, fn func()) error {
	select {
	case h.asked <- struct{}{}:
	default:
		return ErrHashing
	}
	defer func() { <-h.asked }()
	select {
	case h.running <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	began := time.Now()
	defer func() { h.leave(began, time.Now()) }()
	fn()
	return nil
}

// leave gives the turn to the next, after a rest where hashes have taken more than their share. Whoever had it does not wait.
func (h *hashing) leave(began, ended time.Time) {
	rest := h.rest(began, ended)
	if rest <= 0 {
		<-h.running
		return
	}
	time.AfterFunc(rest, func() { <-h.running })
}

// rest counts what has run and returns how long it is above the share.
func (h *hashing) rest(began, ended time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.share == 0 {
		return 0
	}
	if quiet := began.Add(-h.saved); h.paidTo.Before(quiet) {
		h.paidTo = quiet
	}
	h.paidTo = h.paidTo.Add(time.Duration(float64(ended.Sub(began)) / h.share))
	return h.paidTo.Sub(ended)
}
