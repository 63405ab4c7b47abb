package member

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

const fields = `id, member_id, patient_id, guarantor_id, given, family, birth_date, deceased, street, city, zip, state, email, phone, language, updated_at`

func scan(row interface{ Scan(...any) error }) (Member, error) {
	var m Member
	var updated int64
	err := row.Scan(&m.ID, &m.MemberID, &m.PatientID, &m.GuarantorID, &m.Given, &m.Family, &m.BirthDate, &m.Deceased,
		&m.Street, &m.City, &m.ZIP, &m.State, &m.Email, &m.Phone, &m.Language, &updated)
	m.UpdatedAt = db.Time(updated)
	return m, err
}

// Get returns one member by row id, or a NotFound fault.
func Get(ctx context.Context, q db.Queryer, rowID string) (Member, error) {
	m, err := scan(q.QueryRowContext(ctx, "SELECT "+fields+" FROM member WHERE id = $1", rowID))
	if errors.Is(err, sql.ErrNoRows) {
		return Member{}, fault.New(fault.NotFound, "member.not_found")
	}
	if err != nil {
		return Member{}, fmt.Errorf("get member: %w", err)
	}
	return m, nil
}

// ByIDs returns the members with these row ids, keyed by row id. Unknown ids are left out.
func ByIDs(ctx context.Context, q db.Queryer, rowIDs []string) (map[string]Member, error) {
	out := make(map[string]Member, len(rowIDs))
	for len(rowIDs) > 0 {
		n := min(len(rowIDs), 500)
		err := db.Each(ctx, q, "SELECT "+fields+" FROM member WHERE id IN "+db.In(1, n), db.Args(rowIDs[:n]), func(rows *sql.Rows) error {
			m, err := scan(rows)
			out[m.ID] = m
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("get members: %w", err)
		}
		rowIDs = rowIDs[n:]
	}
	return out, nil
}

// ByNumber returns everybody for whom a number was ever printed that folds like number. It returns an empty list, not
// an error, where there is nobody, and does the same work either way.
func ByNumber(ctx context.Context, q db.Queryer, number string) ([]Member, error) {
	var out []Member
	err := db.Each(ctx, q, "SELECT "+fields+` FROM member WHERE id IN
		(SELECT member_id FROM member_number WHERE folded = $1) ORDER BY id LIMIT 20`, []any{id.Fold(number)},
		func(rows *sql.Rows) error {
			m, err := scan(rows)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find members by number: %w", err)
	}
	return out, nil
}

// Household returns the row ids of everybody this person pays for, the person included.
func Household(ctx context.Context, q db.Queryer, rowID string) ([]string, error) {
	out := []string{rowID}
	err := db.Each(ctx, q, "SELECT id FROM member WHERE guarantor_id = $1 AND id <> $1 ORDER BY id", []any{rowID}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		out = append(out, s)
		return err
	})
	return out, err
}

// ByBirthAndZIP returns the people with a date of birth and a home in a ZIP code of five digits: at most 200, an empty
// list where there is nobody.
func ByBirthAndZIP(ctx context.Context, q db.Queryer, birth day.Date, zip string) ([]Member, error) {
	var out []Member
	err := db.Each(ctx, q, "SELECT "+fields+" FROM member WHERE birth_date = $1 AND SUBSTR(zip, 1, 5) = $2 ORDER BY id LIMIT 200",
		[]any{birth, zip}, func(rows *sql.Rows) error {
			m, err := scan(rows)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find members by birth and ZIP code: %w", err)
	}
	return out, nil
}
