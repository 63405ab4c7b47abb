package main

import (
	"context"
	"fmt"
	"net"

	"memberpay/internal/config"
	"memberpay/internal/sandbox"
)

type sandboxCommand struct {
	Data        string       `help:"Folder of the sandbox's own book." env:"MEMBERPAY_SANDBOX_DATA" default:"data/sandbox" type:"path"`
	Listen      string       `help:"Address to listen on." env:"MEMBERPAY_SANDBOX_LISTEN" default:"127.0.0.1:8081"`
	SMTP        string       `help:"Address of the mailbox's SMTP server." env:"MEMBERPAY_SANDBOX_SMTP" default:"127.0.0.1:8082"`
	CallbackURL string       `help:"Where events are delivered: the portal's /callbacks/card." env:"MEMBERPAY_SANDBOX_CALLBACK"`
	Bank        config.Bank  `embed:"" prefix:"ach-"`
	Print       config.Print `embed:"" prefix:"print-"`
	Quick       bool         `help:"Answer slow cases quickly, for tests."`
}

// Run serves the sandbox until it is interrupted.
func (c sandboxCommand) Run(ctx context.Context) error {
	cfg := sandbox.Config{Listen: c.Listen, ListenSMTP: c.SMTP, DataDir: c.Data, CallbackURL: c.CallbackURL,
		OutboundDir: c.Bank.Outbound, InboundDir: c.Bank.Inbound, PrintDir: c.Print.Outbound, Log: logger(),
		Ready: func(a net.Addr) { fmt.Printf("sandbox on http://%s\n", a) }}
	if c.Quick {
		cfg.Pace = quickPace
	}
	return sandbox.Run(ctx, cfg)
}
