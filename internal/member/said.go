package member

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/id"
)

// Part is one way in which a member is reached, or the language in which they are.
type Part string

// The parts. A home is street, city, state and ZIP code together.
const (
	EmailPart    Part = "email"
	PhonePart    Part = "phone"
	HomePart     Part = "home"
	LanguagePart Part = "language"
)

// Parts are all parts, in the order in which they are shown.
var Parts = []Part{EmailPart, PhonePart, HomePart, LanguagePart}

// Contact is how a member is reached. Of one Part, only its own fields are set.
type Contact struct {
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Street   string `json:"street,omitempty"` // lines, separated by line breaks
	City     string `json:"city,omitempty"`
	State    string `json:"state,omitempty"`
	ZIP      string `json:"zip,omitempty"`
	Language string `json:"language,omitempty"`
}

// Contact is one part of how m is reached.
func (m Member) Contact(p Part) Contact {
	switch p {
	case EmailPart:
		return Contact{Email: m.Email}
	case PhonePart:
		return Contact{Phone: m.Phone}
	case HomePart:
		return Contact{Street: m.Street, City: m.City, State: m.State, ZIP: m.ZIP}
	}
	return Contact{Language: m.Language}
}

// reach takes over one part of c.
func (m *Member) reach(p Part, c Contact) {
	switch p {
	case EmailPart:
		m.Email = c.Email
	case PhonePart:
		m.Phone = c.Phone
	case HomePart:
		m.Street, m.City, m.State, m.ZIP = c.Street, c.City, c.State, c.ZIP
	case LanguagePart:
		m.Language = c.Language
	}
}

// Same reports whether two contacts are one however they are written. A five-digit ZIP code is that of nine.
func (c Contact) Same(other Contact) bool { return c.folded(other) == other.folded(c) }

// folded is c as it is compared with another.
func (c Contact) folded(other Contact) Contact {
	words := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	out := Contact{Email: words(c.Email), Phone: FoldPhone(c.Phone), Street: words(c.Street), City: words(c.City), State: words(c.State), ZIP: words(c.ZIP),
		Language: words(c.Language)}
	if out.Phone == "" {
		out.Phone = words(c.Phone)
	}
	if len(c.ZIP) == 5 || len(other.ZIP) == 5 {
		out.ZIP = first5(c.ZIP)
	}
	return out
}

// over is one part of how somebody is reached, and what in says of it over that.
func (in Incoming) over(p Part, known Contact) Contact {
	var m Member
	m.reach(p, known)
	merge(&m, Incoming{Email: in.Email, Phone: in.Phone, Street: in.Street, City: in.City, State: in.State, ZIP: in.ZIP, Language: in.Language})
	return m.Contact(p)
}

// names reports whether c says something, and something of everything that the source spoke of before: otherwise it may be
// another source.
func (c Contact) names(source Contact) bool {
	if c == (Contact{}) {
		return false
	}
	for _, of := range [][2]string{{source.Street, c.Street}, {source.City, c.City}, {source.State, c.State}, {source.ZIP, c.ZIP}} {
		if of[0] != "" && of[1] == "" {
			return false
		}
	}
	return true
}

// Contact is one part of what in says.
func (in Incoming) Contact(p Part) Contact {
	return Member{Email: in.Email, Phone: in.Phone, Street: in.Street, City: in.City, State: in.State, ZIP: in.ZIP, Language: in.Language}.Contact(p)
}

// silent is in without one part.
func (in Incoming) silent(p Part) Incoming {
	m := Member{Email: in.Email, Phone: in.Phone, Street: in.Street, City: in.City, State: in.State, ZIP: in.ZIP, Language: in.Language}
	m.reach(p, Contact{})
	in.Email, in.Phone, in.Street, in.City, in.State, in.ZIP, in.Language = m.Email, m.Phone, m.Street, m.City, m.State, m.ZIP, m.Language
	return in
}

// How a Saying ends.
const (
	Agreed    = "agreed"    // the source says the same
	Overruled = "overruled" // the source says something that it did not say before
	Again     = "again"     // the member said something else
)

// Saying is what a member said of a part where the source says something else.
type Saying struct {
	ID       string
	MemberID string // row id
	Part     Part
	Source   Contact // what the source says
	SaidAt   time.Time
}

const sayingFields = "id, member_id, part, source, said_at"

func scanSaying(row interface{ Scan(...any) error }) (Saying, error) {
	var s Saying
	var source string
	var at int64
	if err := row.Scan(&s.ID, &s.MemberID, &s.Part, &source, &at); err != nil {
		return Saying{}, err
	}
	s.SaidAt = db.Time(at)
	return s, json.Unmarshal([]byte(source), &s.Source)
}

