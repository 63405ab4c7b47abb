package main

import (
	"context"

	"memberpay/internal/app"
	"memberpay/internal/config"
)

type serveCommand struct {
	config.Server `embed:""`
}

// Run serves until it is interrupted. The address is taken first, so that a taken one is told before anything is touched.
func (c serveCommand) Run(ctx context.Context) error {
	l, err := app.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	a, err := app.New(ctx, c.Server, logger())
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Run(ctx, l, nil)
}
