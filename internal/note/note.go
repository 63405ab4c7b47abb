package note

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/scrub"
	"memberpay/internal/seal"
)

// MaxText is how long a note may be, in characters.
const MaxText = 2000

var noteText = seal.Column{Table: "member_note", Key: "id", Name: "text_sealed"}

// SealedColumns are all columns in which this package keeps sealed values: those whose values a rotation of keys seals again.
var SealedColumns = []seal.Column{noteText}

// Note is one note on a member.
type Note struct {
	ID       string
	MemberID string // row id
	AuthorID string // account id
	Text     string
	Strikes  string // id of the note that this one strikes through, or ""
	StruckBy string // id of the note that strikes this one through, or ""
	At       time.Time
}

// Errors of Write.
var (
	ErrText   = fault.Field("text", "note.text")
	ErrStruck = fault.New(fault.Conflict, "note.struck")    // the earlier note was struck through already
	ErrNone   = fault.New(fault.NotFound, "note.not_found") // there is no such earlier note of this member
)

// Notes writes and reads notes. It is safe for concurrent use.
type Notes struct {
	DB   *db.DB
	Seal *seal.Box
}

// Write keeps a note on a member (row id). Card numbers are taken out first; found is how many. strikes names an earlier
// note of the member that is struck through by this one, "" for none. It returns ErrText, ErrNone or ErrStruck.
func (n *Notes) Write(ctx context.Context, now time.Time, who audit.Who, memberID, text, strikes string) (written Note, found int, err error) {
	text, found = scrub.Cards(scrub.Text(text))
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) || utf8.RuneCountInString(text) > MaxText {
		return Note{}, 0, ErrText
	}
	written = Note{ID: id.New("note"), MemberID: memberID, AuthorID: who.Actor, Text: text, Strikes: strikes, At: now}
	sealed, err := n.Seal.Seal([]byte(text), noteText.Place(written.ID))
	if err != nil {
		return Note{}, 0, fmt.Errorf("write a note: %w", err)
	}
	err = n.DB.Write(ctx, func(tx *db.Tx) error {
		e := who.Did(now, "note.written", written.ID, memberID)
		if strikes != "" {
			var there, struck bool
			err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM member_note WHERE id = $1 AND member_id = $2),
				EXISTS (SELECT 1 FROM member_note WHERE strikes <> '' AND strikes = $1)`, strikes, memberID).Scan(&there, &struck)
			switch {
			case err != nil:
				return err
			case !there:
				return ErrNone
			case struck:
				return ErrStruck
			}
			e.Action, e.Detail = "note.struck", strikes
		}
		if found > 0 {
			e.Detail = strings.TrimSpace(e.Detail + fmt.Sprintf(" %d card numbers taken out", found))
		}
		kept, err := tx.ExecContext(ctx, `INSERT INTO member_note (id, member_id, author_id, text_sealed, strikes, written_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, written.ID, memberID, who.Actor, sealed, strikes, db.Micros(now))
		if err != nil {
			return err
		}
		if rows, err := kept.RowsAffected(); err != nil || rows == 0 { // somebody struck it through at this moment
			if err == nil {
				err = ErrStruck
			}
			return err
		}
		return audit.Append(ctx, tx, e)
	})
	if err != nil {
		return Note{}, 0, fmt.Errorf("write a note: %w", err)
	}
	return written, found, nil
}

// Of returns the notes on a member (row id), newest first, at most limit. One that does not open is an error.
func (n *Notes) Of(ctx context.Context, q db.Queryer, memberID string, limit int) ([]Note, error) {
	var out []Note
	err := db.Each(ctx, q, `SELECT n.id, n.member_id, n.author_id, n.text_sealed, n.strikes, n.written_at, COALESCE(s.id, '') FROM member_note n
		LEFT JOIN member_note s ON s.strikes <> '' AND s.strikes = n.id WHERE n.member_id = $1 ORDER BY n.written_at DESC, n.id DESC LIMIT $2`, []any{memberID, limit}, func(rows *sql.Rows) error {
		var x Note
		var sealed []byte
		var at int64
		if err := rows.Scan(&x.ID, &x.MemberID, &x.AuthorID, &sealed, &x.Strikes, &at, &x.StruckBy); err != nil {
			return err
		}
		text, err := n.Seal.Open(sealed, noteText.Place(x.ID))
		x.Text, x.At = string(text), db.Time(at)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	return out, nil
}
