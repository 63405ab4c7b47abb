package desk

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
	"memberpay/internal/web"
)

// rosaSays is what the office's one member says on the phone: three facts and the number of her bill.
var rosaSays = []string{"said_name", "rosa quintero", "said_birth", "3/5/1984", "said_phone", "0199", "said_bill", "m 90417"}

// values are all that stands in her file, in every form in which a page might show it.
var values = []string{"Quintero", "1984", "LH7700123", "LH 7700 123", "0123", "rosa@mail.example", "r•••@", "M-90417", "$150.25", "150.25", "555-0199", "5550199", "Hillcrest", "December 20"}

// verifiedCall is a call of an agent of its own in which the member has proved who she is.
func (o *office) verifiedCall() caller.Call {
	o.t.Helper()
	agent, _ := o.hire(identity.Agent)
	_, call := o.provedTo(agent)
	return call
}

func (o *office) provedTo(agent string) (audit.Who, caller.Call) {
	o.t.Helper()
	who := audit.Who{Actor: agent, Role: audit.Agent}
	call, err := o.desk.Calls.Open(o.t.Context(), o.clock(), who, "")
	o.must(err)
	said := caller.Said{}
	for i := 0; i < len(rosaSays); i += 2 {
		said[strings.TrimPrefix(rosaSays[i], "said_")] = rosaSays[i+1]
	}
	r, err := o.desk.Calls.Check(o.t.Context(), o.clock(), who, call.ID, o.script(), time.UTC, said)
	o.must(err)
	if !r.Passed {
		o.t.Fatal("the right answers do not match")
	}
	return who, call
}

// TestALostMemberID: a caller proves who they are and has the ID read out or sent; nothing is open after the call.
func TestALostMemberID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		v.post("/desk/calls", "number", "12").says(t, 422, "10 digits")
		call := v.post("/desk/calls", "number", "(503) 555-0123").To
		v.get(call).says(t, 200, "Calling from (503) 555-0123", "Thank you for calling", "Social Security number", "4 answers have to match")
		v.get(call+"/member-id").leads(t, call)
		v.post(call+"/member-id", "how", "read").leads(t, call)
		v.post(call+"/check", "said_name", "Rosa Quintero").says(t, 422, "Ask for this")
		v.post(call+"/check", rosaSays[:6]...).says(t, 422, "Ask for this, too")
		v.post(call+"/check", rosaSays...).leads(t, call)
		v.get(call).says(t, 200, "Verified", "You are speaking with Rosa Quintero", "in this call only")
		v.get("/desk/members/"+o.member).says(t, 200, "Rosa Quintero", "the caller proved who they are")
		v.get(call+"/member-id").says(t, 200, "Show the member ID", "r•••@m•••.example")
		v.post(call+"/member-id").says(t, 422, "Choose whether")
		v.post(call+"/member-id", "how", "read").says(t, 200, "LH 7700 123", "L as in Lima, H as in Hotel")
		v.post(call+"/member-id", "how", "send").says(t, 200, "on its way", "r•••@m•••.example")
		if n := o.count("SELECT COUNT(*) FROM outbox WHERE kind = 'member_id'"); n != 1 {
			t.Errorf("%d letters", n)
		}
		if len(o.entries("member_id.read_out")) != 1 || len(o.entries("member_id.sent")) != 1 || len(o.entries("caller.verified")) != 1 {
			t.Error("the audit log lacks an entry")
		}
		other, _ := o.hire(identity.Agent)
		o.opened(other, "passkey").get(call+"/member-id").says(t, 404)
		o.pass(16 * time.Minute)
		v.post(call+"/member-id", "how", "read").leads(t, call) // the time is over
		v.post(call+"/check", rosaSays...).leads(t, call)       // and may be proved again
		v.post(call+"/end").leads(t, "/desk/calls")
		v.post(call+"/member-id", "how", "read").leads(t, call)
		v.get(call).says(t, 200, "This call has ended")
		v.get("/desk/calls").says(t, 200, "Ended")
	})
}

