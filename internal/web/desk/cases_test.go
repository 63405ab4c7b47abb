package desk

import (
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/identity"
)

// opensCase is a case that the member opened about her bill. Where it is open already, it is that one.
func (o *office) opensCase() string {
	o.t.Helper()
	list, err := bill.List(o.t.Context(), o.db.Read(), bill.Scope{Members: []string{o.member}}, 1)
	o.must(err)
	caseID, err := o.desk.Cases.Open(o.t.Context(), o.clock(), audit.Who{Actor: "acc_rosa", Role: audit.Member}, cases.Opening{Bill: list[0], Kind: cases.Wrong,
		Text: "I was not there on that day.", AccountID: "acc_rosa", Language: "es", Email: "rosa@mail.example"})
	o.must(err)
	return caseID
}

// TestCaseAtTheDesk: an agent finds the case in the list, takes it, notes, answers, puts it off and closes it; each look and
// each step is noted down, and the bill is let go of.
func TestCaseAtTheDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	v := o.opened(agent, "passkey")
	v.get("/desk/cases").says(t, 200, "There are no cases here")
	caseID := o.opensCase()
	path := "/desk/cases/" + caseID
	v.get("/desk/cases").says(t, 200, "This bill is wrong", "Waits for us", "December 1, 2026", "Nobody yet")
	closed := v.get(path)
	closed.says(t, 200, "This bill is wrong", "Español", "Open this case")
	if strings.Contains(closed.Body, "I was not there") || strings.Contains(closed.Body, "M-90417") {
		t.Error("a case tells what stands in it before it was opened")
	}
	v.post(path+"/answer", "text", "Too early.").leads(t, path)
	v.post("/desk/members/"+o.member, "reason", "Case 1234-5678", "to", path).leads(t, path)
	v.get(path).says(t, 200, "I was not there on that day.", "Rosa", "M-90417", "Español", "Take this case")
	if list := o.entries("member.opened"); len(list) != 1 || !strings.HasPrefix(list[0].Reason, "Case ") {
		t.Errorf("the opening is noted down as %+v", list)
	}
	v.post(path+"/take").leads(t, path)
	v.get("/desk/cases?show=afford").says(t, 200, "There are no cases here")
	o.must(o.desk.Cases.SayToo(t.Context(), o.clock(), audit.Who{Actor: "acc_rosa", Role: audit.Member}, caseID, cases.Afford, "And it is too much."))
	v.get("/desk/cases?show=afford").says(t, 200, "This bill is wrong, and I cannot pay it")
	v.get("/desk/cases?show=wrong").says(t, 200, "This bill is wrong, and I cannot pay it")
	v.get("/desk/cases?show=mine").says(t, 200, "This bill is wrong", "Iris Example")
	v.post(path+"/note", "note", "").says(t, 422, "Tell us in a few words")
	v.post(path+"/note", "note", "The clinic says 5555 5555 5555 4444 was on the paper.").leads(t, path)
	v.post(path+"/answer", "text", "We are asking the clinic.").leads(t, path)
	v.get(path).says(t, 200, "for staff only", "[card number removed]", "We are asking the clinic.", "Answered")
	messages, err := o.desk.Cases.Messages(t.Context(), caseID, false)
	o.must(err)
	for _, m := range messages {
		if strings.Contains(m.Text, "clinic says") {
			t.Error("the member reads a note of the staff")
		}
	}
	v.post(path+"/due", "due_month", "1", "due_day", "1", "due_year", "2020").says(t, 422, "Enter today or a later day")
	v.post(path+"/due", "due_month", "12", "due_day", "18", "due_year", "2026").leads(t, path)
	v.get(path).says(t, 200, "December 18, 2026")
	v.post(path+"/close", "end", "Done.").says(t, 422, "Choose how it ended", "Done.")
	v.post(path+"/close", "end", "Done.", "resolution", "withdrawn").says(t, 422, "Choose how it ended")
	v.post(path+"/close", "end", "The clinic took the bill back.", "resolution", "corrected").leads(t, path)
	v.get(path).says(t, 200, "Closed", "the bill was wrong and has been corrected", "The clinic took the bill back.")
	v.post(path+"/answer", "text", "One more thing.").says(t, 409, "This case is closed")
	v.get("/desk/members/"+o.member).says(t, 200, " opened", " closed", "Closed: the bill was wrong")
	v.get("/desk/cases?show=closed").says(t, 200, "This bill is wrong")
	if n := o.count("SELECT COUNT(*) FROM bill_hold"); n != 0 {
		t.Errorf("%d bills are held after the case was closed", n)
	}
	for _, verb := range []string{"case.taken", "case.noted", "case.answered", "case.postponed", "case.closed"} {
		if n := len(o.entries(verb)); n != 1 {
			t.Errorf("%d entries of %s, want 1", n, verb)
		}
	}
}
