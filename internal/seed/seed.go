package seed

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Most is how many members can be seeded.
const Most = 20_000_000

// Config says what to seed.
type Config struct {
	DB      *db.DB
	Seal    *seal.Box // seals the invented account numbers
	Members int       // 1 to Most
	Workers int       // blocks written at once; 1 on SQLite whatever it says, 4 where 0
	// Progress, where not nil, is called after every block, never twice at once.
	Progress func(Report)
}

// Report counts what is in the database so far. Where a run continues an earlier one, both are counted.
type Report struct {
	Members  int           `json:"members"`
	Of       int           `json:"of"`
	Bills    int           `json:"bills"`
	Payments int           `json:"payments"`
	Resumed  int           `json:"resumed"` // members that an earlier run had made
	Took     time.Duration `json:"-"`
	Seconds  float64       `json:"seconds"`
}

// Errors of Run.
var (
	// ErrNotEmpty: there are members that no seeding made.
	ErrNotEmpty = errors.New("the database is not empty: seed only a new one")
	// ErrOther: the database was seeded, wholly or in part, for another number of members.
	ErrOther = errors.New("the database was seeded for another number of members")
)

// progress is the row of setting that says what was seeded.
type progress struct {
	Members int `json:"members"`
}

const (
	settingName  = "seed"
	blockSetting = "seed/"
)

// done is what is kept of a finished block.
type done struct{ Bills, Payments int }

// Run seeds the database, or continues where a run for the same number of members stopped; one that is complete is left
// alone. ErrNotEmpty and ErrOther mean that nothing was written. An error in between leaves whole blocks, and the next
// Run goes on from there.
func Run(ctx context.Context, c Config) (Report, error) {
	if c.Members < 1 || c.Members > Most {
		return Report{}, fmt.Errorf("seed %d members: choose 1 to %d", c.Members, Most)
	}
	began := time.Now()
	blocks := (c.Members + perBlock - 1) / perBlock
	key, finished, err := begin(ctx, c, blocks)
	if err != nil {
		return Report{}, err
	}
	report := Report{Of: c.Members}
	count := func(number int, d done) {
		report.Members += membersOf(c, number)
		report.Bills += d.Bills
		report.Payments += d.Payments
	}
	for number, d := range finished {
		count(number, d)
	}
	report.Resumed = report.Members
	workers := c.Workers
	switch {
	case c.DB.Engine == db.SQLite:
		workers = 1
	case workers < 1:
		workers = 4
	}
	var mu sync.Mutex
	err = eachBlock(ctx, workers, blocks, finished, func(ctx context.Context, number int, texts *statements) error {
		d, err := writeBlock(ctx, c, number, key, texts)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		count(number, d)
		report.Took = time.Since(began)
		report.Seconds = report.Took.Seconds()
		if c.Progress != nil {
			c.Progress(report)
		}
		return nil
	})
	if err == nil && c.DB.Engine == db.Postgres && report.Members > report.Resumed {
		err = analyze(ctx, c.DB)
	}
	report.Took = time.Since(began)
	report.Seconds = report.Took.Seconds()
	return report, err
}

func membersOf(c Config, number int) int { return min(perBlock, c.Members-number*perBlock) }

// begin claims the database for this number of members and returns the blocks that are there already.
func begin(ctx context.Context, c Config, blocks int) (key [32]byte, finished map[int]done, err error) {
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		finished = map[int]done{}
		was, err := readProgress(ctx, tx)
		switch {
		case err != nil:
			return err
		case was.Members == 0:
			var one string
			err := tx.QueryRowContext(ctx, "SELECT id FROM member LIMIT 1").Scan(&one)
			if !errors.Is(err, sql.ErrNoRows) {
				return errors.Join(ErrNotEmpty, err)
			}
			if err := claim(ctx, tx, c.Members, blocks); err != nil {
				return err
			}
		case was.Members != c.Members:
			return fmt.Errorf("%w: --members %d; say that number to complete it, or use a new database", ErrOther, was.Members)
		}
		if key, err = bill.PayCodeKey(ctx, tx); err != nil {
			return err
		}
		return readBlocks(ctx, tx, finished)
	})
	if err != nil {
		return key, nil, fmt.Errorf("seed: %w", err)
	}
	return key, finished, nil
}

func readProgress(ctx context.Context, tx *db.Tx) (p progress, err error) {
	var text string
	err = tx.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", settingName).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return progress{}, nil
	}
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(text), &p)
}

// claim notes what is seeded and takes the pay codes of every block.
func claim(ctx context.Context, tx *db.Tx, members, blocks int) error {
	text, err := json.Marshal(progress{Members: members})
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, $2)", settingName, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO counter (name, next) VALUES ('pay_code', $1)
		ON CONFLICT (name) DO UPDATE SET next = $1`, blocks*billsPerBlock)
	return err
}

func readBlocks(ctx context.Context, tx *db.Tx, finished map[int]done) error {
	return db.Each(ctx, tx, "SELECT name, value FROM setting WHERE name LIKE $1", []any{blockSetting + "%"}, func(rows *sql.Rows) error {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		var number int
		var d done
		if _, err := fmt.Sscanf(name, blockSetting+"%d", &number); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
		if err := json.Unmarshal([]byte(value), &d); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
		finished[number] = d
		return nil
	})
}

// writeBlock invents one block and writes it in one transaction.
func writeBlock(ctx context.Context, c Config, number int, key [32]byte, texts *statements) (done, error) {
	b := newBlock(number, membersOf(c, number), key, c.Seal.Seal)
	if err := b.fill(); err != nil {
		return done{}, fmt.Errorf("seed block %d: %w", number, err)
	}
	d := done{Bills: b.bill.rows(), Payments: b.payment.rows()}
	value, err := json.Marshal(d)
	if err != nil {
		return done{}, err
	}
	err = c.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, $2)",
			fmt.Sprintf("%s%06d", blockSetting, number), string(value)); err != nil {
			return err
		}
		for _, t := range b.tables() {
			if err := t.write(ctx, tx, texts); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return done{}, fmt.Errorf("seed block %d: %w", number, err)
	}
	return d, nil
}

// eachBlock calls fn for every block that is not finished, on several workers, and stops at the first error.
func eachBlock(ctx context.Context, workers, blocks int, finished map[int]done, fn func(context.Context, int, *statements) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	numbers := make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			texts := statements{}
			for number := range numbers {
				if err := fn(ctx, number, &texts); err != nil {
					stop(err)
					return
				}
			}
		})
	}
feed:
	for number := range blocks {
		if _, there := finished[number]; there {
			continue
		}
		select {
		case numbers <- number:
		case <-ctx.Done():
			break feed
		}
	}
	close(numbers)
	running.Wait()
	return context.Cause(ctx)
}

// analyze lets PostgreSQL see what is there now; without it the first minutes of a bench run on guesses.
func analyze(ctx context.Context, d *db.DB) error {
	for _, t := range newBlock(0, 0, [32]byte{}, nil).tables() {
		if _, err := d.Read().ExecContext(ctx, "ANALYZE "+t.name); err != nil {
			return fmt.Errorf("analyze %s: %w", t.name, err)
		}
	}
	return nil
}