// TestWhoFailsLearnsNothing: no answer to an agent on a call tells anything of the member's file before it is proved who
// calls, in both languages, and it is the same as for somebody who does not exist.
func TestWhoFailsLearnsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	run := func(name, zip string) (texts []string) {
		v := o.opened(agent, "passkey")
		for _, lang := range []string{"en", "es"} {
			call := v.post("/desk/calls").To
			see := func(a answer) {
				for _, s := range values {
					if told(a.Body, s) {
						t.Errorf("before a proof, a page tells %q", s)
					}
				}
				texts = append(texts, strings.ReplaceAll(regexp.MustCompile(`[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{4}`).ReplaceAllString(a.Text(), "REF"), name, "NAME"))
			}
			see(v.get(call + "?lang=" + lang))
			for range 4 {
				see(v.post(call+"/check", "said_name", name, "said_birth", "3/6/1983", "said_zip", zip, "said_street", "12", "said_phone", "0188", "said_last_amount", "20"))
			}
			see(v.get(call))
			see(v.get(call + "/member-id"))
			see(v.post(call+"/member-id", "how", "read"))
			see(v.get(call + "/send"))
			see(v.post(call+"/send", "given", strings.Fields(name)[0], "family", strings.Fields(name)[1], "birth", "3/6/1983", "zip", "97001"))
			see(v.post(call + "/end"))
			see(v.get("/desk/calls"))
		}
		return texts
	}
	somebody := run("Rosa Quint", "97001")
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) error {
		for _, s := range []string{"DELETE FROM rate_limit", "UPDATE phone_call SET opened_at = 1, ended_at = 2"} {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	}))
	nobody := run("Nick Nobody", "97001")
	for i := range somebody {
		if somebody[i] != nobody[i] {
			t.Errorf("page %d differs:\n%s\n%s", i, somebody[i], nobody[i])
		}
	}
}

func TestVisitor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	v, path := o.opened(agent, "passkey"), "/desk/members/"+o.member
	v.get(path+"/visit").leads(t, path)
	v.post(path+"/visit").leads(t, path)
	v.post(path+"/call-back").leads(t, path)
	v.post(path, "reason", "Stands at my counter")
	v.get(path).says(t, 200, "Check a photo ID", "Call back")
	v.get(path+"/visit").says(t, 200, "Rosa Quintero", "March 5, 1984", "Riverside office")
	v.post(path+"/visit").says(t, 422, "Choose the kind of photo ID")
	v.post(path+"/visit", "document", "passport", "office", "Mars").says(t, 422, "Choose the office")
	v.post(path+"/visit", "document", "passport", "office", "other", "seen", "name", "seen", "birth").says(t, 422, "All three have to match")
	call := v.post(path+"/visit", "document", "passport", "office", "other", "seen", "name", "seen", "birth", "seen", "photo").To
	v.get(call).says(t, 200, "Proved by a photo ID")
	v.post(call+"/member-id", "how", "read").says(t, 200, "LH 7700 123")
	if len(o.entries("visitor.failed")) != 1 || len(o.entries("visitor.verified")) != 1 {
		t.Error("the audit log lacks an entry")
	}
	back := v.post(path + "/call-back").To
	a := v.get(back)
	a.says(t, 200, "Call the number on file that ends in 99", "Both have to match")
	if strings.Contains(a.Text(), "555-0199") {
		t.Error("the number on file is shown whole")
	}
	v.post(back+"/check", rosaSays[:4]...).leads(t, back)
	v.get(back).says(t, 200, "Proved by a call to the number on file")
}

// told reports whether a page says s. Figures count where they stand by themselves: a random token may hold any four.
func told(body, s string) bool {
	if strings.Trim(s, "0123456789") != "" {
		return strings.Contains(body, s)
	}
	return regexp.MustCompile(`(^|[^0-9A-Za-z_-])` + s + `($|[^0-9A-Za-z_-])`).MatchString(body)
}

