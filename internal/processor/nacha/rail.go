package nacha

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // windows are in New York's time on machines without time zones too

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Config is what a Rail needs.
type Config struct {
	Database    *db.DB
	Seal        *seal.Box
	Originators map[string]Originator // by payee; at least one
	OutboundDir string                // files for the bank; made where it is missing
	InboundDir  string                // files from the bank; made where it is missing

	Location *time.Location   // of the windows; nil means America/New_York
	Windows  []Window         // nil means DefaultWindows
	Clock    func() time.Time // nil means time.Now
	Log      *slog.Logger     // nil means slog.Default

	// Incomplete accepts return files without file header, file control or batch control, as a few banks send them.
	// Left false, such a file is taken for a cut-off one and refused.
	Incomplete bool
}

// Rail sends bank debits and takes their answers. It is safe for concurrent use, by several processes too.
type Rail struct {
	db          *db.DB
	seal        *seal.Box
	originators map[string]Originator
	payees      []string // keys of originators, sorted
	outbound    string
	inbound     string
	location    *time.Location
	windows     []Window
	clock       func() time.Time
	log         *slog.Logger
	incomplete  bool
	perFile     int

	crash func(point string) error // tests stop the work at a named point with it; nil otherwise
}

// maxPerFile is how many entries one file holds at most.
const maxPerFile = 10_000

// New checks the configuration and returns a Rail. It makes the two folders and touches nothing else. The error lists
// everything that is wrong.
func New(c Config) (*Rail, error) {
	r := &Rail{
		db: c.Database, seal: c.Seal, originators: map[string]Originator{}, outbound: c.OutboundDir,
		inbound: c.InboundDir, location: c.Location, windows: slices.Clone(c.Windows), clock: c.Clock, log: c.Log,
		incomplete: c.Incomplete, perFile: maxPerFile,
	}
	var errs []error
	if r.db == nil || r.seal == nil {
		errs = append(errs, errors.New("bank rail: it needs a database and a keyset"))
	}
	if len(c.Originators) == 0 {
		errs = append(errs, errors.New("bank rail: no payee has bank details"))
	}
	for payee, o := range c.Originators {
		full, err := o.complete(payee)
		errs = append(errs, err)
		r.originators[payee] = full
		r.payees = append(r.payees, payee)
	}
	slices.Sort(r.payees)
	errs = append(errs, r.defaults(), folder("outbound", r.outbound), folder("inbound", r.inbound))
	if r.outbound == r.inbound {
		errs = append(errs, fmt.Errorf("bank rail: outbound and inbound folder are both %q; use two", r.inbound))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rail) defaults() error {
	if r.clock == nil {
		r.clock = time.Now
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	if r.location == nil {
		l, err := time.LoadLocation("America/New_York")
		if err != nil {
			return fmt.Errorf("bank rail: %w", err)
		}
		r.location = l
	}
	if len(r.windows) == 0 {
		r.windows = DefaultWindows()
	}
	for _, w := range r.windows {
		if w.Hour < 0 || w.Hour > 23 || w.Minute < 0 || w.Minute > 59 || w.BankingDays < 0 || w.BankingDays > 5 {
			return fmt.Errorf("bank rail: window %s with %d banking days: write a time of day and 0 to 5 days",
				w, w.BankingDays)
		}
	}
	slices.SortFunc(r.windows, func(a, b Window) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Minute, b.Minute))
	})
	return nil
}

func folder(what, path string) error {
	if path == "" {
		return fmt.Errorf("bank rail: name the %s folder", what)
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return fmt.Errorf("bank rail: %s folder: %w", what, err)
	}
	return nil
}

// at is a point where a process may die. Only tests give it something to do.
func (r *Rail) at(point string) error {
	if r.crash == nil {
		return nil
	}
	return r.crash(point)
}
