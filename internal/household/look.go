package household

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
)

// Look is what a helper was shown: one bill, or the list where BillID is "".
type Look struct {
	HelpID string
	Payer  string // member row id of who is helped
	BillID string
}

// Looked notes what a helper was shown, each thing once an hour, and in the audit log. who is the helper.
func (h *Households) Looked(ctx context.Context, now time.Time, who audit.Who, looks []Look) error {
	hour := now.Unix() / 3600
	var news []Look
	for _, l := range looks {
		var known bool
		err := h.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM help_look WHERE help_id = $1 AND bill_id = $2 AND hour = $3)", l.HelpID, l.BillID, hour).Scan(&known)
		if err != nil {
			return fmt.Errorf("note what a helper saw: %w", err)
		}
		if !known {
			news = append(news, l)
		}
	}
	if len(news) == 0 {
		return nil
	}
	who.Role = audit.Helper
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		for _, l := range news {
			done, err := tx.ExecContext(ctx, "INSERT INTO help_look (help_id, bill_id, hour, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", l.HelpID, l.BillID, hour, db.Micros(now))
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue // another page of theirs was quicker
			}
			entry := who.Did(now, "help.looked", l.HelpID, l.Payer)
			entry.Detail = l.BillID
			if err := audit.Append(ctx, tx, entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note what a helper saw: %w", err)
	}
	return nil
}
