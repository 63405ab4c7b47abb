package desk

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/identity"
)

// TestOverview: a supervisor sees what waits and what everybody did, the same in the file; an agent sees neither.
func TestOverview(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	lead, _ := o.hire(identity.Supervisor)
	v := o.opened(lead, "passkey")
	v.get("/desk/overview").says(t, 200, "Overview", "Nobody did anything in these days.")
	a := o.opened(agent, "passkey")
	path := "/desk/cases/" + o.opensCase()
	a.post("/desk/members/"+o.member, "reason", "Case on the list", "to", path).leads(t, path)
	a.post(path+"/note", "note", "=2+2 is on the letter").leads(t, path)
	a.post(path+"/answer", "text", "We are looking.").leads(t, path)
	a.get("/desk/overview").says(t, 403)
	a.get("/desk/overview.csv").says(t, 403)
	a.get("/desk/overview/days.csv").says(t, 403)
	v.get("/desk/overview").says(t, 200, "Nobody waited in a chat in these days.")
	page := v.get("/desk/overview")
	page.says(t, 200, "Cases", "Iris Example", "Records opened", "Callers verified")
	o.opensCase()
	o.pass(9 * 24 * time.Hour)
	v = o.opened(lead, "passkey")
	v.get("/desk/overview").says(t, 200, "Nobody did anything in these days.", "November 23, 2026")
	file := v.get("/desk/overview.csv")
	if !strings.HasPrefix(file.Body, "day,person,opened,verified,refused,ids,chats,cases,notes,payments,refunds\n") || !strings.Contains(file.Body, "2026-11-23,Iris Example,1,0,0,0,0,1,1,0,0\n") {
		t.Errorf("the file says %q", file.Body)
	}
	days := v.get("/desk/overview/days.csv")
	if lines := strings.Split(strings.TrimSpace(days.Body), "\n"); len(lines) != 15 || lines[0] != "day,verified,refused,chats,wait_median_seconds,wait_longest_seconds,rated,rating" || lines[14] != "2026-12-02,0,0,0,0,0,0," {
		t.Errorf("the days: %q", days.Body)
	}
	if n := len(o.entries("activity.exported")); n != 2 {
		t.Errorf("%d exports are noted down", n)
	}
}
