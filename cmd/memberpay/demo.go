package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/demo"
	"memberpay/internal/sandbox"
)

type demoCommand struct {
	config.Store `embed:""`
	Listen       string        `help:"Address of the portal. The sandbox takes the next two ports." env:"MEMBERPAY_LISTEN" default:"127.0.0.1:8080"`
	Sandbox      string        `help:"Address of the sandbox." env:"MEMBERPAY_SANDBOX_LISTEN"`
	Brand        string        `help:"Brand configuration." env:"MEMBERPAY_BRAND" type:"path"`
	CutEvery     time.Duration `help:"Send bank payments this often instead of in the bank's windows." env:"MEMBERPAY_ACH_CUT_EVERY" placeholder:"TIME"`
	Timeout      time.Duration `help:"How long a payer waits for the card processor." env:"MEMBERPAY_CARDS_TIMEOUT" default:"20s"`
	Quick        bool          `help:"Answer slow cases quickly, for tests." env:"MEMBERPAY_SANDBOX_QUICK"`
}

// quickPace makes the sandbox's slow cases quick enough for tests and still slower than a charge's time limit of 2 s.
var quickPace = sandbox.Pace{Slow: time.Second, Hang: 6 * time.Second, Later: 3 * time.Second, Reorder: 200 * time.Millisecond,
	Dispute: 500 * time.Millisecond, Retry: 200 * time.Millisecond, Settle: 300 * time.Millisecond, Poll: 100 * time.Millisecond}

// card is what demo.json holds, for scripts.
type card struct {
	URL          string        `json:"url"`
	SandboxURL   string        `json:"sandbox_url"`
	MailboxURL   string        `json:"mailbox_url"`
	Members      []demo.Person `json:"members"`
	Staff        []demo.Worker `json:"staff"`
	DeskURL      string        `json:"desk_url"`
	Cards        []cardNumber  `json:"cards"`
	BankAccounts []bankAccount `json:"bank_accounts"`
}

type cardNumber struct {
	Number string `json:"number"`
	Brand  string `json:"brand"`
	Label  string `json:"label"`
	Does   string `json:"does"`
}

type bankAccount struct {
	Routing    string `json:"routing"`
	Account    string `json:"account"`
	Label      string `json:"label"`
	Does       string `json:"does"`
	ReturnCode string `json:"return_code,omitempty"`
}

