package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// stream is one page that shows a conversation as it goes on, or the board of an agent.
type stream struct {
	net.Conn
	hall  *hall
	side  int // 0 is the guest's, 1 the agent's
	party party
	host  string
	last  atomic.Int64 // number of the last message
	said  int          // the last of the run's own
	beats atomic.Int64
}

// begun is the number of the last message when a stream opens: the guest's question, and that an agent is there.
const begun = 2

// open opens the stream of one side of a conversation and listens to it until the hall is closed.
func (h *hall) open(address string, talk [2]party, side int) (*stream, error) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	s := &stream{Conn: c, hall: h, side: side, party: talk[side], host: address}
	s.last.Store(begun)
	_, err = fmt.Fprintf(c, "GET %s/events?after=%d HTTP/1.1\r\nHost: %s\r\n%sAccept: text/event-stream\r\n\r\n", s.party.path, begun, address, s.party.headers)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(c, 4<<10), nil)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	in := bufio.NewReaderSize(res.Body, 4<<10)
	if first, err := in.ReadString('\n'); err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(first, "retry:") {
		return nil, errors.Join(err, fmt.Errorf("%w: a stream begins with status %d and %q", errWrong, res.StatusCode, first), c.Close())
	}
	h.listen.Go(func() {
		if err := s.listen(in); !h.closing.Load() {
			h.fail(fmt.Errorf("a stream ended: %w", err))
		}
	})
	return s, nil
}

// listen reads events until the stream ends.
func (s *stream) listen(in *bufio.Reader) error {
	var name, id, data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case ":":
			s.beats.Add(1)
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data += value
		case "":
			if name == "message" {
				s.message(id, data)
			}
			name, id, data = "", "", ""
		}
	}
}

// message takes the next message: each has to come once, and in order.
func (s *stream) message(id, html string) {
	at := time.Now()
	number, err := strconv.ParseInt(id, 10, 64)
	if last := s.last.Swap(number); err != nil || number != last+1 {
		s.hall.fail(fmt.Errorf("%w: after message %d comes %q", errWrong, last, id))
	}
	select {
	case s.hall.reads <- form(s.host, s.party.path+"/read", s.party.headers, url.Values{"number": {id}}):
	default:
		s.hall.fail(errors.New("the readers are behind"))
	}
	_, rest, ours := strings.Cut(html, "This is line ")
	text, _, _ := strings.Cut(rest, ".")
	if n, err := strconv.Atoi(text); ours && err == nil {
		if n <= s.said {
			s.hall.fail(fmt.Errorf("%w: after line %d comes line %d", errWrong, s.said, n))
		}
		s.said = n
		s.hall.heard(n, s.side, at)
	}
}
