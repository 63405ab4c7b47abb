package main

import (
	"context"
	"fmt"

	"memberpay/internal/config"
	"memberpay/internal/db"
)

type migrateCommand struct {
	config.Store `embed:""`
}

// Run migrates forward and says how many steps it took.
func (c migrateCommand) Run(ctx context.Context) error {
	d, err := db.Open(ctx, c.DatabaseURL())
	if err != nil {
		return err
	}
	defer d.Close()
	n, err := d.Migrate(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d migrations run; the schema is up to date\n", n)
	return nil
}
