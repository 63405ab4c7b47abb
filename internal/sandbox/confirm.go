package sandbox

import (
	"context"
	"net/http"
	"time"
)

// confirmIntent moves the money of an intent, or begins to.
func confirmIntent(c *call) (any, error) {
	pi, _, err := load[intent](c.t, kindIntent, c.id)
	if err != nil {
		return nil, err
	}
	if pi.Status == inProgress {
		return nil, locked()
	}
	if pi.Status != needsMethod && pi.Status != needsConfirm {
		return nil, unexpected(pi, "confirm")
	}
	pm, script, err := c.chooseMethod(pi)
	if err != nil {
		return nil, err
	}
	pi.PaymentMethod, pi.LastPaymentError = pm.ID, nil
	if script.auth {
		return c.askPayer(pi, script)
	}
	return c.pay(pi, pm, script)
}

// chooseMethod finds the card to charge: by one-time token, by saved card, or the one the intent already has.
func (c *call) chooseMethod(pi *intent) (*method, CardScript, error) {
	if id := c.form.Get("confirmation_token"); id != "" {
		return c.useToken(id, pi.ID, "")
	}
	id := c.form.Get("payment_method")
	if id == "" {
		id, _ = pi.PaymentMethod.(string)
	}
	if id == "" {
		return nil, CardScript{}, badRequest("parameter_missing", "payment_method", "Name a confirmation_token or a payment_method.")
	}
	pm, rec, err := load[method](c.t, kindMethod, id)
	if err != nil {
		return nil, CardScript{}, err
	}
	cus, _ := pi.Customer.(string)
	if pm.Customer == nil || *pm.Customer != cus {
		return nil, CardScript{}, badRequest("payment_method_unexpected_state", "payment_method",
			"The payment method does not belong to the intent's customer.")
	}
	return pm, cardByKey[rec.Script], nil
}

// askPayer sends the payer to the challenge page. No money moves before it is passed.
func (c *call) askPayer(pi *intent, script CardScript) (any, error) {
	back := c.form.Get("return_url")
	if !webAddress(back) {
		return nil, badRequest("parameter_missing", "return_url", "This card needs a return_url for the bank's check.")
	}
	pi.Status = needsAction
	pi.NextAction = &nextAction{Type: "redirect_to_url",
		RedirectToURL: redirect{ReturnURL: back, URL: c.base + "/challenge/" + pi.ID}}
	if err := c.saveIntent(pi); err != nil {
		return nil, err
	}
	if err := c.t.put(record{ID: returnID(pi.ID), Kind: kindReturn, Created: c.now.Unix(), Body: returnTo{back}}); err != nil {
		return nil, err
	}
	if _, err := c.emit("payment_intent.requires_action", pi, script); err != nil {
		return nil, err
	}
	return c.expanded(pi)
}

// pay charges the card at the pace of its script.
func (c *call) pay(pi *intent, pm *method, script CardScript) (any, error) {
	if script.pace == paceInstant {
		ev, err := c.settle(pi, pm, script)
		if err == nil && script.news == newsFirst && c.s.cfg.CallbackURL != "" {
			c.hold = c.answerAfter(c.s.settled.watch(ev), 5*time.Second, pi.ID)
		}
		if err != nil {
			return nil, err
		}
		return c.expandedOr(pi)
	}
	pi.Status, pi.Processing = inProgress, &processing{Type: "card"}
	if err := c.saveIntent(pi); err != nil {
		return nil, err
	}
	wait := c.s.cfg.Pace.Later
	if script.pace == paceSlow {
		wait = c.s.cfg.Pace.Slow
	}
	c.due = true
	if err := c.t.alarm(c.now.Add(wait), alarmCharge, pi.ID); err != nil {
		return nil, err
	}
	if script.pace == paceSlow {
		c.hold = c.answerAfter(c.s.settled.watch(pi.ID), time.Hour, pi.ID)
	} else {
		c.hold = c.answerAfter(nil, c.s.cfg.Pace.Hang, pi.ID)
	}
	return pi, nil
}

// answerAfter holds the answer back until done is closed or the time is up, and then tells the truth of that moment.
func (c *call) answerAfter(done <-chan struct{}, limit time.Duration, id string) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-done:
		case <-timer.C:
		}
		var v any
		err := c.s.store.read(func(t *tx) error {
			c.t = t
			pi, _, err := load[intent](t, kindIntent, id)
			if err != nil {
				return err
			}
			v, err = c.expandedOr(pi)
			return err
		})
		return v, err
	}
}

// expandedOr answers with the intent, or with the error of its declined charge.
func (c *call) expandedOr(pi *intent) (any, error) {
	v, err := c.expanded(pi)
	if err != nil || pi.LastPaymentError == nil {
		return v, err
	}
	e := *pi.LastPaymentError
	e.status, e.keep, e.PaymentIntent = http.StatusPaymentRequired, true, v
	return nil, &e
}

// alarmCharge is the verb of an alarm that settles an intent left in progress.
const alarmCharge = "charge"

// settleLate settles an intent whose alarm rang.
func (c *call) settleLate(id string) error {
	pi, _, err := load[intent](c.t, kindIntent, id)
	if err != nil || pi.Status != inProgress {
		return err
	}
	pmID, _ := pi.PaymentMethod.(string)
	pm, rec, err := load[method](c.t, kindMethod, pmID)
	if err != nil {
		return err
	}
	_, err = c.settle(pi, pm, cardByKey[rec.Script])
	return err
}
