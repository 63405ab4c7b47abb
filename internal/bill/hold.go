package bill

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
)

// Hold stops everything that asks for a bill: reminders, automatic payments and agencies all ask Held first. reason is the
// id of what holds it; holding twice for one reason changes nothing. The bill can still be paid by whoever wants to.
func Hold(ctx context.Context, tx *db.Tx, now time.Time, billID, reason string) error {
	return holding(ctx, tx, now, "bill.held", billID, reason,
		"INSERT INTO bill_hold (bill_id, reason, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", billID, reason, db.Micros(now))
}

// EndHold ends what Hold began for a reason. Other reasons may hold the bill still.
func EndHold(ctx context.Context, tx *db.Tx, now time.Time, billID, reason string) error {
	return holding(ctx, tx, now, "bill.released", billID, reason, "DELETE FROM bill_hold WHERE bill_id = $1 AND reason = $2", billID, reason)
}

// holding changes a row and tells of it, where there was something to change.
func holding(ctx context.Context, tx *db.Tx, now time.Time, kind, billID, reason, statement string, args ...any) error {
	done, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return event.Append(ctx, tx, event.Event{At: now, Kind: kind, Subject: billID, Data: map[string]string{"reason": reason}})
}

// Held returns since when each of the bills is held, for whatever reason is the oldest. Bills that are not are left out.
func Held(ctx context.Context, q db.Queryer, billIDs []string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	if len(billIDs) == 0 {
		return out, nil
	}
	err := db.Each(ctx, q, "SELECT bill_id, MIN(since) FROM bill_hold WHERE bill_id IN "+db.In(1, len(billIDs))+" GROUP BY bill_id",
		db.Args(billIDs), readHold(out))
	if err != nil {
		return nil, fmt.Errorf("held bills: %w", err)
	}
	return out, nil
}

// AllHeld is Held for every bill there is: a small part of them.
func AllHeld(ctx context.Context, q db.Queryer) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	if err := db.Each(ctx, q, "SELECT bill_id, MIN(since) FROM bill_hold GROUP BY bill_id", nil, readHold(out)); err != nil {
		return nil, fmt.Errorf("held bills: %w", err)
	}
	return out, nil
}

func readHold(out map[string]time.Time) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var billID string
		var since int64
		err := rows.Scan(&billID, &since)
		out[billID] = db.Time(since)
		return err
	}
}
