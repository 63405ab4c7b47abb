package nacha

import (
	"fmt"
	"time"

	"memberpay/internal/day"
)

// Window is a time of every banking day at which files are cut.
type Window struct {
	Hour, Minute int
	BankingDays  int // from the day of the cut to the day the money moves: 1 is the usual next day, 0 same-day
}

// DefaultWindows leave a bank half an hour before each of the Federal Reserve's own deadlines. Money moves on the next
// banking day.
func DefaultWindows() []Window {
	return []Window{{10, 0, 1}, {14, 15, 1}, {16, 15, 1}}
}

// String writes the window as "10:00".
func (w Window) String() string { return fmt.Sprintf("%02d:%02d", w.Hour, w.Minute) }

// grace is how long after a window a cut still counts as that window's.
const grace = 15 * time.Minute

// slot is one window on one day.
type slot struct {
	at  time.Time
	on  day.Date
	win Window
}

// slotAfter returns the first slot that is later than t.
func (r *Rail) slotAfter(t time.Time) slot {
	d := day.Of(t, r.location)
	for {
		if day.BankingDay(d) {
			for _, w := range r.windows {
				if at := d.At(w.Hour, w.Minute, r.location); at.After(t) {
					return slot{at, d, w}
				}
			}
		}
		d = d.AddDays(1)
	}
}

// slotBefore returns the last slot that is not later than t.
func (r *Rail) slotBefore(t time.Time) slot {
	d := day.Of(t, r.location)
	for {
		if day.BankingDay(d) {
			for i := len(r.windows) - 1; i >= 0; i-- {
				w := r.windows[i]
				if at := d.At(w.Hour, w.Minute, r.location); !at.After(t) {
					return slot{at, d, w}
				}
			}
		}
		d = d.AddDays(-1)
	}
}

// Day returns the bank's own day at an instant.
func (r *Rail) Day(at time.Time) day.Date { return day.Of(at, r.location) }

// NextCut returns the first window after now, as an instant.
func (r *Rail) NextCut(now time.Time) time.Time { return r.slotAfter(now).at }

// SettlesOn estimates the banking day on which the payer's bank completes a debit that was queued at an instant: it goes
// with the next window. A return can still come later.
func (r *Rail) SettlesOn(queued time.Time) day.Date { return r.effective(r.NextCut(queued)) }

// effective returns the effective entry date of a file that is cut at an instant: that of the window the cut belongs
// to, or of the next one where it comes between two.
func (r *Rail) effective(cut time.Time) day.Date {
	s := r.slotAfter(cut.Add(-grace))
	return day.AddBankingDays(s.on, s.win.BankingDays)
}
