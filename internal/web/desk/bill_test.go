package desk

import (
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
)

// TestWhyDoIOweThis: whoever has a record open sees how a bill's amount came about, what was paid on it and its open case,
// and nothing of the care; the look is noted down. A closed record, and a bill of somebody else, show nothing.
func TestWhyDoIOweThis(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	paid := o.paidByCard()
	x, err := o.desk.Cases.Get(t.Context(), o.opensCase())
	o.must(err)
	agent, _ := o.hire(identity.Agent)
	v, record := o.opened(agent, "passkey"), "/desk/members/"+o.member
	path := record + "/bills/" + o.onlyBill()
	v.get(path).leads(t, record)
	v.post(record, "reason", "Asks why she owes this").leads(t, record)
	if a := v.get(record); !strings.Contains(a.Body, `href="`+path+`"`) {
		t.Error("the record does not lead to the bill")
	}
	before := len(o.entries("member.view"))
	a := v.get(path)
	a.says(t, 200, "Bill M-90417", "On hold", "Charged $200.00", "Discount agreed with the plan $49.75", "Plan paid $0.00", "Member’s share $150.25", "Paid here $50.00", "To pay now $100.25",
		"Date of care October 2, 2026", "Due date December 20, 2026", "Case "+id.Grouped(x.Number), id.Grouped(paid.Confirmation)+" November 23, 2026 Payment received $50.00")
	for _, s := range []string{"Hillcrest", "biopsy", "Quintero", "rosa@"} {
		if strings.Contains(a.Body, s) {
			t.Errorf("the bill tells %q", s)
		}
	}
	if list := o.entries("member.view"); len(list) != before+1 || list[0].Member != o.member || list[0].Actor != agent {
		t.Errorf("noted down: %+v", list)
	}
	v.get(record+"/bills/bill_none").says(t, 404)
	var made []member.Imported
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) (err error) {
		made, err = member.ImportBatch(t.Context(), tx, o.clock(), []member.Incoming{{MemberID: "LH7700999", Given: "Nora", Family: "Sampler"}})
		return err
	}))
	o.must(o.staff.Open(t.Context(), o.clock(), audit.Who{Actor: agent, Role: audit.Agent}, made[0].ID, "Asks for herself"))
	v.get("/desk/members/"+made[0].ID+"/bills/"+o.onlyBill()).says(t, 404)
}
