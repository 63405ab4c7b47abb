package portal

import (
	"context"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/member"
	"memberpay/internal/web"
)

// names are what a page calls the people its bills are for.
type names struct {
	full  bool            // signed in: full names; a guest sees the first name and an initial
	brief map[string]bool // people who are only helped: as for a guest
	known map[string]member.Member
	other string // for somebody known only by number
}

// namesFor reads the patients of bills in one query.
func namesFor(ctx context.Context, q db.Queryer, c *web.Context, scope bill.Scope, bills []bill.Bill) (names, error) {
	var ids []string
	seen, brief := map[string]bool{}, map[string]bool{}
	for _, b := range bills {
		if _, helped := scope.Help(b); helped {
			brief[b.PatientID] = true
		}
		if !seen[b.PatientID] {
			seen[b.PatientID] = true
			ids = append(ids, b.PatientID)
		}
	}
	known, err := member.ByIDs(ctx, q, ids)
	return names{full: c.Session.SignedIn(), brief: brief, known: known, other: c.T("bills.for.unnamed")}, err
}

// of is the name of a person, by row id.
func (n names) of(rowID string) string {
	m := n.known[rowID]
	switch {
	case m.Name() == "":
		return n.other
	case (n.full && !n.brief[rowID]) || m.Given == "" || m.Family == "":
		return m.Name()
	}
	return m.Brief()
}
