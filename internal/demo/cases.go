package demo

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/db"
	"memberpay/internal/identity"
)

// Case opens a case about a bill of the third person, through the same door as in production. Call it once, after Fill.
func Case(ctx context.Context, d *db.DB, accounts *identity.Accounts, open *cases.Cases, now time.Time) error {
	p := People[2]
	who, err := accounts.ByEmail(ctx, p.Email)
	if err != nil {
		return fmt.Errorf("demo case: %w", err)
	}
	list, err := bill.List(ctx, d.Read(), bill.Scope{Members: who.Members}, 50)
	if err != nil {
		return fmt.Errorf("demo case: %w", err)
	}
	for _, b := range list {
		if b.State != bill.Open {
			continue
		}
		_, err := open.Open(ctx, now, audit.Who{Actor: who.ID, Role: audit.Member, From: "127.0.0.1"}, cases.Opening{Bill: b, Kind: cases.Afford,
			Text: "My hours were cut this month. Can I pay this in parts, or is there a program that helps?", AccountID: who.ID, Language: p.Language, Email: p.Email})
		return err
	}
	return fmt.Errorf("demo case: %s has no open bill", p.Name)
}