// Run starts the sandbox and the portal in one process, each with its own listener and its own database, fills the
// portal the first time, prints the card and serves until it is interrupted.
func (c demoCommand) Run(ctx context.Context) error {
	l, err := app.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	c.Listen = l.Addr().String()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	unlock, err := lockFolder(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	logFile, err := os.OpenFile(filepath.Join(c.Data, "memberpay.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := slog.New(slog.NewTextHandler(logFile, nil))

	step("starting the sandbox: card processor, bank, mailbox")
	box, err := c.startSandbox(ctx, log)
	if err != nil {
		return err
	}
	defer box.stop()
	step("opening the database")
	a, err := app.New(ctx, c.server(box), log)
	if err != nil {
		return err
	}
	defer a.Close()
	step("importing the demonstration's bills")
	filled, err := demo.Fill(ctx, a.DB, a.Accounts, time.Now())
	if err == nil && filled {
		if err = demo.Case(ctx, a.DB, a.Accounts, a.Cases, time.Now()); err == nil {
			err = demo.Chats(ctx, a.Accounts, a.Chats, time.Now())
		}
	}
	if err != nil {
		return err
	}
	told := newCard(a.Config.BaseURL, box.url)
	if told.Staff, err = demo.Staff(ctx, a.Staff, staffOf(filepath.Join(c.Data, "demo.json")), time.Now()); err != nil {
		return err
	}
	if err := told.write(filepath.Join(c.Data, "demo.json")); err != nil {
		return err
	}
	return a.Run(ctx, l, func() { told.print(os.Stdout, c.Data) })
}

// lockFolder keeps a second demonstration away from a data folder, until unlock or the end of the process.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "demo.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another demonstration runs in %s; stop it, or choose another folder with MEMBERPAY_DATA", dir)
	}
	return func() { f.Close() }, nil
}

func step(what string) { fmt.Fprintln(os.Stderr, "memberpay:", what) }

// runningSandbox is the sandbox beside the portal.
type runningSandbox struct {
	url, smtp string
	bank      config.Bank
	stop      func()
}

func (c demoCommand) startSandbox(ctx context.Context, log *slog.Logger) (runningSandbox, error) {
	r := runningSandbox{bank: config.Bank{Outbound: filepath.Join(c.Data, "bank", "outbound"),
		Inbound: filepath.Join(c.Data, "bank", "inbound"), CutEvery: c.CutEvery}}
	address := c.Sandbox
	if address == "" {
		address = beside(c.Listen, 1)
	}
	r.smtp = beside(c.Listen, 2)
	cfg := sandbox.Config{Listen: address, ListenSMTP: r.smtp, DataDir: filepath.Join(c.Data, "sandbox"),
		CallbackURL: "http://" + c.Listen + "/callbacks/card", OutboundDir: r.bank.Outbound, InboundDir: r.bank.Inbound,
		PrintDir: filepath.Join(c.Data, "print", "outbound"), Log: log}
	if c.Quick {
		cfg.Pace = quickPace
	}
	// The sandbox outlives the portal, so that payments in flight get their answers while the portal stops.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	cfg.Ready = func(a net.Addr) { ready <- a }
	go func() { done <- sandbox.Run(running, cfg) }()
	r.stop = func() { cancel(); <-done }
	select {
	case a := <-ready:
		r.url = "http://" + config.Named(a.String()) // one site with the portal, as browsers see it
		return r, nil
	case err := <-done:
		cancel()
		if err == nil {
			err = errors.New("it stopped at once")
		}
		return r, fmt.Errorf("start the sandbox on %s: %w", address, err)
	}
}

// beside is the address n ports after another, or any free port of that host where it is taken.
func beside(address string, n int) string {
	host, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	for _, try := range []int{number + n, 0} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(try)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
	return net.JoinHostPort(host, strconv.Itoa(number+n))
}

// server is the portal's configuration: the same adapters as in production, with the sandbox's addresses and keys.
func (c demoCommand) server(box runningSandbox) config.Server {
	return config.Server{Store: c.Store, Listen: c.Listen, Brand: c.Brand, Bank: box.bank,
		Cards: config.Cards{API: box.url, Script: box.url + "/v3/", SecretKey: sandbox.DefaultSecretKey,
			PublishableKey: sandbox.DefaultPublishableKey, WebhookSecret: sandbox.DefaultWebhookSecret, Timeout: c.Timeout},
		Mail:  config.Mail{Host: box.smtp, Plain: true},
		Texts: config.Texts{URL: box.url + "/sms", Token: sandbox.DefaultTextToken, From: "+18005550100"}}
}

func newCard(url, sandboxURL string) card {
	out := card{URL: url, SandboxURL: sandboxURL, MailboxURL: sandboxURL + "/mailbox", DeskURL: url + "/desk", Members: demo.People}
	for _, x := range sandbox.Cards() {
		out.Cards = append(out.Cards, cardNumber{x.Number, x.Brand, x.Label, x.Does})
	}
	for _, x := range sandbox.BankAccounts() {
		out.BankAccounts = append(out.BankAccounts, bankAccount{x.Routing, x.Account, x.Label, x.Does, x.ReturnCode})
	}
	return out
}

// staffOf are the staff that an earlier start has written down: the secrets of their apps stand nowhere else in clear.
func staffOf(path string) []demo.Worker {
	var earlier card
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &earlier) // a damaged card is written anew
	}
	return earlier.Staff
}

// write replaces the file as a whole, so that no script reads half of it.
func (c card) write(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (c card) print(w *os.File, data string) {
	fmt.Fprintf(w, "\nMemberpay demonstration. Nobody in it exists and no money moves.\n\n")
	fmt.Fprintf(w, "  Portal    %s\n  Sandbox   %s\n  Mailbox   %s\n\n", c.URL, c.SandboxURL, c.MailboxURL)
	fmt.Fprintf(w, "  Members   %-24s %-12s %-12s %-6s %-22s %s\n", "name", "member ID", "born", "ZIP", "e-mail", "password")
	for _, m := range c.Members {
		if m.Email == "" {
			fmt.Fprintf(w, "            %-24s %-12s %-12s %-6s %s\n", m.Name, m.MemberID, m.DateOfBirth, m.ZIP, "no account yet: create one at /join")
			continue
		}
		fmt.Fprintf(w, "            %-24s %-12s %-12s %-6s %-22s %s\n", m.Name, m.MemberID, m.DateOfBirth, m.ZIP, m.Email, m.Password)
	}
	fmt.Fprintf(w, "\n  Desk      %-40s the code comes from an authenticator app with the secret\n", c.DeskURL)
	for _, x := range c.Staff {
		fmt.Fprintf(w, "            %-14s %-14s %-20s %-22s %s\n", x.Name, x.Role, x.Email, x.Password, x.TOTPSecret)
	}
	fmt.Fprintf(w, "\n  Cards     any future date, any security code, any ZIP code\n")
	for _, x := range c.Cards {
		fmt.Fprintf(w, "            %-18s %s: %s\n", x.Number, x.Label, x.Does)
	}
	fmt.Fprintf(w, "\n  Bank      routing number %s\n", c.BankAccounts[0].Routing)
	for _, x := range c.BankAccounts {
		fmt.Fprintf(w, "            %-18s %s: %s\n", x.Account, x.Label, x.Does)
	}
	fmt.Fprintf(w, "\n            Bank payments wait for the bank's next window. Send them now with:\n            %s ach cut --data %s\n", os.Args[0], data)
	fmt.Fprintf(w, "\n  The same for scripts: %s. Ctrl-C stops; the data stays in %s.\n\n", filepath.Join(data, "demo.json"), data)
}
