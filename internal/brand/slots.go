package brand

import (
	"fmt"
	"time"
)

// CallSlots says when members may ask to be called: opening hours of the phone cut into slots. What is left out has a default.
type CallSlots struct {
	Off     bool `json:"off"`     // nobody may ask
	Minutes int  `json:"minutes"` // length of a slot; 60
	Each    int  `json:"each"`    // how many calls one slot takes; 3
	Days    int  `json:"days"`    // days ahead, today among them; 6
}

// What is in force where the file says nothing.
const (
	slotMinutes = 60
	slotEach    = 3
	slotDays    = 6
)

// slotLead is how long before a slot begins it can be asked for: somebody has to see it first.
const slotLead = 30 * time.Minute

// Slot is a stretch of opening hours in which somebody is called.
type Slot struct{ From, To time.Time }

// PerSlot is how many calls one slot takes.
func (b *Brand) PerSlot() int { return or(b.CallRequests.Each, slotEach) }

// Slots are the slots that can be asked for at now, soonest first, in the organisation's zone; none where nobody may ask.
// A slot begins when the phone opens, or one slot later, and so on; a rest that is too short for one is left out. On holidays
// and when clocks change they follow the hours.
func (b *Brand) Slots(now time.Time) []Slot {
	if b.CallRequests.Off {
		return nil
	}
	zone, length := b.Zone(), or(b.CallRequests.Minutes, slotMinutes)
	y, m, d := now.In(zone).Date()
	var out []Slot
	for i := range or(b.CallRequests.Days, slotDays) {
		yy, mm, dd := time.Date(y, m, d+i, 12, 0, 0, 0, zone).Date()
		spans, _ := b.hoursOn(b.Week, yy, mm, dd)
		for _, s := range spans {
			for at := s.Open; at+length <= s.Close; at += length {
				slot := Slot{time.Date(yy, mm, dd, 0, at, 0, 0, zone), time.Date(yy, mm, dd, 0, at+length, 0, 0, zone)}
				if slot.From.After(now.Add(slotLead)) && slot.To.After(slot.From) {
					out = append(out, slot)
				}
			}
		}
	}
	return out
}

func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (b *Brand) checkCallSlots(c *checker) {
	s := b.CallRequests
	for _, x := range []struct {
		field    string
		n        int
		min, max int
	}{{"minutes", s.Minutes, 15, 240}, {"each", s.Each, 1, 1000}, {"days", s.Days, 1, 30}} {
		if x.n != 0 && (x.n < x.min || x.n > x.max) {
			c.add("call_requests."+x.field, fmt.Sprint(x.n), "is out of range", fmt.Sprintf("write %d to %d, or leave it out", x.min, x.max))
		}
	}
	if s.Off {
		return
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		for _, span := range b.Week.On(d) {
			if span.Close-span.Open >= or(s.Minutes, slotMinutes) {
				return
			}
		}
	}
	c.add("call_requests.minutes", fmt.Sprint(or(s.Minutes, slotMinutes)), "is longer than the phone is open on any day", "write fewer minutes, or switch it off with \"off\": true")
}
