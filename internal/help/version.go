package help

import (
	"database/sql"
	"strings"
	"time"

	"memberpay/internal/db"
)

// Version is one state of an article that was written at the desk.
type Version struct {
	ID        string
	Article   Article // with Version, its number
	WrittenBy string  // account
	WrittenAt time.Time
}

const versionColumns = `v.id, v.slug, v.language, v.number, v.category, v.title, v.summary, v.keywords, v.related, v.body, v.written_by, v.written_at`

func scanVersion(rows *sql.Rows) (Version, error) {
	var (
		v                 Version
		keywords, related string
		at                int64
	)
	err := rows.Scan(&v.ID, &v.Article.Slug, &v.Article.Lang, &v.Article.Version, &v.Article.Category, &v.Article.Title, &v.Article.Summary,
		&keywords, &related, &v.Article.Body, &v.WrittenBy, &at)
	v.Article.Keywords, v.Article.Related, v.WrittenAt = List(keywords), List(related), db.Time(at)
	return v, err
}

func commas(list []string) string { return strings.Join(list, ", ") }
