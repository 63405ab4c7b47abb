package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	api "github.com/stripe/stripe-go/v85"

	"memberpay/internal/money"
	"memberpay/internal/processor"
)

// Refund asks for the refund once, with its reference as idempotency key. Where Stripe refuses, it looks whether an
// earlier request with the same reference was taken.
func (c *Cards) Refund(ctx context.Context, r processor.Refund) processor.Refunded {
	call, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	params := &api.RefundCreateParams{PaymentIntent: api.String(r.Charge), Amount: api.Int64(int64(r.Amount)),
		Metadata: map[string]string{"reference": r.Reference}}
	params.SetIdempotencyKey(r.Reference)
	re, err := c.client.V1Refunds.Create(call, params)
	if err == nil {
		return refunded(re)
	}
	unknown := processor.Refunded{Reference: r.Reference, Status: processor.Unknown, Amount: r.Amount}
	var se *api.Error
	if !errors.As(err, &se) {
		return unknown
	}
	refused := se.Type == api.ErrorTypeInvalidRequest || se.Type == api.ErrorTypeCard
	switch se.HTTPStatusCode {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound:
	default:
		refused = false
	}
	if !refused {
		return unknown
	}
	made, err := c.Refunds(ctx, r.Charge)
	if err != nil {
		return unknown
	}
	for _, m := range made {
		if m.Reference == r.Reference {
			return m
		}
	}
	why := string(se.Code)
	if why == "" {
		why = string(se.Type)
	}
	return processor.Refunded{Reference: r.Reference, Status: processor.Declined, Reason: why, Amount: r.Amount}
}

// Refunds lists the refunds of an intent, all pages of them.
func (c *Cards) Refunds(ctx context.Context, charge string) ([]processor.Refunded, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	params := &api.RefundListParams{PaymentIntent: api.String(charge)}
	params.Limit = api.Int64(100)
	var out []processor.Refunded
	for re, err := range c.client.V1Refunds.List(ctx, params).All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("stripe: list refunds of charge %s: %w", charge, redacted(err))
		}
		out = append(out, refunded(re))
	}
	return out, nil
}

// refunded turns a refund into our words.
func refunded(re *api.Refund) processor.Refunded {
	out := processor.Refunded{Reference: re.Metadata["reference"], ProcessorRef: re.ID, Amount: money.Cents(re.Amount)}
	switch re.Status {
	case api.RefundStatusSucceeded:
		out.Status = processor.Succeeded
	case api.RefundStatusPending, api.RefundStatusRequiresAction:
		out.Status = processor.Pending
	case api.RefundStatusFailed, api.RefundStatusCanceled:
		out.Status, out.Reason = processor.Declined, string(re.FailureReason)
		if out.Reason == "" {
			out.Reason = string(re.Status)
		}
	default:
		out.Status = processor.Unknown
	}
	return out
}
