package identity

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Kinds of contact points.
const (
	EmailPoint = "email"
	PhonePoint = "phone"
)

// Errors of contact points.
var (
	ErrPhone       = fault.Field("phone", "error.phone")                // no number texts can be sent to
	ErrPoints      = fault.New(fault.Conflict, "contact.too_many")      // the account has MostPoints already
	ErrPointNeeded = fault.New(fault.Conflict, "contact.second_factor") // codes are texted to it: choose another second factor first
	errNoPoint     = fault.New(fault.NotFound, "contact.not_found")     // or not yours
	errPointKind   = fault.New(fault.Invalid, "contact.kind")           // neither e-mail nor phone
)

// MostPoints is how many contact points one account may have.
const MostPoints = 10

// ContactPoint is where an account's owner can be reached beside the sign-in address.
type ContactPoint struct {
	ID         string
	Kind       string // EmailPoint or PhonePoint
	Value      string // a phone as "+15035550100"
	VerifiedAt time.Time
	CreatedAt  time.Time
}

// Verified reports whether its owner has shown that it is theirs. Nothing but a code is sent to it before.
func (c ContactPoint) Verified() bool { return !c.VerifiedAt.IsZero() }

// PhoneNumber is a phone number of the North American plan as texts are sent to it, "+15035550100". ok is false where s is
// none.
func PhoneNumber(s string) (number string, ok bool) {
	s = strings.TrimSpace(s)
	digits := make([]byte, 0, 11)
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r == '+' && i == 0, r == ' ', r == '-', r == '.', r == '(', r == ')', r == '/', r == '\u00a0':
		default:
			return "", false
		}
		if len(digits) > 11 {
			return "", false
		}
	}
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	} else if strings.HasPrefix(s, "+") {
		return "", false
	}
	if len(digits) != 10 || digits[0] < '2' || digits[3] < '2' {
		return "", false
	}
	return "+1" + string(digits), true
}

// GroupedPhone is a number as PhoneNumber returns it, as people read it: "503-555-0100". Any other text stays as it is.
func GroupedPhone(number string) string {
	if plain, ok := PhoneNumber(number); !ok || plain != number {
		return number
	}
	return number[2:5] + "-" + number[5:8] + "-" + number[8:]
}

// ContactPoints returns an account's contact points, the oldest first.
func (a *Accounts) ContactPoints(ctx context.Context, accountID string) ([]ContactPoint, error) {
	return a.contactPoints(ctx, a.db.Read(), accountID)
}

