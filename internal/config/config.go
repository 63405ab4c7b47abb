// Package config holds the settings of one installation: typed, checked once, passed on, and never global.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Store says where the data is. Every sub-command takes it.
type Store struct {
	Data     string `help:"Folder of the database, keys and bank files." env:"MEMBERPAY_DATA" default:"data" type:"path"`
	Database string `help:"Database: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME. SQLite in the data folder where empty." env:"MEMBERPAY_DATABASE" placeholder:"URL"`
	Master   Master `embed:"" prefix:"master-"`
}

// Master says where the master key is, under which the keys of sealed fields are wrapped.
type Master struct {
	Key           string `help:"Master key: 32 bytes in base64. Set it in the environment rather than here." env:"MEMBERPAY_MASTER_KEY" placeholder:"KEY"`
	KeyFile       string `help:"File of the master key. DATA/master.key where empty, made at the first start." env:"MEMBERPAY_MASTER_KEY_FILE" type:"path"`
	KeyBefore     string `help:"Master key of before, while it is being changed." env:"MEMBERPAY_MASTER_KEY_BEFORE" placeholder:"KEY"`
	KeyBeforeFile string `help:"File of the master key of before." env:"MEMBERPAY_MASTER_KEY_BEFORE_FILE" type:"path"`
}

// DatabaseURL is the database to open.
func (s Store) DatabaseURL() string {
	if s.Database != "" {
		return s.Database
	}
	return "sqlite:" + filepath.Join(s.Data, "memberpay.db")
}

// Keys is the path of the keyset that seals fields, wrapped under the master key.
func (s Store) Keys() string { return filepath.Join(s.Data, "keys.json") }

// MasterFile is the path of the master key where no setting says another place.
func (s Store) MasterFile() string { return filepath.Join(s.Data, "master.key") }

// AuditCheckpoint is the path of the newest signed checkpoint of the audit log, kept outside of the database.
func (s Store) AuditCheckpoint() string { return filepath.Join(s.Data, "audit.checkpoint") }

// Bank says how files travel to and from the bank.
type Bank struct {
	Outbound string        `help:"Folder for files to the bank. DATA/bank/outbound where empty." env:"MEMBERPAY_ACH_OUTBOUND" type:"path"`
	Inbound  string        `help:"Folder of files from the bank. DATA/bank/inbound where empty." env:"MEMBERPAY_ACH_INBOUND" type:"path"`
	CutEvery time.Duration `help:"Cut a bank file this often instead of in the bank's windows. For demonstrations." env:"MEMBERPAY_ACH_CUT_EVERY" placeholder:"TIME"`
}

// Cards says how to reach the card processor.
type Cards struct {
	API            string        `help:"Address of the card processor's API." env:"MEMBERPAY_CARDS_API" default:"https://api.stripe.com"`
	Script         string        `help:"Address of the processor's script for the card fields." env:"MEMBERPAY_CARDS_SCRIPT" default:"https://js.stripe.com/v3/"`
	SecretKey      string        `help:"Secret key of the processor." env:"MEMBERPAY_CARDS_SECRET_KEY"`
	PublishableKey string        `help:"Publishable key of the processor." env:"MEMBERPAY_CARDS_PUBLISHABLE_KEY"`
	WebhookSecret  string        `help:"Secret that signs the processor's callbacks." env:"MEMBERPAY_CARDS_WEBHOOK_SECRET"`
	Timeout        time.Duration `help:"How long a payer waits for the processor." env:"MEMBERPAY_CARDS_TIMEOUT" default:"20s"`
}

// Mail says how to send e-mail. Without a host, letters wait in the outbox.
type Mail struct {
	Host     string `help:"SMTP server as HOST:PORT. Letters wait where empty." env:"MEMBERPAY_SMTP_HOST"`
	User     string `help:"SMTP user." env:"MEMBERPAY_SMTP_USER"`
	Password string `help:"SMTP password." env:"MEMBERPAY_SMTP_PASSWORD"`
	Plain    bool   `help:"Send without TLS. For a server on this machine." env:"MEMBERPAY_SMTP_PLAIN"`
}

// Texts says how to send text messages. Without a URL, pages do not offer them.
type Texts struct {
	URL   string `help:"Address of the text gateway: takes a POST of JSON (to, from, text, reference). No texts where empty." env:"MEMBERPAY_SMS_URL" placeholder:"URL"`
	Token string `help:"Bearer token of the text gateway." env:"MEMBERPAY_SMS_TOKEN"`
	From  string `help:"Our number or sender name, as the gateway knows it." env:"MEMBERPAY_SMS_FROM"`
}

// Print says where letters to be printed go.
type Print struct {
	Outbound string `help:"Folder for letters to print and post (PDF). DATA/print/outbound where empty." env:"MEMBERPAY_PRINT_OUTBOUND" type:"path"`
}

// SSO says how staff sign in with the organisation's own identity provider.
type SSO struct {
	Issuer       string `help:"Address of the identity provider (OpenID Connect). None where empty." env:"MEMBERPAY_SSO_ISSUER" placeholder:"URL"`
	ClientID     string `help:"Our client id there." env:"MEMBERPAY_SSO_CLIENT_ID"`
	ClientSecret string `help:"Our client secret there." env:"MEMBERPAY_SSO_CLIENT_SECRET"`
	Name         string `help:"What the button calls it." env:"MEMBERPAY_SSO_NAME" default:"your organization"`
	RoleClaim    string `help:"Claim that names a role. Where empty, only people who were invited get in." env:"MEMBERPAY_SSO_ROLE_CLAIM"`
}

