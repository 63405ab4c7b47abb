package sandbox

import "strings"

func createCustomer(c *call) (any, error) {
	cus := &customer{ID: newID("cus"), Object: kindCustomer, Created: c.now.Unix(), Description: c.text("description"),
		Email: c.text("email"), InvoicePrefix: strings.ToUpper(newID("i")[2:10]), InvoiceSettings: map[string]any{},
		Metadata: c.metadata(), Name: c.text("name"), NextInvoiceSequence: 1, Phone: c.text("phone"),
		PreferredLocales: []string{}, TaxExempt: "none"}
	return cus, c.t.put(record{ID: cus.ID, Kind: kindCustomer, Created: cus.Created, Body: cus})
}

func (c *call) saveMethod(pm *method, script string) error {
	parent := ""
	if pm.Customer != nil {
		parent = *pm.Customer
	}
	return c.t.put(record{ID: pm.ID, Kind: kindMethod, Parent: parent, Script: script, Created: pm.Created, Body: pm})
}

func attachMethod(c *call) (any, error) {
	pm, rec, err := load[method](c.t, kindMethod, c.id)
	if err != nil {
		return nil, err
	}
	cus, _, err := load[customer](c.t, kindCustomer, c.form.Get("customer"))
	if err != nil {
		return nil, err
	}
	if pm.Customer != nil && *pm.Customer != cus.ID {
		return nil, badRequest("payment_method_unexpected_state", "", "The payment method belongs to another customer.")
	}
	pm.Customer = &cus.ID
	return pm, c.saveMethod(pm, rec.Script)
}

func detachMethod(c *call) (any, error) {
	pm, rec, err := load[method](c.t, kindMethod, c.id)
	if err != nil {
		return nil, err
	}
	if pm.Customer == nil {
		return nil, badRequest("payment_method_unexpected_state", "", "The payment method is not attached to a customer.")
	}
	pm.Customer = nil
	return pm, c.saveMethod(pm, rec.Script)
}

func listMethods(c *call) (any, error) {
	cus := c.form.Get("customer")
	if cus == "" {
		return nil, badRequest("parameter_missing", "customer", "Name a customer.")
	}
	return c.page("/v1/payment_methods", kindMethod, cus)
}

func customerMethods(c *call) (any, error) {
	if _, _, err := load[customer](c.t, kindCustomer, c.id); err != nil {
		return nil, err
	}
	return c.page("/v1/customers/"+c.id+"/payment_methods", kindMethod, c.id)
}

// createSetup opens a setup intent, which saves a card without charging it.
func createSetup(c *call) (any, error) {
	id := newID("seti")
	si := &setupIntent{ID: id, Object: kindSetup, ClientSecret: id + "_secret_" + newID("s")[2:], Created: c.now.Unix(),
		Customer: c.text("customer"), Description: c.text("description"), Metadata: c.metadata(),
		PaymentMethodOptions: map[string]any{}, PaymentMethodTypes: []string{"card"}, Status: needsMethod, Usage: "off_session"}
	if u := c.text("usage"); u != nil {
		si.Usage = *u
	}
	if si.Customer != nil {
		if _, _, err := load[customer](c.t, kindCustomer, *si.Customer); err != nil {
			return nil, err
		}
	}
	return si, c.saveSetup(si)
}

func (c *call) saveSetup(si *setupIntent) error {
	return c.t.put(record{ID: si.ID, Kind: kindSetup, Created: si.Created, Body: si})
}

// confirmSetup saves the card behind a token. The sandbox's setup intents never ask for a challenge: the next charge
// of such a card does.
func confirmSetup(c *call) (any, error) {
	si, _, err := load[setupIntent](c.t, kindSetup, c.id)
	if err != nil {
		return nil, err
	}
	if si.Status != needsMethod && si.Status != needsConfirm {
		return nil, badRequest("setup_intent_unexpected_state", "", "This SetupIntent has a status of "+si.Status+".")
	}
	pm, script, err := c.useToken(c.form.Get("confirmation_token"), "", si.ID)
	if err != nil {
		return nil, err
	}
	if script.decline != "" && script.key != "attach_only" {
		e := cardError(script.decline)
		e.PaymentMethod, si.LastSetupError = pm, e
		if err := c.saveSetup(si); err != nil {
			return nil, err
		}
		return nil, e
	}
	pm.Customer = si.Customer
	if err := c.saveMethod(pm, script.key); err != nil {
		return nil, err
	}
	si.Status, si.PaymentMethod = succeeded, &pm.ID
	return si, c.saveSetup(si)
}
