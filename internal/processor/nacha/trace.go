package nacha

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/db"
)

const (
	traceCycle = 9_999_999           // sequence numbers 1 to 9,999,999 under one bank
	traceReuse = 90 * 24 * time.Hour // a trace is not used again for longer than a return may take
)

// ErrTraces means that a bank's trace numbers came round too soon: nearly ten million entries within 90 days.
var ErrTraces = errors.New("the trace numbers of the last 90 days are used up; use a second bank routing number")

// takeTraces hands out count trace numbers of a bank, ascending and one after the other: 8 digits of the bank and 7 of
// the sequence. The caller holds the cut lock. Numbers of a transaction that is rolled back are handed out again.
func takeTraces(ctx context.Context, tx *db.Tx, odfi string, count int, now time.Time) ([]string, error) {
	name := "ach.trace." + odfi[:8]
	if _, err := tx.ExecContext(ctx,
		"INSERT INTO counter (name, next) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING", name); err != nil {
		return nil, fmt.Errorf("trace numbers: %w", err)
	}
	var next int64
	if err := tx.QueryRowContext(ctx, "SELECT next FROM counter WHERE name = $1", name).Scan(&next); err != nil {
		return nil, fmt.Errorf("trace numbers: %w", err)
	}
	// next counts without end; a block that would run over the end of a cycle starts the next cycle, because traces
	// must ascend within a file.
	if used := (next - 1) % traceCycle; used+int64(count) > traceCycle {
		next += traceCycle - used
	}
	if _, err := tx.ExecContext(ctx, "UPDATE counter SET next = $2 WHERE name = $1", name, next+int64(count)); err != nil {
		return nil, fmt.Errorf("trace numbers: %w", err)
	}
	out := make([]string, count)
	for i := range out {
		out[i] = fmt.Sprintf("%s%07d", odfi[:8], (next-1+int64(i))%traceCycle+1)
	}
	if next <= traceCycle || count == 0 {
		return out, nil
	}
	var one int
	err := tx.QueryRowContext(ctx,
		"SELECT 1 FROM ach_entry WHERE trace <> '' AND trace >= $1 AND trace <= $2 AND filed_at > $3 LIMIT 1",
		out[0], out[count-1], db.Micros(now.Add(-traceReuse))).Scan(&one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return out, nil
	case err != nil:
		return nil, fmt.Errorf("trace numbers: %w", err)
	}
	return nil, fmt.Errorf("bank %s: %w", odfi, ErrTraces)
}
