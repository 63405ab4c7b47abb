package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/seal"
)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time       { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.at.Add(d.Microseconds()) }

// at opens the keys of a program whose clock is c.
func (in installation) at(t testing.TB, c *clock) *Keys {
	t.Helper()
	cfg := in.config()
	cfg.Now = c.now
	k, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// beside is another machine with the same database and master key.
func (in installation) beside(t testing.TB) installation {
	t.Helper()
	out := newInstallation(t, in.db)
	key, err := os.ReadFile(in.master())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out.master(), key, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// under counts the values that a key has sealed.
func under(t testing.TB, k *Keys, keyID uint32) int64 {
	t.Helper()
	l, err := k.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := l.Under(keyID)
	return n
}

// server is a running program: it follows the keys, and it writes and reads through the packages of the product.
type server struct {
	*Keys
	in       installation
	payments *payment.Payments
	rail     *nacha.Rail
	misses   atomic.Int64 // keys it met before it had read them
	wrote    atomic.Int64
	drafts   []string
}

func startServer(t *testing.T, in installation) *server {
	t.Helper()
	s := &server{Keys: in.open(t), in: in}
	quiet := slog.New(slog.DiscardHandler)
	var err error
	s.rail, err = nacha.New(nacha.Config{Database: in.db, Seal: s.Box, OutboundDir: filepath.Join(t.TempDir(), "out"), InboundDir: filepath.Join(t.TempDir(), "in"),
		Originators: map[string]nacha.Originator{"medical": {CompanyName: "LARKSPUR HEALTH", CompanyID: "1123456789", EntryDescription: "BILL PMT",
			ODFIRouting: "091000019", DestinationName: "FIRST TEST BANK", OriginName: "LARKSPUR HEALTH"}}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s.payments = payment.New(payment.Config{DB: in.db, Bank: s.rail, Log: quiet})
	t.Cleanup(s.payments.Close)
	s.Box.Renew(func() error {
		s.misses.Add(1)
		_, err := s.look(context.Background())
		return err
	})
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// run serves until ctx ends: it looks for keys often, and writes all the time.
func (s *server) run(ctx context.Context, t *testing.T, name string, all *sync.WaitGroup) {
	all.Go(func() {
		for ctx.Err() == nil {
			if err := s.Check(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("%s: check: %v", name, err)
			}
			pause(ctx, 5*time.Millisecond)
		}
	})
	all.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if err := s.write(context.WithoutCancel(ctx), fmt.Sprintf("%s%d", name, n), n); err != nil {
				t.Errorf("%s: write %d: %v", name, n, err)
				return
			}
			s.wrote.Add(1)
		}
	})
}

var owner = payment.Owner{SessionID: "ses_test"}

func bankOf(number string) payment.BankAccount {
	return payment.BankAccount{Name: "Testa Larkspurson", Routing: "011000015", Number: number, Type: "checking"}
}

// write makes a draft, changes an earlier one, queues a debit, and tells somebody.
func (s *server) write(ctx context.Context, name string, n int) error {
	d, err := s.payments.NewDraft(ctx, owner, "mem_test", payment.Answers{})
	if err != nil {
		return err
	}
	s.drafts = append(s.drafts, d.ID)
	for _, draftID := range []string{d.ID, s.drafts[n/2]} {
		d, err := s.payments.ChangeDraft(ctx, owner, draftID, func(d *payment.Draft) error { return d.SetBank(s.Box, bankOf(fmt.Sprintf("%012d", n))) })
		if err != nil {
			return err
		}
		if r, err := d.Request(s.Box); err != nil || r.Method.Bank.Number != fmt.Sprintf("%012d", n) {
			return fmt.Errorf("draft %s: %+v, %w", d.ID, r.Method, err)
		}
	}
	p, err := s.rail.Prepare(nacha.Entry{PaymentID: "pay_" + name, IndividualID: name, Payee: "medical", Name: "Testa Larkspurson",
		Routing: "011000015", Account: fmt.Sprintf("%012d", n), AccountType: nacha.Checking, Amount: money.Cents(1000 + n)})
	if err != nil {
		return err
	}
	return s.in.db.Write(ctx, func(tx *db.Tx) error { return s.rail.Enqueue(ctx, tx, []nacha.Prepared{p}) })
}

// everythingOpens reads every sealed value of the database with the keys of k.
func everythingOpens(t *testing.T, k *Keys) (values int) {
	t.Helper()
	for _, c := range k.Columns {
		err := db.Each(t.Context(), k.DB.Read(), fmt.Sprintf("SELECT %s, %s FROM %s WHERE %[2]s IS NOT NULL", c.Key, c.Name, c.Table), nil, func(rows *sql.Rows) error {
			var key string
			var sealed []byte
			if err := rows.Scan(&key, &sealed); err != nil {
				return err
			}
			values++
			_, err := k.Box.Open(sealed, c.Place(key))
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	return values
}

func TestRotateWhileServersWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		first := in.open(t)
		servers := []*server{startServer(t, in), startServer(t, in.beside(t))}
		serving, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		defer func() { stop(); all.Wait() }()
		for i, s := range servers {
			s.run(serving, t, string(rune('a'+i)), &all)
		}
		// more waits until every server has written n more.
		more := func(n int64) error {
			for _, s := range servers {
				for want := s.wrote.Load() + n; s.wrote.Load() < want; {
					if t.Failed() {
						return errors.New("a server has stopped")
					}
					if err := pause(t.Context(), time.Millisecond); err != nil {
						return err
					}
				}
			}
			return nil
		}
		if err := more(15); err != nil {
			t.Fatal(err)
		}
		operator := in.open(t)
		operator.batch = 7
		old := first.Box.Keyset().Primary()
		batches := 0
		r, err := operator.Rotate(t.Context(), Progress{Values: func(seal.Column, int64, int64) error {
			if batches++; batches > 10 {
				return nil
			}
			return more(1) // writes go on between any two batches
		}})
		if err != nil || !r.Added || len(r.Trouble) > 0 || r.Resealed < 60 || batches < 5 {
			t.Fatalf("%+v after %d batches: %v", r, batches, err)
		}
		if err := more(3); err != nil {
			t.Fatal(err)
		}
		stop()
		all.Wait()
		if n := under(t, operator, old); n > 0 {
			t.Errorf("%d values are under the old key", n)
		}
		if n := everythingOpens(t, operator); n < 150 {
			t.Errorf("only %d values were written", n)
		}
		for i, s := range servers {
			if n := s.misses.Load(); n > 0 {
				t.Errorf("server %d met a key %d times before it had read it", i, n)
			}
			everythingOpens(t, s.Keys)
			if text, err := os.ReadFile(s.in.keys()); err != nil || !strings.Contains(string(text), fmt.Sprintf(`"generation": %d`, operator.Box.Keyset().Generation)) {
				t.Errorf("keys.json of server %d is behind: %s, %v", i, text, err)
			}
		}
		var queued int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT CAST(COUNT(*) AS BIGINT) FROM ach_entry").Scan(&queued); err != nil {
			t.Fatal(err)
		}
		cut, err := servers[1].rail.Cut(t.Context())
		if err != nil || cut.Entries() != queued || cut.Waiting > 0 {
			t.Errorf("cut %d of %d entries, %d cannot be read: %v", cut.Entries(), queued, cut.Waiting, err)
		}
	})
}

func TestEveryServerHasReadAKeyBeforeAnythingIsSealedWithIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		servers := []*server{startServer(t, in), startServer(t, in.beside(t))}
		in.tell(t, servers[0].Box, "first")
		operator := in.open(t)
		old, waits, batches := operator.Box.Keyset().Primary(), 0, 0
		_, err := operator.Rotate(t.Context(), Progress{
			Say: func(text string) {
				now := operator.Box.Keyset()
				switch {
				case strings.HasPrefix(text, "waiting for "):
					if waits++; waits%2 == 1 && strings.Count(text, "process") != 2 || waits%2 == 0 && strings.Count(text, "process") != 1 {
						t.Errorf("wait %d: %s", waits, text)
					}
					if waits <= 2 && now.Primary() != old {
						t.Error("the key seals before every server has read it")
					}
					if err := servers[(waits-1)%2].Check(t.Context()); err != nil { // one after the other
						t.Error(err)
					}
				case now.Primary() != old:
					for i, s := range servers {
						if !s.Box.Keyset().Has(now.Primary()) {
							t.Errorf("server %d cannot open what is sealed from now on", i)
						}
					}
				}
			},
			Values: func(seal.Column, int64, int64) error {
				batches++
				for i, s := range servers {
					if s.Box.Keyset().Primary() == old {
						t.Errorf("server %d still seals with the old key while values are sealed again", i)
					}
				}
				return nil
			},
		})
		if err != nil || waits != 4 || batches == 0 {
			t.Errorf("%v, %d waits, %d batches", err, waits, batches)
		}
	})
}

func TestRotationThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		box := in.open(t).Box
		for i := range 25 {
			in.tell(t, box, fmt.Sprintf("subject%d", i))
		}
		old := box.Keyset().Primary()
		for killed := 0; ; killed++ {
			k := in.open(t)
			k.batch = 4
			ctx, kill := context.WithCancel(t.Context())
			left := killed % 3 // what goes on before it is killed
			event := func() {
				if left--; left < 0 {
					kill()
				}
			}
			_, err := k.Rotate(ctx, Progress{Say: func(string) { event() }, Values: func(seal.Column, int64, int64) error { event(); return nil }})
			kill()
			if !errors.Is(err, context.Canceled) || killed > 100 {
				t.Fatalf("kill %d: %v", killed, err)
			}
			everythingOpens(t, k)
			if k = in.open(t); k.Box.Keyset().Primary() == old || under(t, k, old) > 0 {
				continue
			}
			if got := k.Box.Keyset().Keys(); killed < 5 || len(got) != 2 || got[0].ID != old || got[1].State != seal.Primary {
				t.Errorf("done after %d kills, keys: %+v", killed, got)
			}
			if n := under(t, k, k.Box.Keyset().Primary()); n != 50 {
				t.Errorf("%d values were sealed again", n)
			}
			return
		}
	})
}

