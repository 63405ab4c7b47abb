package main

import (
	"context"
	"fmt"
	"net/http"

	"memberpay/internal/db"
	"memberpay/internal/seed"
)

// page measures the page "Your bills", with its session and its bills from PostgreSQL, in turn with a handler of the
// same server that only says "ok".
func (b *bench) page(ctx context.Context) error {
	address, err := b.postgres(ctx)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	visitors, err := seed.Sessions(ctx, d, 5_000)
	if err != nil {
		return err
	}
	s, err := b.serveReady(ctx, address)
	if err != nil {
		return err
	}
	defer s.stop()
	requests := make([][]byte, len(visitors))
	for i, v := range visitors {
		requests[i] = fmt.Appendf(nil, "GET /bills HTTP/1.1\r\nHost: %s\r\nCookie: memberpay_session=%s\r\n\r\n", s.address, v.Token)
	}
	plain := fmt.Appendf(nil, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", s.address)
	var bills, trivial []sample
	size := 0
	for round := range b.rounds {
		b.say("round %d: a trivial handler, then the page of bills", round+1)
		got, err := closedLoop(ctx, s.address, payClients, b.seconds, func(int) ([]byte, bool) { return plain, true },
			func(a answer) bool { return a.status == http.StatusOK })
		if err != nil {
			return err
		}
		trivial = append(trivial, got)
		got, err = closedLoop(ctx, s.address, payClients, b.seconds, func(n int) ([]byte, bool) { return requests[n%len(requests)], true },
			func(a answer) bool {
				size = a.bytes
				return a.status == http.StatusOK && a.bytes > 2_000
			})
		if err != nil {
			return err
		}
		bills = append(bills, got)
	}
	b.report.note("trivial handler, %d clients", "%s", payClients, summary(trivial, "pages"))
	b.report.note("page of bills, %d clients", "%s, %.1f KB", payClients, summary(bills, "pages"), float64(size)/1000)
	b.report.atLeast("page of bills/s, PostgreSQL", ratios(bills, trivial, rate), 0.05, "x trivial",
		fmt.Sprintf("%.0f against %.0f a second", median(bills, rate), median(trivial, rate)))
	return nil
}
