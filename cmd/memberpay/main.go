// Command memberpay is the whole product in one binary: the portal, its jobs and the tools of whoever runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	_ "time/tzdata" // time zones on machines without them

	"github.com/alecthomas/kong"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// version is set when the binary is built.
var version = "dev"

// cli is every sub-command, one file each.
var cli struct {
	Serve   serveCommand   `cmd:"" help:"Serve the portal."`
	Demo    demoCommand    `cmd:"" help:"Serve a demonstration: invented members, a card processor, a bank and a mailbox of its own."`
	Sandbox sandboxCommand `cmd:"" help:"Serve the demonstration's card processor, bank and mailbox alone."`
	Import  importCommand  `cmd:"" help:"Bring bills in."`
	Export  exportCommand  `cmd:"" help:"Write bills, payments or the ledger as CSV or JSON."`
	Ach     achCommand     `cmd:"" help:"Send bank files and take in answers."`
	Verify  verifyCommand  `cmd:"" help:"Check every rule of the book. Exits with 1 at the first violation."`
	Account accountCommand `cmd:"" help:"Open accounts for members."`
	Audit   auditCommand   `cmd:"" help:"Check, prove and export who did what."`
	Member  memberCommand  `cmd:"" help:"Look after the numbers of members."`
	Staff   staffCommand   `cmd:"" help:"Invite the people who work at the desk, list them, end their work."`
	Keys    keysCommand    `cmd:"" help:"Look after the keys that seal fields: list, rotate, retire, change the master key."`
	Seed    seedCommand    `cmd:"" help:"Make invented households, bills and histories, for measuring."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	Doctor  doctorCommand  `cmd:"" help:"Say what is wrong with a configuration."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	parsed := kong.Parse(&cli, kong.Name("memberpay"), kong.Description("Bill payment for health plans and health systems."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		var exit exitCode
		if errors.As(err, &exit) {
			os.Exit(int(exit))
		}
		fmt.Fprintln(os.Stderr, "memberpay:", err)
		os.Exit(1)
	}
}

// exitCode ends the program with a code after the command has already said why.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit %d", int(e)) }

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("memberpay", version)
	return nil
}

// open opens the database of a sub-command and brings its schema up to date.
func open(ctx context.Context, s config.Store) (*db.DB, error) {
	d, err := db.Open(ctx, s.DatabaseURL())
	if err != nil {
		return nil, err
	}
	if _, err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// openExisting is open for commands that only look: a SQLite file that is not there is an error, not an empty book.
func openExisting(ctx context.Context, s config.Store) (*db.DB, error) {
	if path, ok := strings.CutPrefix(s.DatabaseURL(), "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("there is no database: %w; name it with --data or --database", err)
		}
	}
	return open(ctx, s)
}

// openNoting is open for commands that note in the audit log what they do: with the keys, so that what they write bears its marks.
func openNoting(ctx context.Context, s config.Store, open func(context.Context, config.Store) (*db.DB, error)) (*db.DB, error) {
	d, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, err := app.OpenKeys(ctx, d, s, atCommandLine, logger()); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// openBox returns the box that seals fields. It follows the keys while they are changed, until closed.
func openBox(ctx context.Context, d *db.DB, s config.Store) (box *seal.Box, closed func(), err error) {
	k, err := app.OpenKeys(ctx, d, s, atCommandLine, logger())
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { k.Follow(ctx) })
	return k.Box, func() { stop(); done.Wait() }, nil
}

func logger() *slog.Logger { return config.Logger(slog.LevelInfo) }
