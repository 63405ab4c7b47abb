package notice

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"memberpay/internal/event"
)

// Server is the SMTP server that takes our mail. Without Host, mail waits in the outbox.
type Server struct {
	Host     string // HOST:PORT
	User     string
	Password string
	Plain    bool // no TLS
}

func (s Server) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.Host)
	if err != nil {
		return nil, fmt.Errorf("MEMBERPAY_SMTP_HOST: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("MEMBERPAY_SMTP_HOST: port %q is not a number", port)
	}
	opts := []mail.Option{mail.WithPort(number), mail.WithTimeout(15 * time.Second), mail.WithTLSPolicy(mail.TLSMandatory)}
	if s.Plain {
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.User != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(host, opts...)
}

// mail sends a letter by e-mail, as text and as HTML.
func (l *Letters) mail(ctx context.Context, client *mail.Client, m event.Message, text wording) error {
	msg, err := l.envelope(m, text)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, msg)
}

// envelope is the e-mail of a letter.
func (l *Letters) envelope(m event.Message, text wording) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.FromFormat(l.Brand.Mail.Sender, l.Brand.Mail.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.Recipient); err != nil {
		return nil, fmt.Errorf("the address cannot be written to: %w", event.ErrRefused)
	}
	msg.Subject(text.Subject)
	// The same letter sent twice after a crash carries the same id, and mail programs show it once.
	msg.SetMessageIDWithValue(m.ID + "@" + domain(l.Brand.Mail.From))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, text.Plain())
	html, err := text.HTML()
	if err != nil {
		return nil, err
	}
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	return msg, nil
}

func domain(address string) string {
	_, d, _ := strings.Cut(address, "@")
	return d
}