func TestWriteDuringTheReadOfABatchIsNotLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := newInstallation(t, d)
		s := startServer(t, in)
		for n := range 3 {
			if err := s.write(t.Context(), fmt.Sprintf("a%d", n), n); err != nil {
				t.Fatal(err)
			}
		}
		operator := in.open(t)
		times := 0
		operator.between = func(c seal.Column) {
			if c.Table != "draft" || times > 0 {
				return
			}
			if err := s.Check(t.Context()); err != nil { // the new key seals by now
				t.Error(err)
			}
			times++
			for _, draftID := range s.drafts {
				if _, err := s.payments.ChangeDraft(t.Context(), owner, draftID, func(d *payment.Draft) error { return d.SetBank(s.Box, bankOf("999999999")) }); err != nil {
					t.Error(err)
				}
			}
		}
		if err := s.Close(t.Context()); err != nil { // so that nobody waits for it
			t.Fatal(err)
		}
		if _, err := operator.Rotate(t.Context(), Progress{}); err != nil || times == 0 {
			t.Fatalf("%v after %d writes between", err, times)
		}
		for _, draftID := range s.drafts {
			got, err := payment.GetDraft(t.Context(), d.Read(), owner, draftID)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := got.Request(s.Box); err != nil || r.Method.Bank.Number != "999999999" {
				t.Errorf("the write was lost: %+v, %v", r.Method.Bank, err)
			}
		}
	})
}

func TestServerThatSleptSealsWithTheNewKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in, c := newInstallation(t, d), newClock()
		asleep := in.at(t, c)
		if err := asleep.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		old := asleep.Box.Keyset().Primary()
		waited := false
		r, err := in.at(t, c).Rotate(t.Context(), Progress{Say: func(text string) {
			if strings.HasPrefix(text, "waiting for ") {
				waited = true
				c.pass(gone)
			}
		}})
		if err != nil || !waited {
			t.Fatalf("%v, waited %t", err, waited)
		}
		in.tell(t, asleep.Box, "late")
		if n := under(t, asleep, old); n > 0 || r.Primary != asleep.Box.Keyset().Primary() {
			t.Errorf("%d values under the old key", n)
		}
		in.told(t, asleep.Box, "late")
	})
}

func TestRetireTakesKeysOutOnlyWhenNothingNeedsThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in, c := newInstallation(t, d), newClock()
		k, late := in.at(t, c), in.at(t, c)
		late.Box.Renew(func() error { return nil })
		in.tell(t, k.Box, "first")
		if gone, err := k.Retire(t.Context(), Progress{}); err != nil || len(gone) > 0 {
			t.Fatalf("without old keys: %v, %v", gone, err)
		}
		old := k.Box.Keyset().Primary()
		if _, err := k.Rotate(t.Context(), Progress{}); err != nil {
			t.Fatal(err)
		}
		refused := func(says ...string) {
			t.Helper()
			before := k.Box.Keyset()
			_, err := k.Retire(t.Context(), Progress{})
			if !errors.Is(err, ErrNeeded) {
				t.Fatalf("%v, want %v", err, ErrNeeded)
			}
			for _, want := range says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
			if r, err := readRow(t.Context(), d.Read()); err != nil || r.generation != before.Generation || k.Box.Keyset() != before {
				t.Errorf("the keyset was changed: %v", err)
			}
		}
		refused("30m0s", fmt.Sprint(old))
		in.tell(t, late.Box, "straggler") // its keyset is the one of before
		c.pass(settled)
		refused("1 in outbox.recipient_sealed under key "+fmt.Sprint(old), "1 in outbox.data_sealed", "memberpay keys rotate")
		if r, err := k.Rotate(t.Context(), Progress{}); err != nil || r.Added || r.Resealed != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
		if err := late.tell(t.Context()); err != nil { // it runs, and has not read the new keyset
			t.Fatal(err)
		}
		refused("has not read the newest keyset")
		if err := late.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone, err := k.Retire(t.Context(), Progress{})
		if err != nil || !slices.Equal(gone, []uint32{old}) {
			t.Fatalf("%v, %v", gone, err)
		}
		for _, subject := range []string{"first", "straggler"} {
			in.told(t, in.at(t, c).Box, subject)
		}
		if keys := k.Box.Keyset().Keys(); len(keys) != 1 || keys[0].State != seal.Primary {
			t.Errorf("keys: %+v", keys)
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Action: "keys"}, 10)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, e := range entries {
			actions = append(actions, e.Action)
		}
		slices.Sort(actions)
		if want := []string{"keys.added", "keys.made", "keys.retired", "keys.rotated"}; !slices.Equal(actions, want) {
			t.Errorf("audit: %v, want %v", actions, want)
		}
	})
}

