package consent

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Faults of this package.
var (
	ErrNoOffer = fault.New(fault.Conflict, "consent.no_offer") // there is no such offer, or it was taken or replaced
	ErrNone    = fault.New(fault.Conflict, "consent.none")     // there is nothing to take back
)

// Offer notes that words were shown and returns the offer. The same words shown again are the same offer; an older offer
// of other words is replaced.
func Offer(ctx context.Context, tx *db.Tx, now time.Time, accountID string, kind Kind, w Words) (Consent, error) {
	_, err := tx.ExecContext(ctx, `UPDATE consent SET state = 'replaced', ended_at = $3
		WHERE account_id = $1 AND kind = $2 AND state = 'offered' AND NOT (version = $4 AND language = $5 AND words = $6)`,
		accountID, kind, db.Micros(now), w.Version, w.Language, w.Text)
	if err != nil {
		return Consent{}, fmt.Errorf("offer %s: %w", kind, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO consent (id, account_id, kind, state, version, language, words, offered_at)
		VALUES ($1, $2, $3, 'offered', $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		id.New("cns"), accountID, kind, w.Version, w.Language, w.Text, db.Micros(now))
	if err != nil {
		return Consent{}, fmt.Errorf("offer %s: %w", kind, err)
	}
	return one(ctx, tx, "account_id = $1 AND kind = $2 AND state = 'offered'", accountID, kind)
}

// Agree turns an offer into a consent that holds, and returns it; an earlier one of the kind is replaced. shown says how
// its owner showed that they can open what they will get. It returns ErrNoOffer where the account has no such offer.
func Agree(ctx context.Context, tx *db.Tx, now time.Time, accountID, offerID string, by Where, shown string) (Consent, error) {
	offer, err := one(ctx, tx, "id = $1 AND account_id = $2 AND state = 'offered'", offerID, accountID)
	if fault.Is(err, fault.NotFound) || (err == nil && offer.Outdated()) {
		return Consent{}, ErrNoOffer
	}
	if err != nil {
		return Consent{}, err
	}
	if err := end(ctx, tx, now, accountID, offer.Kind, Replaced, by); err != nil && !fault.Is(err, fault.Conflict) {
		return Consent{}, err
	}
	done, err := tx.ExecContext(ctx, `UPDATE consent SET state = 'consented', consented_at = $2, consented_session = $3, consented_address = $4, shown = $5
		WHERE id = $1 AND state = 'offered'`, offerID, db.Micros(now), by.SessionID, by.Address, shown)
	if err != nil {
		return Consent{}, fmt.Errorf("agree: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return Consent{}, fmt.Errorf("agree: %w", err)
	} else if n == 0 {
		return Consent{}, ErrNoOffer // taken a moment ago
	}
	return one(ctx, tx, "id = $1", offerID)
}

// Withdraw takes back the consent of a kind, at once. It returns ErrNone where there is none.
func Withdraw(ctx context.Context, tx *db.Tx, now time.Time, accountID string, kind Kind, by Where) error {
	return end(ctx, tx, now, accountID, kind, Withdrawn, by)
}

// end leaves the consent of a kind that was agreed to in another state.
func end(ctx context.Context, tx *db.Tx, now time.Time, accountID string, kind Kind, to State, by Where) error {
	if !Consented.May(to) {
		return fmt.Errorf("a consent cannot become %q", to)
	}
	done, err := tx.ExecContext(ctx, `UPDATE consent SET state = $3, ended_at = $4, ended_session = $5, ended_address = $6
		WHERE account_id = $1 AND kind = $2 AND state = 'consented'`, accountID, kind, to, db.Micros(now), by.SessionID, by.Address)
	if err != nil {
		return fmt.Errorf("end %s: %w", kind, err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return fmt.Errorf("end %s: %w", kind, err)
	} else if n == 0 {
		return ErrNone
	}
	return nil
}

// Forget takes back every consent of an account that is closed, and forgets which news it wanted.
func Forget(ctx context.Context, tx *db.Tx, now time.Time, accountID string, by Where) error {
	for _, kind := range []Kind{Paperless, Texts} {
		if err := Withdraw(ctx, tx, now, accountID, kind, by); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM notice_preference WHERE account_id = $1", accountID); err != nil {
		return fmt.Errorf("forget preferences: %w", err)
	}
	return nil
}
