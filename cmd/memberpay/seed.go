package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"memberpay/internal/config"
	"memberpay/internal/seed"
)

type seedCommand struct {
	config.Store `embed:""`
	Members      int  `help:"How many members to make." required:"" placeholder:"N"`
	Workers      int  `help:"How many blocks are written at once." default:"4"`
	JSON         bool `help:"Report as JSON."`
}

// Run seeds an empty database, or completes one that was interrupted.
func (c seedCommand) Run(ctx context.Context) error {
	d, err := open(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	box, closed, err := openBox(ctx, d, c.Store)
	if err != nil {
		return err
	}
	defer closed()
	var told time.Time
	report, err := seed.Run(ctx, seed.Config{DB: d, Seal: box, Members: c.Members, Workers: c.Workers, Progress: func(r seed.Report) {
		if time.Since(told) < 2*time.Second {
			return
		}
		told = time.Now()
		rate := float64(r.Members-r.Resumed) / r.Seconds
		left := time.Duration(float64(r.Of-r.Members) / rate * float64(time.Second))
		fmt.Fprintf(os.Stderr, "%d of %d members, %.0f a second, about %s left\n", r.Members, r.Of, rate, left.Round(time.Second))
	}})
	if err != nil {
		if report.Members > 0 {
			fmt.Fprintf(os.Stderr, "stopped after %d of %d members; the same command goes on from there\n", report.Members, report.Of)
		}
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(report)
	}
	fmt.Printf("%d members, %d bills, %d payments in %s\n", report.Members, report.Bills, report.Payments, report.Took.Round(time.Millisecond))
	return nil
}
