package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/processor"
)

// SavedCard is a card an account keeps for the next payment. The card itself stays with the processor.
type SavedCard struct {
	ID           string
	Brand        string
	Last4        string
	PaymentID    string // the payment whose authorization allowed to keep it, "" where nobody noted it
	CreatedAt    time.Time
	processorRef string
	customerRef  string
}

// SavedCards returns the cards an account keeps, newest first.
func SavedCards(ctx context.Context, q db.Queryer, accountID string) ([]SavedCard, error) {
	if accountID == "" {
		return nil, nil
	}
	var out []SavedCard
	err := db.Each(ctx, q, `SELECT id, brand, last4, payment_id, created_at, processor_ref, customer_ref FROM saved_card
		WHERE account_id = $1 AND removed_at = 0 ORDER BY created_at DESC, id`, []any{accountID}, func(rows *sql.Rows) error {
		var s SavedCard
		var created int64
		err := rows.Scan(&s.ID, &s.Brand, &s.Last4, &s.PaymentID, &created, &s.processorRef, &s.customerRef)
		s.CreatedAt = db.Time(created)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("saved cards: %w", err)
	}
	return out, nil
}

// savedCard returns one card of an account, or a NotFound fault.
func (p *Payments) savedCard(ctx context.Context, accountID, savedID string) (SavedCard, error) {
	list, err := SavedCards(ctx, p.db.Read(), accountID)
	if err != nil {
		return SavedCard{}, err
	}
	for _, s := range list {
		if s.ID == savedID {
			return s, nil
		}
	}
	return SavedCard{}, fault.New(fault.NotFound, "card.not_found")
}

// keepCard keeps the card of a payment that succeeded. The payment does not fail where this does.
func (p *Payments) keepCard(ctx context.Context, pay Payment, o processor.Outcome) {
	customer, err := p.customer(ctx, pay.AccountID)
	if err != nil {
		p.log.Warn("keep card", "payment", pay.ID, "err", err)
		return
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		cardID := id.New("card")
		res, err := tx.ExecContext(ctx, `INSERT INTO saved_card (id, account_id, customer_ref, processor_ref, brand, last4, created_at, payment_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (processor_ref) DO NOTHING`,
			cardID, pay.AccountID, customer, o.SavedCard, o.Card.Brand, o.Card.Last4, db.Micros(p.now()), pay.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return err // it is kept already
		}
		return audit.Append(ctx, tx, audit.Who{Actor: pay.AccountID, Role: audit.Member}.Did(p.now(), "card.saved", cardID, ""))
	})
	if err != nil {
		p.log.Warn("keep card", "payment", pay.ID, "err", err)
	}
}

// ForgetCard removes a saved card here and at the processor. Each of with runs in the transaction that removes it.
func (p *Payments) ForgetCard(ctx context.Context, accountID, savedID string, with ...func(tx *db.Tx) error) error {
	s, err := p.savedCard(ctx, accountID, savedID)
	if err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE saved_card SET removed_at = $2 WHERE id = $1", s.ID, db.Micros(p.now())); err != nil {
			return err
		}
		for _, also := range with {
			if err := also(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget card: %w", err)
	}
	if err := p.cards.Forget(ctx, s.processorRef); err != nil {
		p.log.Warn("forget card at the processor", "card", s.ID, "err", err)
	}
	return nil
}

// customer returns the account's customer at the processor, made once.
func (p *Payments) customer(ctx context.Context, accountID string) (string, error) {
	var ref string
	err := p.db.Read().QueryRowContext(ctx, "SELECT customer_ref FROM processor_customer WHERE account_id = $1", accountID).Scan(&ref)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return ref, err
	}
	made, err := p.cards.NewCustomer(ctx, accountID)
	if err != nil {
		return "", err
	}
	err = p.db.Write(ctx, func(tx *db.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO processor_customer (account_id, customer_ref, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET customer_ref = processor_customer.customer_ref RETURNING customer_ref`,
			accountID, made, db.Micros(p.now())).Scan(&ref)
	})
	return ref, err
}
