package help

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/scrub"
)

// LongestComment is how many characters a reader may write about an article.
const LongestComment = 1000

// ErrLongComment is the fault of Tell for a comment of more than LongestComment characters.
var ErrLongComment = fault.Field("comment", "help.comment.long")

// Feedback is what one reader says about an article.
type Feedback struct {
	Helpful bool
	Comment string // "" for none
	GivenAt time.Time
}

// Tell keeps what a reader says about an article. Card numbers in the comment are taken out before it is sealed; found is how
// many there were. Nothing of who says it is kept. It returns ErrLongComment.
func (c *Center) Tell(ctx context.Context, now time.Time, a Article, helpful bool, comment string) (found int, err error) {
	if comment = scrub.Text(comment); len([]rune(comment)) > LongestComment {
		return 0, ErrLongComment
	}
	row, yes := id.New("hfb"), 0
	if helpful {
		yes = 1
	}
	var sealed []byte
	if comment != "" {
		comment, found = scrub.Cards(comment)
		if sealed, err = c.Seal.Seal([]byte(comment), feedbackComment.Place(row)); err != nil {
			return 0, fmt.Errorf("keep a comment: %w", err)
		}
	}
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO help_feedback (id, slug, language, version, helpful, comment_sealed, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			row, a.Slug, a.Lang, a.Version, yes, sealed, db.Micros(now))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keep what a reader says: %w", err)
	}
	return found, nil
}

// Opinion is what readers say about an article, in both languages together.
type Opinion struct{ Yes, No int64 }

// Opinions are what readers said since a moment, by slug.
func (c *Center) Opinions(ctx context.Context, since time.Time) (map[string]Opinion, error) {
	out := map[string]Opinion{}
	err := db.Each(ctx, c.DB.Read(), `SELECT slug, CAST(SUM(helpful) AS BIGINT), COUNT(*) FROM help_feedback WHERE given_at >= $1 GROUP BY slug`,
		[]any{db.Micros(since)}, func(rows *sql.Rows) error {
			var (
				slug     string
				yes, all int64
			)
			err := rows.Scan(&slug, &yes, &all)
			out[slug] = Opinion{Yes: yes, No: all - yes}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read what readers say: %w", err)
	}
	return out, nil
}

// Comments are the newest comments about an article in a language, at most limit.
func (c *Center) Comments(ctx context.Context, slug, lang string, limit int) ([]Feedback, error) {
	var out []Feedback
	err := db.Each(ctx, c.DB.Read(), `SELECT id, helpful, comment_sealed, given_at FROM help_feedback WHERE slug = $1 AND language = $2 AND comment_sealed IS NOT NULL
		ORDER BY given_at DESC LIMIT $3`, []any{slug, lang, limit}, func(rows *sql.Rows) error {
		var (
			row     string
			yes, at int64
			sealed  []byte
		)
		if err := rows.Scan(&row, &yes, &sealed, &at); err != nil {
			return err
		}
		text, err := c.Seal.Open(sealed, feedbackComment.Place(row))
		out = append(out, Feedback{Helpful: yes == 1, Comment: string(text), GivenAt: db.Time(at)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	return out, nil
}
