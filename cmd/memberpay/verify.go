package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/keys"
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
	var box *seal.Box // none where there is no keyset yet: a check never makes one
	k, err := keys.Look(ctx, app.KeysConfig(d, c.Store, atCommandLine, logger()))
	if err == nil {
		box = k.Box
	} else if !errors.Is(err, keys.ErrNone) {
		return err
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
		mark = "skipped, there is no keyset yet:"
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
