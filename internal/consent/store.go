package consent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/fault"
)

const fields = `id, account_id, kind, state, version, language, words, shown, offered_at, consented_at, consented_session,
	consented_address, ended_at, ended_session, ended_address`

func scan(row interface{ Scan(...any) error }) (Consent, error) {
	var c Consent
	var offered, consented, ended int64
	err := row.Scan(&c.ID, &c.AccountID, &c.Kind, &c.State, &c.Words.Version, &c.Words.Language, &c.Words.Text, &c.Shown, &offered,
		&consented, &c.By.SessionID, &c.By.Address, &ended, &c.EndedBy.SessionID, &c.EndedBy.Address)
	c.OfferedAt, c.ConsentedAt, c.EndedAt = db.Time(offered), db.Time(consented), db.Time(ended)
	return c, err
}

func one(ctx context.Context, q db.Queryer, where string, args ...any) (Consent, error) {
	c, err := scan(q.QueryRowContext(ctx, "SELECT "+fields+" FROM consent WHERE "+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Consent{}, fault.New(fault.NotFound, "consent.not_found")
	}
	if err != nil {
		return Consent{}, fmt.Errorf("get consent: %w", err)
	}
	return c, nil
}

// Current returns the consent of a kind that was agreed to, or a Consent in the state None where there is none.
func Current(ctx context.Context, q db.Queryer, accountID string, kind Kind) (Consent, error) {
	return standing(ctx, q, accountID, kind, Consented)
}

// Open returns the offer of a kind that waits for an answer, or a Consent in the state None where there is none.
func Open(ctx context.Context, q db.Queryer, accountID string, kind Kind) (Consent, error) {
	return standing(ctx, q, accountID, kind, Offered)
}

func standing(ctx context.Context, q db.Queryer, accountID string, kind Kind, s State) (Consent, error) {
	c, err := one(ctx, q, "account_id = $1 AND kind = $2 AND state = $3", accountID, kind, s)
	if fault.Is(err, fault.NotFound) {
		return Consent{AccountID: accountID, Kind: kind}, nil
	}
	return c, err
}

// History returns every consent of an account, oldest first.
func History(ctx context.Context, q db.Queryer, accountID string) ([]Consent, error) {
	var out []Consent
	err := db.Each(ctx, q, "SELECT "+fields+" FROM consent WHERE account_id = $1 ORDER BY offered_at, id", []any{accountID}, func(rows *sql.Rows) error {
		c, err := scan(rows)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return out, nil
}
