package identity

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
)

// TestHashingIsBounded: so many run, so many wait, and everybody else is asked to come back at once: known and unknown
// people alike. Whoever gives up makes room.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := New(d, testBox(t), 2)
		if _, err := a.Create(t.Context(), noon, "maya@members.example", "a long enough password", "en"); err != nil {
			t.Fatal(err)
		}
		running, let := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := a.hashing.run(t.Context(), func() { running <- struct{}{}; <-let }); err != nil {
					t.Error(err)
				}
			})
		}
		<-running
		<-running
		over, giveUp := context.WithCancel(t.Context())
		giveUp()
		if err := a.hashing.run(over, func() { t.Error("it ran although it gave up") }); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v", err)
		}
		for range mostWaiting { // as many wait as may: had giving up made no room, one would be too many
			select {
			case a.hashing.asked <- struct{}{}:
			default:
				t.Fatal("a place is taken by nobody")
			}
		}
		for _, email := range []string{"maya@members.example", "nobody@members.example"} {
			if got, err := a.SignIn(t.Context(), email, "a long enough password"); !errors.Is(err, ErrHashing) || !fault.Is(err, fault.Busy) || got != "" {
				t.Errorf("%s among too many: %q, %v", email, got, err)
			}
		}
		if err := a.Room(); !errors.Is(err, ErrHashing) {
			t.Errorf("room among too many: %v", err)
		}
		if _, err := a.Hash(t.Context(), "a long enough password"); !errors.Is(err, ErrHashing) {
			t.Errorf("a new password among too many: %v", err)
		}
		for range mostWaiting {
			<-a.hashing.asked
		}
		close(let)
		all.Wait()
		if err := a.Room(); err != nil {
			t.Errorf("room afterwards: %v", err)
		}
		if _, err := a.SignIn(t.Context(), "maya@members.example", "a long enough password"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestHashingSparesProcessors: in the long run hashes take no more than their share of the time, a rush after a quiet time
// none the less goes through at once, and quiet is not saved up for longer than said.
func TestHashingSparesProcessors(t *testing.T) {
	t.Parallel()
	const each = 30 * time.Millisecond
	h := newHashing(1)
	if got := h.rest(noon, noon.Add(each)); got != 0 {
		t.Errorf("without a share a hash is followed by %v of rest", got)
	}
	h.share, h.saved = 1.0/3, 6*time.Second
	now, rush, busy := noon, 0, time.Duration(0)
	for now.Before(noon.Add(time.Minute)) {
		rest := h.rest(now, now.Add(each))
		if rest <= 0 && busy == time.Duration(rush)*each {
			rush++
		}
		busy += each
		now = now.Add(each + max(rest, 0))
	}
	if rush < 95 || rush > 105 { // 6 s of quiet pay for 100 hashes: each takes 30 ms and is worth 90
		t.Errorf("%d hashes went through at once after a quiet time", rush)
	}
	if share := busy.Seconds() / 60; share < 0.36 || share > 0.37 { // a third of the minute and of the 6 s before it
		t.Errorf("hashes took %.2f of the time", share)
	}
	if rest := h.rest(now.Add(time.Hour), now.Add(time.Hour+each)); rest > -5*time.Second || rest < -6*time.Second {
		t.Errorf("after an hour of quiet the rest is %v", rest)
	}
}
