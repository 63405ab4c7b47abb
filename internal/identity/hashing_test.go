package identity

import (
	"context"
	"errors"
	"sync"
	"testing"

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
		if _, err := a.Hash(t.Context(), "a long enough password"); !errors.Is(err, ErrHashing) {
			t.Errorf("a new password among too many: %v", err)
		}
		for range mostWaiting {
			<-a.hashing.asked
		}
		close(let)
		all.Wait()
		if _, err := a.SignIn(t.Context(), "maya@members.example", "a long enough password"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
