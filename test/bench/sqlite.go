package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqlite measures the last button over HTTP on SQLite, in turn with the least transaction in process, each of them with
// a commit of its own.
func (b *bench) sqlite(ctx context.Context) error {
	address := "sqlite:" + filepath.Join(b.dir, "seeded.db")
	if err := b.seed(ctx, address); err != nil {
		return err
	}
	raw, err := newRawSQLite(ctx, filepath.Join(b.dir, "raw.db"))
	if err != nil {
		return err
	}
	defer raw.close()
	p, err := b.newPayers(ctx, address)
	if err != nil {
		return err
	}
	defer p.close()
	s, err := b.serveReady(ctx, address)
	if err != nil {
		return err
	}
	defer s.stop()
	var limits, ours []sample
	for round := range b.rounds {
		b.say("round %d: the raw transaction on SQLite, %d goroutines", round+1, payClients)
		got, err := raw.run(ctx, payClients, b.seconds)
		if err != nil {
			return err
		}
		limits = append(limits, got)
		if got, err = p.round(ctx, b, s, round); err != nil {
			return err
		}
		ours = append(ours, got)
	}
	b.report.note("raw transaction on SQLite", "%s", summary(limits, "payments"))
	b.report.note("Pay button over HTTP on SQLite", "%s", summary(ours, "payments"))
	b.report.atLeast("payments/s over HTTP, SQLite", ratios(ours, limits, rate), 0.50, "x limit",
		fmt.Sprintf("%.0f against %.0f a second", median(ours, rate), median(limits, rate)))
	return p.check(ctx, b)
}

// rawSQLite is the least transaction on one connection, which is all that SQLite lets write.
type rawSQLite struct {
	db   *sql.DB
	conn *sql.Conn
	mu   sync.Mutex
	list []*sql.Stmt
}

const rawSchema = `
CREATE TABLE balance (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0);
CREATE TABLE session (token TEXT PRIMARY KEY, payer INTEGER NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE payment (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, payer INTEGER NOT NULL, bill INTEGER NOT NULL, cents INTEGER NOT NULL, state INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE posting (id INTEGER PRIMARY KEY, payment TEXT NOT NULL, account INTEGER NOT NULL, cents INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE audit (id INTEGER PRIMARY KEY, who INTEGER NOT NULL, what TEXT NOT NULL, payment TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE job (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0);
WITH RECURSIVE n (i) AS (SELECT -64 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO balance (id) SELECT i FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO session SELECT 'token' || i, i, 9999999999999999 FROM n;`

// rawStatements are the steps of the least transaction; run knows their arguments.
var rawStatements = []string{
	"BEGIN IMMEDIATE",
	"SELECT payer FROM session WHERE token = $1 AND expires > $2",
	"INSERT INTO payment (id, key, payer, bill, cents, state, at) VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT (key) DO NOTHING",
	"INSERT INTO posting (payment, account, cents, at) VALUES ($1, $2, -$3, $5), ($1, $4, $3, $5)",
	"INSERT INTO audit (who, what, payment, detail, at) VALUES ($1, 'pay', $2, $3, $4)",
	"INSERT INTO job (kind, body, due) VALUES ('receipt', $1, $2)",
	"UPDATE balance SET cents = cents - $1, version = version + 1 WHERE id = $2",
	"UPDATE balance SET cents = cents + $1, version = version + 1 WHERE id = $2",
	"COMMIT",
}

func newRawSQLite(ctx context.Context, path string) (*rawSQLite, error) {
	d, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-8192)")
	if err != nil {
		return nil, err
	}
	r := &rawSQLite{db: d}
	if r.conn, err = d.Conn(ctx); err != nil {
		return nil, err
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(rawSchema), ";\n") {
		if _, err := r.conn.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("tables of the limit: %w", err)
		}
	}
	for _, text := range rawStatements {
		s, err := r.conn.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		r.list = append(r.list, s)
	}
	return r, nil
}

func (r *rawSQLite) close() {
	r.conn.Close()
	r.db.Close()
}

// run measures some goroutines, each with one transaction after the other.
func (r *rawSQLite) run(ctx context.Context, goroutines, seconds int) (sample, error) {
	begin := time.Now()
	end := begin.Add(time.Duration(seconds) * time.Second)
	latencies, failures := make([][]int64, goroutines), make([]error, goroutines)
	var running sync.WaitGroup
	for i := range goroutines {
		running.Go(func() {
			for ctx.Err() == nil && failures[i] == nil {
				at := time.Now()
				if at.After(end) {
					return
				}
				failures[i] = r.pay(ctx)
				latencies[i] = append(latencies[i], int64(time.Since(at)))
			}
		})
	}
	running.Wait()
	var all []int64
	for i, l := range latencies {
		if failures[i] != nil {
			return sample{}, failures[i]
		}
		all = append(all, l...)
	}
	return timings(all, float64(seconds)), ctx.Err()
}

func (r *rawSQLite) pay(ctx context.Context) error {
	payer, cents, now := rand.Int64N(100_000)+1, rand.Int64N(90_000)+100, time.Now().UnixMicro()
	bill, shard := rand.Int64N(1_000_000), -rand.Int64N(64)-1
	key := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	made := "pay_" + key
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.list[0].ExecContext(ctx); err != nil {
		return err
	}
	var who int64
	if err := r.list[1].QueryRowContext(ctx, fmt.Sprint("token", payer), now).Scan(&who); err != nil {
		return err
	}
	detail := fmt.Sprintf(`{"bill":%d,"cents":%d}`, bill, cents)
	for i, args := range [][]any{{made, key, who, bill, cents, now}, {made, who, cents, shard, now}, {who, made, detail, now},
		{`{"payment":"` + made + `"}`, now}, {cents, who}, {cents, shard}, {}} {
		if _, err := r.list[2+i].ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}
