package stripe

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	api "github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"memberpay/internal/processor"
)

// oldest is how old a callback may be. Older ones may be recordings that somebody plays back.
const oldest = 5 * time.Minute

// Callback checks the Stripe-Signature header and maps the event. Events of another mode (live or test) than the
// account's key, and inquiries that took no money, are none of ours.
func (c *Cards) Callback(body []byte, signature string) (processor.Event, error) {
	ev, err := webhook.ConstructEventWithOptions(body, signature, c.cfg.WebhookSecret,
		webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true})
	if err != nil || !c.fresh(signature) {
		return processor.Event{}, processor.ErrSignature
	}
	if ev.Livemode != c.live || ev.Data == nil {
		return processor.Event{}, nil
	}
	switch ev.Type {
	case api.EventTypePaymentIntentSucceeded, api.EventTypePaymentIntentPaymentFailed, api.EventTypePaymentIntentProcessing,
		api.EventTypePaymentIntentCanceled, api.EventTypePaymentIntentRequiresAction:
		var pi api.PaymentIntent
		if err := json.Unmarshal(ev.Data.Raw, &pi); err != nil {
			return processor.Event{}, fmt.Errorf("stripe: read event %s: %w", ev.ID, err)
		}
		return processor.Event{ID: ev.ID, Kind: "charge", ProcessorRef: pi.ID, PaymentID: pi.Metadata["payment_id"]}, nil
	case api.EventTypeChargeRefunded:
		var ch api.Charge
		if err := json.Unmarshal(ev.Data.Raw, &ch); err != nil {
			return processor.Event{}, fmt.Errorf("stripe: read event %s: %w", ev.ID, err)
		}
		return refundNews(ev, ch.PaymentIntent), nil
	case api.EventTypeRefundUpdated, api.EventTypeRefundFailed, api.EventTypeChargeRefundUpdated:
		var re api.Refund
		if err := json.Unmarshal(ev.Data.Raw, &re); err != nil {
			return processor.Event{}, fmt.Errorf("stripe: read event %s: %w", ev.ID, err)
		}
		return refundNews(ev, re.PaymentIntent), nil
	case api.EventTypeChargeDisputeCreated, api.EventTypeChargeDisputeUpdated, api.EventTypeChargeDisputeClosed:
		var d api.Dispute
		if err := json.Unmarshal(ev.Data.Raw, &d); err != nil {
			return processor.Event{}, fmt.Errorf("stripe: read event %s: %w", ev.ID, err)
		}
		what := disputeNews(ev, d.Status)
		if what == "" || d.PaymentIntent == nil {
			return processor.Event{}, nil
		}
		return processor.Event{ID: ev.ID, Kind: "dispute", ProcessorRef: d.PaymentIntent.ID, Dispute: what}, nil
	}
	return processor.Event{}, nil
}

// refundNews is news of the refunds of a charge, none where it is not known of which.
func refundNews(ev api.Event, of *api.PaymentIntent) processor.Event {
	if of == nil {
		return processor.Event{}
	}
	return processor.Event{ID: ev.ID, Kind: "refund", ProcessorRef: of.ID}
}

// disputeNews says what happened to the money, "" where nothing did.
func disputeNews(ev api.Event, status api.DisputeStatus) string {
	inquiry := func(s string) bool { return strings.HasPrefix(s, "warning_") }
	switch ev.Type {
	case api.EventTypeChargeDisputeCreated:
		if !inquiry(string(status)) {
			return "opened"
		}
	case api.EventTypeChargeDisputeUpdated: // an inquiry that became a dispute
		before, _ := ev.Data.PreviousAttributes["status"].(string)
		if inquiry(before) && !inquiry(string(status)) {
			return "opened"
		}
	case api.EventTypeChargeDisputeClosed:
		switch status {
		case api.DisputeStatusWon:
			return "won"
		case api.DisputeStatusLost:
			return "lost"
		}
	}
	return ""
}

// fresh reads the time from a signature header that has been verified. Where it has several, every one must be fresh:
// only one of them was signed.
func (c *Cards) fresh(signature string) bool {
	times := 0
	for _, part := range strings.Split(signature, ",") {
		if t, ok := strings.CutPrefix(part, "t="); ok {
			sec, err := strconv.ParseInt(t, 10, 64)
			if err != nil || c.cfg.Now().Sub(time.Unix(sec, 0)) > oldest {
				return false
			}
			times++
		}
	}
	return times > 0
}
