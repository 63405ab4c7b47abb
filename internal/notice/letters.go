package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/payment"
	"memberpay/internal/words"
)

// Config is what New needs.
type Config struct {
	DB      *db.DB
	Outbox  *event.Outbox
	Brand   *brand.Brand
	Words   *words.Catalog
	BaseURL string
	Mail    Server
	Texts   Gateway
	Print   string           // folder for printed letters; "" prints none
	Now     func() time.Time // time.Now where nil
	Log     *slog.Logger     // slog.Default where nil
}

// Letters sends what the outbox holds. It is safe for concurrent use; several processes share one outbox.
type Letters struct {
	Config
	crash func(at string) error // tests end the work here; nil otherwise
}

// New returns Letters.
func New(c Config) *Letters {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Letters{Config: c}
}

// CanMail reports whether e-mail is sent. Where it is not, mail waits in the outbox.
func (l *Letters) CanMail() bool { return l.Mail.Host != "" }

// CanText reports whether text messages are sent. Pages offer them only then.
func (l *Letters) CanText() bool { return l.Texts.URL != "" }

// CanPrint reports whether letters are printed. Pages offer it only then, and only to somebody with an address on file.
func (l *Letters) CanPrint() bool { return l.Print != "" }

// batch is how many letters one round claims.
const batch = 20

// SendMail sends the e-mails that are due, until none is left. A letter that cannot be sent is tried again later, after a
// growing pause; the error says what stopped the last one. Where e-mail is not set up, it does nothing.
func (l *Letters) SendMail(ctx context.Context) error {
	if !l.CanMail() {
		return nil
	}
	client, err := l.Mail.client()
	if err != nil {
		return err
	}
	return l.sendAll(ctx, event.Mail, func(ctx context.Context, m event.Message, text wording) error { return l.mail(ctx, client, m, text) })
}

// SendTexts is SendMail for text messages.
func (l *Letters) SendTexts(ctx context.Context) error {
	if !l.CanText() {
		return nil
	}
	return l.sendAll(ctx, event.Text, l.text)
}

// SendPrint is SendMail for printed letters: it writes them into the print folder.
func (l *Letters) SendPrint(ctx context.Context) error {
	if !l.CanPrint() {
		return nil
	}
	return l.sendAll(ctx, event.Print, l.print)
}

func (l *Letters) sendAll(ctx context.Context, channel string, carry func(context.Context, event.Message, wording) error) (last error) {
	for ctx.Err() == nil {
		due, err := l.Outbox.Claim(ctx, l.DB, l.Now(), channel, batch)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			return last
		}
		for _, m := range due {
			problem, err := l.sendOne(ctx, m, carry)
			if err != nil {
				return err
			}
			if problem != nil {
				last = problem
			}
		}
	}
	return ctx.Err()
}

// sendOne sends a letter and notes what became of it. problem is what stopped the letter, err what stopped the noting.
func (l *Letters) sendOne(ctx context.Context, m event.Message, carry func(context.Context, event.Message, wording) error) (problem, err error) {
	if m.Over(l.Now()) {
		problem = fmt.Errorf("it ran out before it could be sent: %w", event.ErrRefused)
	} else {
		var text wording
		if text, problem = l.write(ctx, m); problem == nil {
			problem = carry(ctx, m, text)
		}
	}
	if problem = without(problem, m.Recipient); problem != nil {
		l.Log.Warn("letter not sent", "message", m.ID, "kind", m.Kind, "channel", m.Channel, "tries", m.Tries+1, "err", problem)
	}
	return problem, l.Outbox.Told(ctx, l.DB, l.Now(), m, problem)
}

// write words a letter.
func (l *Letters) write(ctx context.Context, m event.Message) (wording, error) {
	w := l.Words.For(m.Language)
	if !strings.HasPrefix(m.Kind, "payment.") {
		return l.aboutAccount(m, w)
	}
	if m.Channel != event.Mail && (m.Channel != event.Print || m.Kind != "payment.notice") {
		return wording{}, cannot(m)
	}
	pay, err := payment.ByID(ctx, l.DB.Read(), m.Subject)
	if err != nil {
		return wording{}, err
	}
	out, err := l.aboutPayment(m.Kind, pay, w)
	if m.Channel == event.Print { // the foot of the page says whom to ask
		out.Small = []string{l.genuine(m.Channel, w)}
	}
	return out, err
}

func unknown(kind string) error {
	return fmt.Errorf("letter of kind %q is not known: %w", kind, event.ErrRefused)
}

func cannot(m event.Message) error {
	return fmt.Errorf("a letter of kind %q does not travel as %q: %w", m.Kind, m.Channel, event.ErrRefused)
}

// anAddress is an e-mail address in what a server said.
var anAddress = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// without is err with every mention of the recipient taken out: problems are logged and kept, people are not named there.
func without(err error, recipient string) error {
	if err == nil {
		return nil
	}
	said := anAddress.ReplaceAllString(err.Error(), "(address)")
	for line := range strings.Lines(recipient) {
		if line = strings.TrimSpace(line); line != "" {
			said = strings.ReplaceAll(said, line, "(recipient)")
		}
	}
	if errors.Is(err, event.ErrRefused) {
		return &refusal{said}
	}
	return errors.New(said)
}

// refusal is a problem that no further try can help.
type refusal struct{ said string }

func (r *refusal) Error() string { return r.said }
func (r *refusal) Unwrap() error { return event.ErrRefused }

// host is the organisation's own site as people type it: "pay.larkspur.example".
func (l *Letters) host() string {
	u, err := url.Parse(l.BaseURL)
	if err != nil {
		return l.BaseURL
	}
	return u.Host
}

// own returns an address of the organisation's own site, or an error for any other.
func (l *Letters) own(address string) (string, error) {
	base, err := url.Parse(l.BaseURL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || u.Host == "" {
		return "", fmt.Errorf("the link does not lead to our own site: %w", event.ErrRefused)
	}
	return u.String(), nil
}
