package portal

import (
	"cmp"
	"net/http"
	"slices"

	"memberpay/internal/bill"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/money"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// householdView is the page "Your household".
type householdView struct {
	Done    string // what was just changed, "" for nothing
	You     []personView
	Others  []personView // people the reader pays for
	PaidBy  []paidByView // members of the reader for whom somebody else pays
	Helpers []ui.Row
	Helping bool // the reader helps somebody
	Nobody  bool // the account acts for nobody
}

// personView is one person of the household.
type personView struct {
	Name string
	Rows []ui.Row
	Link ui.Link // to their bills
	Note string  // what of their bills is not shown, "" for nothing
}

// paidByView is a member of the reader for whom somebody else pays, and what that person sees.
type paidByView struct {
	ID    string
	Title string
	Text  string
	Shown bool // they see what care the bills are for
	What  string
}

// householdDone names the changes after which a page leads back here, by the word in its address.
//
// words: household.done.*
var householdDone = map[string]bool{"care_shown": true, "care_hidden": true, "revoked": true}

// household is whom the reader pays for, who pays for them, and who helps.
func (p *Portal) household(c *web.Context) error {
	who, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
	if err != nil {
		return err
	}
	family, err := p.family(c, who)
	if err != nil {
		return err
	}
	v := householdView{Nobody: len(who.Members) == 0}
	if done := c.R.URL.Query().Get("done"); householdDone[done] {
		v.Done = c.T("household.done." + done)
	}
	for _, m := range family.own {
		v.You = append(v.You, family.view(c, m))
		if m.Self() || slices.Contains(who.Members, m.GuarantorID) {
			continue
		}
		payer := family.payers[m.GuarantorID].Brief()
		paid := paidByView{ID: m.ID, Title: c.T("household.paid_by", "Payer", payer, "Name", m.Given), Shown: family.shown[member.Care{Of: m.ID, Reader: m.GuarantorID}],
			Text: c.T("household.paid_by.money", "Payer", payer), What: payer}
		if m.Minor(today(c)) {
			continue // who pays for a child sees its bills whole
		}
		if paid.Shown {
			paid.Text = c.T("household.paid_by.care", "Payer", payer)
		}
		v.PaidBy = append(v.PaidBy, paid)
	}
	for _, m := range family.others {
		v.Others = append(v.Others, family.view(c, m))
	}
	helps, err := member.HelpsBy(c.R.Context(), p.DB.Read(), who.Members)
	if err != nil {
		return err
	}
	for _, h := range helps {
		v.Helpers = append(v.Helpers, helperRow(c, h))
	}
	mine, err := p.helps(c)
	if err != nil {
		return err
	}
	v.Helping = len(mine) > 0
	frame := page(c, c.T("household.title"))
	frame.Path = "/household"
	return c.Render(http.StatusOK, householdPage(frame, v))
}

// helperRow is one permission in the list.
//
// words: household.state.*
func helperRow(c *web.Context, h member.Help) ui.Row {
	return ui.Row{Key: h.Name, Value: c.T("household.state." + string(h.State(c.Now))), Lines: []string{c.T("household.until", "Date", date(c, h.LastDay))},
		Change: &ui.Link{Label: c.T("household.helper.see"), What: c.T("household.helper.see.what", "Name", h.Name), Href: helperPath(h.ID)}}
}

func helperPath(helpID string) string { return "/household/helpers/" + helpID }

// family is the people of an account: its own members and those they pay for.
type family struct {
	own    []member.Member
	others []member.Member
	payers map[string]member.Member // who pays for own members, by row id
	due    map[string]money.Cents   // what can be paid now, by patient
	bills  map[string]int           // open bills, by patient
	shown  map[member.Care]bool     // whose care may be seen by whom, of those of the account
}

// family reads the people of an account, in names' order, and what is open for each.
func (p *Portal) family(c *web.Context, who identity.Profile) (family, error) {
	ctx, q := c.R.Context(), p.DB.Read()
	f := family{due: map[string]money.Cents{}, bills: map[string]int{}, shown: map[member.Care]bool{}}
	var ids []string
	for _, own := range who.Members {
		list, err := member.Household(ctx, q, own)
		if err != nil {
			return f, err
		}
		ids = append(ids, list...)
	}
	known, err := member.ByIDs(ctx, q, unique(ids))
	if err != nil {
		return f, err
	}
	var payers []string
	for _, m := range known {
		if slices.Contains(who.Members, m.ID) {
			f.own, payers = append(f.own, m), append(payers, m.GuarantorID)
		} else {
			f.others = append(f.others, m)
		}
	}
	byName := func(a, b member.Member) int {
		return cmp.Or(cmp.Compare(member.FoldName(a.Name()), member.FoldName(b.Name())), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(f.own, byName)
	slices.SortFunc(f.others, byName)
	if f.payers, err = member.ByIDs(ctx, q, unique(payers)); err != nil {
		return f, err
	}
	if f.shown, err = member.AllowedCare(ctx, q, unique(append(payers, who.Members...))); err != nil {
		return f, err
	}
	bills, err := bill.List(ctx, q, bill.Scope{Members: who.Members}, mostBills)
	for _, b := range bills {
		if b.State == bill.Open {
			f.due[b.PatientID] += b.Due()
			f.bills[b.PatientID]++
		}
	}
	return f, err
}

// view is one person as the page shows them. The member ID of a grown-up whom the account does not act for is theirs to
// show: only its end stands here.
func (f family) view(c *web.Context, m member.Member) personView {
	own := slices.ContainsFunc(f.own, func(o member.Member) bool { return o.ID == m.ID })
	child := m.Minor(today(c))
	v := personView{Name: m.Name(), Link: ui.Link{Label: c.T("household.bills"), What: c.T("household.bills.what", "Name", m.Name()), Href: "/bills?for=" + m.ID}}
	if v.Name == "" {
		v.Name = c.T("bills.for.unnamed")
	}
	number := m.MemberID
	if !own && !child {
		number = c.T("household.id.ending", "Ending", member.Ending(m.MemberID))
	}
	v.Rows = []ui.Row{{Key: c.T("household.id"), Value: number},
		{Key: c.T("household.open"), Value: c.Words.Amount(f.due[m.ID]), Lines: []string{c.Words.N("bills.count", f.bills[m.ID])}}}
	if !own && !child && !f.shown[member.Care{Of: m.ID, Reader: m.GuarantorID}] {
		v.Note = c.T("household.care.adult", "Name", m.Given)
	}
	return v
}

// householdCare lets who pays for one of the reader's members see what care the bills are for, or no longer.
func (p *Portal) householdCare(c *web.Context) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	allow := c.Form("show") == "yes"
	if !allow && c.Form("show") != "no" {
		return fault.New(fault.Invalid, "request.form")
	}
	if err := p.Households.ShowCare(c.R.Context(), c.Now, c.Who(), c.Session.AccountID, c.Form("member"), allow); err != nil {
		return err
	}
	if allow {
		return c.Redirect("/household?done=care_shown")
	}
	return c.Redirect("/household?done=care_hidden")
}
