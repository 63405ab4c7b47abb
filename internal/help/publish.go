package help

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/id"
)

// What is refused at the desk.
var (
	// ErrMeanwhile is a change that began from another version than the one that readers see now.
	ErrMeanwhile = fault.New(fault.Conflict, "help.meanwhile")
	// ErrWrong is an article with something in it that Check refuses.
	ErrWrong = fault.New(fault.Invalid, "help.wrong")
	// ErrLedTo is an article that nobody would find any more while others link to it.
	ErrLedTo = fault.New(fault.Conflict, "help.led_to")
	// ErrNoVersion is a version that is not there.
	ErrNoVersion = fault.New(fault.NotFound, "help.version")
)

// Draft is an article as it is to be published.
type Draft struct {
	Article Article
	From    string // the version that readers saw when its writer began; "" where none was written at the desk
}

// Publish shows drafts to readers, each as a new version, all or none. It returns ErrWrong where Check finds something, and
// ErrMeanwhile where somebody has published, gone back or withdrawn since a writer began.
func (c *Center) Publish(ctx context.Context, now time.Time, who audit.Who, drafts []Draft) error {
	for _, d := range drafts {
		bad, err := c.Check(ctx, d.Article)
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			return fmt.Errorf("%w: %w", ErrWrong, bad[0])
		}
	}
	return c.change(ctx, "publish", func(tx *db.Tx) error {
		for _, d := range drafts {
			if err := began(ctx, tx, d.Article, d.From); err != nil {
				return err
			}
			a, version := d.Article, id.New("hvr")
			if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(number), 0) + 1 FROM help_version WHERE slug = $1 AND language = $2", a.Slug, a.Lang).Scan(&a.Version); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO help_version (id, slug, language, number, category, title, summary, keywords, related, body, written_by, written_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, version, a.Slug, a.Lang, a.Version, a.Category, a.Title, a.Summary, commas(a.Keywords),
				commas(a.Related), a.Body, who.Actor, db.Micros(now)); err != nil {
				return err
			}
			if err := show(ctx, tx, now, a, version); err != nil {
				return err
			}
			if err := audit.Append(ctx, tx, did(who, now, "help.published", a)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Show shows a version to readers again, in the place of the one of now. from is what readers saw when it was asked for. It
// returns ErrNoVersion and ErrMeanwhile.
func (c *Center) Show(ctx context.Context, now time.Time, who audit.Who, slug, version, from string) error {
	v, err := c.Version(ctx, slug, version)
	if err != nil {
		return err
	}
	return c.change(ctx, "go back", func(tx *db.Tx) error {
		if err := began(ctx, tx, v.Article, from); err != nil {
			return err
		}
		if err := show(ctx, tx, now, v.Article, v.ID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, did(who, now, "help.shown_again", v.Article))
	})
}

// Withdraw takes what was written at the desk away from readers, who see the folder's article or the shipped one again, or
// none. Versions stay. It returns ErrMeanwhile, ErrNoVersion where nothing is shown, and ErrLedTo where others link to an
// article that would be gone.
func (c *Center) Withdraw(ctx context.Context, now time.Time, who audit.Who, slug, lang, from string) error {
	if from == "" {
		return ErrNoVersion
	}
	leading, err := c.Leading(ctx, slug, lang)
	if err != nil {
		return err
	}
	if len(leading) > 0 {
		return ErrLedTo
	}
	a := Article{Slug: slug, Lang: lang}
	return c.change(ctx, "withdraw", func(tx *db.Tx) error {
		if err := began(ctx, tx, a, from); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT number FROM help_version WHERE id = $1", from).Scan(&a.Version); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM help_published WHERE slug = $1 AND language = $2", slug, lang); err != nil {
			return err
		}
		return audit.Append(ctx, tx, did(who, now, "help.withdrawn", a))
	})
}

// Leading are the articles that link to one, in their text or as related, which nobody would find any more without what was written at the desk in a
// language; none where it would still be found.
func (c *Center) Leading(ctx context.Context, slug, lang string) ([]Article, error) {
	set, err := c.Articles(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := c.Fixed(lang, slug); ok {
		return nil, nil
	}
	for _, other := range Languages {
		if _, ok := set.Exactly(other, slug); ok && other != lang {
			return nil, nil
		}
	}
	var out []Article
	for _, l := range Languages {
		for _, a := range set.In(l, "") {
			if a.Lang == l && a.Slug != slug && (leads(a, slug) || slices.Contains(a.Related, slug)) {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

func did(who audit.Who, now time.Time, action string, a Article) audit.Entry {
	e := who.Did(now, action, a.Slug, "")
	e.Detail = fmt.Sprintf("%s version %d", a.Lang, a.Version)
	return e
}

// change runs what changes the articles that readers see: one after the other on all nodes, which notice by the count.
func (c *Center) change(ctx context.Context, what string, fn func(tx *db.Tx) error) error {
	err := c.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE help_state SET change = change + 1 WHERE id = 1"); err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("%s an article: %w", what, err)
	}
	return nil
}

// began returns ErrMeanwhile where readers see another version now than when a change began.
func began(ctx context.Context, tx *db.Tx, a Article, from string) error {
	var version string
	err := tx.QueryRowContext(ctx, "SELECT version_id FROM help_published WHERE slug = $1 AND language = $2", a.Slug, a.Lang).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != from {
		return ErrMeanwhile
	}
	return nil
}

func show(ctx context.Context, tx *db.Tx, now time.Time, a Article, version string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO help_published (slug, language, version_id, published_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (slug, language) DO UPDATE SET version_id = excluded.version_id, published_at = excluded.published_at`, a.Slug, a.Lang, version, db.Micros(now))
	return err
}
