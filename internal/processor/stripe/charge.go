package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	api "github.com/stripe/stripe-go/v85"

	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Prepare opens an unconfirmed payment intent, with the charge's reference as idempotency key.
func (c *Cards) Prepare(ctx context.Context, ch processor.Charge) (string, error) {
	if err := sound(ch); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	params := &api.PaymentIntentCreateParams{
		Amount: api.Int64(int64(ch.Amount)), Currency: api.String("usd"),
		PaymentMethodTypes: []*string{api.String("card")},
		Metadata:           map[string]string{"payment_id": ch.PaymentID, "reference": ch.Reference},
	}
	params.SetIdempotencyKey(ch.Reference)
	if d := descriptor(ch.Descriptor); d != "" {
		params.StatementDescriptorSuffix = api.String(d)
	}
	if ch.Customer != "" {
		params.Customer = api.String(ch.Customer)
	}
	if ch.Save {
		params.SetupFutureUsage = api.String("on_session")
	}
	pi, err := c.client.V1PaymentIntents.Create(ctx, params)
	if err != nil {
		return "", fmt.Errorf("stripe: open charge: %w", redacted(err))
	}
	return pi.ID, nil
}

// sound refuses a charge that no processor could make sense of. Such a charge is a programming error.
func sound(ch processor.Charge) error {
	switch {
	case ch.Reference == "" || len(ch.Reference) > 200:
		return errors.New("stripe: a charge needs a reference of at most 200 characters")
	case ch.Amount <= 0:
		return fmt.Errorf("stripe: a charge of %s cannot be made", ch.Amount)
	case (ch.Token == "") == (ch.SavedCard == ""):
		return errors.New("stripe: a charge needs a token or a saved card, and not both")
	case (ch.SavedCard != "" || ch.Save) && ch.Customer == "":
		return errors.New("stripe: a saved card needs its customer")
	}
	return nil
}

// descriptor drops what card statements cannot show and cuts to 22 characters. Without a letter it is "": Stripe would
// refuse it.
func descriptor(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`<>\'"*`, r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s[:min(len(s), 22)])
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }) {
		return ""
	}
	return s
}

// Confirm confirms the intent. It sends one request, and on a refused one asks once what the intent has become.
func (c *Cards) Confirm(ctx context.Context, ref string, ch processor.Charge) processor.Outcome {
	call, cancel := context.WithTimeout(ctx, c.cfg.ConfirmTimeout)
	defer cancel()
	params := &api.PaymentIntentConfirmParams{Expand: expand()}
	params.SetIdempotencyKey(ch.Reference + ":confirm")
	if ch.Token != "" {
		params.ConfirmationToken = api.String(ch.Token)
	} else {
		params.PaymentMethod = api.String(ch.SavedCard)
	}
	if ch.ReturnURL != "" {
		params.ReturnURL = api.String(ch.ReturnURL)
	}
	pi, err := c.client.V1PaymentIntents.Confirm(call, ref, params)
	if err == nil {
		return outcome(pi)
	}
	unknown := processor.Outcome{Status: processor.Unknown, ProcessorRef: ref, Amount: ch.Amount}
	var se *api.Error
	switch {
	case !errors.As(err, &se):
		return unknown
	case se.HTTPStatusCode == http.StatusPaymentRequired && se.PaymentIntent != nil:
		return outcome(se.PaymentIntent)
	case se.HTTPStatusCode == http.StatusUnauthorized, se.HTTPStatusCode == http.StatusForbidden:
		return c.refused(ctx, ref, processor.ReasonUnreachable, unknown)
	case se.HTTPStatusCode == http.StatusConflict, se.HTTPStatusCode == http.StatusTooManyRequests, se.HTTPStatusCode >= 500:
		return unknown
	}
	return c.refused(ctx, ref, processor.ReasonProcessing, unknown)
}

// refused settles what a refused confirmation means. The request itself moved nothing, but an earlier one may have:
// only an intent that is still open and has no error of its own is declined for the given reason.
func (c *Cards) refused(ctx context.Context, ref string, reason processor.Reason, unknown processor.Outcome) processor.Outcome {
	pi, err := c.retrieve(ctx, ref)
	if err != nil {
		return unknown
	}
	out := outcome(pi)
	open := pi.Status == api.PaymentIntentStatusRequiresPaymentMethod || pi.Status == api.PaymentIntentStatusRequiresConfirmation
	if out.Status == processor.Unknown && open {
		out.Status, out.Reason, out.CanRetry = processor.Declined, reason, true
	}
	return out
}

// Status asks what became of the intent.
func (c *Cards) Status(ctx context.Context, ref string) (processor.Outcome, error) {
	pi, err := c.retrieve(ctx, ref)
	if err != nil {
		return processor.Outcome{}, fmt.Errorf("stripe: ask for charge %s: %w", ref, redacted(err))
	}
	return outcome(pi), nil
}

