package portal

import (
	"slices"

	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// refundLines tell what of a payment went back, what is on its way back and what came back to us. What staff only ask for
// is not told: it may be declined.
func (p *Portal) refundLines(c *web.Context, pay payment.Payment) ([]string, error) {
	list, err := p.Payments.RefundsOf(c.R.Context(), p.DB.Read(), []string{pay.ID})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range list {
		on := c.Words.DateIn(r.DoneAt, c.Site.Brand.Zone())
		switch {
		case r.State == payment.RefundSubmitted, r.State == payment.RefundPending:
			out = append(out, c.T("paid.refund.pending", "Amount", r.Amount))
		case r.State == payment.RefundFailed && !r.PaidAt.IsZero():
			if again(list, r) {
				continue
			}
			out = append(out, on+": "+c.T("paid.refund.back", "Amount", r.Amount, "Phone", c.Site.Brand.Phone.Display))
		case r.State != payment.RefundSucceeded:
		case r.Way == payment.ByCheck && own(c, pay):
			out = append(out, on+": "+c.T("paid.refund.check", "Amount", r.Amount, "Number", r.CheckNumber))
		case r.Way == payment.ByCheck:
			out = append(out, on+": "+c.T("paid.refund.check.other", "Amount", r.Amount))
		case own(c, pay):
			out = append(out, on+": "+c.T("paid.refund.card", "Amount", r.Amount, "Method", paidWith(c, pay)))
		default:
			out = append(out, on+": "+c.T("paid.refund.card.other", "Amount", r.Amount))
		}
	}
	return out, nil
}

// again reports whether money went back once more after a refund had come back to us.
func again(list []payment.Refund, back payment.Refund) bool {
	return slices.ContainsFunc(list, func(r payment.Refund) bool { return r.State == payment.RefundSucceeded && r.PaidAt.After(back.DoneAt) })
}