// Sayings returns what members said and the source does not say yet, the oldest first, at most limit.
func Sayings(ctx context.Context, q db.Queryer, limit int) (out []Saying, err error) {
	err = db.Each(ctx, q, "SELECT "+sayingFields+" FROM member_said WHERE ended_at = 0 ORDER BY said_at, id LIMIT $1", []any{limit}, func(rows *sql.Rows) error {
		s, err := scanSaying(rows)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what members said: %w", err)
	}
	return out, nil
}

// SayingByID returns what a member said and the source does not say yet; ok is false where there is none any more.
func SayingByID(ctx context.Context, q db.Queryer, sayingID string) (s Saying, ok bool, err error) {
	s, err = scanSaying(q.QueryRowContext(ctx, "SELECT "+sayingFields+" FROM member_said WHERE id = $1 AND ended_at = 0", sayingID))
	if errors.Is(err, sql.ErrNoRows) {
		return Saying{}, false, nil
	}
	if err != nil {
		return Saying{}, false, fmt.Errorf("what a member said: %w", err)
	}
	return s, true, nil
}

// Say changes one part of how a member (row id) is reached because they said so, and returns them as they were before.
// What they said stands until the source says the same or something new: what it merely repeats does not undo it. The
// caller serialises it with imports (bill.LockImports).
func Say(ctx context.Context, tx *db.Tx, now time.Time, rowID string, part Part, c Contact) (was Member, err error) {
	if was, err = Get(ctx, tx, rowID); err != nil {
		return Member{}, err
	}
	source := was.Contact(part)
	open, err := scanSaying(tx.QueryRowContext(ctx, "SELECT "+sayingFields+" FROM member_said WHERE ended_at = 0 AND member_id = $1 AND part = $2", rowID, part))
	switch {
	case err == nil:
		source = open.Source
		if err := endSaying(ctx, tx, now, open.ID, Again); err != nil {
			return Member{}, err
		}
	case !errors.Is(err, sql.ErrNoRows):
		return Member{}, fmt.Errorf("what a member said: %w", err)
	}
	is := was
	is.reach(part, c)
	if err := update(ctx, tx, now, &is); err != nil {
		return Member{}, err
	}
	if err := renameSearch(ctx, tx, was, is); err != nil {
		return Member{}, err
	}
	if source.Same(is.Contact(part)) {
		return was, nil
	}
	text, err := json.Marshal(source)
	if err != nil {
		return Member{}, err
	}
	return was, tx.Later(ctx, "note what a member said", "INSERT INTO member_said (id, member_id, part, source, said_at) VALUES ($1, $2, $3, $4, $5)",
		id.New("say"), rowID, part, string(text), db.Micros(now))
}

// Lock keeps others from changing a member (row id), or from locking them, until the end of the transaction.
func Lock(ctx context.Context, tx *db.Tx, rowID string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE member SET id = id WHERE id = $1", rowID); err != nil {
		return fmt.Errorf("lock a member: %w", err)
	}
	return nil
}

// Before returns what one part of a member (row id) was before they first said something else of it after a time. ok is false
// where they said nothing.
func Before(ctx context.Context, q db.Queryer, rowID string, part Part, after time.Time) (c Contact, ok bool, err error) {
	s, err := scanSaying(q.QueryRowContext(ctx, "SELECT "+sayingFields+" FROM member_said WHERE member_id = $1 AND part = $2 AND said_at > $3 ORDER BY said_at, id LIMIT 1",
		rowID, part, db.Micros(after)))
	if errors.Is(err, sql.ErrNoRows) {
		return Contact{}, false, nil
	}
	if err != nil {
		return Contact{}, false, fmt.Errorf("what a member said before: %w", err)
	}
	return s.Source, true, nil
}

func endSaying(ctx context.Context, tx *db.Tx, now time.Time, sayingID, ending string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE member_said SET ended_at = $2, ending = $3 WHERE id = $1 AND ended_at = 0", sayingID, db.Micros(now), ending); err != nil {
		return fmt.Errorf("end what a member said: %w", err)
	}
	return nil
}

// readSayings reads what the members of a batch said.
func (p *people) readSayings(ctx context.Context, tx *db.Tx) error {
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(p.rows)), 500) {
		err := db.Each(ctx, tx, "SELECT "+sayingFields+" FROM member_said WHERE ended_at = 0 AND member_id IN "+db.In(1, len(chunk)), db.Args(chunk), func(rows *sql.Rows) error {
			s, err := scanSaying(rows)
			p.said[s.MemberID] = append(p.said[s.MemberID], s)
			return err
		})
		if err != nil {
			return fmt.Errorf("read what members said: %w", err)
		}
	}
	return nil
}

// heard is in without what the source merely repeats, or says a part of, against what the member said. What it says anew stands: m then is
// reached as the source said before, for in to be merged into. ended are the sayings that are over, by id, and how.
func (p *people) heard(m *Member, in Incoming) (out Incoming, ended map[string]string) {
	if len(p.said[m.ID]) == 0 {
		return in, nil
	}
	var stay []Saying
	ended = map[string]string{}
	for _, s := range p.said[m.ID] {
		is := m.Contact(s.Part)
		switch {
		case in.over(s.Part, s.Source).Same(s.Source), !in.Contact(s.Part).names(s.Source): // a claim, say, with no more than a ZIP code
			in, stay = in.silent(s.Part), append(stay, s)
		case in.over(s.Part, is).Same(is):
			ended[s.ID] = Agreed
		default:
			ended[s.ID] = Overruled
			m.reach(s.Part, s.Source)
		}
	}
	p.said[m.ID] = stay
	return in, ended
}
