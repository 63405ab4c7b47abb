package member

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// Holder is somebody for whom a number was printed, and when it was theirs.
type Holder struct {
	Member
	Kind  string   // "member_id", "subscriber", ...
	From  day.Date // zero where nobody said
	Until day.Date // last day; zero while it is theirs
}

// On reports whether the number was the person's on a day. A zero day is before every other.
func (h Holder) On(d day.Date) bool {
	return !d.Before(h.From) && (h.Until.IsZero() || !d.After(h.Until))
}

// Holders returns everybody for whom a number was ever printed that folds like number, and when it was theirs: at most
// 20, an empty list where there is nobody. It does the same work either way.
func Holders(ctx context.Context, q db.Queryer, number string) ([]Holder, error) {
	var out []Holder
	err := db.Each(ctx, q, "SELECT "+qualified+`, n.kind, n.valid_from, n.valid_until FROM member_number AS n JOIN member ON member.id = n.member_id
		WHERE n.folded = $1 ORDER BY member.id LIMIT 20`, []any{id.Fold(number)}, func(rows *sql.Rows) error {
		var h Holder
		m, err := scan(withMore{rows, []any{&h.Kind, &h.From, &h.Until}})
		h.Member = m
		out = append(out, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find who holds a number: %w", err)
	}
	return out, nil
}

// qualified is fields with the table's name.
var qualified = "member." + strings.ReplaceAll(fields, ", ", ", member.")

// withMore scans further columns behind those of scan.
type withMore struct {
	rows *sql.Rows
	more []any
}

func (w withMore) Scan(dest ...any) error { return w.rows.Scan(append(dest, w.more...)...) }

// HeldOn narrows the holders of one number to those whose it was on a day. Where it was nobody's then, they are those to
// whom it had belonged last, or, on a day before anybody had it, all. Somebody with the name and date of birth of one who
// stays, stays too: a person may be known twice.
func HeldOn(list []Holder, on day.Date) []Holder {
	var last day.Date // the end of the latest time before that day
	current := false
	for _, h := range list {
		current = current || h.On(on)
		if !h.Until.IsZero() && h.Until.Before(on) && h.Until.After(last) {
			last = h.Until
		}
	}
	stays := func(h Holder) bool {
		switch {
		case current:
			return h.On(on)
		case !last.IsZero():
			return h.Until == last
		}
		return true
	}
	var out []Holder
	for _, h := range list {
		keep := stays(h)
		for _, o := range list {
			keep = keep || (stays(o) && same(h.Member, o.Member))
		}
		if keep {
			out = append(out, h)
		}
	}
	return out
}

// same reports whether two rows are surely one person: one full name and one date of birth.
func same(a, b Member) bool {
	return !a.BirthDate.IsZero() && a.BirthDate == b.BirthDate && FoldName(a.Given) != "" &&
		FoldName(a.Given) == FoldName(b.Given) && FoldName(a.Family) == FoldName(b.Family)
}

// Errors of AddAlias.
var (
	ErrAliasEmpty   = fault.Field("old", "alias.empty")
	ErrAliasDates   = fault.Field("until", "alias.dates")
	ErrAliasCurrent = fault.Field("old", "alias.current")  // it is the person's number now
	ErrAliasOther   = fault.Field("until", "alias.others") // it is another person's number now, so an end is needed
)

// AddAlias notes that a number was printed for a person in earlier times, from and until which days (both may be zero).
// The number finds the person from now on; where somebody else holds it later, whoever holds it on the day in question
// comes first. Noting it again changes the days.
func AddAlias(ctx context.Context, tx *db.Tx, rowID, number string, from, until day.Date) error {
	m, err := Get(ctx, tx, rowID)
	if err != nil {
		return err
	}
	holders, err := Holders(ctx, tx, number)
	if err != nil {
		return err
	}
	switch {
	case id.Fold(number) == "" || len(number) > 200:
		return ErrAliasEmpty
	case !until.IsZero() && until.Before(from):
		return ErrAliasDates
	case id.Fold(m.MemberID) == id.Fold(number):
		return ErrAliasCurrent
	}
	for _, h := range holders {
		if h.ID != m.ID && id.Fold(h.MemberID) == id.Fold(number) && until.IsZero() && !same(h.Member, m) {
			return ErrAliasOther
		}
	}
	return insertNumbers(ctx, tx, map[numberKey]printed{{id.Fold(number), m.ID}: {Number: Number{Kind: "member_id", Value: number, From: from, Until: until}, dated: true}})
}

// Ending is the end of a number, to tell people apart by: the last four characters, or two of a short one.
func Ending(number string) string {
	r := []rune(number)
	n := 4
	if len(r) < 8 {
		n = 2
	}
	return string(r[max(0, len(r)-n):])
}
