package portal

import (
	"net/http"
	"slices"

	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/household"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/payment"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// purse is what one payment can be for: bills of one payee, the reader's own or those of one permission to help.
type purse struct{ payee, help string }

func purseOf(scope bill.Scope, b bill.Bill) purse {
	help, _ := scope.Help(b)
	return purse{b.Payee, help.HelpID}
}

func (s billScribe) purse(b bill.Bill) purse { return purseOf(s.scope, b) }

// helpedTitle is the heading above bills that a helper may pay.
func (s billScribe) helpedTitle(b bill.Bill, of purse) string {
	if b.Kind == bill.Premium {
		return s.w.T("household.section.premium", "Name", s.payers[of.help])
	}
	return s.w.T("household.section.medical", "Name", s.payers[of.help])
}

// payers is what a helper's pages call those who are helped, by permission.
func (p *Portal) payers(c *web.Context, scope bill.Scope) (map[string]string, error) {
	if len(scope.Helped) == 0 {
		return nil, nil
	}
	var ids []string
	for _, h := range scope.Helped {
		ids = append(ids, h.Payer)
	}
	known, err := member.ByIDs(c.R.Context(), p.DB.Read(), unique(ids))
	out := map[string]string{}
	for _, h := range scope.Helped {
		out[h.HelpID] = known[h.Payer].Brief()
	}
	return out, err
}

// billsTitle is what the list of bills is called: somebody who only helps has none of their own.
func billsTitle(c *web.Context, scope bill.Scope) string {
	if len(scope.Members) == 0 && len(scope.Helped) > 0 {
		return c.T("household.bills.title")
	}
	return c.T("bills.title")
}

// shownFor is the person whose bills alone are shown. The zero shownFor is everybody.
type shownFor struct{ ID, Name string }

// forWhom reads whose bills the address asks for: one of the reader's own, of those they pay for or of those they help.
// Anybody else is not found.
func (p *Portal) forWhom(c *web.Context, scope bill.Scope, list []bill.Bill) (shownFor, error) {
	rowID := c.R.URL.Query().Get("for")
	if rowID == "" {
		return shownFor{}, nil
	}
	m, err := member.Get(c.R.Context(), p.DB.Read(), rowID)
	if err != nil {
		return shownFor{}, err
	}
	own := slices.Contains(scope.Members, m.ID) || slices.Contains(scope.Members, m.GuarantorID)
	helped := slices.ContainsFunc(scope.Helped, func(h bill.Helped) bool { return h.Patient == m.ID })
	seen := slices.ContainsFunc(list, func(b bill.Bill) bool { return b.PatientID == m.ID && scope.Owns(b) })
	switch {
	case own && c.Session.SignedIn():
		return shownFor{m.ID, m.Name()}, nil
	case own, helped, seen:
		return shownFor{m.ID, m.Brief()}, nil
	}
	return shownFor{}, fault.New(fault.NotFound, "member.not_found")
}

// looked notes which bills a helper was shown. billID is the bill of the page, "" for a list.
func (p *Portal) looked(c *web.Context, scope bill.Scope, billID string, shown []bill.Bill) error {
	var looks []household.Look
	for _, b := range shown {
		if help, ok := scope.Help(b); ok {
			if l := (household.Look{HelpID: help.HelpID, Payer: help.Payer, BillID: billID}); !slices.Contains(looks, l) {
				looks = append(looks, l)
			}
		}
	}
	return p.Households.Looked(c.R.Context(), c.Now, c.Who(), looks)
}

// withinHelp checks the answer of a helper against what they may do now, so that they learn it before they review. The
// payment itself is checked again where it is made.
func (p *Portal) withinHelp(c *web.Context, scope bill.Scope, picked []bill.Bill, answer chosen, amount money.Cents) ([]ui.Problem, error) {
	of := purseOf(scope, picked[0])
	if slices.ContainsFunc(picked, func(b bill.Bill) bool { return purseOf(scope, b) != of }) {
		return []ui.Problem{{Field: firstList(picked), Text: c.T("household.error.one_person")}}, nil
	}
	if of.help == "" {
		return nil, nil
	}
	helps, err := p.helps(c)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(helps, func(h member.Help) bool { return h.ID == of.help })
	if i < 0 {
		return []ui.Problem{{Field: firstList(picked), Text: c.T("error.bills.gone")}}, nil
	}
	field := "how"
	if answer.other {
		field = "amount"
	}
	left, err := p.leftToHelp(c, helps[i])
	switch {
	case err != nil:
		return nil, err
	case helps[i].PaymentLimit > 0 && amount > helps[i].PaymentLimit:
		return []ui.Problem{{Field: field, Text: c.T("household.error.payment", "Limit", helps[i].PaymentLimit)}}, nil
	case helps[i].MonthLimit > 0 && amount > left:
		return []ui.Problem{{Field: field, Text: c.T("household.error.month", "Left", left)}}, nil
	}
	return nil, nil
}

// leftToHelp is what may still be paid this month by a permission, 0 where it has no limit for the month.
func (p *Portal) leftToHelp(c *web.Context, help member.Help) (money.Cents, error) {
	if help.MonthLimit == 0 {
		return 0, nil
	}
	paid, err := payment.HelpedSince(c.R.Context(), p.DB.Read(), help.ID, monthStart(c))
	return max(0, help.MonthLimit-paid), err
}

// limitWords says how much a helper may pay, a sentence each limit.
func (p *Portal) limitWords(c *web.Context, scope bill.Scope) ([]string, error) {
	if len(scope.Helped) == 0 {
		return nil, nil
	}
	helps, err := p.helps(c)
	if err != nil {
		return nil, err
	}
	payers, err := p.payers(c, scope)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, h := range helps {
		if h.PaymentLimit > 0 {
			out = append(out, c.T("household.limit.payment", "Name", payers[h.ID], "Limit", h.PaymentLimit))
		}
		if h.MonthLimit > 0 {
			left, err := p.leftToHelp(c, h)
			if err != nil {
				return nil, err
			}
			out = append(out, c.T("household.limit.month", "Name", payers[h.ID], "Limit", h.MonthLimit, "Left", left))
		}
	}
	return out, nil
}

// helpOver says that a permission by which a payment was begun has ended, and that nothing was paid.
func (p *Portal) helpOver(c *web.Context) error {
	v := failView{Title: c.T("household.over.title"), Text: c.T("household.over.body"), Main: ui.Button{Label: c.T("paid.to_bills"), Href: "/bills"},
		Other: []ui.Link{{Label: c.T("history.title"), Href: "/payments"}}}
	frame := page(c, v.Title)
	frame.Path = ""
	return c.Render(http.StatusNotFound, failPage(frame, v))
}
