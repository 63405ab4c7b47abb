package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Config is what Open needs.
type Config struct {
	DB      *db.DB
	Path    string        // of keys.json
	Master  seal.MasterAt // where the master key is
	Columns []seal.Column // every column of sealed values
	Who     audit.Who     // who changes keys, for the audit log; the program itself where empty
	Now     func() time.Time
	Log     *slog.Logger
}

// Keys is the keyset of one program. It is safe for concurrent use.
type Keys struct {
	Config
	Box   *seal.Box
	Clear bool // Look found keys.json in clear, as an older version left it

	masters *seal.Masters
	host    string
	batch   int               // most rows that one transaction seals again
	between func(seal.Column) // tests do something with it after values were read and before they are written

	telling sync.Mutex
	reader  string // row id in key_reader, "" before the first Check
	told    int64  // generation that the row has
	seenAt  time.Time
}

// ErrNone means that there is no keyset yet; a server makes it when it starts.
var ErrNone = errors.New("there is no keyset yet; a server makes it when it starts")

// Open reads the keyset, takes over one of an older version, or makes one where nothing is sealed yet. Wherever a key
// could get lost it returns an error that says what to do, and changes nothing.
func Open(ctx context.Context, c Config) (*Keys, error) {
	k, err := prepare(c)
	if err != nil {
		return nil, err
	}
	set, err := k.reconcile(ctx)
	if err != nil {
		return nil, err
	}
	k.Box = seal.NewBox(set, k.Now)
	k.Box.Renew(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, err := k.look(ctx)
		return err
	})
	return k, nil
}

// Look is Open for programs that only look: it changes nothing, and returns ErrNone where there is no keyset. DB may be
// nil where there is no database yet.
func Look(ctx context.Context, c Config) (*Keys, error) {
	k, err := prepare(c)
	if err != nil {
		return nil, err
	}
	var r row
	if c.DB != nil {
		if r, err = readRow(ctx, c.DB.Read()); err != nil {
			return nil, err
		}
	}
	f, err := seal.ReadFile(ctx, c.Path, k.masters)
	if err != nil {
		return nil, err
	}
	var set *seal.Keyset
	switch {
	case r.generation > 0:
		set, err = k.decide(ctx, r, f)
	case f.Missing:
		return nil, k.nothingSealed(ctx)
	case f.Clear != nil:
		set, err = f.Clear.Keyset()
	case f.Master != nil:
		return nil, f.Master
	default:
		set = f.Keyset
	}
	if err == nil && r.generation == 0 && c.DB != nil {
		err = k.foreign(ctx, set)
	}
	if err != nil {
		return nil, err
	}
	k.Box, k.Clear = seal.NewBox(set, k.Now), f.Clear != nil
	return k, nil
}

// nothingSealed returns ErrNone, or that the keyset is missing.
func (k *Keys) nothingSealed(ctx context.Context) error {
	if k.DB == nil {
		return ErrNone
	}
	if err := k.missing(ctx); err != nil {
		return err
	}
	return ErrNone
}

func prepare(c Config) (*Keys, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Who.Role == "" {
		c.Who = audit.Program
	}
	masters, err := c.Master.Load()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Keys{Config: c, masters: masters, host: fmt.Sprintf("%s (process %d)", host, os.Getpid()), batch: 200}, nil
}

// Close says that this program runs no more, so that nobody waits for it.
func (k *Keys) Close(ctx context.Context) error {
	k.telling.Lock()
	defer k.telling.Unlock()
	if k.reader == "" {
		return nil
	}
	err := k.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM key_reader WHERE id = $1", k.reader)
		return err
	})
	if err != nil {
		return fmt.Errorf("leave the list of servers: %w", err)
	}
	k.reader = ""
	return nil
}
