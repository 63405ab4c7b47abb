package payment

import (
	"log/slog"
	"sync"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/processor"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
)

// Payments takes and returns money. Make one with New; it is safe for concurrent use. Close it to stop its submitters.
type Payments struct {
	db      *db.DB
	cards   processor.Cards
	bank    *nacha.Rail
	outbox  *event.Outbox
	seal    *seal.Box
	now     func() time.Time
	log     *slog.Logger
	timeout time.Duration
	descr   map[string]string

	queue   chan *submission
	sizes   []int // of groups of submissions, descending; any size where nil
	stop    chan struct{}
	running sync.WaitGroup
}

// Config is what New needs.
type Config struct {
	DB            *db.DB
	Cards         processor.Cards
	Bank          *nacha.Rail
	Outbox        *event.Outbox     // takes the letters to payers
	Seal          *seal.Box         // seals what staff write about refunds
	Now           func() time.Time  // time.Now where nil
	Log           *slog.Logger      // slog.Default where nil
	ChargeTimeout time.Duration     // how long a payer waits for the card processor; 20 s where 0
	Descriptors   map[string]string // by payee: what a card statement says
}

// New starts the submitters and returns Payments.
func New(c Config) *Payments {
	p := &Payments{db: c.DB, cards: c.Cards, bank: c.Bank, outbox: c.Outbox, seal: c.Seal, now: c.Now, log: c.Log, timeout: c.ChargeTimeout, descr: c.Descriptors,
		queue: make(chan *submission), stop: make(chan struct{})}
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.timeout == 0 {
		p.timeout = 20 * time.Second
	}
	submitters := 1 // SQLite has one writer
	if c.DB.Engine == db.Postgres {
		submitters, p.sizes = 2, preparedSizes
	}
	for range submitters {
		p.running.Add(1)
		go p.submitter()
	}
	return p
}

// Close stops the submitters after the submissions they hold. Submit must not be called afterwards.
func (p *Payments) Close() {
	close(p.stop)
	p.running.Wait()
}
