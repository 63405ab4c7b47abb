package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"memberpay/internal/config"
	"memberpay/internal/seal"
	"memberpay/internal/verify"
)

type verifyCommand struct {
	config.Store `embed:""`
	JSON         bool `help:"Report as JSON."`
}

// Run checks the rules and exits with 1 where one is broken, naming the first violation last, where it is read.
func (c verifyCommand) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	var box *seal.Box // none where this machine has no keyset: a check never makes one
	if _, err := os.Stat(c.Keys()); err == nil {
		if box, err = seal.Open(c.Keys()); err != nil {
			return err
		}
	}
	var first *verify.Violation
	results, err := verify.Run(ctx, d, box, func(r verify.Result) {
		if first == nil && len(r.Violations) > 0 {
			first = &r.Violations[0]
		}
		if !c.JSON {
			printResult(r)
		}
	})
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"ok": first == nil, "rules": results, "first": first}); err != nil {
			return err
		}
	}
	if first == nil {
		if !c.JSON {
			held := 0
			for _, r := range results {
				if !r.Skipped {
					held++
				}
			}
			fmt.Printf("the book balances: %d of %d rules were checked and hold\n", held, len(results))
		}
		return nil
	}
	fmt.Fprintf(os.Stderr, "violation of %s: %s: %s\n", first.Rule, first.Subject, first.Detail)
	return exitCode(1)
}

func printResult(r verify.Result) {
	mark := "holds "
	switch {
	case r.Skipped:
		mark = "skipped, no keyset in the data folder:"
	case r.Count > 0:
		mark = "BROKEN"
	}
	fmt.Printf("%s  %-20s %s\n", mark, r.Rule, r.Says)
	for _, v := range r.Violations {
		fmt.Printf("          %s: %s\n", v.Subject, v.Detail)
	}
	if more := r.Count - len(r.Violations); more > 0 {
		fmt.Printf("          and %d more\n", more)
	}
}
