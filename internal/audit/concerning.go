package audit

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"memberpay/internal/db"
)

// Concerning returns what an account's owner may read of the log, newest first: what they did, who looked at the records
// of their members or changed them, and who tried to sign in as them and failed. At most limit entries are returned, those
// before the entry with the id before; "" begins with the newest.
func Concerning(ctx context.Context, q db.Queryer, accountID string, memberIDs []string, before string, limit int) ([]Entry, error) {
	if accountID == "" {
		return nil, nil
	}
	out, err := List(ctx, q, Filter{Actor: accountID, Before: before}, limit)
	if err != nil {
		return nil, err
	}
	for _, m := range memberIDs {
		if m == "" {
			continue
		}
		list, err := List(ctx, q, Filter{Member: m, Before: before}, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	failed, err := failedSignIns(ctx, q, accountID, before, limit)
	if err != nil {
		return nil, err
	}
	out = append(out, failed...)
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(b.ID, a.ID) })
	out = slices.CompactFunc(out, func(a, b Entry) bool { return a.ID == b.ID })
	return out[:min(len(out), max(limit, 0))], nil
}

// SignInFailed is the action of somebody who did not get in.
const SignInFailed = "sign_in.failed"

// failedSignIns names the action in its text: the index holds these entries alone.
func failedSignIns(ctx context.Context, q db.Queryer, accountID, before string, limit int) ([]Entry, error) {
	args := []any{accountID, max(limit, 0)}
	where := ""
	if before != "" {
		where, args = " AND id < $3", append(args, before)
	}
	var out []Entry
	err := db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry WHERE action = '"+SignInFailed+"' AND subject = $1"+where+" ORDER BY id DESC LIMIT $2", args,
		func(rows *sql.Rows) error {
			e, err := scan(rows)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list failed sign-ins: %w", err)
	}
	return out, nil
}
