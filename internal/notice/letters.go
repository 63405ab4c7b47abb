package notice

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"memberpay/internal/brand"
	"memberpay/internal/db"
	"memberpay/internal/event"
	"memberpay/internal/payment"
	"memberpay/internal/words"
)

// Config is what New needs. Without Host, letters wait in the outbox.
type Config struct {
	DB       *db.DB
	Outbox   *event.Outbox
	Brand    *brand.Brand
	Words    *words.Catalog
	BaseURL  string
	Host     string // HOST:PORT of the SMTP server
	User     string
	Password string
	Plain    bool // no TLS
	Log      *slog.Logger
}

// Letters sends what the outbox holds. It is safe for concurrent use; several processes share one outbox.
type Letters struct{ Config }

// New returns Letters.
func New(c Config) *Letters { return &Letters{c} }

// batch is how many letters one round claims.
const batch = 20

// Send sends the letters that are due, until none is left. A letter that cannot be sent is tried again later, after a
// growing pause; the error says what stopped the last one.
func (l *Letters) Send(ctx context.Context) error {
	if l.Host == "" {
		return nil
	}
	for ctx.Err() == nil {
		due, err := l.Outbox.Claim(ctx, l.DB, time.Now(), event.Mail, batch)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := l.sendAll(ctx, due); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *Letters) sendAll(ctx context.Context, due []event.Message) (problem error) {
	client, err := l.client()
	if err != nil {
		return err
	}
	for _, m := range due {
		err := l.send(ctx, client, m)
		if err != nil {
			l.Log.Warn("letter not sent", "message", m.ID, "kind", m.Kind, "tries", m.Tries+1, "err", err)
			problem = err
		}
		if err := l.Outbox.Told(ctx, l.DB, time.Now(), m, err); err != nil {
			return err
		}
	}
	return problem
}

func (l *Letters) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(l.Host)
	if err != nil {
		return nil, fmt.Errorf("MEMBERPAY_SMTP_HOST: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("MEMBERPAY_SMTP_HOST: port %q is not a number", port)
	}
	opts := []mail.Option{mail.WithPort(number), mail.WithTimeout(15 * time.Second), mail.WithTLSPolicy(mail.TLSMandatory)}
	if l.Plain {
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	}
	if l.User != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(l.User), mail.WithPassword(l.Password))
	}
	return mail.NewClient(host, opts...)
}

func (l *Letters) send(ctx context.Context, client *mail.Client, m event.Message) error {
	pay, err := payment.ByID(ctx, l.DB.Read(), m.Subject)
	if err != nil {
		return err
	}
	text, err := l.write(m.Kind, pay, l.Words.For(m.Language))
	if err != nil {
		return err
	}
	msg := mail.NewMsg()
	if err := msg.FromFormat(l.Brand.Mail.Sender, l.Brand.Mail.From); err != nil {
		return err
	}
	if err := msg.To(m.Recipient); err != nil {
		return err
	}
	msg.Subject(text.Subject)
	// The same letter sent twice after a crash carries the same id, and mail programs show it once.
	msg.SetMessageIDWithValue(m.ID + "@" + domain(l.Brand.Mail.From))
	msg.SetBodyString(mail.TypeTextPlain, text.Plain())
	html, err := text.HTML()
	if err != nil {
		return err
	}
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	return client.DialAndSendWithContext(ctx, msg)
}
