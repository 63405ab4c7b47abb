package app

import (
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/enroll"
	"memberpay/internal/web"
)

// joinCode makes the code that an agent hands to a member whose identity they have checked.
func (a *App) joinCode(c *web.Context, memberID string) (code string, until time.Time, err error) {
	ctx := c.R.Context()
	err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if code, err = a.Enroll.IssueCode(ctx, tx, c.Now, memberID, enroll.Desk); err != nil {
			return err
		}
		return audit.Append(ctx, tx, c.Did("join.code_issued", memberID, memberID))
	})
	return code, c.Now.Add(enroll.DeskLife), err
}
