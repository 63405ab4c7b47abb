package notice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"memberpay/internal/event"
)

// Gateway is the service that sends our text messages. Without URL, none are sent.
//
// Each message is one POST of JSON with the token as bearer:
//
//	{"to": "+15035550100", "from": "+18005550142", "text": "...", "reference": "msg_..."}
//
// Any answer of 200 to 299 means that the gateway has taken it. The reference, which is also the Idempotency-Key, is the
// same when a message is sent again after a lost answer. An answer of 400 to 499 is a refusal for good, except those that
// time or the operator can mend: 401, 403, 404, 408, 425, 429. Anything else is tried again.
type Gateway struct {
	URL   string
	Token string
	From  string // our number or sender name, as the gateway knows it
}

// phone is a number as the gateway wants it (E.164).
var phone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// gateway sends the requests. A redirection is not followed: the message would go to somebody else.
var gateway = &http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// text sends a letter as a text message.
func (l *Letters) text(ctx context.Context, m event.Message, text wording) error {
	if text.Short == "" {
		return cannot(m)
	}
	if !phone.MatchString(m.Recipient) {
		return fmt.Errorf("the phone number is not written +15035550100: %w", event.ErrRefused)
	}
	body, err := json.Marshal(struct {
		To        string `json:"to"`
		From      string `json:"from"`
		Text      string `json:"text"`
		Reference string `json:"reference"`
	}{m.Recipient, l.Texts.From, text.Short, m.ID})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.Texts.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("MEMBERPAY_SMS_URL is not a web address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", m.ID)
	req.Header.Set("Authorization", "Bearer "+l.Texts.Token)
	res, err := gateway.Do(req)
	if err != nil {
		var where *url.Error // its text holds the address, which may hold a secret
		if errors.As(err, &where) {
			err = where.Err
		}
		return fmt.Errorf("the text gateway cannot be reached: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // not told: it may repeat the message
	switch s := res.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusNotFound:
		return fmt.Errorf("the text gateway answered %d; check MEMBERPAY_SMS_URL and MEMBERPAY_SMS_TOKEN", s)
	case s >= 400 && s < 500 && s != http.StatusRequestTimeout && s != http.StatusTooEarly && s != http.StatusTooManyRequests:
		return fmt.Errorf("the text gateway refused the message with %d: %w", s, event.ErrRefused)
	default:
		return fmt.Errorf("the text gateway answered %d", s)
	}
}
