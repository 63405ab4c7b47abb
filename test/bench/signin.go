package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/identity"
)

const (
	signInClients = 16
	floodClients  = 128 // more than may wait for a hash
	floodRate     = 250 // wrong sign-ins a second
	benchPassword = "a bench is for sitting"
)

// signIn measures right sign-ins, and then what a flood of wrong ones, each from an address and for an account of its own,
// leaves of the payments.
func (b *bench) signIn(ctx context.Context) error {
	address, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	p, err := b.newPayers(ctx, address)
	if err != nil {
		return err
	}
	defer p.close()
	emails, err := b.accounts(ctx, p.db, 200)
	if err != nil {
		return err
	}
	s, err := b.serveReady(ctx, address, "MEMBERPAY_PROXIED=true")
	if err != nil {
		return err
	}
	err = b.signInRounds(ctx, s, p, emails)
	return errors.Join(err, s.stop())
}

// accounts makes accounts that can sign in.
func (b *bench) accounts(ctx context.Context, d *db.DB, n int) ([]string, error) {
	b.say("making %d accounts", n)
	emails, accounts := make([]string, n), identity.New(d, b.box, 1)
	for i := range emails {
		emails[i] = fmt.Sprintf("payer%d@bench.example", i)
		if _, err := accounts.Create(ctx, time.Now(), emails[i], benchPassword, "en"); err != nil {
			return nil, err
		}
	}
	return emails, nil
}

func (b *bench) signInRounds(ctx context.Context, s *server, p *payers, emails []string) error {
	var alone, calm, flooded []sample
	var checked, refused int64
	for round := range b.rounds {
		b.say("round %d: right sign-ins, %d clients", round+1, signInClients)
		got, err := closedLoop(ctx, s.address, signInClients, b.seconds, func(n int) ([]byte, bool) {
			return signInRequest(s.address, emails[n%len(emails)], benchPassword, visitor(round, n)), true
		}, func(a answer) bool { return a.status == http.StatusSeeOther })
		if err != nil {
			return err
		}
		alone = append(alone, got)
		if got, err = p.round(ctx, b, s, round); err != nil {
			return err
		}
		calm = append(calm, got)
		f := b.flood(ctx, s.address, round)
		got, err = p.round(ctx, b, s, round)
		if err := errors.Join(err, f.stop()); err != nil {
			return err
		}
		flooded = append(flooded, got)
		checked, refused = checked+f.checked.Load(), refused+f.refused.Load()
	}
	b.report.note("right sign-ins, %d clients", "%s", signInClients, summary(alone, "sign-ins"))
	b.report.note("Pay button, undisturbed", "%s", summary(calm, "payments"))
	b.report.note("Pay button under the flood", "%s", summary(flooded, "payments"))
	b.report.note("the flood", "%d wrong sign-ins were checked, %d sent away unchecked", checked, refused)
	b.report.atLeast("payments/s under a flood of sign-ins", ratios(flooded, calm, rate), 0.80, "x undisturbed",
		fmt.Sprintf("%.0f against %.0f a second", median(flooded, rate), median(calm, rate)))
	return nil
}

// visitor is a network address that nobody else in the run has.
func visitor(round, n int) string {
	return fmt.Sprintf("10.%d.%d.%d", 100+round, n/250%250, n%250)
}

func signInRequest(host, email, password, from string) []byte {
	body := url.Values{"email": {email}, "password": {password}}.Encode()
	return fmt.Appendf(nil, "POST /sign-in HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nOrigin: http://%s\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", host, from, host, len(body), body)
}

// flood is a stream of wrong sign-ins that goes on until it is stopped.
type flood struct {
	checked, refused atomic.Int64
	end              context.CancelFunc
	running          sync.WaitGroup
	mu               sync.Mutex
	failed           error
}

// flood sends floodRate wrong sign-ins a second, as far as the server takes them.
func (b *bench) flood(ctx context.Context, address string, round int) *flood {
	b.say("round %d: a flood of %d sign-ins a second begins", round+1, floodRate)
	ctx, end := context.WithCancel(ctx)
	f := &flood{end: end}
	var tickets ticket
	began, every := time.Now(), time.Second/floodRate
	for range floodClients {
		f.running.Go(func() {
			c, err := dial(address)
			if err != nil {
				f.fail(err)
				return
			}
			defer c.Close()
			for {
				n := tickets.take()
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(began.Add(time.Duration(n) * every))):
				}
				email := fmt.Sprintf("nobody%d.%d@bench.example", round, n)
				switch a, err := c.send(signInRequest(address, email, benchPassword, visitor(100+round, n))); {
				case err != nil:
					f.fail(err)
					return
				case a.status == http.StatusUnprocessableEntity:
					f.checked.Add(1)
				case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
					f.refused.Add(1)
				default:
					f.fail(fmt.Errorf("%w: a wrong sign-in gets status %d", errWrong, a.status))
					return
				}
			}
		})
	}
	return f
}

func (f *flood) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errors.Join(f.failed, err)
}

// stop ends the flood and returns what went wrong in it.
func (f *flood) stop() error {
	f.end()
	f.running.Wait()
	if f.failed == nil && f.refused.Load() == 0 {
		return errors.New("the flood was no flood: nothing was refused")
	}
	return f.failed
}
