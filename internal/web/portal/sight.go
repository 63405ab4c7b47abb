package portal

import (
	"slices"
	"time"

	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/identity"
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

// sights tells how much of each of some bills the reader may see, by bill id.
func (p *Portal) sights(c *web.Context, scope bill.Scope, bills []bill.Bill) (map[string]sight, error) {
	out := make(map[string]sight, len(bills))
	care := func(bill.Bill) bool { return false }
	if c.Session.SignedIn() && len(bills) > 0 {
		account, err := c.Site.Accounts.Get(c.R.Context(), c.Session.AccountID)
		if err != nil {
			return nil, err
		}
		patients := map[string]bool{}
		for _, b := range bills {
			patients[b.PatientID] = true
		}
		if care, err = p.careOf(c, account, patients); err != nil {
			return nil, err
		}
	}
	for _, b := range bills {
		_, helped := scope.Help(b)
		switch {
		case helped:
			out[b.ID] = seesAmounts
		case care(b):
			out[b.ID] = seesCare
		default:
			out[b.ID] = seesMoney
		}
	}
	return out, nil
}

// careOf tells of a bill of one of some patients whether an account may know what care it was for. Care is for the patient,
// signed in, and for who pays for a child; who pays for a grown-up sees it where the patient allowed that.
func (p *Portal) careOf(c *web.Context, account identity.Profile, patients map[string]bool) (func(bill.Bill) bool, error) {
	own := account.Members
	var others []string
	for rowID := range patients {
		if !slices.Contains(own, rowID) {
			others = append(others, rowID)
		}
	}
	var people map[string]member.Member
	var allowed map[member.Care]bool
	if len(others) > 0 && len(own) > 0 {
		var err error
		if people, err = member.ByIDs(c.R.Context(), p.DB.Read(), others); err != nil {
			return nil, err
		}
		if allowed, err = member.AllowedCare(c.R.Context(), p.DB.Read(), own); err != nil {
			return nil, err
		}
	}
	on := today(c)
	return func(b bill.Bill) bool {
		if slices.Contains(own, b.PatientID) {
			return true
		}
		return slices.Contains(own, b.GuarantorID) && (people[b.PatientID].Minor(on) || allowed[member.Care{Of: b.PatientID, Reader: b.GuarantorID}])
	}, nil
}