// Server is everything that serving needs.
type Server struct {
	Store   `embed:""`
	Listen  string `help:"Address to listen on." env:"MEMBERPAY_LISTEN" default:"127.0.0.1:8080"`
	BaseURL string `help:"Public address of the site. http://LISTEN where empty, with the name localhost for this machine." env:"MEMBERPAY_URL" placeholder:"URL"`
	Brand   string `help:"Brand configuration (JSON). The demo organisation where empty." env:"MEMBERPAY_BRAND" type:"path"`
	Help    string `help:"Folder of the organization's own help articles: en/*.md and es/*.md. None where empty." env:"MEMBERPAY_HELP" type:"path"`
	Proxied bool   `help:"A trusted proxy stands in front and sets X-Forwarded-For." env:"MEMBERPAY_PROXIED"`
	Bank    Bank   `embed:"" prefix:"ach-"`
	Cards   Cards  `embed:"" prefix:"cards-"`
	Mail    Mail   `embed:"" prefix:"smtp-"`
	Texts   Texts  `embed:"" prefix:"sms-"`
	Print   Print  `embed:"" prefix:"print-"`
	SSO     SSO    `embed:"" prefix:"sso-"`
}

// Complete fills what follows from other settings.
func (s *Server) Complete() {
	if s.BaseURL == "" {
		s.BaseURL = "http://" + Named(s.Listen)
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	if s.Bank.Outbound == "" {
		s.Bank.Outbound = filepath.Join(s.Data, "bank", "outbound")
	}
	if s.Bank.Inbound == "" {
		s.Bank.Inbound = filepath.Join(s.Data, "bank", "inbound")
	}
	if s.Print.Outbound == "" {
		s.Print.Outbound = filepath.Join(s.Data, "print", "outbound")
	}
}

// Named is an address to listen on as browsers should call it: passkeys are for names, and this machine's is localhost.
func Named(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err == nil && (host == "127.0.0.1" || host == "::1") {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// Problem is one setting that cannot work, with what to do about it.
type Problem struct{ Setting, Reason, Remedy string }

func (p Problem) Error() string { return p.Setting + ": " + p.Reason + "; " + p.Remedy }

// Check returns everything that is wrong with the settings, joined, or nil. Call Complete first. (It is not called Validate:
// the command line parser would call that by itself, before Complete.)
func (s *Server) Check() error {
	var errs []error
	add := func(setting, reason, remedy string) { errs = append(errs, Problem{setting, reason, remedy}) }
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		add("MEMBERPAY_LISTEN", fmt.Sprintf("%q is not HOST:PORT", s.Listen), "write for instance 127.0.0.1:8080")
	}
	u, err := url.Parse(s.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		add("MEMBERPAY_URL", fmt.Sprintf("%q is not a web address", s.BaseURL), "write for instance https://pay.example.org")
	} else if u.Scheme == "http" && !loopback(u.Hostname()) {
		add("MEMBERPAY_URL", "payments may not travel without encryption", "put TLS in front and write https://"+u.Host)
	}
	for _, c := range []struct{ name, value string }{
		{"MEMBERPAY_CARDS_SECRET_KEY", s.Cards.SecretKey},
		{"MEMBERPAY_CARDS_PUBLISHABLE_KEY", s.Cards.PublishableKey},
		{"MEMBERPAY_CARDS_WEBHOOK_SECRET", s.Cards.WebhookSecret},
	} {
		if c.value == "" {
			add(c.name, "is not set", "copy it from the processor's dashboard, or run \"memberpay demo\" to look around")
		}
	}
	if live(s.Cards.SecretKey) != live(s.Cards.PublishableKey) && s.Cards.SecretKey != "" && s.Cards.PublishableKey != "" {
		add("MEMBERPAY_CARDS_PUBLISHABLE_KEY", "one key is live and the other is for tests", "take both keys from the same side of the processor's dashboard")
	}
	if s.Cards.Timeout < time.Second || s.Cards.Timeout > 2*time.Minute {
		add("MEMBERPAY_CARDS_TIMEOUT", s.Cards.Timeout.String()+" is out of range", "write something from 1s to 2m")
	}
	if s.Mail.Host != "" {
		if _, _, err := net.SplitHostPort(s.Mail.Host); err != nil {
			add("MEMBERPAY_SMTP_HOST", fmt.Sprintf("%q is not HOST:PORT", s.Mail.Host), "write for instance mail.example.org:587")
		}
	}
	s.Texts.check(add)
	return errors.Join(errs...)
}

func (t Texts) check(add func(setting, reason, remedy string)) {
	if t.URL == "" {
		return
	}
	u, err := url.Parse(t.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		add("MEMBERPAY_SMS_URL", "is not a web address", "write the address that the text gateway gave you")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		add("MEMBERPAY_SMS_URL", "codes may not travel without encryption", "use the gateway's https: address")
	}
	if t.Token == "" {
		add("MEMBERPAY_SMS_TOKEN", "is not set", "copy it from the text gateway's dashboard")
	}
	if t.From == "" {
		add("MEMBERPAY_SMS_FROM", "is not set", "write your number or sender name, as the text gateway knows it")
	}
}

func live(key string) bool { return strings.Contains(key, "_live_") }

// Secure reports whether the public address is https.
func (s *Server) Secure() bool { return strings.HasPrefix(s.BaseURL, "https:") }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Logger writes structured lines to standard error, or to the file when path is not "".
func Logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
