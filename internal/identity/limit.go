package identity

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
)

// Limit bounds how often something may be tried: at most Hits within Window. All nodes share the count.
type Limit struct {
	Name   string
	Hits   int64
	Window time.Duration
}

// Limits of the doors that strangers may knock on.
var (
	// LookUpAddress bounds guest look-ups from one network address; households and offices share addresses.
	LookUpAddress = Limit{"look-up/address", 60, 10 * time.Minute}
	// LookUpNumber bounds tries at one number, whoever tries.
	LookUpNumber = Limit{"look-up/number", 10, 15 * time.Minute}
	// SignInAddress bounds sign-ins from one network address.
	SignInAddress = Limit{"sign-in/address", 60, 10 * time.Minute}
	// SignInEmail bounds tries at one e-mail address. It is a delay, not a lock-out: the window passes.
	SignInEmail = Limit{"sign-in/email", 10, 15 * time.Minute}
)

// Allow counts one try of subject and returns a Busy fault, saying how long to wait, where it is one too many.
func (a *Accounts) Allow(ctx context.Context, now time.Time, l Limit, subject string) error {
	var hits, started int64
	err := a.db.Write(ctx, func(tx *db.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO rate_limit (bucket, started, hits) VALUES ($1, $2, 1)
			ON CONFLICT (bucket) DO UPDATE SET
				hits = CASE WHEN rate_limit.started <= $3 THEN 1 ELSE rate_limit.hits + 1 END,
				started = CASE WHEN rate_limit.started <= $3 THEN $2 ELSE rate_limit.started END
			RETURNING hits, started`,
			hashToken(l.Name+" "+subject), db.Micros(now), db.Micros(now.Add(-l.Window))).Scan(&hits, &started)
	})
	if err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	if hits > l.Hits {
		return fault.BusyFor("limit.tries", db.Time(started).Add(l.Window).Sub(now))
	}
	return nil
}
