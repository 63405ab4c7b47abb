package desk

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/chat"
	"memberpay/internal/fault"
	"memberpay/internal/id"
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
	if !strings.HasPrefix(file.Body, "day,person,opened,verified,refused,ids,chats,cases,notes,payments_made,refunds,exceptions\n") || !strings.Contains(file.Body, "2026-11-23,Iris Example,1,0,0,0,0,1,1,0,0,0\n") {
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

// TestWhatWaits asserts the table of queues: how much waits, how much of it is nobody's (not the case that somebody answered) and late, and
// since when.
func TestWhatWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	lead, _ := o.hire(identity.Supervisor)
	path := "/desk/cases/" + o.opensCase()
	o.asksForCall(o.member)
	o.asksRefund(agent, 1_000)
	o.pass(time.Minute)
	o.asks()
	_, _, err := o.chats.Start(t.Context(), o.clock(), byGuest, chat.Beginning{Key: id.Secret(), Email: "nora@mail.example", Language: "es", Text: guestSays, Mail: true})
	o.must(err)
	o.pass(chat.LateLive)
	v := o.opened(agent, "passkey")
	v.post("/desk/members/"+o.member, "reason", "Case on the list", "to", path).leads(t, path)
	v.post(path+"/note", "note", "I look into it").leads(t, path)
	o.opened(lead, "passkey").get("/desk/overview").says(t, 200,
		"Cases 1 1 0 November 23, 2026 at 12:00 PM",
		"Calls to make 1 1 0 November 23, 2026 at 12:00 PM",
		"Refunds waiting for approval 1 1 0 November 23, 2026 at 12:00 PM",
		"Chats 1 1 0 November 23, 2026 at 12:01 PM",
		"Messages to answer by email 1 1 0 November 23, 2026 at 12:01 PM",
		"a chat after 5 minutes")
	v.post(path+"/answer", "text", "We are looking.").leads(t, path)
	o.pass(time.Second)
	o.opened(lead, "passkey").get("/desk/overview").says(t, 200, "Cases 0 0 0 None", "Chats 1 1 1 November", "Messages to answer by email 1 1 0 November")
	o.pass(9 * 24 * time.Hour)
	o.opensCase()
	o.pass(9 * 24 * time.Hour)
	o.opened(lead, "passkey").get("/desk/overview").says(t, 200, "Calls to make 1 1 1", "Refunds waiting for approval 1 1 1", "Messages to answer by email 1 1 1 November", "Cases 1 0 1 December 2, 2026")
}

// TestFailedChecksCountOnce: a call in which somebody answered wrongly twice, and was refused while the member was closed, is
// one failed verification.
func TestFailedChecksCountOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	lead, _ := o.hire(identity.Supervisor)
	who := audit.Who{Actor: agent, Role: audit.Agent}
	wrong := caller.Said{"name": "rosa quintero", "birth": "3/5/1984", "phone": "0000", "bill": "m 00000"}
	fails := func(times int) {
		t.Helper()
		call, err := o.desk.Calls.Open(t.Context(), o.clock(), who, "")
		o.must(err)
		for range times {
			if r, err := o.desk.Calls.Check(t.Context(), o.clock(), who, call.ID, o.script(), time.UTC, wrong); r.Passed || err != nil && !fault.Is(err, fault.Busy) {
				t.Fatal(r, err)
			}
		}
	}
	fails(3)
	fails(2)
	fails(3) // closed by now: no answer was compared
	if len(o.entries("caller.failed")) != 5 || len(o.entries("caller.closed")) != 3 {
		t.Errorf("%d failed and %d closed", len(o.entries("caller.failed")), len(o.entries("caller.closed")))
	}
	v := o.opened(lead, "passkey")
	if file := v.get("/desk/overview.csv"); !strings.Contains(file.Body, "2026-11-23,Iris Example,0,0,2,0,0,0,0,0,0,0\n") {
		t.Errorf("the file says %q", file.Body)
	}
	if file := v.get("/desk/overview/days.csv"); !strings.Contains(file.Body, "\n2026-11-23,0,2,") {
		t.Errorf("the days: %q", file.Body)
	}
}
