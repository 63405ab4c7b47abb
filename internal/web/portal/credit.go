package portal

import (
	"slices"

	"memberpay/internal/ledger"
	"memberpay/internal/money"
	"memberpay/internal/web"
)

// credits tells, in a sentence for each payee, what credit the account that reads has. A guest, and an account that only
// found somebody's bill, learns of none.
func (p *Portal) credits(c *web.Context) ([]string, error) {
	if !c.Session.SignedIn() {
		return nil, nil
	}
	list, err := ledger.CreditsOf(c.R.Context(), p.DB.Read(), c.Session.Members)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return nil, err
	}
	var payees []string
	sums := map[string]money.Cents{}
	for _, m := range list {
		if !slices.Contains(account.Members, m.MemberID) {
			continue
		}
		if sums[m.Payee] == 0 {
			payees = append(payees, m.Payee)
		}
		sums[m.Payee] += m.Amount
	}
	out := make([]string, len(payees))
	for i, payee := range payees {
		out[i] = c.T("bills.credit", "Amount", sums[payee], "Payee", payeeName(c, payee), "Phone", c.Site.Brand.Phone.Display)
	}
	return out, nil
}