func (c *Cards) retrieve(ctx context.Context, ref string) (*api.PaymentIntent, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return c.client.V1PaymentIntents.Retrieve(ctx, ref, &api.PaymentIntentRetrieveParams{Expand: expand()})
}

// Cancel cancels the intent. Where Stripe refuses, because the money moved or may yet move, the answer is what the
// intent is: Succeeded, Declined (canceled before), or Unknown while Stripe is still working on it.
func (c *Cards) Cancel(ctx context.Context, ref string) (processor.Outcome, error) {
	pi, err := c.retrieve(ctx, ref)
	if err != nil {
		return processor.Outcome{}, fmt.Errorf("stripe: ask for charge %s: %w", ref, redacted(err))
	}
	if pi.Status == api.PaymentIntentStatusSucceeded || pi.Status == api.PaymentIntentStatusCanceled {
		return outcome(pi), nil
	}
	reason := api.PaymentIntentCancellationReasonRequestedByCustomer
	if pi.Status == api.PaymentIntentStatusRequiresAction {
		reason = api.PaymentIntentCancellationReasonAbandoned
	}
	call, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	canceled, err := c.client.V1PaymentIntents.Cancel(call, ref, &api.PaymentIntentCancelParams{CancellationReason: api.String(string(reason)), Expand: expand()})
	var se *api.Error
	switch {
	case err == nil:
		return outcome(canceled), nil
	case errors.As(err, &se) && se.Code == api.ErrorCodePaymentIntentUnexpectedState:
		return c.Status(ctx, ref)
	}
	return processor.Outcome{}, fmt.Errorf("stripe: cancel charge %s: %w", ref, redacted(err))
}

func expand() []*string {
	return []*string{api.String("latest_charge"), api.String("payment_method")}
}

// outcome turns an intent into our words.
func outcome(pi *api.PaymentIntent) processor.Outcome {
	out := processor.Outcome{Status: processor.Unknown, ProcessorRef: pi.ID, Amount: money.Cents(pi.Amount), Card: cardOf(pi)}
	switch pi.Status {
	case api.PaymentIntentStatusSucceeded:
		out.Status, out.Amount = processor.Succeeded, money.Cents(pi.AmountReceived)
		if pi.SetupFutureUsage != "" && pi.PaymentMethod != nil {
			out.SavedCard = pi.PaymentMethod.ID
		}
	case api.PaymentIntentStatusRequiresAction:
		if pi.NextAction != nil && pi.NextAction.RedirectToURL != nil && pi.NextAction.RedirectToURL.URL != "" {
			out.Status, out.ActionURL = processor.ActionRequired, pi.NextAction.RedirectToURL.URL
		}
	case api.PaymentIntentStatusRequiresPaymentMethod, api.PaymentIntentStatusRequiresConfirmation:
		if pi.LastPaymentError != nil {
			v := reasonOf(pi.LastPaymentError)
			out.Status, out.Reason, out.CanRetry = processor.Declined, v.reason, v.canRetry
		}
	case api.PaymentIntentStatusCanceled:
		out.Status, out.Reason, out.CanRetry = processor.Declined, processor.ReasonCanceled, true
		if pi.CancellationReason == api.PaymentIntentCancellationReasonAbandoned {
			out.Reason = processor.ReasonAbandoned
		}
	}
	return out
}

// cardOf finds the card in what the intent has of it; an intent without one gives the zero Card.
func cardOf(pi *api.PaymentIntent) processor.Card {
	if pi.LatestCharge != nil && pi.LatestCharge.PaymentMethodDetails != nil && pi.LatestCharge.PaymentMethodDetails.Card != nil {
		k := pi.LatestCharge.PaymentMethodDetails.Card
		return card(string(k.Brand), k.Last4, string(k.Funding), k.Description)
	}
	pm := pi.PaymentMethod
	if (pm == nil || pm.Card == nil) && pi.LastPaymentError != nil {
		pm = pi.LastPaymentError.PaymentMethod
	}
	if pm == nil || pm.Card == nil {
		return processor.Card{}
	}
	return card(string(pm.Card.Brand), pm.Card.Last4, string(pm.Card.Funding), pm.Card.Description)
}

// card translates. Stripe tells of health savings cards only in the description of the card's range, and only to
// accounts for which that field is switched on; elsewhere HSA is false.
func card(brand, last4, funding, description string) processor.Card {
	if funding == "unknown" {
		funding = ""
	}
	hsa := false
	for _, word := range strings.FieldsFunc(strings.ToUpper(description), func(r rune) bool { return r < 'A' || r > 'Z' }) {
		hsa = hsa || word == "HSA" || word == "FSA" || word == "HEALTHCARE"
	}
	return processor.Card{Brand: brand, Last4: last4, Funding: funding, HSA: hsa}
}
