package desk

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/identity"
)

// TestBoardRests: what happens at once comes to an open board together, and the last of it is not left out.
func TestBoardRests(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	iris := o.opened(agent, "passkey")
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { o.chats.Hub.Listen(ctx) })
	srv := httptest.NewServer(o.handler)
	defer srv.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/desk/chats/events", nil)
	o.must(err)
	r.AddCookie(&http.Cookie{Name: Cookie, Value: iris.cookies[Cookie]})
	res, err := srv.Client().Do(r)
	o.must(err)
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	board := func() (shown int) { // how many conversations the next board shows
		for begun := false; ; {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("no board came: %v", err)
			}
			begun = begun || line == "event: board\n"
			if shown += strings.Count(line, `href="/desk/chats/cht_`); begun && line == "\n" {
				return shown
			}
		}
	}
	if n := board(); n != 0 { // it is open now
		t.Fatalf("the first board shows %d conversations", n)
	}
	const guests = 20
	for range guests {
		o.asks()
	}
	boards, last := 0, 0
	for last < guests {
		last = board()
		boards++
	}
	if boards > 4 || last != guests {
		t.Errorf("%d boards for %d conversations; the last shows %d", boards, guests, last)
	}
}
