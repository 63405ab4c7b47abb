package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
		b.say("round %d: a flood of %d sign-ins a second begins", round+1, floodRate)
		f := torrent{address: s.address, clients: floodClients, rate: floodRate, taken: http.StatusUnprocessableEntity, request: func(n int) []byte {
			return signInRequest(s.address, fmt.Sprintf("nobody%d.%d@bench.example", round, n), benchPassword, visitor(100+round, n))
		}}.begin(ctx)
		got, err = p.round(ctx, b, s, round)
		_, failed := f.stop()
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		flooded = append(flooded, got)
		checked, refused = checked+f.taken.Load(), refused+f.refused.Load()
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
	return form(host, "/sign-in", "X-Forwarded-For: "+from+"\r\n", url.Values{"email": {email}, "password": {password}})
}
