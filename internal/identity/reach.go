package identity

import (
	"context"
	"database/sql"
	"fmt"

	"memberpay/internal/db"
)

// mostReached bounds the members that one address or number leads to.
const mostReached = 20

// pointMark is the blind index of a contact point that is the same in every account.
func (a *Accounts) pointMark(folded string) string { return a.box.Index(folded, "contact_point/value") }

// MembersReached returns the row ids of the members for whom an account acts that signs in with an e-mail address, or has
// it or a phone number as a contact point: at most 20, none where contact is neither. Values stay sealed; their blind
// indexes are compared.
func (a *Accounts) MembersReached(ctx context.Context, q db.Queryer, contact string) ([]string, error) {
	sign, point := "", ""
	if ValidEmail(contact) {
		sign, point = a.emailIndex(Member, contact), a.pointMark(FoldEmail(contact))
	} else if number, ok := PhoneNumber(contact); ok {
		point = a.pointMark(number)
	} else {
		return nil, nil
	}
	var out []string
	err := db.Each(ctx, q, `SELECT account_member.member_id FROM account_member JOIN account ON account.id = account_member.account_id
		WHERE account.email_index = $1 AND account.closed_at = 0
		UNION SELECT account_member.member_id FROM contact_point JOIN account_member ON account_member.account_id = contact_point.account_id
		WHERE contact_point.value_mark <> '' AND contact_point.value_mark = $2 AND contact_point.removed_at = 0 ORDER BY 1 LIMIT $3`,
		[]any{sign, point, mostReached}, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find members by contact: %w", err)
	}
	return out, nil
}

// MarkPoints gives contact points of an older version their blind index. It returns how many.
func (a *Accounts) MarkPoints(ctx context.Context) (marked int, err error) {
	type row struct {
		id     string
		sealed []byte
	}
	after := ""
	for {
		var rows []row
		err := db.Each(ctx, a.db.Read(), "SELECT id, value_sealed FROM contact_point WHERE value_mark = '' AND removed_at = 0 AND id > $1 ORDER BY id LIMIT 500", []any{after}, func(r *sql.Rows) error {
			var x row
			err := r.Scan(&x.id, &x.sealed)
			rows = append(rows, x)
			return err
		})
		if err != nil || len(rows) == 0 {
			return marked, err
		}
		after = rows[len(rows)-1].id
		err = a.db.Write(ctx, func(tx *db.Tx) error {
			for _, x := range rows {
				value, err := a.box.Open(x.sealed, pointPlace(x.id))
				if err != nil {
					continue // a rotation of keys tells of it
				}
				folded := string(value)
				if ValidEmail(folded) {
					folded = FoldEmail(folded)
				}
				if err := tx.Later(ctx, "mark a contact point", "UPDATE contact_point SET value_mark = $2 WHERE id = $1", x.id, a.pointMark(folded)); err != nil {
					return err
				}
				marked++
			}
			return nil
		})
		if err != nil {
			return marked, fmt.Errorf("mark contact points: %w", err)
		}
	}
}
