package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// writeWithin is how long a reader may take to take what is written to them. A slower one is dropped, and comes back.
	writeWithin = 10 * time.Second
	// Beat is how often a stream says that it is alive, so that neither side nor anything between them gives it up.
	Beat = 20 * time.Second
	// comeBack is after how many milliseconds a browser opens a lost stream again.
	comeBack = "1000"
)

// Stream is an answer that goes on: server-sent events. It belongs to one goroutine.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	text    strings.Builder
}

// Stream begins an answer of server-sent events. The limits of the server on the time of an answer do not hold for it; each
// write has its own.
func (c *Context) Stream() (*Stream, error) {
	s := &Stream{w: c.W, control: http.NewResponseController(c.W)}
	if err := s.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // a proxy in front passes on what it gets
	c.W.WriteHeader(http.StatusOK)
	s.text.WriteString("retry: " + comeBack + "\n\n")
	return s, s.Flush()
}

// Event adds an event. id is what the browser says it got last when it comes back, 0 for an event without one.
func (s *Stream) Event(name string, id int64, data string) {
	if id > 0 {
		s.text.WriteString("id: " + strconv.FormatInt(id, 10) + "\n")
	}
	s.text.WriteString("event: " + name + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(data, "\r", ""), "\n") {
		s.text.WriteString("data: " + line + "\n")
	}
	s.text.WriteString("\n")
}

// Alive adds a line that means nothing but that the stream is alive.
func (s *Stream) Alive() { s.text.WriteString(":\n\n") }

// Flush sends what was added. It is an error where the reader is gone or does not take it in time.
func (s *Stream) Flush() error {
	if s.text.Len() == 0 {
		return nil
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write([]byte(s.text.String()))
	s.text.Reset()
	if err == nil {
		err = s.control.Flush()
	}
	return err
}

// LastEvent is the id of the last event that the browser got before it lost a stream, else the value of the query "after",
// 0 for none.
func (c *Context) LastEvent() int64 {
	for _, s := range []string{c.R.Header.Get("Last-Event-ID"), c.R.URL.Query().Get("after")} {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}