func (a *Accounts) contactPoints(ctx context.Context, q db.Queryer, accountID string) (out []ContactPoint, err error) {
	err = db.Each(ctx, q, `SELECT id, kind, value_sealed, verified_at, created_at FROM contact_point WHERE account_id = $1 AND removed_at = 0
		ORDER BY created_at, id`, []any{accountID}, func(rows *sql.Rows) error {
		var c ContactPoint
		var sealed []byte
		var verified, created int64
		if err := rows.Scan(&c.ID, &c.Kind, &sealed, &verified, &created); err != nil {
			return err
		}
		value, err := a.box.Open(sealed, pointPlace(c.ID))
		c.Value, c.VerifiedAt, c.CreatedAt = string(value), db.Time(verified), db.Time(created)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("contact points: %w", err)
	}
	return out, nil
}

// textPhone is the phone that texts go to: the one verified last.
func textPhone(points []ContactPoint) (phone string) {
	var last time.Time
	for _, c := range points {
		if c.Kind == PhonePoint && c.Verified() && !c.VerifiedAt.Before(last) {
			phone, last = c.Value, c.VerifiedAt
		}
	}
	return phone
}

// Everywhere is where an account's owner can be reached: the sign-in address and every other address they have shown to be
// theirs, and their phones. All of them are told of a change that somebody else might have made.
func (a *Accounts) Everywhere(ctx context.Context, tx *db.Tx, accountID string) (emails, phones []string, err error) {
	account, err := a.GetIn(ctx, tx, accountID)
	if err != nil {
		return nil, nil, err
	}
	points, err := a.contactPoints(ctx, tx, accountID)
	emails = []string{account.Email}
	for _, c := range points {
		switch {
		case !c.Verified():
		case c.Kind == EmailPoint:
			emails = append(emails, c.Value)
		default:
			phones = append(phones, c.Value)
		}
	}
	return emails, phones, err
}

// AddContactPoint adds an e-mail address or phone and returns its id. Nothing is sent to it before VerifyContactPoint. One
// that is there already keeps its id. It returns ErrEmail, ErrPhone or ErrPoints.
func (a *Accounts) AddContactPoint(ctx context.Context, tx *db.Tx, now time.Time, accountID, kind, value string) (pointID string, err error) {
	folded := value
	switch kind {
	case EmailPoint:
		if !ValidEmail(value) {
			return "", ErrEmail
		}
		value = trimEmail(value)
		folded = FoldEmail(value)
	case PhonePoint:
		var ok bool
		if value, ok = PhoneNumber(value); !ok {
			return "", ErrPhone
		}
		folded = value
	default:
		return "", errPointKind
	}
	if err := lockAccount(ctx, tx, accountID); err != nil { // two requests at once add one point
		return "", err
	}
	index := a.box.Index(folded, "contact_point/"+accountID)
	n := 0
	err = db.Each(ctx, tx, "SELECT id, value_index FROM contact_point WHERE account_id = $1 AND removed_at = 0", []any{accountID}, func(rows *sql.Rows) error {
		var one, there string
		err := rows.Scan(&one, &there)
		if n++; there == index {
			pointID = one
		}
		return err
	})
	if err != nil || pointID != "" {
		return pointID, err
	}
	if n >= MostPoints {
		return "", ErrPoints
	}
	pointID = id.New("cp")
	sealed, err := a.box.Seal([]byte(value), pointPlace(pointID))
	if err != nil {
		return "", fmt.Errorf("add a contact point: %w", err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO contact_point (id, account_id, kind, value_sealed, value_index, created_at, value_mark) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		pointID, accountID, kind, sealed, index, db.Micros(now), a.pointMark(folded))
	if err != nil {
		return "", fmt.Errorf("add a contact point: %w", err)
	}
	return pointID, nil
}

// lockAccount makes changes to one account wait for each other until the transaction ends. A closed one is NotFound.
func lockAccount(ctx context.Context, tx *db.Tx, accountID string) error {
	return changeAccount(ctx, tx, "lock an account", "UPDATE account SET closed_at = closed_at WHERE id = $1 AND closed_at = 0", accountID)
}

// VerifyContactPoint marks that its owner has shown that a contact point is theirs. One that is not there, or not the
// account's, is NotFound.
func (a *Accounts) VerifyContactPoint(ctx context.Context, tx *db.Tx, now time.Time, accountID, pointID string) error {
	n, err := changed(ctx, tx, "UPDATE contact_point SET verified_at = $3 WHERE id = $1 AND account_id = $2 AND removed_at = 0", pointID, accountID, db.Micros(now))
	if err != nil {
		return fmt.Errorf("verify a contact point: %w", err)
	}
	if n == 0 {
		return errNoPoint
	}
	return nil
}

// RemoveContactPoint removes a contact point, or returns ErrPointNeeded. One that is not there, or not the account's, is
// NotFound.
func (a *Accounts) RemoveContactPoint(ctx context.Context, tx *db.Tx, now time.Time, accountID, pointID string) error {
	if err := lockAccount(ctx, tx, accountID); err != nil {
		return err
	}
	var needed bool
	err := tx.QueryRowContext(ctx, `SELECT second_factor = 'text' AND NOT EXISTS (SELECT 1 FROM contact_point c WHERE c.account_id = a.id
		AND c.kind = 'phone' AND c.verified_at > 0 AND c.removed_at = 0 AND c.id <> $2) FROM account a WHERE a.id = $1`, accountID, pointID).Scan(&needed)
	if err != nil {
		return fmt.Errorf("remove a contact point: %w", err)
	}
	if needed {
		return ErrPointNeeded
	}
	n, err := changed(ctx, tx, "UPDATE contact_point SET removed_at = $3 WHERE id = $1 AND account_id = $2 AND removed_at = 0", pointID, accountID, db.Micros(now))
	if err != nil {
		return fmt.Errorf("remove a contact point: %w", err)
	}
	if n == 0 {
		return errNoPoint
	}
	return nil
}

func pointPlace(pointID string) string { return pointValue.Place(pointID) }
