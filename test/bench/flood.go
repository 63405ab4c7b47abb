package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// torrent is how a flood is made.
type torrent struct {
	address string
	clients int
	rate    int // requests a second, as far as the server takes them
	request func(n int) []byte
	taken   int // status of the answer to a request that is not refused as one too many
}

// flood is a stream of requests that goes on until it is stopped.
type flood struct {
	taken, refused atomic.Int64
	began          time.Time
	end            context.CancelFunc
	running        sync.WaitGroup
	mu             sync.Mutex
	failed         error
}

// begin begins a flood. An answer that is neither taken nor refused is an error of it.
func (t torrent) begin(ctx context.Context) *flood {
	ctx, end := context.WithCancel(ctx)
	f := &flood{end: end, began: time.Now()}
	var tickets ticket
	every := time.Second / time.Duration(t.rate)
	for range t.clients {
		f.running.Go(func() {
			c, err := dial(t.address)
			if err != nil {
				f.fail(err)
				return
			}
			defer c.Close()
			for {
				n := tickets.take()
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(f.began.Add(time.Duration(n) * every))):
				}
				switch a, err := c.send(t.request(n)); {
				case err != nil:
					f.fail(err)
					return
				case a.status == t.taken:
					f.taken.Add(1)
				case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
					f.refused.Add(1)
				default:
					f.fail(fmt.Errorf("%w: a flood gets status %d", errWrong, a.status))
					return
				}
			}
		})
	}
	return f
}

func (f *flood) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errors.Join(f.failed, err)
}

// stop ends the flood and returns how many requests a second were answered, and what went wrong.
func (f *flood) stop() (rate float64, err error) {
	f.end()
	f.running.Wait()
	if f.failed == nil && f.refused.Load() == 0 {
		f.failed = errors.New("the flood was no flood: nothing was refused")
	}
	return float64(f.taken.Load()+f.refused.Load()) / time.Since(f.began).Seconds(), f.failed
}
