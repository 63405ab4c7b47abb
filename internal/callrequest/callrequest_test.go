package callrequest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/callrequest"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/seal"
)

// monday morning of Larkspur Health, an hour after the phone opens.
var monday = time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC)

var amal, noor = audit.Who{Actor: "acc_amal", Role: audit.Agent}, audit.Who{Actor: "acc_noor", Role: audit.Agent}

type world struct {
	*testing.T
	*callrequest.Requests
	slots []brand.Slot
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, callrequest.New(callrequest.Config{DB: d, Seal: box, Outbox: event.NewOutbox(box), Brand: brand.Default()}), nil}
	if w.slots, err = w.Free(t.Context(), monday); err != nil || len(w.slots) < 5 {
		t.Fatalf("%d slots are free, %v", len(w.slots), err)
	}
	return w
}

// asking is a good request of a guest.
func (w *world) asking() callrequest.Asking {
	return callrequest.Asking{Key: id.Secret(), Name: "Paul Example", Phone: "(503) 555-0177", Topic: "bill", Language: "en", Speaks: "en", From: w.slots[0].From, Address: "192.0.2.9"}
}

func (w *world) asks(in callrequest.Asking) callrequest.Request {
	w.Helper()
	x, err := w.Ask(w.Context(), monday, audit.Program, in)
	if err != nil {
		w.Fatal(err)
	}
	return x
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	if err := w.DB.Read().QueryRowContext(w.Context(), query, args...).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func TestWhatARequestMustSay(t *testing.T) {
	t.Parallel()
	w := open(t, dbtest.Open(t, db.SQLite))
	for name, c := range map[string]struct {
		change func(in *callrequest.Asking)
		want   error
	}{
		"no key":            {func(in *callrequest.Asking) { in.Key = "short" }, callrequest.ErrKey},
		"no name":           {func(in *callrequest.Asking) { in.Name = " \r\n " }, callrequest.ErrName},
		"a broken name":     {func(in *callrequest.Asking) { in.Name = "\xff" }, callrequest.ErrName},
		"no phone":          {func(in *callrequest.Asking) { in.Phone = "911" }, callrequest.ErrPhone},
		"area code 900":     {func(in *callrequest.Asking) { in.Phone = "1-900-555-0100" }, callrequest.ErrPremium},
		"exchange 976":      {func(in *callrequest.Asking) { in.Phone = "(503) 976-0100" }, callrequest.ErrPremium},
		"a phone elsewhere": {func(in *callrequest.Asking) { in.Phone = "+49 30 123456" }, callrequest.ErrPhone},
		"a bad address":     {func(in *callrequest.Asking) { in.Email = "x@" }, callrequest.ErrEmail},
		"no topic":          {func(in *callrequest.Asking) { in.Topic = "" }, callrequest.ErrTopic},
		"no language":       {func(in *callrequest.Asking) { in.Speaks = "<script>" }, callrequest.ErrSpeaks},
		"no slot":           {func(in *callrequest.Asking) { in.From = time.Time{} }, callrequest.ErrSlot},
		"a slot of its own": {func(in *callrequest.Asking) { in.From = in.From.Add(time.Minute) }, callrequest.ErrSlot},
		"a slot that began": {func(in *callrequest.Asking) { in.From = in.From.Add(-24 * time.Hour) }, callrequest.ErrSlot},
	} {
		in := w.asking()
		c.change(&in)
		if _, err := w.Ask(t.Context(), monday, audit.Program, in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.count("SELECT COUNT(*) FROM call_request"); n != 0 {
		t.Errorf("%d requests were kept", n)
	}
	in := w.asking()
	in.Name, in.Phone = "Paul 4242 4242 4242 4242", "976-555-0976" // an area code like any other
	if x := w.asks(in); x.Name == in.Name {
		t.Errorf("a card number is kept in %q", x.Name)
	}
}

// TestASlotTakesSoManyCalls, however many ask at once; whoever cancels makes room.
func TestASlotTakesSoManyCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		var all sync.WaitGroup
		made := make(chan callrequest.Request, 12)
		for i := range 12 {
			all.Go(func() {
				in := w.asking()
				in.Phone, in.Address = "503555012"+string(rune('0'+i%10)), "192.0.2."+string(rune('1'+i%9))
				x, err := w.Ask(t.Context(), monday, audit.Program, in)
				switch {
				case err == nil:
					made <- x
				case !errors.Is(err, callrequest.ErrFull):
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(made)
		if n := len(made); n != brand.Default().PerSlot() {
			t.Errorf("%d calls were promised in a slot of %d", n, brand.Default().PerSlot())
		}
		free, err := w.Free(t.Context(), monday)
		if err != nil || free[0].From.Equal(w.slots[0].From) {
			t.Errorf("a full slot is offered, %v", err)
		}
		first := <-made
		if err := w.Cancel(t.Context(), monday, audit.Program, first.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), monday, audit.Program, first.ID); !errors.Is(err, callrequest.ErrOver) {
			t.Errorf("canceled twice: %v", err)
		}
		if free, err = w.Free(t.Context(), monday); err != nil || !free[0].From.Equal(w.slots[0].From) {
			t.Errorf("a canceled call makes no room, %v", err)
		}
	})
}

// TestAFormMakesOneRequest, however often it is sent, and its key opens nothing else.
func TestAFormMakesOneRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		in := w.asking()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := w.Ask(t.Context(), monday, audit.Program, in); err != nil && !fault.Is(err, fault.Busy) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.count("SELECT COUNT(*) FROM call_request"); n != 1 {
			t.Errorf("one form made %d requests", n)
		}
		if x, err := w.Mine(t.Context(), "", in.Key); err != nil || x.Name != in.Name || x.Phone != "+15035550177" {
			t.Errorf("its own: %+v, %v", x, err)
		}
		for _, key := range []string{"", id.Secret(), "crq_none"} {
			if _, err := w.Mine(t.Context(), "", key); !errors.Is(err, callrequest.ErrNotFound) {
				t.Errorf("%q opens: %v", key, err)
			}
		}
		var raw string
		if err := d.Read().QueryRowContext(t.Context(), "SELECT start_key FROM call_request").Scan(&raw); err != nil || raw == in.Key {
			t.Errorf("the key lies in clear, %v", err)
		}
	})
}

