package help

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Config is what the help center needs.
type Config struct {
	DB     *db.DB
	Seal   *seal.Box
	Folder string // the organisation's articles; "" for none
	Log    *slog.Logger
	// Page reports whether readers find a page at a path of this site, for the links of what is written at the desk. nil
	// looks at links to the help center alone.
	Page func(path string) bool
}

// Center is the help center.
type Center struct {
	Config
	fixed func() *Set // shipped, and the folder's; read when somebody first asks

	mu  sync.Mutex // one reader makes the next state
	now atomic.Pointer[state]
}

// state is what the articles were at one moment.
type state struct {
	change  int64 // of help_state
	set     *Set
	indexes map[string]*index
}

// New reads the articles of this binary and of the folder. What is wrong in the folder is logged and left out: "memberpay
// doctor" says it too, and nobody's payment waits for it.
func New(c Config) *Center {
	return &Center{Config: c, fixed: sync.OnceValue(func() *Set {
		list, bad := ReadFolder(c.Folder)
		for _, err := range bad {
			c.Log.Warn("something in the help folder is left out", "err", err)
		}
		return (&Set{}).with(ReadShipped()).with(list)
	})}
}

// Articles returns every article there is now, those that another node has just published too.
func (c *Center) Articles(ctx context.Context) (*Set, error) {
	now, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	return now.set, nil
}

// current is the state of now. It is made anew where something was published since.
func (c *Center) current(ctx context.Context) (*state, error) {
	change, err := lastChange(ctx, c.DB.Read())
	if err != nil {
		return nil, err
	}
	if now := c.now.Load(); now != nil && now.change == change {
		return now, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now.Load(); now != nil && now.change >= change {
		return now, nil
	}
	next := &state{indexes: map[string]*index{}}
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		// The row is locked before anything is read, by writing it: what is read is what its change counts, and nodes that
		// start together make the index one after the other.
		var indexed string
		if err := tx.QueryRowContext(ctx, "UPDATE help_state SET change = change WHERE id = 1 RETURNING change, indexed").Scan(&next.change, &indexed); err != nil {
			return err
		}
		list, err := published(ctx, tx)
		if err != nil {
			return err
		}
		next.set = c.fixed().with(list)
		for _, lang := range Languages {
			next.indexes[lang] = newIndex(lang, next.set.In(lang, ""))
		}
		return next.store(ctx, tx, indexed)
	})
	if err != nil {
		return nil, fmt.Errorf("read the articles: %w", err)
	}
	c.now.Store(next)
	return next, nil
}

func lastChange(ctx context.Context, q db.Queryer) (change int64, err error) {
	if err = q.QueryRowContext(ctx, "SELECT change FROM help_state WHERE id = 1").Scan(&change); err != nil {
		return 0, fmt.Errorf("has the help center changed: %w", err)
	}
	return change, nil
}

// store writes the index of words where indexed says that it was made of other articles.
func (s *state) store(ctx context.Context, tx *db.Tx, indexed string) error {
	sum := sha256.New()
	var rows [][]any
	for _, lang := range Languages {
		for _, a := range s.set.In(lang, "") {
			row := []any{a.Slug, lang, join(lang, a.Title), join(lang, strings.Join(a.Keywords, " ")), join(lang, a.Summary), join(lang, a.Plain(Facts{}))}
			fmt.Fprintln(sum, row...)
			rows = append(rows, row)
		}
	}
	made := hex.EncodeToString(sum.Sum(nil))
	if indexed == made {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM help_doc"); err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := tx.ExecContext(ctx, "INSERT INTO help_doc (slug, language, title, keywords, summary, body) VALUES ($1, $2, $3, $4, $5, $6)", row...); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE help_state SET indexed = $1 WHERE id = 1", made)
	return err
}

func join(lang, text string) string { return strings.Join(stems(lang, text), " ") }

// published are the articles that were written at the desk and that readers see.
func published(ctx context.Context, q db.Queryer) ([]Article, error) {
	var out []Article
	err := db.Each(ctx, q, "SELECT "+versionColumns+` FROM help_published p JOIN help_version v ON v.id = p.version_id`, nil, func(rows *sql.Rows) error {
		v, err := scanVersion(rows)
		out = append(out, v.Article)
		return err
	})
	return out, err
}
