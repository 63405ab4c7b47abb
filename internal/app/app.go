// Package app puts the parts together. It is the only place that knows every part: New makes them, Run serves until
// it is told to stop, Close leaves nothing behind.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/config"
	"memberpay/internal/contact"
	"memberpay/internal/db"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/keys"
	"memberpay/internal/note"
	"memberpay/internal/notice"
	"memberpay/internal/payment"
	"memberpay/internal/phonepay"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/processor/stripe"
	"memberpay/internal/recovery"
	"memberpay/internal/seal"
	"memberpay/internal/share"
	"memberpay/internal/staff"
	"memberpay/internal/web"
	"memberpay/internal/web/desk"
	"memberpay/internal/web/portal"
	"memberpay/internal/words"
)

// App is one running server.
type App struct {
	Config   config.Server
	DB       *db.DB
	Brand    *brand.Brand
	Words    *words.Catalog
	Accounts *identity.Accounts
	Payments *payment.Payments
	Bank     *nacha.Rail
	Outbox   *event.Outbox
	Letters  *notice.Letters
	Sealer   *audit.Sealer
	Staff    *staff.Staff
	Keys     *keys.Keys

	Households *household.Households
	Recoveries *recovery.Recoveries
	Cases      *cases.Cases
	Callbacks  *callrequest.Requests
	Chats      *chat.Chats
	Enroll     *enroll.Enrollments
	Help       *help.Center
	Contacts   *contact.Contacts

	log      *slog.Logger
	metrics  *metrics
	portal   *portal.Portal
	desk     *desk.Desk
	stopping atomic.Bool
}

// Sign-ins may take one part in 24 of the machine in the long run, and half of it for a rush: payments come first. See
// docs/performance.md.
const (
	hashShare = 1.0 / 24
	hashSaved = 30 * time.Second
)

