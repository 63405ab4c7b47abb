package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"memberpay/internal/db"
	"memberpay/internal/seed"
	"memberpay/internal/verify"
)

const (
	payClients = 32
	visitors   = 15_000
)

// pay measures the last button over HTTP on PostgreSQL, in turn with the limit.
func (b *bench) pay(ctx context.Context) error {
	address, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	l, err := b.newLimit(ctx, address)
	if err != nil {
		return err
	}
	p, err := b.newPayers(ctx, address)
	if err != nil {
		return err
	}
	defer p.close()
	before, err := b.quiet(ctx, address)
	if err != nil {
		return err
	}
	s, err := b.serveReady(ctx, address)
	if err != nil {
		return err
	}
	ours, limits, err := b.payRounds(ctx, s, l, p)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	b.payReport(ours, limits)
	if err := p.check(ctx, b); err != nil {
		return err
	}
	return b.hotRows(ctx, address, before, p.paid)
}

// quiet lets a server do what it does once after a start, ends it, and returns how many rows were updated until then:
// what a server did is only counted in full when its connections have ended.
func (b *bench) quiet(ctx context.Context, address string) (map[string]int64, error) {
	s, err := b.serveReady(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	return updates(ctx, address)
}

// payRounds measures the limit and the button in turn.
func (b *bench) payRounds(ctx context.Context, s *server, l *limit, p *payers) (ours []sample, limits map[int][]sample, err error) {
	limits = map[int][]sample{}
	for round := range b.rounds {
		for _, clients := range limitClients {
			b.say("round %d: limit, %d clients", round+1, clients)
			got, err := l.run(ctx, clients, b.seconds)
			if err != nil {
				return nil, nil, err
			}
			limits[clients] = append(limits[clients], got)
		}
		got, err := p.round(ctx, b, s, round)
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, got)
	}
	return ours, limits, nil
}

func (b *bench) payReport(ours []sample, limits map[int][]sample) {
	best := make([]sample, b.rounds)
	for _, clients := range limitClients {
		b.report.note("limit, %d clients", "%s", clients, summary(limits[clients], "payments"))
		for i, s := range limits[clients] {
			if s.rate > best[i].rate {
				best[i] = s
			}
		}
	}
	b.report.note("Pay button over HTTP, %d clients", "%s", payClients, summary(ours, "payments"))
	b.report.atLeast("payments/s over HTTP, PostgreSQL", ratios(ours, best, rate), 0.40, "x limit",
		fmt.Sprintf("%.0f against %.0f a second", median(ours, rate), median(best, rate)))
	b.report.atMost("p99 of a payment, PostgreSQL", ratios(ours, limits[payClients], p99), 2, "x limit",
		fmt.Sprintf("%.1f against %.1f ms", median(ours, p99), median(limits[payClients], p99)))
}

// payers are visitors with drafts, ready to press the button.
type payers struct {
	address  string
	db       *db.DB
	visitors []seed.Visitor
	paid     int
}

func (b *bench) newPayers(ctx context.Context, address string) (*payers, error) {
	b.say("starting sessions for %d payers", visitors)
	d, err := db.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	p := &payers{address: address, db: d}
	if p.visitors, err = seed.Sessions(ctx, d, visitors); err != nil {
		d.Close()
		return nil, err
	}
	return p, nil
}

func (p *payers) close() { p.db.Close() }

// mostPerSecond is how many payments a round prepares for each of its seconds. A round that runs out ends early.
const mostPerSecond = 9_000

// round prepares drafts and lets the clients press their buttons.
func (p *payers) round(ctx context.Context, b *bench, s *server, round int) (sample, error) {
	n := mostPerSecond * (b.seconds + 1)
	b.say("round %d: preparing %d drafts", round+1, n)
	drafts, err := seed.Drafts(ctx, p.db, b.box, p.visitors, n)
	if err != nil {
		return sample{}, err
	}
	requests := make([][]byte, len(drafts))
	for i, d := range drafts {
		body := "mark=" + d.Mark
		requests[i] = fmt.Appendf(nil, "POST /pay/%s/review HTTP/1.1\r\nHost: %s\r\nCookie: memberpay_session=%s\r\n"+
			"Origin: http://%s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			d.Draft, s.address, d.Token, s.address, len(body), body)
	}
	b.say("round %d: the Pay button, %d clients, %s", round+1, payClients, engine(p.address))
	confirmed := &ticket{}
	got, err := closedLoop(ctx, s.address, payClients, b.seconds, func(n int) ([]byte, bool) {
		if n >= len(requests) {
			return nil, false
		}
		return requests[n], true
	}, func(a answer) bool {
		confirmed.take()
		return a.status == http.StatusSeeOther && strings.HasPrefix(a.location, "/payments/")
	})
	p.paid += confirmed.n
	return got, err
}

// check counts the payments in the database and checks every rule of the book.
func (p *payers) check(ctx context.Context, b *bench) error {
	var there int
	if err := p.db.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM payment WHERE idempotency_key IN (SELECT id FROM draft)").Scan(&there); err != nil {
		return err
	}
	if there != p.paid {
		return fmt.Errorf("%d payments were confirmed and %d are in the database", p.paid, there)
	}
	b.say("checking the book after %d payments", p.paid)
	broken := 0
	results, err := verify.Run(ctx, p.db, b.box, nil)
	for _, r := range results {
		broken += r.Count
	}
	if err != nil {
		return err
	}
	b.report.atMost("broken rules after "+fmt.Sprint(p.paid)+" payments, "+engine(p.address), float64(broken), 0, "rules", "")
	return nil
}

// updates counts the rows that were updated, by table of the product.
func updates(ctx context.Context, address string) (map[string]int64, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT relname::TEXT, n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'public'")
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	var name string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { out[name] = n; return nil })
	return out, err
}

// hotRows checks that payments updated their own bills and nothing else: no row that two payers share. What the server's
// other work does in the meantime is a handful of rows.
func (b *bench) hotRows(ctx context.Context, address string, before map[string]int64, paid int) error {
	after, err := updates(ctx, address)
	if err != nil {
		return err
	}
	shared, detail := int64(0), []string{}
	for table, n := range after {
		switch n -= before[table]; {
		case n == 0:
		case table == "bill":
			detail = append(detail, fmt.Sprintf("bill %d for %d payments", n, paid))
		default:
			shared += n
			detail = append(detail, fmt.Sprintf("%s %d", table, n))
		}
	}
	b.report.atMost("updates of other rows than bills, a payment", float64(shared)/float64(max(paid, 1)), 0.01, "", strings.Join(detail, ", "))
	return nil
}
