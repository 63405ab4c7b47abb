package portal

import (
	"slices"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/member"
	"memberpay/internal/payment"
	"memberpay/internal/web"
)

// scope is whose bills the reader may see: those of the session, and those a helper may pay at this moment. What a helper
// may do is read anew for every page, so that it ends when the member ends it.
func (p *Portal) scope(c *web.Context) (bill.Scope, error) {
	s := bill.Scope{Members: c.Session.Members}
	helps, err := p.helps(c)
	for _, h := range helps {
		s.Helped = append(s.Helped, payment.HelpedBy(h)...)
	}
	return s, err
}

// helps is what the reader may do for others at this moment.
func (p *Portal) helps(c *web.Context) ([]member.Help, error) {
	if !c.Session.SignedIn() || !c.Session.Helps {
		return nil, nil
	}
	return member.LiveHelps(c.R.Context(), p.DB.Read(), c.Now, today(c), c.Session.AccountID)
}

// today is the day it is at the organisation.
func today(c *web.Context) day.Date { return day.Of(c.Now, c.Site.Brand.Zone()) }

// monthStart is since when payments count for the limits of this month.
func monthStart(c *web.Context) time.Time {
	d := today(c)
	return d.AddDays(1-d.Day()).At(0, 0, c.Site.Brand.Zone())
}

// sight is how much of a bill a reader may see.
type sight int

const (
	seesAmounts sight = iota // what is due, until when and to whom: a helper
	seesMoney                // also how the amount came about: a guest, and who pays for a grown-up
	seesCare                 // also what care it was
)

// sights tells how much of each of some bills the reader may see, by bill id. Care is for the patient, signed in, and for
// who pays for a child; who pays for a grown-up sees it where the patient allowed that.
func (p *Portal) sights(c *web.Context, scope bill.Scope, bills []bill.Bill) (map[string]sight, error) {
	out := make(map[string]sight, len(bills))
	var others []bill.Bill // for which somebody of the account pays
	var own []string
	if c.Session.SignedIn() {
		account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
		if err != nil {
			return nil, err
		}
		own = account.Members
	}
	for _, b := range bills {
		out[b.ID] = seesMoney
		if _, helped := scope.Help(b); helped {
			out[b.ID] = seesAmounts
		} else if slices.Contains(own, b.PatientID) {
			out[b.ID] = seesCare
		} else if slices.Contains(own, b.GuarantorID) {
			others = append(others, b)
		}
	}
	if len(others) == 0 {
		return out, nil
	}
	ids := make([]string, len(others))
	for i, b := range others {
		ids[i] = b.PatientID
	}
	people, err := member.ByIDs(c.R.Context(), p.DB.Read(), unique(ids))
	if err != nil {
		return nil, err
	}
	allowed, err := member.AllowedCare(c.R.Context(), p.DB.Read(), own)
	if err != nil {
		return nil, err
	}
	for _, b := range others {
		if people[b.PatientID].Minor(today(c)) || allowed[member.Care{Of: b.PatientID, Reader: b.GuarantorID}] {
			out[b.ID] = seesCare
		}
	}
	return out, nil
}