// New opens and migrates the database and makes every part. Errors say which setting to change.
func New(ctx context.Context, c config.Server, log *slog.Logger) (_ *App, err error) {
	c.Complete()
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: c, log: log, metrics: newMetrics()}
	if a.Brand, err = LoadBrand(c.Brand); err != nil {
		return nil, err
	}
	if a.Words, err = words.Load(); err != nil {
		return nil, err
	}
	if a.DB, err = db.Open(ctx, c.DatabaseURL()); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.DB.Close()
		}
	}()
	if n, err := a.DB.Migrate(ctx); err != nil {
		return nil, err
	} else if n > 0 {
		log.Info("migrated the database", "migrations", n)
	}
	if a.Keys, err = OpenKeys(ctx, a.DB, c.Store, audit.Program, log); err != nil {
		return nil, err
	}
	box := a.Keys.Box
	auditKey, err := audit.OpenKey(ctx, a.DB, box, time.Now())
	if err != nil {
		return nil, err
	}
	a.Sealer = audit.NewSealer(a.DB, auditKey, time.Now, c.AuditCheckpoint())
	if a.Bank, err = OpenBank(a.DB, box, a.Brand, c.Bank, log); err != nil {
		return nil, err
	}
	cards, err := stripe.New(stripe.Config{APIBase: c.Cards.API, SecretKey: c.Cards.SecretKey, PublishableKey: c.Cards.PublishableKey,
		ScriptURL: c.Cards.Script, WebhookSecret: c.Cards.WebhookSecret, ConfirmTimeout: c.Cards.Timeout})
	if err != nil {
		return nil, err
	}
	a.Outbox = event.NewOutbox(box)
	processors := runtime.GOMAXPROCS(0)
	a.Accounts = identity.New(a.DB, box, max(1, processors/2))
	a.Accounts.SpareProcessors(float64(processors)*hashShare, hashSaved)
	if err := a.usePasskeys(); err != nil {
		return nil, err
	}
	if _, err := a.Accounts.SealEmails(ctx); err != nil {
		return nil, err
	}
	if _, err := a.Accounts.MarkPoints(ctx); err != nil {
		return nil, err
	}
	a.Payments = payment.New(payment.Config{DB: a.DB, Cards: cards, Bank: a.Bank, Outbox: a.Outbox, Seal: box, Log: log, ChargeTimeout: c.Cards.Timeout,
		Descriptors: map[string]string{"medical": a.Brand.Payees.Medical.Descriptor, "premium": a.Brand.Payees.Premium.Descriptor}})
	a.Letters = notice.New(notice.Config{DB: a.DB, Outbox: a.Outbox, Brand: a.Brand, Words: a.Words, BaseURL: c.BaseURL,
		Mail:  notice.Server{Host: c.Mail.Host, User: c.Mail.User, Password: c.Mail.Password, Plain: c.Mail.Plain},
		Texts: notice.Gateway{URL: c.Texts.URL, Token: c.Texts.Token, From: c.Texts.From}, Print: c.Print.Outbound, Log: log})
	a.Households = household.New(household.Config{DB: a.DB, Accounts: a.Accounts, Seal: box, Outbox: a.Outbox, CanText: a.Letters.CanText(), CanPrint: a.Letters.CanPrint(), BaseURL: c.BaseURL, Log: log})
	a.Recoveries = recovery.New(recovery.Config{DB: a.DB, Accounts: a.Accounts, Seal: box, Outbox: a.Outbox, Zone: a.Brand.Zone(), CanText: a.Letters.CanText(),
		CanPrint: a.Letters.CanPrint(), Now: time.Now, Log: log})
	a.Enroll = enroll.New(enroll.Config{DB: a.DB, Accounts: a.Accounts, Seal: box, Outbox: a.Outbox, Zone: a.Brand.Zone(), CanText: a.Letters.CanText(),
		CanPrint: a.Letters.CanPrint()})
	a.Contacts = &contact.Contacts{DB: a.DB, Accounts: a.Accounts, Seal: box, Outbox: a.Outbox, CanMail: a.Letters.CanMail(), CanText: a.Letters.CanText(), CanPrint: a.Letters.CanPrint()}
	a.Callbacks = callrequest.New(callrequest.Config{DB: a.DB, Seal: box, Outbox: a.Outbox, Brand: a.Brand})
	a.Cases = cases.New(cases.Config{DB: a.DB, Seal: box, Outbox: a.Outbox, Zone: a.Brand.Zone()})
	a.Chats = chat.New(chat.Config{DB: a.DB, Seal: box, Outbox: a.Outbox, Accounts: a.Accounts, BaseURL: c.BaseURL, Log: log,
		Open: func(now time.Time) bool { return a.Brand.Hours(now).Open }})
	a.portal = &portal.Portal{Contacts: a.Contacts, Chats: a.Chats, Cases: a.Cases, Calls: a.Callbacks, Recoveries: a.Recoveries, DB: a.DB, Payments: a.Payments, Seal: box, Outbox: a.Outbox, Households: a.Households, Enroll: a.Enroll, CanText: a.Letters.CanText(),
		CanPrint: a.Letters.CanPrint(), Browser: cards.Browser(), BaseURL: c.BaseURL,
		Arrives: a.Bank.SettlesOn, LastCall: a.Bank.NextCut}
	a.Help = help.New(help.Config{DB: a.DB, Seal: box, Folder: c.Help, Log: log})
	a.portal.Help = a.Help
	a.Help.Page = web.Pages(a.portal.Routes())
	a.Staff = staff.New(staff.Config{DB: a.DB, Accounts: a.Accounts, Seal: box, Outbox: a.Outbox, BaseURL: c.BaseURL, Log: log,
		SSO: staff.SSO{Issuer: c.SSO.Issuer, ClientID: c.SSO.ClientID, ClientSecret: c.SSO.ClientSecret, Name: c.SSO.Name, RoleClaim: c.SSO.RoleClaim}})
	shares := &share.Shares{DB: a.DB, Seal: box}
	a.desk = &desk.Desk{Chats: a.Chats, DB: a.DB, Staff: a.Staff, Cases: a.Cases, Callbacks: a.Callbacks, Help: a.Help, BaseURL: c.BaseURL, Calls: &caller.Calls{DB: a.DB, Accounts: a.Accounts, Seal: box}, Households: a.Households, Contacts: a.Contacts, Notes: &note.Notes{DB: a.DB, Seal: box}, JoinCode: a.joinCode}
	a.portal.Shares, a.desk.Shares = shares, shares
	phone := &phonepay.Phone{DB: a.DB, Seal: box, Outbox: a.Outbox, Payments: a.Payments, CanMail: a.Letters.CanMail(), CanText: a.Letters.CanText(), CanPrint: a.Letters.CanPrint(),
		BaseURL: c.BaseURL, Arrives: a.Bank.SettlesOn, LastCall: a.Bank.NextCut}
	a.portal.Phone, a.desk.Phone = phone, phone
	return a, nil
}

