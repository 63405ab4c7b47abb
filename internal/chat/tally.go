package chat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/db"
)

// After how long whoever waits has waited too long.
const (
	LateLive = 5 * time.Minute
	LateMail = 24 * time.Hour
)

// Backlog is how many conversations wait for one of the staff, and since when.
type Backlog struct{ Live, Mail Queue } // those that wait on the page, and those that are answered by e-mail

// Queue is what waits in one of them.
type Queue struct {
	Waiting int
	Late    int       // of these, those that have waited longer than LateLive or LateMail
	Oldest  time.Time // zero for none
}

// Backlog counts what waits at now.
func (s *Chats) Backlog(ctx context.Context, now time.Time) (b Backlog, err error) {
	err = db.Each(ctx, s.DB.Read(), `SELECT by_mail, COUNT(*), SUM(CASE WHEN by_mail AND waiting_since < $1 OR NOT by_mail AND waiting_since < $2 THEN 1 ELSE 0 END), MIN(waiting_since)
		FROM chat WHERE state = 'waiting' GROUP BY by_mail`, []any{db.Micros(now.Add(-LateMail)), db.Micros(now.Add(-LateLive))}, func(rows *sql.Rows) error {
		var mail bool
		var q Queue
		var since int64
		if err := rows.Scan(&mail, &q.Waiting, &q.Late, &since); err != nil {
			return err
		}
		q.Oldest = db.Time(since)
		if mail {
			b.Mail = q
		} else {
			b.Live = q
		}
		return nil
	})
	if err != nil {
		return b, fmt.Errorf("count what waits: %w", err)
	}
	return b, nil
}

// Tally is how a stretch of time went.
type Tally struct {
	Taken   int           // live conversations that somebody took
	Median  time.Duration // half of them waited at most so long
	Longest time.Duration
	Rated   int     // closed conversations that were rated
	Rating  float64 // their average, 1 to 5; 0 where none was
}

// TallyOf tells how the time from one moment up to another went.
func (s *Chats) TallyOf(ctx context.Context, from, to time.Time) (t Tally, err error) {
	var waits []time.Duration
	err = db.Each(ctx, s.DB.Read(), "SELECT waited FROM chat WHERE waited > 0 AND assigned_at >= $1 AND assigned_at < $2", []any{db.Micros(from), db.Micros(to)}, func(rows *sql.Rows) error {
		var micros int64
		err := rows.Scan(&micros)
		waits = append(waits, time.Duration(micros)*time.Microsecond)
		return err
	})
	if err != nil {
		return t, fmt.Errorf("how long people waited: %w", err)
	}
	if t.Taken = len(waits); t.Taken > 0 {
		slices.Sort(waits)
		t.Median, t.Longest = waits[(len(waits)-1)/2], waits[len(waits)-1]
	}
	var sum int
	err = s.DB.Read().QueryRowContext(ctx, "SELECT COUNT(*), CAST(COALESCE(SUM(rating), 0) AS BIGINT) FROM chat WHERE state = 'closed' AND closed_at >= $1 AND closed_at < $2 AND rating > 0",
		db.Micros(from), db.Micros(to)).Scan(&t.Rated, &sum)
	if err != nil {
		return t, fmt.Errorf("how people rated: %w", err)
	}
	if t.Rated > 0 {
		t.Rating = float64(sum) / float64(t.Rated)
	}
	return t, nil
}
