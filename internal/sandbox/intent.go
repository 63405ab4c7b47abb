package sandbox

import (
	"encoding/json"
	"net/http"
)

// Kinds of stored objects, as the API names them in its errors.
const (
	kindIntent   = "payment_intent"
	kindSetup    = "setup_intent"
	kindToken    = "confirmation_token"
	kindCustomer = "customer"
	kindMethod   = "payment_method"
	kindCharge   = "charge"
	kindRefund   = "refund"
	kindDispute  = "dispute"
	kindEvent    = "event"
	kindBalance  = "balance_transaction"
	kindPayout   = "payout"
)

// States of a payment intent.
const (
	needsMethod  = "requires_payment_method"
	needsConfirm = "requires_confirmation"
	needsAction  = "requires_action"
	inProgress   = "processing"
	succeeded    = "succeeded"
	canceled     = "canceled"
)

func createIntent(c *call) (any, error) {
	amount, err := c.cents("amount")
	if err != nil {
		return nil, err
	}
	if amount < 50 {
		return nil, badRequest("amount_too_small", "amount", "Amount must be at least $0.50 usd.")
	}
	if c.form.Get("currency") != "usd" {
		return nil, badRequest("parameter_invalid", "currency", "The sandbox only knows usd.")
	}
	if c.form.Get("confirm") == "true" {
		return nil, badRequest("parameter_unknown", "confirm", "The sandbox confirms only by the confirm call.")
	}
	if sfx := c.form.Get("statement_descriptor_suffix"); len(sfx) > 22 {
		return nil, badRequest("parameter_invalid_string", "statement_descriptor_suffix", "At most 22 characters.")
	}
	id := newID("pi")
	secret := id + "_secret_" + newID("s")[2:]
	pi := &intent{ID: id, Object: kindIntent, Amount: amount, AmountDetails: map[string]any{"tip": map[string]any{}},
		CaptureMethod: "automatic_async", ClientSecret: &secret, ConfirmationMethod: "automatic", Created: c.now.Unix(),
		Currency: "usd", Description: c.text("description"), ManagedPayments: map[string]any{"enabled": false},
		Metadata:             c.metadata(),
		PaymentMethodOptions: map[string]any{"card": map[string]any{"request_three_d_secure": "automatic"}},
		PaymentMethodTypes:   []string{"card"}, ReceiptEmail: c.text("receipt_email"),
		SetupFutureUsage:          c.text("setup_future_usage"),
		StatementDescriptorSuffix: c.text("statement_descriptor_suffix"), Status: needsMethod}
	if cus := c.form.Get("customer"); cus != "" {
		if _, _, err := load[customer](c.t, kindCustomer, cus); err != nil {
			return nil, err
		}
		pi.Customer = cus
	}
	if pm := c.form.Get("payment_method"); pm != "" {
		if _, _, err := load[method](c.t, kindMethod, pm); err != nil {
			return nil, err
		}
		pi.PaymentMethod, pi.Status = pm, needsConfirm
	}
	if err := c.saveIntent(pi); err != nil {
		return nil, err
	}
	if _, err := c.emit("payment_intent.created", pi, cardScriptNone); err != nil {
		return nil, err
	}
	return c.expanded(pi)
}

func (c *call) saveIntent(pi *intent) error {
	cus, _ := pi.Customer.(string)
	return c.t.put(record{ID: pi.ID, Kind: kindIntent, Parent: cus, Created: pi.Created, Body: pi})
}

func retrieveIntent(c *call) (any, error) {
	pi, _, err := load[intent](c.t, kindIntent, c.id)
	if err != nil {
		return nil, err
	}
	return c.expanded(pi)
}

// expanded puts whole objects in place of the ids that the caller asked to expand.
func (c *call) expanded(pi *intent) (any, error) {
	out := *pi
	for name, field := range map[string]*any{kindCustomer: &out.Customer, kindMethod: &out.PaymentMethod, "latest_charge": &out.LatestCharge} {
		id, _ := (*field).(string)
		if id == "" || !c.expands(name) {
			continue
		}
		kind := name
		if name == "latest_charge" {
			kind = kindCharge
		}
		var raw json.RawMessage
		if err := c.t.get(kind, id, &record{Body: &raw}); err != nil {
			return nil, err
		}
		*field = raw
	}
	return &out, nil
}

// unexpected answers a request that the intent's state does not allow; the intent comes with it.
func unexpected(pi *intent, what string) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: "invalid_request_error", Code: "payment_intent_unexpected_state",
		Message: "You cannot " + what + " this PaymentIntent because it has a status of " + pi.Status + ".", PaymentIntent: pi}
}

func cancelIntent(c *call) (any, error) {
	pi, _, err := load[intent](c.t, kindIntent, c.id)
	if err != nil {
		return nil, err
	}
	switch pi.Status {
	case succeeded, canceled, inProgress:
		return nil, unexpected(pi, "cancel")
	}
	now := c.now.Unix()
	pi.Status, pi.CanceledAt, pi.NextAction = canceled, &now, nil
	pi.CancellationReason = c.text("cancellation_reason")
	if err := c.saveIntent(pi); err != nil {
		return nil, err
	}
	if _, err := c.emit("payment_intent.canceled", pi, cardScriptNone); err != nil {
		return nil, err
	}
	return c.expanded(pi)
}
