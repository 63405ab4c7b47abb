package sandbox

import (
	"context"
	"net/http"
	"sync"
)

// pause lets a test take the processor's API away: it answers 503, or does not answer at all. Money already on its
// way arrives all the same, and the book stays open.
type pause struct {
	mu   sync.Mutex
	on   bool
	gone chan struct{} // where set, requests wait until it is closed
}

// pass reports whether a request may go on. Where requests hang, it waits until the API is back, the caller has gone
// or the sandbox closes.
func (p *pause) pass(caller, sandbox context.Context) bool {
	p.mu.Lock()
	on, gone := p.on, p.gone
	p.mu.Unlock()
	if !on {
		return true
	}
	if gone == nil {
		return false
	}
	select {
	case <-gone:
		return true
	case <-caller.Done():
	case <-sandbox.Done():
	}
	return false
}

func (p *pause) set(on, hang bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		close(p.gone)
		p.gone = nil
	}
	p.on = on
	if on && hang {
		p.gone = make(chan struct{})
	}
}

// setPaused serves POST /book/pause (with ?hang=1 to leave requests without an answer) and POST /book/resume.
func (s *Sandbox) setPaused(on bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.paused.set(on, r.URL.Query().Get("hang") != "")
		send(w, s.answer(map[string]bool{"paused": on}, nil))
	}
}
