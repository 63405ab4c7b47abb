package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// apiVersion is the version of the API that the sandbox's objects follow.
const apiVersion = "2026-03-25.dahlia"

// cardScriptNone is for events that no card plays tricks with.
var cardScriptNone = CardScript{}

// announced holds the event types that are delivered as callbacks; all others are only recorded.
var announced = map[string]bool{
	"payment_intent.succeeded":       true,
	"payment_intent.payment_failed":  true,
	"payment_intent.processing":      true,
	"payment_intent.requires_action": true,
	"payment_intent.canceled":        true,
	"charge.dispute.created":         true,
	"charge.dispute.closed":          true,
	"charge.refunded":                true,
	"payout.paid":                    true,
}

// emit records an event and, where it is announced, asks for its delivery as the card's script says.
func (c *call) emit(kind string, about any, script CardScript) (id string, err error) {
	return c.emitAfter(kind, about, script, 0)
}

func (c *call) emitAfter(kind string, about any, script CardScript, delay time.Duration) (id string, err error) {
	if pi, ok := about.(*intent); ok {
		hidden := *pi
		hidden.ClientSecret = nil
		about = &hidden
	}
	ev := &event{ID: newID("evt"), Object: kindEvent, APIVersion: apiVersion, Created: c.now.Unix(),
		Data: map[string]any{"object": about}, Type: kind,
		Request: map[string]any{"id": c.req, "idempotency_key": nullable(c.key)}}
	deliveries := 0
	if announced[kind] && c.s.cfg.CallbackURL != "" {
		deliveries = 1
		if script.news == newsTwice {
			deliveries = 3
		}
	}
	ev.PendingWebhooks = min(deliveries, 1)
	if err := c.t.put(record{ID: ev.ID, Kind: kindEvent, Parent: kind, Created: ev.Created, Body: ev}); err != nil {
		return "", err
	}
	for range deliveries {
		c.news = true
		_, err := c.t.q.Exec(`INSERT INTO delivery (event, due) VALUES ($1, $2)`, ev.ID, c.now.Add(delay).UnixMicro())
		if err != nil {
			return "", err
		}
	}
	return ev.ID, nil
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

const (
	deliverers   = 8 // callbacks under way at once
	callbackTime = 10 * time.Second
	lastTry      = 40 // tries before a callback is given up; with doubling waits that is about three hours
	longestWait  = 5 * time.Minute
)

// deliverNews sends due callbacks until ctx ends. Delivery is at least once: what was sent but not yet marked when
// the sandbox stops is sent again.
func (s *Sandbox) deliverNews(ctx context.Context) {
	client := &http.Client{Timeout: callbackTime}
	defer client.CloseIdleConnections()
	var under sync.WaitGroup
	defer under.Wait()
	var mu sync.Mutex
	flying := map[int64]bool{}
	every(ctx, s.wakeNews, func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		due, wait, err := s.dueNews(flying, deliverers-len(flying))
		if err != nil {
			s.cfg.Log.Error("sandbox: read callbacks", "error", err)
			return time.Second
		}
		for _, d := range due {
			flying[d.n] = true
			under.Go(func() {
				s.deliver(ctx, client, d)
				mu.Lock()
				delete(flying, d.n)
				mu.Unlock()
				wake(s.wakeNews)
			})
		}
		return wait
	})
}

type delivery struct {
	n     int64
	event string
	tries int
	body  []byte
}

// dueNews returns at most room deliveries that are due, and how long until the next is. A flying one is under way.
func (s *Sandbox) dueNews(flying map[int64]bool, room int) (due []delivery, wait time.Duration, err error) {
	now := time.Now()
	rows, err := s.store.r.Query(`SELECT d.n, d.event, d.tries, d.due, o.body FROM delivery d JOIN object o ON o.id = d.event
WHERE d.done = 0 ORDER BY d.due, d.n LIMIT $1`, deliverers*2)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() && len(due) < room {
		var d delivery
		var at int64
		if err := rows.Scan(&d.n, &d.event, &d.tries, &at, &d.body); err != nil {
			return nil, 0, err
		}
		if flying[d.n] {
			continue
		}
		if in := time.UnixMicro(at).Sub(now); in > 0 {
			return due, in, rows.Err()
		}
		due = append(due, d)
	}
	return due, 0, rows.Err()
}

// deliver sends one callback and notes the outcome: done, or due again later.
func (s *Sandbox) deliver(ctx context.Context, client *http.Client, d delivery) {
	err := s.post(ctx, client, d.body)
	if ctx.Err() != nil {
		return
	}
	d.tries++
	done := err == nil || d.tries >= lastTry
	again := time.Now().Add(min(s.cfg.Pace.Retry<<min(d.tries-1, 20), longestWait))
	werr := s.store.write(func(t *tx) error {
		_, err := t.q.Exec(`UPDATE delivery SET tries = $1, done = $2, due = $3 WHERE n = $4`, d.tries, btoi(done), again.UnixMicro(), d.n)
		return err
	})
	switch {
	case werr != nil:
		s.cfg.Log.Error("sandbox: note callback", "event", d.event, "error", werr)
	case err != nil:
		s.cfg.Log.Warn("sandbox: callback failed", "event", d.event, "tries", d.tries, "gave_up", done, "error", err)
	default:
		s.settled.tell(d.event)
	}
}

func (s *Sandbox) post(ctx context.Context, client *http.Client, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", Sign(body, s.cfg.WebhookSecret, time.Now()))
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}

// Sign returns the value of the Stripe-Signature header for a callback body: the time and an HMAC-SHA256 of both.
func Sign(body []byte, secret string, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// ringAlarms does what was put off, when its time comes.
func (s *Sandbox) ringAlarms(ctx context.Context) {
	every(ctx, s.wakeDue, func() time.Duration {
		wait, err := s.ringDue()
		if err != nil {
			s.cfg.Log.Error("sandbox: late outcome", "error", err)
			return time.Second
		}
		return wait
	})
}

// ringDue does everything that is due and returns how long until the next.
func (s *Sandbox) ringDue() (time.Duration, error) {
	for {
		var n, at int64
		var verb, target string
		err := s.store.r.QueryRow(`SELECT n, due, verb, target FROM alarm ORDER BY due LIMIT 1`).Scan(&n, &at, &verb, &target)
		if isNoRows(err) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if in := time.Until(time.UnixMicro(at)); in > 0 {
			return in, nil
		}
		c := &call{s: s, now: time.Now(), req: newID("req")}
		err = s.store.write(func(t *tx) error {
			c.t = t
			if _, err := t.q.Exec(`DELETE FROM alarm WHERE n = $1`, n); err != nil {
				return err
			}
			if verb == alarmDispute {
				return c.openDispute(target)
			}
			return c.settleLate(target)
		})
		if err != nil {
			return 0, err
		}
		s.settled.tell(target)
		wake(s.wakeNews)
	}
}
