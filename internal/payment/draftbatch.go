package payment

import (
	"context"
	"encoding/json"
	"fmt"

	"memberpay/internal/db"
)

// KeepDrafts writes new drafts as they are, many a statement, for whoever prepares many at once. The bank account of a
// draft has been set with SetBank. A draft that is there already is an error that db.Unique knows.
func KeepDrafts(ctx context.Context, tx *db.Tx, list []Draft) error {
	const columns, most = 8, 200
	for len(list) > 0 {
		n := min(len(list), most)
		args := make([]any, 0, n*columns)
		for _, d := range list[:n] {
			answers, err := json.Marshal(d.Answers)
			if err != nil {
				return fmt.Errorf("answers of draft %s: %w", d.ID, err)
			}
			args = append(args, d.ID, d.SessionID, d.AccountID, d.PayerID, string(answers), d.sealed, db.Micros(d.CreatedAt), db.Micros(d.UpdatedAt))
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO draft (id, session_id, account_id, payer_id, answers, sealed, created_at, updated_at)
			VALUES `+db.Values(n, columns), args...); err != nil {
			return fmt.Errorf("keep drafts: %w", err)
		}
		list = list[n:]
	}
	return nil
}
