package sandbox

// settle charges the card: the intent becomes succeeded, or goes back to requires_payment_method with the decline as
// its last error. It returns the id of the event that tells the outcome.
func (c *call) settle(pi *intent, pm *method, script CardScript) (eventID string, err error) {
	pi.Processing, pi.NextAction = nil, nil
	ch := c.newCharge(pi, pm, script)
	pi.LatestCharge = ch.ID
	if script.decline != "" {
		return c.decline(pi, pm, ch, script)
	}
	bt := c.newBalance(ch.ID, "charge", ch.Amount, cardFee(ch.Amount))
	ch.BalanceTransaction, ch.Captured, ch.Paid, ch.AmountCaptured, ch.Status = &bt.ID, true, true, ch.Amount, succeeded
	pi.Status, pi.AmountReceived = succeeded, pi.Amount
	if cus, _ := pi.Customer.(string); cus != "" && pi.SetupFutureUsage != nil && pm.Customer == nil {
		pm.Customer = &cus
		if err := c.saveMethod(pm, script.key); err != nil {
			return "", err
		}
	}
	if err := c.saveBalance(bt); err != nil {
		return "", err
	}
	if err := c.saveCharge(ch); err != nil {
		return "", err
	}
	if err := c.saveIntent(pi); err != nil {
		return "", err
	}
	if script.dispute != "" {
		c.due = true
		if err := c.t.alarm(c.now.Add(c.s.cfg.Pace.Dispute), alarmDispute, ch.ID); err != nil {
			return "", err
		}
	}
	if script.news == newsSwapped {
		older := *pi
		older.Status, older.AmountReceived, older.LatestCharge = inProgress, 0, nil
		if _, err := c.emitAfter("payment_intent.processing", &older, script, c.s.cfg.Pace.Reorder); err != nil {
			return "", err
		}
	}
	if _, err := c.emit("charge.succeeded", ch, script); err != nil {
		return "", err
	}
	return c.emit("payment_intent.succeeded", pi, script)
}

func (c *call) decline(pi *intent, pm *method, ch *charge, script CardScript) (string, error) {
	e := cardError(script.decline)
	e.Charge, e.PaymentMethod = ch.ID, pm
	ch.Status, ch.FailureCode, ch.FailureMessage = "failed", &e.Code, &e.Message
	pi.Status, pi.LastPaymentError, pi.PaymentMethod = needsMethod, e, nil
	if err := c.saveCharge(ch); err != nil {
		return "", err
	}
	if err := c.saveIntent(pi); err != nil {
		return "", err
	}
	if _, err := c.emit("charge.failed", ch, script); err != nil {
		return "", err
	}
	return c.emit("payment_intent.payment_failed", pi, script)
}

func (c *call) newCharge(pi *intent, pm *method, script CardScript) *charge {
	out := outcome{NetworkStatus: "approved_by_network", RiskLevel: "normal", SellerMessage: "Payment complete.", Type: "authorized"}
	if script.risk != "" {
		out.RiskLevel = script.risk
	}
	switch {
	case script.risk == "highest":
		reason := "highest_risk_level"
		out.NetworkStatus, out.Reason, out.SellerMessage, out.Type = "not_sent_to_network", &reason, "Blocked as too risky.", "blocked"
	case script.decline != "":
		reason := script.decline
		out.NetworkStatus, out.Reason, out.SellerMessage, out.Type = "declined_by_network", &reason, "The bank declined the payment.", "issuer_declined"
	}
	return &charge{ID: newID("ch"), Object: kindCharge, Amount: pi.Amount, BillingDetails: pm.BillingDetails,
		CalculatedStatementDescriptor: pi.StatementDescriptorSuffix, Created: c.now.Unix(), Currency: pi.Currency,
		Customer: pi.Customer, FraudDetails: map[string]any{}, Metadata: pi.Metadata, Outcome: out, PaymentIntent: pi.ID,
		PaymentMethod: pm.ID, PaymentMethodDetails: methodDetails{Type: "card", Card: pm.Card},
		StatementDescriptorSuffix: pi.StatementDescriptorSuffix}
}

func (c *call) saveCharge(ch *charge) error {
	return c.t.put(record{ID: ch.ID, Kind: kindCharge, Parent: ch.PaymentIntent, Created: ch.Created, Body: ch})
}

// cardFee is what the processor keeps: 2.9 % and 30 cents, rounded half up.
func cardFee(amount int64) int64 { return (amount*29+500)/1000 + 30 }

func (c *call) newBalance(source, what string, amount, fee int64) *balanceTransaction {
	bt := &balanceTransaction{ID: newID("txn"), Object: kindBalance, Amount: amount, AvailableOn: c.now.AddDate(0, 0, 2).Unix(),
		BalanceType: "payments", Created: c.now.Unix(), Currency: "usd", Fee: fee, FeeDetails: []feeRow{}, Net: amount - fee,
		ReportingCategory: what, Source: source, Status: "pending", Type: what}
	if fee != 0 {
		bt.FeeDetails = append(bt.FeeDetails, feeRow{Amount: fee, Currency: "usd", Description: "processing fees", Type: "stripe_fee"})
	}
	return bt
}

func (c *call) saveBalance(bt *balanceTransaction) error {
	return c.t.put(record{ID: bt.ID, Kind: kindBalance, Created: bt.Created, Body: bt})
}
