package household

import (
	"log/slog"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/seal"
)

// Config is what New needs.
type Config struct {
	DB       *db.DB
	Accounts *identity.Accounts
	Seal     *seal.Box
	Outbox   *event.Outbox
	CanText  bool             // text messages are sent
	CanPrint bool             // letters are printed and posted
	BaseURL  string           // public address of the portal, without a slash at the end
	Now      func() time.Time // time.Now where nil
	Log      *slog.Logger     // slog.Default where nil
}

// Households does what households ask for. It is safe for concurrent use; several processes share the work.
type Households struct{ Config }

// New returns Households.
func New(c Config) *Households {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Households{c}
}
