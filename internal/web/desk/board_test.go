package desk

import (
	"context"
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
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { o.chats.Hub.Listen(ctx) })
	shown := make(chan answer)
	go func() { shown <- iris.get("/desk/chats/events") }()
	for o.chats.Hub.Watching() == 0 {
		time.Sleep(time.Millisecond)
	}
	const guests = 20
	for range guests {
		o.asks()
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(2*boardRest + 200*time.Millisecond)
	o.chats.Hub.Stop()
	boards := strings.Split((<-shown).Body, "event: board\n")[1:]
	if n := len(boards); n == 0 || n > 4 {
		t.Fatalf("%d boards for %d conversations", n, guests)
	}
	if n := strings.Count(boards[len(boards)-1], `href="/desk/chats/cht_`); n != guests {
		t.Errorf("the last board shows %d of %d conversations", n, guests)
	}
}
