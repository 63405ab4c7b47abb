package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// answer is what a client reads of a response: enough to know whether it was right.
type answer struct {
	status   int
	location string
	cookie   string // the last one that was set, as it is sent back
	bytes    int
}

// form is the request of a form of the site's own pages. headers are more header lines, each with its line end.
func form(host, path, headers string, fields url.Values) []byte {
	body := fields.Encode()
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\n%sOrigin: http://%s\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, host, headers, host, len(body), body)
}

// conn is a keep-alive connection that reads responses with as little work as possible, because client and server share
// the machine.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// send writes a whole request and reads the response.
func (c *conn) send(request []byte) (answer, error) {
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return answer{}, err
	}
	if _, err := c.Write(request); err != nil {
		return answer{}, err
	}
	return c.read()
}

func (c *conn) read() (a answer, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return a, err
	}
	if len(line) < 12 {
		return a, fmt.Errorf("a response begins with %q", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, err
	}
	length, chunked, err := c.headers(&a)
	if err != nil {
		return a, err
	}
	if !chunked {
		a.bytes = length
		_, err = c.in.Discard(length)
		return a, err
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return a, err
		}
		if _, err := c.in.Discard(int(n) + 2); err != nil {
			return a, err
		}
		if a.bytes += int(n); n == 0 {
			return a, nil
		}
	}
}

func (c *conn) headers(a *answer) (length int, chunked bool, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch {
		case len(name) == 0:
			return length, chunked, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Location")):
			a.location = string(value)
		case bytes.EqualFold(name, []byte("Set-Cookie")):
			first, _, _ := bytes.Cut(value, []byte(";"))
			a.cookie = string(first)
		}
	}
}

// request makes the n-th request of a run; false ends the run early.
type request func(n int) ([]byte, bool)

// errWrong is a response that the run does not count as right.
var errWrong = errors.New("a wrong answer")

// closedLoop lets clients send one request after the other, for a second of warming up and then for some seconds that
// count. Every answer must be right.
func closedLoop(ctx context.Context, address string, clients, seconds int, next request, right func(answer) bool) (sample, error) {
	begin := time.Now().Add(time.Second)
	end := begin.Add(time.Duration(seconds) * time.Second)
	var tickets ticket
	latencies, last := make([][]int64, clients), make([]time.Time, clients)
	failures := make([]error, clients)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			c, err := dial(address)
			if err != nil {
				failures[i] = err
				return
			}
			defer c.Close()
			for ctx.Err() == nil {
				text, more := next(tickets.take())
				at := time.Now()
				if !more || at.After(end) {
					return
				}
				got, err := c.send(text)
				if err == nil && !right(got) {
					err = fmt.Errorf("%w: status %d, to %q", errWrong, got.status, got.location)
				}
				if err != nil {
					failures[i] = err
					return
				}
				if now := time.Now(); now.After(begin) && !now.After(end) {
					latencies[i], last[i] = append(latencies[i], int64(now.Sub(at))), now
				}
			}
		})
	}
	running.Wait()
	if err := errors.Join(append(failures, ctx.Err())...); err != nil {
		return sample{}, err
	}
	var all []int64
	finish := begin
	for i, l := range latencies {
		all = append(all, l...)
		if last[i].After(finish) {
			finish = last[i]
		}
	}
	return timings(all, max(finish.Sub(begin).Seconds(), 0.001)), nil
}

// ticket numbers requests over all clients.
type ticket struct {
	mu sync.Mutex
	n  int
}

func (t *ticket) take() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	return t.n - 1
}
