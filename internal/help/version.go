package help

import (
	"context"
	"database/sql"
	"fmt"
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
	Shown     bool // it is the one that readers see
}

const versionColumns = `v.id, v.slug, v.language, v.number, v.category, v.title, v.summary, v.keywords, v.related, v.body, v.written_by, v.written_at`

func scanVersion(rows *sql.Rows, more ...any) (Version, error) {
	var (
		v                 Version
		keywords, related string
		at                int64
	)
	err := rows.Scan(append([]any{&v.ID, &v.Article.Slug, &v.Article.Lang, &v.Article.Version, &v.Article.Category, &v.Article.Title, &v.Article.Summary,
		&keywords, &related, &v.Article.Body, &v.WrittenBy, &at}, more...)...)
	v.Article.Source = Published
	v.Article.Keywords, v.Article.Related, v.WrittenAt = List(keywords), List(related), db.Time(at)
	return v, err
}

func commas(list []string) string { return strings.Join(list, ", ") }

// Versions are what was written at the desk for a slug, the newest first, with or without those that readers see.
func (c *Center) Versions(ctx context.Context, slug string) ([]Version, error) {
	return c.versions(ctx, "WHERE v.slug = $1 ORDER BY v.written_at DESC, v.number DESC", slug)
}

// Version is one of them. It returns ErrNoVersion.
func (c *Center) Version(ctx context.Context, slug, version string) (Version, error) {
	list, err := c.versions(ctx, "WHERE v.slug = $1 AND v.id = $2", slug, version)
	if err == nil && len(list) == 0 {
		err = ErrNoVersion
	}
	if err != nil {
		return Version{}, err
	}
	return list[0], nil
}

// Shown are the versions that readers see, of all articles.
func (c *Center) Shown(ctx context.Context) ([]Version, error) {
	return c.versions(ctx, "WHERE p.version_id IS NOT NULL")
}

// Fixed is the article that readers see where none is written at the desk: the folder's, or the shipped one.
func (c *Center) Fixed(lang, slug string) (Article, bool) { return c.fixed().Exactly(lang, slug) }

func (c *Center) versions(ctx context.Context, where string, args ...any) ([]Version, error) {
	var out []Version
	err := db.Each(ctx, c.DB.Read(), "SELECT "+versionColumns+", CASE WHEN p.version_id IS NULL THEN 0 ELSE 1 END FROM help_version v LEFT JOIN help_published p ON p.version_id = v.id "+where, args,
		func(rows *sql.Rows) error {
			var shown int64
			v, err := scanVersion(rows, &shown)
			v.Shown = shown == 1
			out = append(out, v)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the versions of an article: %w", err)
	}
	return out, nil
}
