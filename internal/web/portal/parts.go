package portal

import (
	"slices"

	"memberpay/internal/bill"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// part is what a payment is for: one bill, as it is now, and what of the payment was meant for it.
type part struct {
	bill.Allocation
	bill  bill.Bill
	known bool // the reader may see the bill
	care  bool // and what care it was
	name  string
	payer string // who owes it, as far as the reader may act: a member row id
	purse purse
}

type parts []part

// parts returns what a payment is for, as far as the reader may see it.
func (p *Portal) parts(c *web.Context, pay payment.Payment) (parts, error) {
	list, err := bill.Allocations(c.R.Context(), p.DB.Read(), pay.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.BillID
	}
	scope, err := p.scope(c)
	if err != nil {
		return nil, err
	}
	known, err := bill.ByIDs(c.R.Context(), p.DB.Read(), scope, ids)
	if err != nil {
		return nil, err
	}
	out := make(parts, len(list))
	bills := make([]bill.Bill, 0, len(list))
	for i, a := range list {
		b, ok := known[a.BillID]
		out[i] = part{Allocation: a, bill: b, known: ok}
		if ok {
			bills = append(bills, b)
		}
	}
	people, err := namesFor(c.R.Context(), p.DB.Read(), c, scope, bills)
	if err != nil {
		return nil, err
	}
	sights, err := p.sights(c, scope, bills)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].known {
			out[i].name = people.of(out[i].bill.PatientID)
			out[i].care = sights[out[i].bill.ID] == seesCare
			out[i].payer = payer(scope, out[i].bill)
			out[i].purse = purseOf(scope, out[i].bill)
		}
	}
	return out, nil
}

func (list parts) rows(c *web.Context) []ui.Row {
	rows := make([]ui.Row, len(list))
	for i, x := range list {
		rows[i] = ui.Row{Key: c.T("paid.bill.other"), Value: c.Words.Amount(x.Amount)}
		if !x.known {
			continue
		}
		rows[i].Key = c.T("bills.for", "Name", x.name)
		rows[i].Lines = []string{billText(c, x.bill)}
		if due := x.bill.Due(); due > 0 {
			rows[i].Lines = append(rows[i].Lines, c.T("paid.bill.left", "Amount", due))
		}
	}
	return rows
}

// left says what is still open on the bills of a payment.
func (list parts) left(c *web.Context, pay payment.Payment) string {
	var due, open money.Cents
	for _, x := range list {
		if !x.known {
			return ""
		}
		due += x.bill.Due()
		if x.bill.State == bill.Open {
			open += x.bill.Open()
		}
	}
	switch {
	case due > 0:
		return c.T("paid.bills.left_total", "Amount", due)
	case open > 0 && pay.State.Holds() && pay.State == payment.Pending:
		return c.T("paid.bills.left_pending")
	case open > 0:
		return "" // held by a payment whose outcome nobody knows yet
	}
	return c.T("paid.bills.left_none")
}

// shrunk tells of a payment on its way that its bills have become smaller than what it will take, and what to do.
// cancelable tells whether the reader can still stop it.
func (list parts) shrunk(c *web.Context, pay payment.Payment, cancelable bool) []string {
	if pay.State != payment.Pending {
		return nil
	}
	var out []string
	var credit, open money.Cents
	others := false // other payments are on their way to the same bills
	for _, x := range list {
		if !x.known {
			continue
		}
		open += x.bill.Open()
		over := min(x.Amount, x.bill.Pending-x.bill.Open())
		if over <= 0 {
			continue
		}
		credit += over
		others = others || x.bill.Pending > x.Amount
		out = append(out, c.T("paid.shrunk", "Number", billNumber(x.bill), "Open", x.bill.Open(), "Amount", x.Amount))
	}
	switch {
	case len(out) == 0:
		return nil
	case !cancelable && others:
		return append(out, c.T("paid.shrunk.kept_most", "Credit", credit))
	case !cancelable:
		return append(out, c.T("paid.shrunk.kept", "Credit", credit))
	case open == 0:
		out = append(out, c.T("paid.shrunk.cancel_all"))
	default:
		out = append(out, c.T("paid.shrunk.cancel"))
	}
	if others {
		return append(out, c.T("paid.shrunk.credit_most", "Credit", credit))
	}
	return append(out, c.T("paid.shrunk.credit", "Credit", credit))
}

// credit is what of a received payment its bills did not need.
func (list parts) credit(pay payment.Payment) money.Cents {
	if pay.State != payment.Succeeded {
		return 0
	}
	credit := pay.Amount - pay.Refunded
	for _, x := range list {
		credit -= x.Applied
	}
	return credit
}

func (list parts) payable() bool {
	return slices.ContainsFunc(list, func(x part) bool { return x.known && x.bill.Payable() })
}

// ids are the bills that can be paid now.
func (list parts) ids() []string {
	var out []string
	for _, x := range list {
		if x.known && x.bill.Payable() {
			out = append(out, x.bill.ID)
		}
	}
	return out
}