// TestEveryViewOfAMemberIsNotedDown reads the list of routes and calls each as an agent to whom everything is open: where
// an answer shows anything of a member's file, an audit row of that member was written by it.
func TestEveryViewOfAMemberIsNotedDown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.chats.Hub.Stop() // a stream says what there is, and ends
	agent, _ := o.hire(identity.Supervisor)
	v := o.opened(agent, "passkey")
	who, call := o.provedTo(agent)
	forms := map[string]url.Values{
		"POST /desk/members":                {"q": {"quintero"}},
		"POST /desk/members/{member}":       {"reason": {"A good reason"}},
		"POST /desk/calls/{call}/member-id": {"how": {"read"}},
	}
	o.asksContact(who, call)
	shown := 0
	for _, route := range o.desk.Routes() {
		if route.Access == web.Machine || !identity.Supervisor.May(route.Access) || route.Path == "/desk/sign-out" || strings.HasSuffix(route.Path, "/end") {
			continue
		}
		o.must(o.staff.Open(t.Context(), o.clock(), who, o.member, "A good reason"))
		path := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllStringFunc(route.Path, func(s string) string {
			switch s {
			case "{member}":
				return o.member
			case "{call}":
				return call.ID
			case "{part}":
				return "email"
			case "{draft}":
				return draftOf(onPhone{v, who, "/desk/calls/" + call.ID, o.onlyBill()}.begin("1"))
			case "{request}":
				return o.asksForCall(o.member)
			case "{conversation}":
				return o.asksLinked()
			case "{file}":
				return o.sendsFile()
			case "{bill}":
				return o.onlyBill()
			case "{payment}":
				return o.paidByCard().ID
			case "{refund}":
				return o.asksRefund("acc_nobody", 1).ID
			case "{exception}":
				return o.exceptionIsOver()
			}
			return o.object(s)
		})
		before := o.count("SELECT COUNT(*) FROM audit_entry WHERE member_id = $1 AND actor = $2", o.member, agent)
		form := forms[route.Method+" "+route.Path]
		if form == nil {
			form = url.Values{}
		}
		a := v.do(route.Method, path, form)
		after := o.count("SELECT COUNT(*) FROM audit_entry WHERE member_id = $1 AND actor = $2", o.member, agent)
		tells := ""
		for _, s := range values {
			if told(a.Body, s) {
				tells = s
			}
		}
		if tells == "" {
			continue
		}
		shown++
		if after == before {
			t.Errorf("%s %s tells %q and leaves no audit row", route.Method, route.Path, tells)
		}
	}
	if shown < 6 {
		t.Errorf("%d routes show a member: the test tries nothing", shown)
	}
}

// object is what stands in an address for a part that is none of the two above.
func (o *office) object(string) string { return "none" }

// rosaShares is the code of a browser in which the member is signed in and reads a bill.
func (o *office) rosaShares() string {
	o.t.Helper()
	session := identity.Session{AccountID: "acc_rosa", Members: []string{o.member}}
	secret, code, _, err := o.desk.Shares.Start(o.t.Context(), o.clock(), "", audit.Who{Actor: "acc_rosa", Role: audit.Member}, session)
	o.must(err)
	_, ok, err := o.desk.Shares.Paged(o.t.Context(), o.clock(), secret, session, "/pay/{draft}/review", "Review your payment")
	o.must(err)
	if !ok {
		o.t.Fatal("the page is not shared")
	}
	return code
}

// sharedTo is the share of a code, to an agent of its own.
func (o *office) sharedTo(code string) string {
	o.t.Helper()
	agent, _ := o.hire(identity.Agent)
	s, err := o.desk.Shares.Look(o.t.Context(), o.clock(), audit.Who{Actor: agent, Role: audit.Agent}, code)
	o.must(err)
	return s.ID
}

// TestTheAgentSeesWhichPage: by a code, for whoever typed it, with a way to the record, and noted down.
func TestTheAgentSeesWhichPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	v := o.opened(agent, "passkey")
	v.get("/desk/share").says(t, 200, "Code")
	for _, code := range []string{"", "123", "<script>alert(1)</script>", strings.Repeat("9", 10_000)} {
		v.post("/desk/share", "code", code).says(t, 422, "Nobody shares a page with this code")
	}
	path := v.post("/desk/share", "code", o.rosaShares()).To
	a := v.get(path)
	a.says(t, 200, "Review your payment", "/pay/{draft}/review", "Reviewing the payment", "Signed in", "The member is told that you look")
	if !strings.Contains(a.Body, `href="/desk/members/`+o.member) || !strings.Contains(a.Body, `data-refresh="5"`) {
		t.Error("the page lacks the way to the record, or does not look again")
	}
	other, _ := o.hire(identity.Supervisor)
	o.opened(other, "passkey").get(path).says(t, 404)
	if list := o.entries("page.looked"); len(list) != 1 || list[0].Member != o.member || list[0].Actor != agent {
		t.Errorf("noted down: %+v", list)
	}
	o.pass(16 * time.Minute)
	v.get(path).says(t, 404)
}

func TestReadingOut(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"LH7700123": "LH 7700 123", "LH10002001": "LH 1000 2001", "12345": "123 45", "123456": "123 456", "123456789": "123 456 789",
		"A1-B22": "A 1 B 22", "": "", "XYZ": "XYZ"} {
		if got := inGroups(number); got != want {
			t.Errorf("%q is read %q, want %q", number, got, want)
		}
	}
	if id.Fold(inGroups("LH7700123")) != id.Fold("LH7700123") || fault.CodeOf(caller.ErrProof) != "caller.proof" {
		t.Error("groups change the number")
	}
}
