package chat

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/db"
)

// Wait is what somebody who waits is told.
type Wait struct {
	Place    int           // 1 is next; 0 where nobody waits for it
	Expected time.Duration // from what people waited lately; 0 where that is not known
	Open     bool          // it is the time of day at which chats are answered
	Manned   bool          // somebody takes chats now
}

// Live reports whether somebody who asks now is answered on the page.
func (w Wait) Live() bool { return w.Open && w.Manned }

// Expected waits come from what the last people waited, within a while: at least so many of them.
const (
	waitsWithin = 2 * time.Hour
	waitsLeast  = 3
	waitsMost   = 15
)

// Queue tells how somebody fares who asks now, or who waits in c.
func (s *Chats) Queue(ctx context.Context, now time.Time, c Chat) (Wait, error) {
	w := Wait{Open: s.Open == nil || s.Open(now)}
	q := s.DB.Read()
	manned, err := s.manned(ctx, now)
	if err != nil {
		return Wait{}, err
	}
	w.Manned = manned > 0
	since := now
	if c.State == Waiting {
		since = c.WaitingSince
	}
	if err := q.QueryRowContext(ctx, "SELECT COUNT(*) FROM chat WHERE state = 'waiting' AND by_mail = FALSE AND (waiting_since < $1 OR (waiting_since = $1 AND id < $2))",
		db.Micros(since), c.ID).Scan(&w.Place); err != nil {
		return Wait{}, fmt.Errorf("place in the queue: %w", err)
	}
	w.Place++
	var waits []time.Duration
	err = db.Each(ctx, q, "SELECT waited FROM chat WHERE waited > 0 AND assigned_at > $1 ORDER BY assigned_at DESC LIMIT $2", []any{db.Micros(now.Add(-waitsWithin)), waitsMost},
		func(rows *sql.Rows) error {
			var micros int64
			err := rows.Scan(&micros)
			waits = append(waits, time.Duration(micros)*time.Microsecond)
			return err
		})
	if err != nil {
		return Wait{}, fmt.Errorf("how long people waited: %w", err)
	}
	w.Expected = expected(waits)
	return w, nil
}

// expected is what half of the people waited at most, rounded up to a minute; 0 where too few did to say.
func expected(waits []time.Duration) time.Duration {
	if len(waits) < waitsLeast {
		return 0
	}
	slices.Sort(waits)
	middle := waits[len(waits)/2]
	return max(time.Minute, (middle+time.Minute-1)/time.Minute*time.Minute)
}

// onDuty is for how long somebody who takes chats counts after they were seen last.
const onDuty = 10 * time.Minute

// Duty notes that one of the staff takes chats, or no longer does.
func (s *Chats) Duty(ctx context.Context, now time.Time, accountID string, on bool) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		query, args := "DELETE FROM chat_duty WHERE account_id = $1", []any{accountID}
		if on {
			query, args = `INSERT INTO chat_duty (account_id, since, seen_at) VALUES ($1, $2, $2) ON CONFLICT (account_id) DO UPDATE SET seen_at = $2`, append(args, db.Micros(now))
		}
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		return tx.Notify(ctx, channel, queueID)
	})
	if err != nil {
		return fmt.Errorf("take chats: %w", err)
	}
	return nil
}

// Seen notes that one of the staff is there, and reports whether they take chats.
func (s *Chats) Seen(ctx context.Context, now time.Time, accountID string) (on bool, err error) {
	var seen int64
	err = s.DB.Read().QueryRowContext(ctx, "SELECT seen_at FROM chat_duty WHERE account_id = $1", accountID).Scan(&seen)
	if err == sql.ErrNoRows {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("who takes chats: %w", err)
	}
	if at := db.Time(seen); now.Sub(at) > onDuty {
		return false, nil // whoever was away for long says again that they are back
	} else if now.Sub(at) < onDuty/10 {
		return true, nil
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE chat_duty SET seen_at = $2 WHERE account_id = $1", accountID, db.Micros(now))
		return err
	})
	return true, err
}

func (s *Chats) manned(ctx context.Context, now time.Time) (n int, err error) {
	err = s.DB.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM chat_duty WHERE seen_at > $1", db.Micros(now.Add(-onDuty))).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("who takes chats: %w", err)
	}
	return n, nil
}

// OnDuty is who takes chats now, as account ids.
func (s *Chats) OnDuty(ctx context.Context, now time.Time) (out []string, err error) {
	err = db.Each(ctx, s.DB.Read(), "SELECT account_id FROM chat_duty WHERE seen_at > $1 ORDER BY account_id", []any{db.Micros(now.Add(-onDuty))}, func(rows *sql.Rows) error {
		var accountID string
		err := rows.Scan(&accountID)
		out = append(out, accountID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("who takes chats: %w", err)
	}
	return out, nil
}

// Board is what stands on the desk: the conversations of one of the staff, those that wait, and those that others have. Each
// list is at most 50 long.
type Board struct{ Mine, Waiting, Mail, Others []Chat }

// Board returns what stands on the desk of one of the staff.
func (s *Chats) Board(ctx context.Context, accountID string) (b Board, err error) {
	for _, part := range []struct {
		into  *[]Chat
		where string
		args  []any
	}{
		{&b.Mine, "WHERE state = 'open' AND agent_id = $1 ORDER BY last_at DESC, id LIMIT 50", []any{accountID}},
		{&b.Waiting, "WHERE state = 'waiting' AND by_mail = FALSE ORDER BY waiting_since, id LIMIT 50", nil},
		{&b.Mail, "WHERE state = 'waiting' AND by_mail = TRUE ORDER BY waiting_since, id LIMIT 50", nil},
		{&b.Others, "WHERE state = 'open' AND agent_id <> $1 ORDER BY last_at DESC, id LIMIT 50", []any{accountID}},
	} {
		if *part.into, err = s.list(ctx, part.where, part.args...); err != nil {
			return Board{}, err
		}
	}
	return b, nil
}

// OfMember returns the conversations that are linked to a member, the latest first, at most 50.
func (s *Chats) OfMember(ctx context.Context, memberID string) ([]Chat, error) {
	return s.list(ctx, "WHERE member_id = $1 AND member_id <> '' ORDER BY created_at DESC, id LIMIT $2", memberID, mostListed)
}
