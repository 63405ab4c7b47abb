package chat_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
)

// TestOrder: whatever writers and readers on two nodes do at once, each reader gets every message once, in the order of
// their numbers, however often it loses its connection; no number is missing, and every repeated send is one message.
func TestOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		nodes := []*chat.Chats{r.chats, r.node()}
		for _, n := range nodes {
			listen(t, n.Hub)
		}
		c, _ := r.begin("0")
		r.take(amal, c.ID)
		const writers, each = 4, 9 // within the limit of a minute
		last := int64(2 + writers*each)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					in := chat.Sending{Key: id.Secret(), Side: chat.Member, Text: fmt.Sprintf("%d/%d", w, i)}
					if w%2 == 1 {
						in.Side, in.AuthorID, in.Author = chat.Agent, amal.ID, amal.Name
					}
					for try := range 2 { // the answer to the first try was lost; the second goes to the other node
						if _, err := nodes[(w+try)%2].Send(ctx, r.now, c.ID, in); err != nil {
							t.Errorf("send: %v", err)
							return
						}
					}
				}
			})
		}
		for reader := range 4 {
			wg.Go(func() {
				node, after, seen := nodes[reader%2], int64(0), map[string]int{}
				for connection := 0; after < last; connection++ {
					watch := node.Hub.Watch(c.ID)
					for took := 0; after < last && took < 1+reader; took++ { // then the connection is lost
						list, err := node.Messages(ctx, d.Read(), c.ID, chat.Member, after)
						if err != nil {
							t.Errorf("read: %v", err)
							return
						}
						for _, m := range list {
							if m.Number != after+1 {
								t.Errorf("after %d comes %d", after, m.Number)
							}
							after = m.Number
							seen[m.Text]++
						}
						if after == last {
							break
						}
						select {
						case <-watch.C:
						case <-ctx.Done():
							t.Errorf("reader %d waits at %d of %d", reader, after, last)
							return
						}
					}
					watch.Close()
				}
				for w := range writers {
					for i := range each {
						if n := seen[fmt.Sprintf("%d/%d", w, i)]; n != 1 {
							t.Errorf("%d/%d was read %d times", w, i, n)
						}
					}
				}
			})
		}
		wg.Wait()
		order := map[string]int{}
		for _, m := range r.all(c.ID, chat.Agent) {
			var w, i int
			if n, _ := fmt.Sscanf(m.Text, "%d/%d", &w, &i); n == 2 {
				if order[fmt.Sprint(w)] != i {
					t.Errorf("writer %d: %d comes before %d", w, i, order[fmt.Sprint(w)])
				}
				order[fmt.Sprint(w)] = i + 1
			}
		}
		if n := r.get(c.ID).Last; n != last {
			t.Errorf("the last number is %d, want %d", n, last)
		}
		for _, n := range nodes {
			if got := n.Hub.Watching(); got != 0 {
				t.Errorf("%d watches stay", got)
			}
		}
	})
}

// TestOneWakesAll: a slow watch does not hold up another, who types is heard on the other side alone, and a transaction that
// comes to nothing wakes nobody.
func TestOneWakesAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		other := r.node()
		listen(t, r.chats.Hub)
		listen(t, other.Hub)
		c, _ := r.begin("Hello")
		elsewhere, _ := r.begin("Hello")
		slow, quick, apart := r.chats.Hub.Watch(c.ID), other.Hub.Watch(c.ID), other.Hub.Watch(elsewhere.ID)
		r.says(elsewhere.ID, "first") // what was told before is through by the time this one is
		<-apart.C
		for range 5 {
			r.says(c.ID, "again")
			<-quick.C
		}
		<-slow.C // one token for all five
		r.must(r.chats.Types(t.Context(), c.ID, chat.Agent))
		for quick.Typed(chat.Member) == 0 {
			<-quick.C
		}
		if n := quick.Typed(chat.Agent); n != 0 {
			t.Errorf("an agent hears themselves type: %d", n)
		}
		r.chats.Hub.Stop()
		r.chats.Hub.Stop()
		<-r.chats.Hub.Done()
		select {
		case <-other.Hub.Done():
			t.Error("one node stops the other")
		default:
		}
	})
}
