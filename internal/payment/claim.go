package payment

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
)

// Claim puts what guests paid into an account: the payments of these sessions for these payers (member row ids), as far
// as they belong to no account. From then on whoever owns the account is the one who made them, and other guests do not
// see them any more. It returns how many there were. who stands in the audit log.
func Claim(ctx context.Context, tx *db.Tx, now time.Time, who audit.Who, accountID string, sessionIDs, payerIDs []string) (claimed int, err error) {
	if accountID == "" || len(sessionIDs) == 0 || len(payerIDs) == 0 {
		return 0, nil
	}
	var entries []audit.Entry
	args := append(append([]any{accountID}, db.Args(sessionIDs)...), db.Args(payerIDs)...)
	err = db.Each(ctx, tx, "UPDATE payment SET account_id = $1 WHERE account_id = '' AND session_id <> '' AND session_id IN "+db.In(2, len(sessionIDs))+
		" AND payer_id IN "+db.In(2+len(sessionIDs), len(payerIDs))+" RETURNING id, payer_id", args, func(rows *sql.Rows) error {
		var paymentID, payerID string
		err := rows.Scan(&paymentID, &payerID)
		entry := who.Did(now, "payment.claimed", paymentID, payerID)
		entry.Detail = accountID
		entries = append(entries, entry)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("claim payments: %w", err)
	}
	return len(entries), audit.Append(ctx, tx, entries...)
}
