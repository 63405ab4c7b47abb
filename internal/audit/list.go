package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
)

const fields = "id, at, actor, role, action, subject, member_id, address, reason, detail"

func scan(rows *sql.Rows) (Entry, error) {
	var e Entry
	var at int64
	err := rows.Scan(&e.ID, &at, &e.Actor, &e.Role, &e.Action, &e.Subject, &e.Member, &e.From, &e.Reason, &e.Detail)
	e.At = db.Time(at)
	return e, err
}

// OfMember returns who looked at a member's record or changed it, newest first, at most limit entries.
func OfMember(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Entry, error) {
	if memberID == "" {
		return nil, nil
	}
	return List(ctx, q, Filter{Member: memberID}, limit)
}

// Filter says which entries are wanted. A zero field asks for nothing.
type Filter struct {
	From, To time.Time // At is From or later, and earlier than To
	Actor    string
	Role     string
	Action   string // the action itself and those below it: "payment" finds "payment.submitted", too
	Subject  string
	Member   string
	Before   string // ID of the last entry of the page before: the list goes on after it
}

// List returns the entries of a filter, newest first, at most limit. The ID of the last one is Before of the next page.
// A filter by Member, by time, or by an Actor who is no guest is quick however long the log is.
func List(ctx context.Context, q db.Queryer, f Filter, limit int) ([]Entry, error) {
	where, args := f.where()
	args = append(args, max(limit, 0))
	var out []Entry
	err := db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry"+where+fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args)), args,
		func(rows *sql.Rows) error {
			e, err := scan(rows)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list the audit log: %w", err)
	}
	return out, nil
}

// Each calls fn for every entry of a filter, oldest first. It holds one at a time.
func Each(ctx context.Context, q db.Queryer, f Filter, fn func(Entry) error) error {
	where, args := f.where()
	err := db.Each(ctx, q, "SELECT "+fields+" FROM audit_entry"+where+" ORDER BY id", args, func(rows *sql.Rows) error {
		e, err := scan(rows)
		if err != nil {
			return err
		}
		return fn(e)
	})
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return nil
}

func (f Filter) where() (string, []any) {
	var conditions []string
	var args []any
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		conditions = append(conditions, condition)
	}
	if !f.From.IsZero() { // the id leads there, the time decides
		add("id >= ? AND at >= ?", idOf(firstID(f.From)), db.Micros(f.From))
	}
	if !f.To.IsZero() {
		add("id < ? AND at < ?", idOf(firstID(f.To.Add(time.Millisecond))), db.Micros(f.To))
	}
	switch {
	case strings.HasPrefix(f.Actor, GuestActor("")):
		add("actor = ?", f.Actor)
	case f.Actor != "":
		add("actor <> '' AND SUBSTR(actor, 1, 6) <> 'guest:' AND actor = ?", f.Actor)
	}
	if f.Role != "" {
		add("role = ?", f.Role)
	}
	if f.Action != "" {
		add("(action = ? OR SUBSTR(action, 1, ?) = ?)", f.Action, len([]rune(f.Action))+1, f.Action+".")
	}
	if f.Subject != "" {
		add("subject = ?", f.Subject)
	}
	if f.Member != "" {
		add("member_id <> '' AND member_id = ?", f.Member)
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}
