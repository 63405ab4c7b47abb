package audit

import (
	"context"
	"fmt"
	"strings"

	"memberpay/internal/db"
)

const columns = 10

// together is how many entries go into one statement at most.
const together = 500

// Write is Append in a transaction of its own, for what stands in no other one: a look at a record, a failed sign-in.
func Write(ctx context.Context, d *db.DB, entries ...Entry) error {
	return d.Write(ctx, func(tx *db.Tx) error { return Append(ctx, tx, entries...) })
}

// Append writes entries in the transaction of what they tell, two statements for all of them that wait for the next one
// (tx.Later), and touches no row that somebody else writes. A missing time, action or role is an error. An empty list
// does nothing.
func Append(ctx context.Context, tx *db.Tx, entries ...Entry) error {
	for len(entries) > 0 {
		n := min(len(entries), together)
		args, ids := make([]any, 0, n*columns), make([]string, 0, n)
		marks, buffer := make([]byte, 0, n*markSize), []byte(nil)
		for _, e := range entries[:n] {
			e, err := e.kept()
			if err != nil {
				return fmt.Errorf("append to the audit log: %w", err)
			}
			args = append(args, e.ID, db.Micros(e.At), e.Actor, e.Role, e.Action, e.Subject, e.Member, e.From, e.Reason, e.Detail)
			ids = append(ids, e.ID)
			h := e.hash(&buffer)
			marks = append(marks, tx.Mark(h[:])...)
		}
		if err := tx.Later(ctx, "append to the audit log", `INSERT INTO audit_entry (id, at, actor, role, action, subject, member_id, address, reason, detail)
 VALUES `+db.Values(n, columns), args...); err != nil {
			return err
		}
		if err := tx.Later(ctx, "queue audit entries", "INSERT INTO audit_unsealed (id, ids, marks) VALUES ($1, $2, $3)", ids[0], strings.Join(ids, " "), marks); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}