// TestACallIsMadeByOne: of two who take it one gets it; name and number are theirs alone; what was left for half an hour may be
// taken over; nobody answers, and there is another slot.
func TestACallIsMadeByOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		x := w.asks(w.asking())
		now := x.Slot.From
		var all sync.WaitGroup
		got := make(chan audit.Who, 2)
		for _, who := range []audit.Who{amal, noor} {
			all.Go(func() {
				if err := w.Take(t.Context(), now, who, x.ID); err == nil {
					got <- who
				} else if !errors.Is(err, callrequest.ErrTaken) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(got)
		if len(got) != 1 {
			t.Fatalf("%d took one call", len(got))
		}
		mine := <-got
		other := amal
		if mine == amal {
			other = noor
		}
		for name, do := range map[string]func(ctx context.Context, now time.Time, who audit.Who, requestID string) error{"reached": w.Reached, "given up": w.GiveUp,
			"looked at": func(ctx context.Context, now time.Time, who audit.Who, requestID string) error {
				_, err := w.Look(ctx, now, who, requestID)
				return err
			}} {
			if err := do(t.Context(), now, other, x.ID); !errors.Is(err, callrequest.ErrNotYours) {
				t.Errorf("%s by who has it not: %v", name, err)
			}
		}
		if seen, err := w.Look(t.Context(), now, mine, x.ID); err != nil || seen.Phone != x.Phone {
			t.Errorf("%+v, %v", seen, err)
		}
		if err := w.Again(t.Context(), now, mine, x.ID, now); !errors.Is(err, callrequest.ErrSlot) {
			t.Errorf("put off to what has begun: %v", err)
		}
		if err := w.Again(t.Context(), now, mine, x.ID, w.slots[3].From); err != nil {
			t.Fatal(err)
		}
		again, err := w.Get(t.Context(), x.ID)
		if err != nil || again.State != callrequest.Waiting || again.Tries != 1 || !again.Slot.From.Equal(w.slots[3].From) || again.OwnerID != "" {
			t.Errorf("%+v, %v", again, err)
		}
		now = again.Slot.To
		if b, err := w.Backlog(t.Context(), now); err != nil || b.Late != 1 || b.Nobodys != 1 {
			t.Errorf("%+v, %v", b, err)
		}
		if err := w.Take(t.Context(), now, amal, x.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Take(t.Context(), now.Add(29*time.Minute), noor, x.ID); !errors.Is(err, callrequest.ErrTaken) {
			t.Errorf("taken over too soon: %v", err)
		}
		if err := w.Take(t.Context(), now.Add(30*time.Minute), noor, x.ID); err != nil {
			t.Errorf("left for half an hour: %v", err)
		}
		if err := w.Reached(t.Context(), now, noor, x.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.Take(t.Context(), now, amal, x.ID); !errors.Is(err, callrequest.ErrOver) {
			t.Errorf("over is over: %v", err)
		}
		if n, err := w.Sweep(t.Context(), now.Add(callrequest.Keep-time.Second)); n != 0 || err != nil {
			t.Errorf("forgot %d too soon, %v", n, err)
		}
		if n, err := w.Sweep(t.Context(), now.Add(callrequest.Keep)); n != 1 || err != nil || w.count("SELECT COUNT(*) FROM call_request") != 0 {
			t.Errorf("forgot %d, %v", n, err)
		}
	})
}

// TestNobodysPhoneIsMadeToRing: one number is asked to be called three times a day at most.
func TestNobodysPhoneIsMadeToRing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		for i := range 4 {
			in := w.asking()
			in.From, in.Address = w.slots[i].From, "192.0.2."+string(rune('1'+i))
			_, err := w.Ask(t.Context(), monday, audit.Program, in)
			if busy := fault.Is(err, fault.Busy); busy != (i == 3) || (err != nil && !busy) {
				t.Errorf("request %d: %v", i+1, err)
			}
		}
	})
}