// usePasskeys lets browsers make passkeys for the public address, where its host is a domain: an IP address has none.
func (a *App) usePasskeys() error {
	u, err := url.Parse(a.Config.BaseURL)
	if err != nil {
		return err
	}
	if net.ParseIP(u.Hostname()) != nil {
		a.log.Warn("no passkeys: browsers make none for an IP address; set MEMBERPAY_URL to an address with a name", "url", a.Config.BaseURL)
		return nil
	}
	return a.Accounts.UsePasskeys(identity.Passkeys{ID: u.Hostname(), Origins: []string{u.Scheme + "://" + u.Host}, Name: a.Brand.Name})
}

// LoadBrand reads the brand in path, or the demo organisation where path is "".
func LoadBrand(path string) (*brand.Brand, error) {
	if path == "" {
		return brand.Default(), nil
	}
	return brand.Load(path)
}

// OpenBank makes the bank rail from the brand's payees.
func OpenBank(d *db.DB, box *seal.Box, b *brand.Brand, c config.Bank, log *slog.Logger) (*nacha.Rail, error) {
	originators := map[string]nacha.Originator{}
	for _, kind := range []string{"medical", "premium"} {
		a := b.Payee(kind).ACH
		originators[kind] = nacha.Originator{CompanyName: a.CompanyName, CompanyID: a.CompanyID, EntryDescription: a.Description,
			ODFIRouting: a.BankRouting, DestinationName: a.BankName, OriginName: a.CompanyName}
	}
	return nacha.New(nacha.Config{Database: d, Seal: box, Originators: originators, OutboundDir: c.Outbound, InboundDir: c.Inbound, Log: log})
}

// Site is the portal as a web site.
func (a *App) Site() http.Handler {
	site := &web.Site{Brand: a.Brand, Words: a.Words, Accounts: a.Accounts, Log: a.log, Now: time.Now, Secure: a.Config.Secure(),
		Proxied: a.Config.Proxied, Fail: a.portal.Fail, Door: a.portal.Door, Prove: a.portal.Prove, Framed: a.portal.Framed, CSP: a.portal.CSP, Metrics: a.metrics.request}
	mux := http.NewServeMux()
	memberSite := site.Handler(a.portal.Routes())
	mux.Handle("/", memberSite)
	behind := &web.Site{Brand: a.Brand, Words: a.Words, Accounts: a.Accounts, Log: a.log, Now: time.Now, Cookie: desk.Cookie, Secure: a.Config.Secure(),
		Proxied: a.Config.Proxied, Fail: a.desk.Fail, Door: a.desk.Door, Extra: a.desk.Extra, Gate: a.desk.Gate, Prove: a.desk.Prove, Metrics: a.metrics.request}
	staffSite := behind.Handler(a.desk.Routes())
	mux.Handle("/desk", staffSite)
	mux.Handle("/desk/", staffSite)
	a.operations(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.Tidy(r) { // leads to the path as it should be, with the headers of every page
			memberSite.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Listen takes the configured address. A taken port is an error that says what to do.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program; stop it, or choose another address with MEMBERPAY_LISTEN=127.0.0.1:8090", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// drain is how long requests in flight may take after the server was told to stop: longer than a charge.
const drain = 45 * time.Second

// Run serves on l until ctx ends, then finishes the requests and the work in flight. ready, where not nil, is called
// once requests are answered.
func (a *App) Run(ctx context.Context, l net.Listener, ready func()) error {
	defer a.Chats.Hub.Stop()
	server := &http.Server{Handler: a.Site(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 3 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	server.RegisterOnShutdown(a.Chats.Hub.Stop)
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var work sync.WaitGroup
	a.loops(working, &work)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	go debug.FreeOSMemory() // what starting took
	a.log.Info("serving", "url", a.Config.BaseURL, "database", string(a.DB.Engine))
	if ready != nil {
		ready()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	a.stopping.Store(true)
	a.log.Info("stopping: finishing what is in flight")
	late, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err := server.Shutdown(late)
	stopWork()
	work.Wait()
	a.sealRest()
	return err
}

// Close stops the submitters and closes the database. Run must have returned.
func (a *App) Close() error {
	a.Payments.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(a.Keys.Close(ctx), a.DB.Close())
}
