package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
)

const (
	conversations = 200
	eachSays      = 5 // messages after the first one, of each
	chatKills     = 4
	losesFirst    = 10 // one of so many writers loses the first answer, and the cookie in it, whatever is killed
)

// TestChatSurvivesKill9 kills the server again and again in the middle of 200 conversations. Whoever loses the answer to a
// message, be it the first one and the cookie with it, sends it again under its key. At the end every writer has one conversation with every message that was acknowledged, each
// once, in the order in which its writer wrote.
func TestChatSurvivesKill9(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			w := newWorld(t, ctx, engine, 1)
			w.start(t, ctx)
			var wg sync.WaitGroup
			var acknowledged, again atomic.Int64
			progress := make(chan struct{}, conversations*(eachSays+1))
			writers := make([]*chatter, conversations)
			slots := make(chan struct{}, 16) // so many write at one moment
			for i := range conversations {
				writers[i] = newChatter(w.URL, i)
				wg.Go(func() {
					for n := range eachSays + 1 {
						for ctx.Err() == nil {
							slots <- struct{}{}
							err := writers[i].say(ctx, n)
							<-slots
							if err == nil {
								acknowledged.Add(1)
								progress <- struct{}{}
								break
							}
							again.Add(1)
							w.alive(ctx)
						}
					}
				})
			}
			const all = conversations * (eachSays + 1)
			for kill := range chatKills { // the first time while conversations begin, then each time after another share of the messages
				share := all / (chatKills + 1)
				if kill == 0 {
					share = conversations / 2
				}
				for range share {
					select {
					case <-progress:
					case <-ctx.Done():
						t.Fatalf("only %d of %d messages in time, before kill %d", acknowledged.Load(), all, kill+1)
					}
				}
				w.server.Kill()
				w.start(t, ctx)
			}
			wg.Wait()
			if ctx.Err() != nil {
				t.Fatalf("only %d of %d messages in time", acknowledged.Load(), all)
			}
			w.server.Kill()
			w.start(t, ctx)
			for _, c := range writers {
				c.check(t, ctx)
			}
			if again.Load() == 0 || again.Load() == conversations/losesFirst {
				t.Error("no message lost its answer: the kills hit nothing")
			}
			t.Logf("%d messages, sent again %d times", acknowledged.Load(), again.Load())
			w.server.Kill()
			d, err := db.Open(ctx, w.database)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			var begun, kept int
			if err := d.Read().QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM chat), (SELECT COUNT(*) FROM chat_message WHERE side = 'member')").Scan(&begun, &kept); err != nil {
				t.Fatal(err)
			}
			if begun != conversations || kept != all {
				t.Errorf("%d conversations with %d messages are kept, want %d with %d", begun, kept, conversations, all)
			}
		})
	}
}

// chatter is a guest in a browser of their own.
type chatter struct {
	base, path string
	n          int
	from       string // network address
	keys       [eachSays + 1]string
	client     *http.Client
	lost       bool // the first answer is lost
}

func newChatter(base string, n int) *chatter {
	jar, _ := cookiejar.New(nil) // cannot fail
	c := &chatter{base: base, n: n, from: fmt.Sprintf("198.51.%d.%d", n/250, n%250+1), client: &http.Client{Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for i := range c.keys {
		c.keys[i] = id.Secret()
	}
	return c
}

func (c *chatter) text(n int) string { return fmt.Sprintf("word %d of writer %d.", n, c.n) }

// say sends message n, the first of which begins the conversation. A lost answer is an error.
func (c *chatter) say(ctx context.Context, n int) error {
	to, form := c.base+c.path+"/messages", url.Values{"text": {c.text(n)}, "key": {c.keys[n]}}
	if n == 0 {
		to = c.base + "/chat"
		form.Set("email", fmt.Sprintf("writer%d@members.example", c.n))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", c.from)
	client := *c.client
	loses := n == 0 && c.n%losesFirst == 0 && !c.lost
	if loses {
		client.Jar = nil
	}
	a, err := client.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if loses && a.StatusCode == http.StatusSeeOther {
		c.lost = true
		return errors.New("the answer is lost")
	}
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return err
	}
	if a.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("status %d", a.StatusCode)
	}
	if n == 0 {
		c.path = a.Header.Get("Location")
	}
	return nil
}

var said = regexp.MustCompile(`word (\d+) of writer (\d+)\.`)

// check reads the whole conversation.
func (c *chatter) check(t *testing.T, ctx context.Context) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+c.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", c.from)
	a, err := c.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	page, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", c.path, a.StatusCode, err)
	}
	got := said.FindAllString(string(page), -1)
	var want []string
	for n := range eachSays + 1 {
		want = append(want, c.text(n))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("conversation %d has %q, want %q", c.n, got, want)
	}
}
