package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"memberpay/internal/db"
	"memberpay/internal/member"
)

// crowd fills the tables that the desk's search reads, without seeding bills: names as skewed as people's are, everybody
// with a number, a birthday, a ZIP code, an e-mail address and a phone.
var crowd = []string{
	`CREATE TEMP TABLE people AS SELECT n,
		(ARRAY['Maria','Jose','Ana','John','Rosa','Omar','Mei','Iris','Ivan','Noor','Lena','Paul','Ruth','Hugo','Sara','Adam','Lucia','Diego','Emma','Noah'])[1 + floor(20 * random() ^ 2)::int]
			|| CASE WHEN n % 5 = 0 THEN '' ELSE (ARRAY['','','a','el','ina','o','etta','ine'])[1 + floor(8 * random())::int] END AS given,
		(ARRAY['Gar','Smi','Lop','Mar','Joh','Ngu','Pat','Kim','Kow','Oha','Bra','Fer','Sil','Mul','Ros','Tan','Wal','Hol','Cas','Del'])[1 + floor(20 * random() ^ 2)::int]
			|| (ARRAY['cia','th','ez','tin','son','yen','el','berg','ski','ra','ley','nan','va','ler','si','aka','ker','man','tro','gado'])[1 + floor(20 * random() ^ 1.5)::int]
			|| CASE WHEN n % 3 = 0 THEN '' ELSE (ARRAY['','s','ton','field','moor','by','wood','land','a','in'])[1 + floor(10 * random())::int] END AS family,
		to_char(DATE '1925-01-01' + floor(36000 * random())::int, 'YYYY-MM-DD') AS born, lpad((10000 + floor(89999 * random()))::int::text, 5, '0') AS zip
		FROM generate_series(1, {found}) AS n`,
	`INSERT INTO member (id, member_id, guarantor_id, given, family, birth_date, zip, email, phone, email_folded, phone_folded, created_at, updated_at)
		SELECT 'mem_' || lpad(n::text, 9, '0'), 'LH' || lpad(n::text, 9, '0'), 'mem_' || lpad(n::text, 9, '0'), given, family, born, zip,
			'm' || n || '@mail.example', '', 'm' || n || '@mail.example', '503' || lpad((n % 10000000)::text, 7, '0'), 1, 1 FROM people`,
	`INSERT INTO member_name (name, zip, member_id) SELECT lower(given || ' ' || family), zip, 'mem_' || lpad(n::text, 9, '0') FROM people ORDER BY 1, 2`,
	`INSERT INTO member_name (name, zip, member_id) SELECT lower(family || ' ' || given), zip, 'mem_' || lpad(n::text, 9, '0') FROM people ON CONFLICT DO NOTHING`,
	`INSERT INTO member_number (folded, member_id, kind) SELECT '1H' || lpad(n::text, 9, '0'), 'mem_' || lpad(n::text, 9, '0'), 'member_id' FROM people`,
	`VACUUM ANALYZE member`, `VACUUM ANALYZE member_name`, `VACUUM ANALYZE member_number`,
}

// search measures how long the desk takes to find somebody among -found members.
func (b *bench) search(ctx context.Context) error {
	address, err := b.database(ctx, "search")
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := d.Migrate(ctx); err != nil {
		return err
	}
	b.say("making %d members to find", b.found)
	if err := b.fillCrowd(ctx, address); err != nil {
		return err
	}
	var all []time.Duration
	for _, kind := range []struct {
		name string
		ask  func(m member.Member) ([]member.Member, error)
	}{
		{"first and last name", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Given+" "+m.Family, member.Wanted{})
		}},
		{"last name and the beginning of the first", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Family+" "+m.Given[:3], member.Wanted{})
		}},
		{"the beginnings of both", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Given[:3]+" "+m.Family[:4], member.Wanted{})
		}},
		{"the beginning of a name", func(m member.Member) ([]member.Member, error) { return named(ctx, d, m.Family[:3], member.Wanted{}) }},
		{"name and year of birth", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Given+" "+m.Family, member.Wanted{Year: m.BirthDate.Year()})
		}},
		{"name and ZIP code", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Given+" "+m.Family, member.Wanted{ZIP: m.ZIP})
		}},
		{"last name and date of birth", func(m member.Member) ([]member.Member, error) {
			return named(ctx, d, m.Family, member.Wanted{Birth: m.BirthDate})
		}},
		{"member ID", func(m member.Member) ([]member.Member, error) { return member.ByNumber(ctx, d.Read(), m.MemberID) }},
		{"e-mail address", func(m member.Member) ([]member.Member, error) { return member.ByContact(ctx, d.Read(), m.Email) }},
	} {
		took, err := b.asks(ctx, d, kind.ask)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		b.report.note("search "+kind.name, "p50 %s, p95 %s", short(percentile(took, 50)), short(percentile(took, 95)))
		all = append(all, took...)
	}
	b.report.atMost(fmt.Sprintf("desk search over %d members, p95", b.found), float64(percentile(all, 95).Microseconds())/1000, 100, "ms", fmt.Sprintf("%d searches of nine kinds, one at a time", len(all)))
	return nil
}

func named(ctx context.Context, d *db.DB, name string, w member.Wanted) ([]member.Member, error) {
	w.Words = member.NameWords(name)
	found, more, err := member.Search(ctx, d.Read(), w)
	if len(found) == 0 && more { // it ended at its bound and says so: the page asks for a date of birth or a ZIP code
		return []member.Member{{}}, err
	}
	return found, err
}

// percentile is the time that p of 100 searches took at most.
func percentile(list []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

func (b *bench) fillCrowd(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT setseed(0.42)"); err != nil {
		return err
	}
	for _, statement := range crowd {
		if _, err := conn.Exec(ctx, strings.ReplaceAll(statement, "{found}", strconv.Itoa(b.found))); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// asks looks for 300 members spread over the table and returns how long each search took. Whoever is not found at all is
// an error: a search that finds nothing is quick.
func (b *bench) asks(ctx context.Context, d *db.DB, ask func(member.Member) ([]member.Member, error)) ([]time.Duration, error) {
	const times = 300
	var out []time.Duration
	for i := range times {
		m, err := member.Get(ctx, d.Read(), fmt.Sprintf("mem_%09d", 1+(i*(b.found/times)+i*7)%b.found))
		if err != nil {
			return nil, err
		}
		began := time.Now()
		found, err := ask(m)
		out = append(out, time.Since(began))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s %s is not found", m.Given, m.Family)
		}
	}
	return out, nil
}
