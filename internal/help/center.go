package help

import (
	"context"
	"log/slog"

	"memberpay/internal/db"
)

// Config is what the help center needs.
type Config struct {
	DB     *db.DB
	Folder string // the organisation's articles; "" for none
	Log    *slog.Logger
}

// Center is the help center.
type Center struct {
	Config
	fixed *Set // shipped, and the folder's
}

// New reads the articles of this binary and of the folder. What is wrong in the folder is logged and left out: "memberpay
// doctor" says it too, and nobody's payment waits for it.
func New(c Config) *Center {
	list, bad := ReadFolder(c.Folder)
	for _, err := range bad {
		c.Log.Warn("an article of the help folder is left out", "err", err)
	}
	return &Center{Config: c, fixed: (&Set{}).with(ReadShipped()).with(list)}
}

// Articles returns every article there is now.
func (c *Center) Articles(ctx context.Context) (*Set, error) { return c.fixed, nil }
