package sandbox

// createRefund gives the money of a charge back, whole or in part.
func createRefund(c *call) (any, error) {
	ch, err := c.refundable()
	if err != nil {
		return nil, err
	}
	amount := ch.Amount - ch.AmountRefunded
	if c.form.Get("amount") != "" {
		if amount, err = c.cents("amount"); err != nil {
			return nil, err
		}
	}
	switch {
	case ch.AmountRefunded == ch.Amount:
		return nil, badRequest("charge_already_refunded", "", "The charge has been refunded already.")
	case ch.Disputed:
		return nil, badRequest("charge_disputed", "", "The charge is disputed.")
	case amount > ch.Amount-ch.AmountRefunded:
		return nil, badRequest("amount_too_large", "amount", "The refund is larger than what is left of the charge.")
	}
	bt := c.newBalance("", "refund", -amount, 0)
	re := &refund{ID: newID("re"), Object: kindRefund, Amount: amount, BalanceTransaction: &bt.ID, Charge: ch.ID, Created: c.now.Unix(),
		Currency: ch.Currency, DestinationDetails: map[string]any{"type": "card", "card": map[string]any{"type": "refund"}},
		Metadata: c.metadata(), PaymentIntent: ch.PaymentIntent, PaymentMethod: &ch.PaymentMethod, Reason: c.text("reason"), Status: succeeded}
	bt.Source = re.ID
	ch.AmountRefunded += amount
	ch.Refunded = ch.AmountRefunded == ch.Amount
	if err := c.saveBalance(bt); err != nil {
		return nil, err
	}
	if err := c.saveCharge(ch); err != nil {
		return nil, err
	}
	if err := c.t.put(record{ID: re.ID, Kind: kindRefund, Parent: re.PaymentIntent, Created: re.Created, Body: re}); err != nil {
		return nil, err
	}
	_, err = c.emit("charge.refunded", ch, cardScriptNone)
	return re, err
}

// refundable finds the charge to refund, by its own id or by its intent's.
func (c *call) refundable() (*charge, error) {
	id := c.form.Get("charge")
	if piID := c.form.Get("payment_intent"); piID != "" {
		pi, _, err := load[intent](c.t, kindIntent, piID)
		if err != nil {
			return nil, err
		}
		if pi.Status != succeeded {
			return nil, unexpected(pi, "refund")
		}
		id, _ = pi.LatestCharge.(string)
	}
	ch, _, err := load[charge](c.t, kindCharge, id)
	if err != nil {
		return nil, err
	}
	if !ch.Paid {
		return nil, badRequest("charge_not_refundable", "charge", "The charge did not succeed.")
	}
	return ch, nil
}
