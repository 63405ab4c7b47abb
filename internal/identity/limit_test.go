package identity

import (
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
)

// TestForgive: right tries do not add up, wrong ones still do, and nothing is forgiven below zero.
func TestForgive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := New(d, nil, 1)
		address, number := Limit{"test/address", 3, time.Minute}, Limit{"test/number", 2, time.Minute}
		tries := []Try{{address, "192.0.2.1"}, {number, "1"}}
		for i := range 10 {
			if err := a.AllowAll(t.Context(), noon, tries...); err != nil {
				t.Fatalf("right try %d: %v", i, err)
			}
			if err := a.Forgive(t.Context(), tries...); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Forgive(t.Context(), tries...); err != nil { // once too often
			t.Fatal(err)
		}
		for i := range 3 {
			err := a.AllowAll(t.Context(), noon, tries...)
			if busy := fault.Is(err, fault.Busy); busy != (i == 2) {
				t.Errorf("wrong try %d: %v", i, err)
			}
		}
		if err := a.AllowAll(t.Context(), noon, Try{address, "192.0.2.1"}); !fault.Is(err, fault.Busy) {
			t.Errorf("the address went on: %v", err)
		}
		if err := a.Forgive(t.Context()); err != nil {
			t.Errorf("nothing to forgive: %v", err)
		}
	})
}
