package chat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/db"
)

// Backlog is how many conversations wait for one of the staff, and since when.
type Backlog struct {
	Live, Mail             int // those that wait on the page, and those that are answered by e-mail
	OldestLive, OldestMail time.Time
}

// Backlog counts what waits now.
func (s *Chats) Backlog(ctx context.Context) (b Backlog, err error) {
	err = db.Each(ctx, s.DB.Read(), "SELECT by_mail, COUNT(*), MIN(waiting_since) FROM chat WHERE state = 'waiting' GROUP BY by_mail", nil, func(rows *sql.Rows) error {
		var mail bool
		var n int
		var since int64
		if err := rows.Scan(&mail, &n, &since); err != nil {
			return err
		}
		if mail {
			b.Mail, b.OldestMail = n, db.Time(since)
		} else {
			b.Live, b.OldestLive = n, db.Time(since)
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
