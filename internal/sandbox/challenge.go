package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// answerChallenge takes the payer's answer to the bank's check and sends the payer back to the page that asked for
// the payment. An answer to a check that is finished changes nothing.
func (s *Sandbox) answerChallenge(w http.ResponseWriter, r *http.Request) {
	answer := r.FormValue("answer")
	if answer != "complete" && answer != "fail" {
		http.Error(w, "Say complete or fail.", http.StatusBadRequest)
		return
	}
	c := &call{s: s, now: time.Now(), req: newID("req")}
	var back string
	err := s.store.write(func(t *tx) error {
		c.t = t
		pi, _, err := load[intent](t, kindIntent, r.PathValue("id"))
		if err != nil {
			return err
		}
		var asked returnTo
		if err := t.get(kindReturn, returnID(pi.ID), &record{Body: &asked}); err != nil {
			return missing(kindIntent, pi.ID)
		}
		switch {
		case pi.Status != needsAction:
		case answer == "complete":
			err = c.passChallenge(pi)
		default:
			err = c.failChallenge(pi)
		}
		back = returnAddress(asked.URL, pi)
		return err
	})
	var e *apiError
	switch {
	case errors.As(err, &e):
		http.Error(w, e.Message, e.status)
		return
	case err != nil:
		s.cfg.Log.Error("sandbox: answer challenge", "error", err)
		http.Error(w, "Something went wrong in the sandbox.", http.StatusInternalServerError)
		return
	}
	wake(s.wakeNews)
	wake(s.wakeDue)
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// returnTo remembers where the payer of a challenged intent goes back to, for those who answer twice or come late.
type returnTo struct {
	URL string `json:"url"`
}

const kindReturn = "return"

func returnID(intentID string) string { return "return_" + intentID }

func (c *call) passChallenge(pi *intent) error {
	pmID, _ := pi.PaymentMethod.(string)
	pm, rec, err := load[method](c.t, kindMethod, pmID)
	if err != nil {
		return err
	}
	_, err = c.settle(pi, pm, cardByKey[rec.Script])
	return err
}

func (c *call) failChallenge(pi *intent) error {
	e := cardError("authentication")
	e.Type = "invalid_request_error"
	pi.Status, pi.NextAction, pi.PaymentMethod, pi.LastPaymentError = needsMethod, nil, nil, e
	if err := c.saveIntent(pi); err != nil {
		return err
	}
	_, err := c.emit("payment_intent.payment_failed", pi, cardScriptNone)
	return err
}

// returnAddress is where the payer goes after the check, with the parameters that the processor adds.
func returnAddress(returnURL string, pi *intent) string {
	u, err := url.Parse(returnURL)
	if err != nil {
		return returnURL
	}
	q := u.Query()
	q.Set("payment_intent", pi.ID)
	if pi.ClientSecret != nil {
		q.Set("payment_intent_client_secret", *pi.ClientSecret)
	}
	q.Set("redirect_status", map[bool]string{true: "succeeded", false: "failed"}[pi.Status == succeeded])
	u.RawQuery = q.Encode()
	return u.String()
}
