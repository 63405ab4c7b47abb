package chat_test

import (
	"testing"
	"time"

	"memberpay/internal/chat"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/id"
)

// TestTally counts what waits, how long people waited, and how they rated.
func TestTally(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		r.must(r.chats.Duty(t.Context(), r.now, amal.ID, true))
		began := r.now
		var taken []string
		for _, minutes := range []int{1, 2, 9} {
			c, _ := r.begin("hello")
			r.now = r.now.Add(time.Duration(minutes) * time.Minute)
			r.must(r.chats.Duty(t.Context(), r.now, amal.ID, true))
			r.take(amal, c.ID)
			taken = append(taken, c.ID)
		}
		for i, rating := range []int{5, 2} {
			r.must(r.chats.Close(t.Context(), r.now, guest, taken[i], chat.Member))
			r.must(r.chats.Rate(t.Context(), r.now, guest, taken[i], rating, ""))
		}
		waiting, _ := r.begin("still here")
		mailed, _, err := r.chats.Start(t.Context(), r.now, guest, chat.Beginning{Key: id.Secret(), Language: "en", Text: "later", Email: "nora@mail.example", Mail: true})
		r.must(err)
		for _, at := range []struct {
			later      time.Duration
			live, mail int // that are late
		}{{chat.LateLive, 0, 0}, {chat.LateLive + time.Second, 1, 0}, {chat.LateMail, 1, 0}, {chat.LateMail + time.Second, 1, 1}} {
			b, err := r.chats.Backlog(t.Context(), r.now.Add(at.later))
			r.must(err)
			if want := (chat.Backlog{Live: chat.Queue{Waiting: 1, Late: at.live, Oldest: waiting.CreatedAt}, Mail: chat.Queue{Waiting: 1, Late: at.mail, Oldest: mailed.CreatedAt}}); b != want {
				t.Errorf("after %v: %+v, want %+v", at.later, b, want)
			}
		}
		got, err := r.chats.TallyOf(t.Context(), began, r.now.Add(time.Second))
		r.must(err)
		if want := (chat.Tally{Taken: 3, Median: 2 * time.Minute, Longest: 9 * time.Minute, Rated: 2, Rating: 3.5}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got, err := r.chats.TallyOf(t.Context(), began.Add(-time.Hour), began); err != nil || got != (chat.Tally{}) {
			t.Errorf("before anything: %+v, %v", got, err)
		}
	})
}