func TestValueThatDoesNotOpenIsToldAndStopsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in, c := newInstallation(t, d), newClock()
		k := in.at(t, c)
		for _, subject := range []string{"good", "moved", "garbage"} {
			in.tell(t, k.Box, subject)
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "UPDATE outbox SET data_sealed = $1 WHERE subject = 'garbage'", []byte("garbage")); err != nil {
				return err
			}
			_, err := tx.ExecContext(t.Context(), `UPDATE outbox SET recipient_sealed = (SELECT recipient_sealed FROM outbox WHERE subject = 'good') WHERE subject = 'moved'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.Rotate(t.Context(), Progress{})
		if err != nil || r.Resealed != 4 || len(r.Trouble) != 2 {
			t.Fatalf("%+v, %v", r, err)
		}
		in.told(t, k.Box, "good")
		l, err := k.List(t.Context())
		if err != nil || len(l.Lost()) != 1 || l.Lost()[0].String() != "1 damaged in outbox.data_sealed" {
			t.Errorf("lost: %v, %v", l.Lost(), err)
		}
		c.pass(settled)
		if _, err := k.Retire(t.Context(), Progress{}); !errors.Is(err, ErrNeeded) || !strings.Contains(err.Error(), "outbox.recipient_sealed") {
			t.Errorf("the key of the moved value: %v", err)
		}
		if r, err := k.Rotate(t.Context(), Progress{}); err != nil || r.Added || len(r.Trouble) != 2 {
			t.Errorf("at once: %+v, %v", r, err)
		}
		c.pass(again)
		if r, err := k.Rotate(t.Context(), Progress{}); err != nil || !r.Added || r.Resealed != 4 || len(r.Trouble) != 2 {
			t.Errorf("a day later: %+v, %v", r, err)
		}
	})
}

func TestOneProgramChangesKeysAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in, c := newInstallation(t, d), newClock()
		k := in.at(t, c)
		dead, err := k.take(t.Context(), func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		waits := func(s string) { said = s; c.pass(leaseFor + time.Millisecond) }
		l, err := in.at(t, c).take(t.Context(), waits) // the other one has gone silent
		if err != nil || !strings.Contains(said, "are being changed on "+k.host) {
			t.Fatalf("%v, said %q", err, said)
		}
		c.pass(leaseFor / 2)
		if err := dead.keep(t.Context()); err == nil {
			t.Error("it woke up and went on beside another one")
		}
		if err := l.keep(t.Context()); err != nil {
			t.Error(err)
		}
		_, err = k.Rotate(t.Context(), Progress{Say: func(string) {
			c.pass(leaseFor / 2)
			if err := l.keep(t.Context()); err != nil { // this one works on
				t.Error(err)
			}
			c.pass(leaseFor/2 + 2*time.Second)
		}})
		if err == nil || !strings.Contains(err.Error(), "wait until that has ended") {
			t.Errorf("beside one that works: %v", err)
		}
		if err := l.end(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Rotate(t.Context(), Progress{}); err != nil {
			t.Error(err)
		}
	})
}

func TestNewMasterKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in, c := newInstallation(t, d), newClock()
		running := in.at(t, c)
		in.tell(t, running.Box, "first")
		if err := running.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if done, err := in.at(t, c).Rewrap(t.Context(), Progress{}); err != nil || done {
			t.Fatalf("under the same key: %t, %v", done, err)
		}
		next := filepath.Join(in.dir, "next.key")
		m, _, err := seal.MakeMaster(next)
		if err != nil {
			t.Fatal(err)
		}
		both, after := in.config(), in.config()
		both.Master = seal.MasterAt{KeyFile: next, BeforeFile: in.master()}
		after.Master = seal.MasterAt{KeyFile: next}
		both.Now, after.Now = c.now, c.now
		open := func(cfg Config) *Keys {
			t.Helper()
			k, err := Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		if _, err := Open(t.Context(), after); !errors.Is(err, seal.ErrMaster) {
			t.Fatalf("too early: %v", err)
		}
		if _, err := open(both).Rewrap(t.Context(), Progress{}); !errors.Is(err, ErrServers) || !strings.Contains(err.Error(), "MEMBERPAY_MASTER_KEY_BEFORE") {
			t.Fatalf("while a server does not know the key: %v", err)
		}
		if err := running.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		restarted := open(both)
		if err := restarted.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		done, err := open(both).Rewrap(t.Context(), Progress{Say: func(string) {
			if err := restarted.Check(t.Context()); err != nil {
				t.Error(err)
			}
		}})
		if err != nil || !done {
			t.Fatalf("%t, %v", done, err)
		}
		in.told(t, restarted.Box, "first")
		k := open(after)
		in.told(t, k.Box, "first")
		if l, err := k.List(t.Context()); err != nil || l.Master != m.Name() {
			t.Errorf("wrapped under %s, %v", l.Master, err)
		}
		in.refused(t, seal.ErrMaster, m.Name())
	})
}
