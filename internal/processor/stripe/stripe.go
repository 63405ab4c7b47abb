package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/stripe/stripe-go/v85"

	"memberpay/internal/processor"
)

// Stripe's own addresses, used where Config names none.
const (
	defaultAPIBase   = "https://api.stripe.com"
	defaultScriptURL = "https://js.stripe.com/v3/"
)

// Config names the account and where to find Stripe. SecretKey, PublishableKey and WebhookSecret are required.
type Config struct {
	APIBase        string // https://api.stripe.com where empty
	ScriptURL      string // https://js.stripe.com/v3/ where empty
	SecretKey      string
	PublishableKey string
	WebhookSecret  string // signs callbacks

	HTTP           *http.Client     // a client of its own where nil
	Timeout        time.Duration    // of every call but Confirm; 10 s where 0
	ConfirmTimeout time.Duration    // of Confirm; 20 s where 0. A later answer is Unknown
	Now            func() time.Time // clock for the age of callbacks; time.Now where nil
}

// Cards is Stripe as a processor.Cards. It is safe for concurrent use.
type Cards struct {
	cfg     Config
	client  *api.Client
	browser processor.BrowserConfig
	live    bool
}

var (
	_ processor.Cards        = (*Cards)(nil)
	_ processor.BrowserForms = (*Cards)(nil)
)

// New checks the configuration and returns the processor. It does not call Stripe.
func New(cfg Config) (*Cards, error) {
	if cfg.APIBase == "" {
		cfg.APIBase = defaultAPIBase
	}
	if cfg.ScriptURL == "" {
		cfg.ScriptURL = defaultScriptURL
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.ConfirmTimeout == 0 {
		cfg.ConfirmTimeout = 20 * time.Second
	}
	if cfg.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		cfg.HTTP = &http.Client{Transport: transport}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	browser, err := checked(cfg)
	if err != nil {
		return nil, err
	}
	backend := api.GetBackendWithConfig(api.APIBackend, &api.BackendConfig{
		URL: api.String(strings.TrimSuffix(cfg.APIBase, "/")), HTTPClient: cfg.HTTP, MaxNetworkRetries: api.Int64(0),
		EnableTelemetry: api.Bool(false), LeveledLogger: &api.LeveledLogger{Level: api.LevelNull},
	})
	return &Cards{cfg: cfg, browser: browser, live: liveKey(cfg.SecretKey),
		client: api.NewClient(cfg.SecretKey, api.WithBackends(&api.Backends{API: backend, Connect: backend, Uploads: backend, MeterEvents: backend}))}, nil
}

// checked refuses a configuration that cannot work, and derives what the browser needs.
func checked(cfg Config) (processor.BrowserConfig, error) {
	var b processor.BrowserConfig
	for name, v := range map[string]string{"secret key": cfg.SecretKey, "publishable key": cfg.PublishableKey, "webhook secret": cfg.WebhookSecret} {
		if v == "" {
			return b, fmt.Errorf("stripe: the %s is empty; find it in Stripe's dashboard under Developers", name)
		}
	}
	if liveKey(cfg.SecretKey) != liveKey(cfg.PublishableKey) {
		return b, errors.New("stripe: one key is for test mode, the other for live mode; use two of the same mode")
	}
	base, err := origin(cfg.APIBase)
	if err != nil {
		return b, fmt.Errorf("stripe: API address: %w", err)
	}
	script, err := origin(cfg.ScriptURL)
	if err != nil {
		return b, fmt.Errorf("stripe: script address: %w", err)
	}
	b = processor.BrowserConfig{ScriptURL: cfg.ScriptURL, PublishableKey: cfg.PublishableKey,
		FrameOrigins: []string{script}, ConnectOrigins: []string{script}, ActionOrigins: []string{base}}
	if script == "https://js.stripe.com" {
		b.FrameOrigins = []string{"https://js.stripe.com", "https://hooks.stripe.com"}
		b.ConnectOrigins = []string{"https://api.stripe.com"}
		b.ActionOrigins = []string{"https://hooks.stripe.com"}
	}
	return b, nil
}

// liveKey reports whether a key moves real money.
func liveKey(key string) bool {
	_, rest, _ := strings.Cut(key, "_")
	return strings.HasPrefix(rest, "live_")
}

func origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", fmt.Errorf("%q is not an http or https address", address)
	}
	return u.Scheme + "://" + u.Host, nil
}

// Browser returns what the card step needs.
func (c *Cards) Browser() processor.BrowserConfig { return c.browser }

// NewCustomer makes a customer. The same reference gives the same customer for at least a day.
func (c *Cards) NewCustomer(ctx context.Context, reference string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	params := &api.CustomerCreateParams{Metadata: map[string]string{"reference": reference}}
	params.SetIdempotencyKey("customer:" + reference)
	cus, err := c.client.V1Customers.Create(ctx, params)
	if err != nil {
		return "", fmt.Errorf("stripe: make customer: %w", redacted(err))
	}
	return cus.ID, nil
}

// Forget removes a saved card. A card that is not saved (any more) is no error.
func (c *Cards) Forget(ctx context.Context, savedCard string) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	_, err := c.client.V1PaymentMethods.Detach(ctx, savedCard, nil)
	var se *api.Error
	if errors.As(err, &se) && (se.Code == api.ErrorCodeResourceMissing || se.Code == api.ErrorCodePaymentMethodUnexpectedState) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stripe: forget card: %w", redacted(err))
	}
	return nil
}

// Look describes the card behind a confirmation token that can still be used.
func (c *Cards) Look(ctx context.Context, token string) (processor.Card, error) {
	if !strings.HasPrefix(token, "ctoken_") {
		return processor.Card{}, processor.ErrToken
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	tok, err := c.client.V1ConfirmationTokens.Retrieve(ctx, token, nil)
	var se *api.Error
	if errors.As(err, &se) && se.Code == api.ErrorCodeResourceMissing {
		return processor.Card{}, processor.ErrToken
	}
	if err != nil {
		return processor.Card{}, fmt.Errorf("stripe: look at card: %w", redacted(err))
	}
	used := tok.PaymentIntent != "" || tok.SetupIntent != ""
	expired := tok.ExpiresAt != 0 && c.cfg.Now().Unix() >= tok.ExpiresAt
	if used || expired || tok.PaymentMethodPreview == nil || tok.PaymentMethodPreview.Card == nil {
		return processor.Card{}, processor.ErrToken
	}
	k := tok.PaymentMethodPreview.Card
	return card(k.Brand, k.Last4, k.Funding, k.Description), nil
}

// redacted keeps of an error what may be logged: never Stripe's objects, which hold client secrets and names, and never
// an address, which may end in a token.
func redacted(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return fmt.Errorf("%s: %w", ue.Op, ue.Err)
	}
	var se *api.Error
	if !errors.As(err, &se) {
		return err
	}
	return fmt.Errorf("status %d, type %q, code %q, parameter %q, request %s", se.HTTPStatusCode, se.Type, se.Code, se.Param, se.RequestID)
}
