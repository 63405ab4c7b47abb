package desk

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/callrequest"
	"memberpay/internal/id"
	"memberpay/internal/identity"
)

// asksForCall is a request of Rosa's account to be called.
func (o *office) asksForCall(memberID string) string {
	o.t.Helper()
	slots := o.desk.Callbacks.Brand.Slots(o.clock())
	x, err := o.desk.Callbacks.Ask(o.t.Context(), o.clock(), audit.Who{Actor: "acc_rosa", Role: audit.Member}, callrequest.Asking{Key: id.Secret(), AccountID: id.New("acc"), MemberID: memberID, Name: "Rosa Quintero",
		Phone: "503555" + strconv.Itoa(1000+o.calls), Topic: "bill", Language: "es", Speaks: "es", From: slots[o.calls%len(slots)].From, Address: "192.0.2." + strconv.Itoa(o.calls%200+1)})
	o.must(err)
	o.calls++
	return x.ID
}

// TestCallBackAtTheDesk: an agent sees who waits without a name, takes the call, sees whom to call, which is noted down, and
// says what came of it. Somebody else can do none of that.
func TestCallBackAtTheDesk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	path := "/desk/callbacks/" + o.asksForCall(o.member)
	agent, _ := o.hire(identity.Agent)
	other, _ := o.hire(identity.Agent)
	v, w := o.opened(agent, "passkey"), o.opened(other, "passkey")
	for _, at := range []string{"/desk/callbacks", path} {
		a := v.get(at)
		if strings.Contains(a.Body, ">Case<") {
			t.Errorf("%s calls a request a case", at)
		}
		a.says(t, 200, "A bill", "Español")
		if strings.Contains(a.Body, "Quintero") || strings.Contains(a.Body, "555") && strings.Contains(a.Body, "+1503") {
			t.Errorf("%s tells who it is", at)
		}
	}
	if a := v.post(path + "/reached"); a.Status != 409 {
		t.Errorf("done by nobody: %d", a.Status)
	}
	v.post(path + "/take")
	mine := v.get(path)
	mine.says(t, 200, "Rosa Quintero", "has proved nothing yet")
	if !regexp.MustCompile(`href="tel:\+1503\d{7}"[^>]*>\s*Call 503-555-\d{4}`).MatchString(mine.Body) {
		t.Errorf("the number is not grouped: %s", mine.Body)
	}
	if len(o.entries("call_request.looked")) != 1 {
		t.Error("the look was not noted down")
	}
	w.post(path+"/take").says(t, 409, "Somebody else has taken this call")
	if a := w.get(path); strings.Contains(a.Body, "Quintero") {
		t.Error("who has not taken it sees whom to call")
	}
	v.post(path+"/again", "slot", "x").says(t, 422, "Choose one of the times")
	if a := v.post(path + "/reached"); a.To != "/desk/callbacks" {
		t.Errorf("done leads to %q (%d)", a.To, a.Status)
	}
	v.get("/desk/callbacks?show=done").says(t, 200, "Reached")
	v.get("/desk/callbacks").says(t, 200, "nobody in this list")
	v.post("/desk/members/"+o.member, "reason", "She asked to be called")
	v.get("/desk/members/"+o.member).says(t, 200, "Asked to be called", "Reached")
	o.asksForCall("")
	boss, _ := o.hire(identity.Supervisor)
	if a := o.opened(boss, "passkey").get("/desk/overview"); !strings.Contains(strings.Join(strings.Fields(a.Text()), " "), "Calls to make 1 1 0") {
		t.Error("the overview does not count who waits for a call")
	}
	if a := v.get(path); strings.Contains(a.Body, "Quintero") {
		t.Error("what is over still tells whom to call")
	}
}
