package sandbox

import (
	"errors"
	"log/slog"
	"net"
	"time"
)

// Keys that the sandbox uses where Config names none. They are printed in the demo, so they are no secrets.
const (
	DefaultSecretKey      = "sk_test_sandbox"
	DefaultPublishableKey = "pk_test_sandbox"
	DefaultWebhookSecret  = "whsec_sandbox"
	DefaultTextToken      = "sms_sandbox"
)

// Config says where the sandbox listens and keeps its book. Only DataDir is required.
type Config struct {
	Listen     string // HTTP address of Run, "127.0.0.1:8081" where empty
	ListenSMTP string // SMTP address; no mailbox listener where empty
	PublicURL  string // how a browser reaches the sandbox; taken from each request where empty
	DataDir    string // folder of sandbox.db, made where missing

	SecretKey      string // DefaultSecretKey where empty
	PublishableKey string // DefaultPublishableKey where empty
	CallbackURL    string // where events are delivered; they are only recorded where empty
	WebhookSecret  string // signs callbacks, DefaultWebhookSecret where empty

	TextToken string // asked of those who send text messages, DefaultTextToken where empty
	PrintDir  string // folder of letters to print, shown at /letters; none where empty

	OutboundDir string // NACHA files are read here; no bank where empty
	InboundDir  string // returns and settlements are written here

	Pace    Pace
	MaxMail int64        // bytes of one message, 10 MiB where 0
	Log     *slog.Logger // slog.Default() where nil

	Ready func(http net.Addr) // called by Run once it accepts requests; may be nil
}

// Pace holds every waiting time of the sandbox. A zero field takes the value that suits the demo.
type Pace struct {
	Slow    time.Duration // how long the slow card takes (5 s)
	Hang    time.Duration // how long a timeout card leaves the caller without an answer (65 s)
	Later   time.Duration // after how long a timeout card's outcome becomes true (30 s: later than a payer is kept waiting)
	Reorder time.Duration // how late the late one of two callbacks comes (1 s)
	Dispute time.Duration // after how long a disputed charge is disputed (2 s)
	Retry   time.Duration // first wait after a callback failed; doubles each time, at most 5 min (1 s)
	Settle  time.Duration // how long the bank takes to answer a file (2 s)
	Poll    time.Duration // how often the bank looks into its folder (250 ms)
}

// withDefaults fills empty fields, and refuses a configuration that cannot work.
func (c Config) withDefaults() (Config, error) {
	if c.DataDir == "" {
		return c, errors.New("sandbox: DataDir is empty; name a folder for sandbox.db")
	}
	if (c.OutboundDir == "") != (c.InboundDir == "") {
		return c, errors.New("sandbox: OutboundDir and InboundDir must be set together")
	}
	setText(&c.Listen, "127.0.0.1:8081")
	setText(&c.SecretKey, DefaultSecretKey)
	setText(&c.PublishableKey, DefaultPublishableKey)
	setText(&c.WebhookSecret, DefaultWebhookSecret)
	setText(&c.TextToken, DefaultTextToken)
	setTime(&c.Pace.Slow, 5*time.Second)
	setTime(&c.Pace.Hang, 65*time.Second)
	setTime(&c.Pace.Later, 30*time.Second)
	setTime(&c.Pace.Reorder, time.Second)
	setTime(&c.Pace.Dispute, 2*time.Second)
	setTime(&c.Pace.Retry, time.Second)
	setTime(&c.Pace.Settle, 2*time.Second)
	setTime(&c.Pace.Poll, 250*time.Millisecond)
	if c.MaxMail == 0 {
		c.MaxMail = 10 << 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c, nil
}

func setText(p *string, v string) {
	if *p == "" {
		*p = v
	}
}

func setTime(p *time.Duration, v time.Duration) {
	if *p == 0 {
		*p = v
	}
}
