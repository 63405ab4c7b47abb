package callrequest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/id"
	"memberpay/internal/letter"
)

// Take gives a request to one of the staff, who calls then. It returns ErrTaken where somebody else has it and has not left
// it for half an hour, and ErrOver where it has ended.
func (r *Requests) Take(ctx context.Context, now time.Time, who audit.Who, requestID string) error {
	return r.change(ctx, requestID, "take a call", func(tx *db.Tx, x Request) error {
		switch {
		case !x.State.Open():
			return ErrOver
		case x.OwnerID == who.Actor:
			return nil
		case x.State == Taken && now.Before(x.TakenAt.Add(takeOver)):
			return ErrTaken
		}
		if _, err := tx.ExecContext(ctx, "UPDATE call_request SET state = 'taken', owner_id = $2, taken_at = $3 WHERE id = $1", x.ID, who.Actor, db.Micros(now)); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, "call_request.taken", x.ID, x.MemberID))
	})
}

// Look notes that whoever took a request looks at the name and the number in it. It returns the request, or ErrNotYours
// where it is not theirs.
func (r *Requests) Look(ctx context.Context, now time.Time, who audit.Who, requestID string) (out Request, err error) {
	err = r.change(ctx, requestID, "look at a call", func(tx *db.Tx, x Request) error {
		if out = x; x.OwnerID != who.Actor {
			return ErrNotYours
		}
		return audit.Append(ctx, tx, who.Did(now, "call_request.looked", x.ID, x.MemberID))
	})
	return out, err
}

// Reached ends a request: they talked. It returns ErrNotYours or ErrOver.
func (r *Requests) Reached(ctx context.Context, now time.Time, who audit.Who, requestID string) error {
	return r.outcome(ctx, now, who, requestID, "call_request.reached", func(tx *db.Tx, x Request) error { return r.end(ctx, tx, now, x, Reached) })
}

// GiveUp ends a request that nobody answered. Whoever asked is told. It returns ErrNotYours or ErrOver.
func (r *Requests) GiveUp(ctx context.Context, now time.Time, who audit.Who, requestID string) error {
	return r.outcome(ctx, now, who, requestID, "call_request.given_up", func(tx *db.Tx, x Request) error {
		if err := r.end(ctx, tx, now, x, GivenUp); err != nil {
			return err
		}
		return r.tell(ctx, tx, now, x, letter.CallGivenUp, "")
	})
}

// Again puts a request off to another slot, because nobody answered: it waits for anybody then, however many the slot has
// already. Whoever asked is told. It returns ErrSlot, ErrNotYours or ErrOver.
func (r *Requests) Again(ctx context.Context, now time.Time, who audit.Who, requestID string, from time.Time) error {
	slots := r.Brand.Slots(now)
	n := slices.IndexFunc(slots, func(s brand.Slot) bool { return s.From.Equal(from) })
	if n < 0 {
		return ErrSlot
	}
	return r.outcome(ctx, now, who, requestID, "call_request.not_reached", func(tx *db.Tx, x Request) error {
		if err := r.promise(ctx, tx, slots[n], 1<<30); err != nil {
			return err
		}
		x.Slot = slots[n]
		if _, err := tx.ExecContext(ctx, `UPDATE call_request SET state = 'waiting', owner_id = '', taken_at = 0, tries = tries + 1, slot_from = $2, slot_to = $3 WHERE id = $1`,
			x.ID, db.Micros(x.Slot.From), db.Micros(x.Slot.To)); err != nil {
			return err
		}
		return r.tell(ctx, tx, now, x, letter.CallAgain, "")
	})
}

// outcome notes what came of a call that whoever asks took.
func (r *Requests) outcome(ctx context.Context, now time.Time, who audit.Who, requestID, action string, fn func(tx *db.Tx, x Request) error) error {
	return r.change(ctx, requestID, "note what came of a call", func(tx *db.Tx, x Request) error {
		switch {
		case !x.State.Open():
			return ErrOver
		case x.OwnerID != who.Actor:
			return ErrNotYours
		}
		if err := fn(tx, x); err != nil {
			return err
		}
		return audit.Append(ctx, tx, who.Did(now, action, x.ID, x.MemberID))
	})
}

func (r *Requests) end(ctx context.Context, tx *db.Tx, now time.Time, x Request, state State) error {
	_, err := tx.ExecContext(ctx, "UPDATE call_request SET state = $2, done_at = $3 WHERE id = $1", x.ID, state, db.Micros(now))
	return err
}

// change runs fn on a request that nobody else changes meanwhile.
func (r *Requests) change(ctx context.Context, requestID, what string, fn func(tx *db.Tx, x Request) error) error {
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE call_request SET tries = tries WHERE id = $1", requestID); err != nil {
			return err
		}
		x, err := r.one(ctx, tx, "id = $1", requestID)
		if err != nil {
			return err
		}
		return fn(tx, x)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// tell writes to whoever asked, where they left an address. key opens the request by a link; "" for no link.
func (r *Requests) tell(ctx context.Context, tx *db.Tx, now time.Time, x Request, what letter.CallEvent, key string) error {
	if x.Email == "" {
		return nil
	}
	return r.Outbox.Tell(ctx, tx, now, letter.New(letter.CallNews{What: what, Number: x.Number, From: x.Slot.From, To: x.Slot.To, Key: key}, id.New("new"),
		letter.To{Channel: event.Mail, Recipient: x.Email, Language: x.Language}))
}

// Sweep forgets requests that were kept long enough, and slots that have passed. It returns how many requests.
func (r *Requests) Sweep(ctx context.Context, now time.Time) (forgotten int, err error) {
	if err := r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM call_slot WHERE slot_from < $1", db.Micros(now.Add(-24*time.Hour)))
		return err
	}); err != nil {
		return 0, fmt.Errorf("forget slots: %w", err)
	}
	var ids []string
	if err := db.Each(ctx, r.DB.Read(), "SELECT id FROM call_request WHERE done_at > 0 AND done_at <= $1 ORDER BY done_at LIMIT 100", []any{db.Micros(now.Add(-r.Keep))}, func(rows *sql.Rows) error {
		var requestID string
		err := rows.Scan(&requestID)
		ids = append(ids, requestID)
		return err
	}); err != nil {
		return 0, fmt.Errorf("requests to forget: %w", err)
	}
	for _, requestID := range ids {
		err := r.change(ctx, requestID, "forget a request", func(tx *db.Tx, x Request) error {
			if x.State.Open() {
				return nil
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM call_request WHERE id = $1", x.ID); err != nil {
				return err
			}
			forgotten++
			return audit.Append(ctx, tx, audit.Program.Did(now, "call_request.forgotten", x.ID, x.MemberID))
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return forgotten, err
		}
	}
	return forgotten, nil
}
