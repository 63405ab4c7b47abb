package member

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"memberpay/internal/db"
)

// SearchRow is one row of member_name.
type SearchRow struct{ Name, ZIP, MemberID string }

// SearchRows are the rows by which the desk finds a person by name, for whoever writes members in bulk.
func SearchRows(m Member) []SearchRow {
	var out []SearchRow
	for _, name := range searchNames(m.Given, m.Family) {
		out = append(out, SearchRow{name, first5(m.ZIP), m.ID})
	}
	return out
}

// FoldedContact is what stands beside a person's e-mail address and phone number to find them by.
func FoldedContact(m Member) (email, phone string) { return foldEmail(m.Email), FoldPhone(m.Phone) }

// insertSearch writes rows that are not there yet, many a statement.
func insertSearch(ctx context.Context, tx *db.Tx, rows []SearchRow) error {
	const columns, most = 3, 400
	for len(rows) > 0 {
		n := min(len(rows), most)
		args := make([]any, 0, n*columns)
		for _, r := range rows[:n] {
			args = append(args, r.Name, r.ZIP, r.MemberID)
		}
		if err := tx.Later(ctx, "insert names to search", "INSERT INTO member_name (name, zip, member_id) VALUES "+db.Values(n, columns)+" ON CONFLICT DO NOTHING", args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// renameSearch changes the rows of a person whose name or ZIP code has changed.
func renameSearch(ctx context.Context, tx *db.Tx, was, is Member) error {
	before, after := SearchRows(was), SearchRows(is)
	if slices.Equal(before, after) {
		return nil
	}
	for _, r := range before {
		if !slices.Contains(after, r) {
			if err := tx.Later(ctx, "remove a name to search", "DELETE FROM member_name WHERE name = $1 AND zip = $2 AND member_id = $3", r.Name, r.ZIP, r.MemberID); err != nil {
				return err
			}
		}
	}
	return insertSearch(ctx, tx, after)
}

// indexed is the setting that says up to which row id members of an older version are found.
const indexed = "member_search"

// allIndexed is the value of the setting once every member of before is found.
const allIndexed = "~"

// IndexBatch makes members of an older version found by name, e-mail address and phone number: the next n of them. It
// returns how many it took, 0 once all are found. Several programs may call it at once.
func IndexBatch(ctx context.Context, d *db.DB, n int) (done int, err error) {
	err = d.Write(ctx, func(tx *db.Tx) error {
		done = 0
		after := ""
		err := tx.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1"+tx.Engine.ForUpdate(), indexed).Scan(&after)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || after == allIndexed {
			return err
		}
		var list []Member
		err = db.Each(ctx, tx, "SELECT "+fields+" FROM member WHERE id > $1 ORDER BY id LIMIT $2", []any{after, n}, func(rows *sql.Rows) error {
			m, err := scan(rows)
			list = append(list, m)
			return err
		})
		if err != nil {
			return err
		}
		next := allIndexed
		var rows []SearchRow
		for _, m := range list {
			rows = append(rows, SearchRows(m)...)
			email, phone := FoldedContact(m)
			if email == "" && phone == "" {
				continue
			}
			if err := tx.Later(ctx, "fold a contact", "UPDATE member SET email_folded = $2, phone_folded = $3 WHERE id = $1", m.ID, email, phone); err != nil {
				return err
			}
		}
		if done = len(list); done == n {
			next = list[done-1].ID
		}
		if err := insertSearch(ctx, tx, rows); err != nil {
			return err
		}
		return tx.Later(ctx, "note how far members are found", "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value", indexed, next)
	})
	if err != nil {
		return 0, fmt.Errorf("index members for search: %w", err)
	}
	return done, nil
}

// IndexAll is IndexBatch until all are found.
func IndexAll(ctx context.Context, d *db.DB) error {
	for {
		n, err := IndexBatch(ctx, d, 1000)
		if err != nil || n == 0 {
			return err
		}
	}
}
