package nacha

import (
	"encoding/csv"
	"os"
	"testing"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

func TestNextCutAndSettlement(t *testing.T) {
	t.Parallel()
	r := newBench(t, dbtest.Open(t, db.SQLite))
	for _, c := range []struct{ now, cut, settles string }{
		{"2026-11-23 09:30", "2026-11-23 10:00", "2026-11-24"},
		{"2026-11-23 10:00", "2026-11-23 14:15", "2026-11-24"}, // at the window it has gone
		{"2026-11-23 14:14", "2026-11-23 14:15", "2026-11-24"},
		{"2026-11-23 16:15", "2026-11-24 10:00", "2026-11-25"},
		{"2026-11-25 16:16", "2026-11-27 10:00", "2026-11-30"}, // Thanksgiving, then a weekend
		{"2026-11-28 12:00", "2026-11-30 10:00", "2026-12-01"}, // Saturday
		{"2026-07-02 23:00", "2026-07-03 10:00", "2026-07-06"}, // July 4 is a Saturday: the 3rd is open
		{"2027-07-02 23:00", "2027-07-06 10:00", "2027-07-07"}, // July 4 is a Sunday: the 5th is closed
		{"2026-12-31 17:00", "2027-01-04 10:00", "2027-01-05"}, // New Year's Day is a Friday
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, newYork)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.NextCut(now).In(newYork).Format("2006-01-02 15:04"); got != c.cut {
			t.Errorf("after %s the next cut is %s, want %s", c.now, got, c.cut)
		}
		if got := r.SettlesOn(now).String(); got != c.settles {
			t.Errorf("what is queued at %s settles on %s, want %s", c.now, got, c.settles)
		}
	}
}

func TestEffectiveDateOfACutByHand(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, db.SQLite))
	b.conf.Windows = []Window{{16, 15, 1}, {10, 0, 0}} // same-day in the morning
	b.restart()
	for now, want := range map[string]string{
		"2026-11-23 10:00": "2026-11-23", "2026-11-23 10:15": "2026-11-24", "2026-11-23 12:00": "2026-11-24",
		"2026-11-23 16:29": "2026-11-24", "2026-11-23 16:31": "2026-11-24", "2026-11-21 12:00": "2026-11-23",
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", now, newYork)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.effective(at).String(); got != want {
			t.Errorf("cut at %s: effective %s, want %s", now, got, want)
		}
	}
}

// Clocks change on Sundays, at night; the windows stay where people expect them.
func TestWindowsAcrossClockChanges(t *testing.T) {
	t.Parallel()
	r := newBench(t, dbtest.Open(t, db.SQLite))
	f, err := os.Open(testdata(t, "hostile-text/dst-transitions.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, row := range rows[1:] {
		at, err := time.Parse(time.RFC3339, row[3])
		if err != nil {
			continue // a zone without a change
		}
		n++
		for _, now := range []time.Time{at.Add(-time.Second), at, at.Add(time.Second)} {
			cut := r.NextCut(now).In(newYork)
			if !cut.After(now) || !day.BankingDay(day.Of(cut, newYork)) {
				t.Errorf("after %s the next cut is %s", now, cut)
			}
			if hm := cut.Format("15:04"); hm != "10:00" && hm != "14:15" && hm != "16:15" {
				t.Errorf("after %s the next cut is at %s", now, hm)
			}
			if before := r.slotBefore(now).at; before.After(now) || !r.NextCut(before).Equal(cut) {
				t.Errorf("%s: the windows around it, %s and %s, are not neighbors", now, before, cut)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d clock changes", n)
	}
}
