package portal

import (
	"errors"
	"io"
	"net/http"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/fault"
	"memberpay/internal/letter"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// cancel stops a payment while it can be stopped, and shows what became of it.
func (p *Portal) cancel(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	if !own(c, pay) {
		return fault.New(fault.Forbidden, "payment.not_yours")
	}
	_, err = p.Payments.Cancel(c.R.Context(), pay, c.Who())
	if errors.Is(err, payment.ErrTooLate) {
		return c.Redirect(paymentPath(pay) + "?late")
	}
	if err != nil {
		return err
	}
	return c.Redirect(paymentPath(pay))
}

// again begins a new payment of the same bills after one that came to nothing. Where the first may still become money,
// it only leads back to it.
func (p *Portal) again(c *web.Context) error {
	pay, err := p.findPayment(c)
	if err != nil {
		return err
	}
	words, err := p.stateWords(c, pay)
	if err != nil {
		return err
	}
	if states[pay.State].again == "" || words != string(pay.State) {
		return c.Redirect(paymentPath(pay))
	}
	list, err := p.parts(c, pay)
	if err != nil {
		return err
	}
	answers, fits := sameAgain(pay, list)
	payerID, at := pay.PayerID, "method"
	if fits {
		payerID = list[0].payer
	} else if payerID, answers, err = p.ticked(c, pay.PayerID, list.ids()); err != nil {
		return err
	} else if at = "bills"; payerID == "" {
		return c.Redirect("/bills")
	}
	if own(c, pay) {
		answers.Email = pay.Email
		if payerID == pay.PayerID && answers.Help == "" { // begun in a call: it stays in it
			d, inCall, err := p.Phone.Again(c.R.Context(), c.Now, c.Who(), pay, owner(c), answers)
			if err != nil {
				return err
			}
			if inCall {
				return c.Redirect(step(d.ID, at))
			}
		}
	}
	d, err := p.Payments.NewDraft(c.R.Context(), owner(c), payerID, answers)
	if err != nil {
		return err
	}
	return c.Redirect(step(d.ID, at))
}

// sameAgain is the answer that asks for the same bills and amounts once more. It reports false where the bills cannot
// take them any more.
func sameAgain(pay payment.Payment, list parts) (payment.Answers, bool) {
	a := payment.Answers{Payee: pay.Payee, Full: true}
	for _, x := range list {
		if !x.known || x.bill.Due() < x.Amount || x.purse != list[0].purse {
			return payment.Answers{}, false
		}
		a.Kind, a.Help = x.bill.Kind, x.purse.help
		a.Full = a.Full && x.bill.Due() == x.Amount
		a.Ticked = append(a.Ticked, x.BillID)
		a.Lines = append(a.Lines, payment.Line{BillID: x.BillID, Amount: x.Amount})
	}
	return a, len(list) > 0
}

// forgetCard removes a saved card of the account.
func (p *Portal) forgetCard(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	card := c.R.PathValue("card")
	err := p.Payments.ForgetCard(c.R.Context(), c.Session.AccountID, card, func(tx *db.Tx) error {
		if err := audit.Append(c.R.Context(), tx, c.Did("card.removed", card, "")); err != nil {
			return err
		}
		return p.tellOwner(c, tx, letter.CardRemoved)
	})
	if err != nil && !fault.Is(err, fault.NotFound) { // removed twice is removed
		return err
	}
	return c.Redirect(web.Local(c.Form("from"), "/bills"))
}

// callback takes news from the card processor. 200 says that it was handled, 400 that it is not from the processor or
// not readable, 500 that it must be sent again.
func (p *Portal) callback(c *web.Context) error {
	body, err := io.ReadAll(c.R.Body)
	if err != nil {
		http.Error(c.W, "unreadable", http.StatusBadRequest)
		return nil
	}
	err = p.Payments.Callback(c.R.Context(), body, c.R.Header.Get("Stripe-Signature"))
	switch {
	case err == nil:
		c.W.WriteHeader(http.StatusOK)
	case fault.Is(err, fault.Forbidden), fault.Is(err, fault.Invalid):
		c.Site.Log.Warn("callback refused", "code", fault.CodeOf(err), "err", err)
		http.Error(c.W, "refused", http.StatusBadRequest)
	default:
		c.Site.Log.Error("callback not handled", "err", err)
		http.Error(c.W, "try again", http.StatusInternalServerError)
	}
	return nil
}
