package desk

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/identity"
	"memberpay/internal/staff"
	"memberpay/internal/web/webtest"
)

var shownSecret = regexp.MustCompile(`([A-Z2-7]{4} ){7}[A-Z2-7]{4}`)

// TestAPersonBeginsHere: invited, a password, then nothing but the page where a second proof is set up; with it, the desk.
func TestAPersonBeginsHere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		boss, _ := o.hire(identity.Administrator)
		admin := o.opened(boss, "passkey")
		a := admin.post("/desk/staff", "name", "Iris Example", "email", "iris@staff.example", "role", "agent")
		a.says(t, 200, "The invitation is on its way")
		link := regexp.MustCompile(`/desk/invitation/[a-z0-9]+`).FindString(a.Body)
		iris := o.visitor()
		iris.get(link).says(t, 200, "Iris Example", "iris@staff.example", "agent")
		iris.post(link, "password", "short").says(t, 422, "at least 12 characters")
		iris.post(link, "password", "iris example 2026").says(t, 422)
		iris.post(link, "password", password).leads(t, "/desk/security")
		for _, path := range []string{"/desk", "/desk/members", "/desk/members/" + o.member} {
			iris.get(path).leads(t, "/desk/security")
		}
		iris.post("/desk/members", "q", "LH7700123").leads(t, "/desk/security")
		page := iris.get("/desk/security")
		page.says(t, 200, "A password alone opens nothing here")
		secret := shownSecret.FindString(page.Text())
		iris.post("/desk/security/app", "code", "000000").says(t, 422, "That is not the code")
		before := iris.cookies[Cookie]
		iris.post("/desk/security/app", "code", o.code(shownSecret.FindString(iris.get("/desk/security").Text()))).leads(t, "/desk/security")
		if before == iris.cookies[Cookie] {
			t.Error("the session's token was not renewed")
		}
		iris.get("/desk").says(t, 200, "you work here as agent")
		o.visitor().get(link).says(t, 404, "This invitation was used")
		o.visitor().post(link, "password", password).says(t, 404)

		o.pass(time.Minute)
		again := o.visitor()
		again.post("/desk/sign-in", "email", "iris@staff.example", "password", password).leads(t, "/desk/sign-in/code?to=%2Fdesk")
		again.get("/desk").leads(t, "/desk/sign-in?to=%2Fdesk") // half a sign-in is none
		code := o.code(secret)
		if secret == "" {
			t.Fatal("no secret was shown")
		}
		again.post("/desk/sign-in/code", "code", "111111", "to", "/desk").says(t, 422)
		if a := again.post("/desk/sign-in/code", "code", code, "to", "//evil.example"); a.To != "/desk" {
			t.Errorf("signed in to %q (%d): %s", a.To, a.Status, a.Text())
		}
		again.get("/desk").says(t, 200)
		if len(o.entries("sign_in")) == 0 || len(o.entries("staff.invited")) == 0 || len(o.entries("staff.joined")) == 0 {
			t.Error("the audit log lacks an entry")
		}
	})
}

func TestStaffAreChangedAndEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		boss, _ := o.hire(identity.Administrator)
		agent, email := o.hire(identity.Agent)
		admin, helper := o.opened(boss, "passkey"), o.opened(agent, "passkey")
		helper.get("/desk/members").says(t, 200)
		admin.post("/desk/staff/"+boss+"/end").says(t, 409, "You are the last administrator")
		admin = o.opened(boss, "passkey")
		admin.post("/desk/staff/"+boss+"/role", "role-"+boss, "agent").says(t, 409)
		admin.post("/desk/staff/"+agent+"/role", "role-"+agent, "king").says(t, 422, "Choose a role")
		admin.post("/desk/staff/"+agent+"/role", "role-"+agent, "finance").leads(t, "/desk/staff")
		helper.get("/desk/members").leads(t, "/desk/sign-in?to=%2Fdesk%2Fmembers") // the session is over
		o.opened(agent, "passkey").get("/desk/members").says(t, 403, "Your role does not open this page")
		working := o.opened(agent, "passkey")
		admin.post("/desk/staff/"+agent+"/end").leads(t, "/desk/staff")
		working.get("/desk").leads(t, "/desk/sign-in?to=%2Fdesk")
		o.visitor().post("/desk/sign-in", "email", email, "password", password).says(t, 422, "do not match")
		admin.post("/desk/staff/"+agent+"/end").says(t, 404)
		admin.get("/desk/staff").says(t, 200, "People who worked here")
	})
}

// TestARecordOpensForAReason: nothing is shown before, every look is noted down, and it closes by itself.
func TestARecordOpensForAReason(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	v, path := o.opened(agent, "passkey"), "/desk/members/"+o.member
	secrets := []string{"Quintero", "1984", "M-90417", "$150.25", "rosa@", "0199"}
	closed := func(a answer) {
		t.Helper()
		for _, s := range secrets {
			if strings.Contains(a.Body, s) {
				t.Errorf("a closed record tells %q", s)
			}
		}
	}
	found := v.post("/desk/members", "q", "lh-7700123")
	found.says(t, 200, "Rosa Q.")
	for _, s := range []string{"Quintero", "M-90417", "rosa@"} {
		if strings.Contains(found.Body, s) {
			t.Errorf("the search tells %q", s)
		}
	}
	v.post("/desk/members", "q", "nothing").says(t, 200, "Nobody was found")
	v.post("/desk/members", "q", "").says(t, 422)
	a := v.get(path)
	a.says(t, 200, "Say why you open this record")
	closed(a)
	a = v.post(path, "reason", " x ")
	a.says(t, 422, "Say why in a few words")
	closed(a)
	closed(v.post(path + "/join-code"))
	if n := len(o.entries("member.view")); n != 0 {
		t.Fatalf("%d views before any", n)
	}
	const why = `Called about <script>alert(1)</script> a bill`
	v.post(path, "reason", why).leads(t, path)
	a = v.get(path)
	a.says(t, 200, "Rosa Quintero", "M-90417", "$150.25", "•••• 0123")
	for _, s := range []string{"Hillcrest", "biopsy", "LH7700123", "rosa@mail"} {
		if strings.Contains(a.Body, s) {
			t.Errorf("the record tells %q", s)
		}
	}
	list := o.entries("member.view")
	if len(list) != 1 || list[0].Member != o.member || list[0].Reason != why || list[0].Actor != agent || list[0].Role != "agent" {
		t.Errorf("noted down: %+v", list)
	}
	v.post(path+"/join-code").says(t, 422, "First verify the caller")
	o.provedTo(agent)
	v.get(path).says(t, 200, "Make a code")
	v.post(path+"/join-code").says(t, 200, "135790", "Give this code to the member")
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := o.accounts.Open(t.Context(), tx, o.clock(), identity.NewAccount{Email: "rosa.q@mail.example", Role: identity.Member, Members: []string{o.member}})
		return err
	}))
	v.post(path+"/join-code").says(t, 422, "has an account already")
	lead, _ := o.hire(identity.Supervisor)
	boss := o.opened(lead, "passkey")
	boss.post(path, "reason", why).leads(t, path)
	boss.post(path+"/join-code").says(t, 422, "First verify the caller") // proved to somebody else
	o.provedTo(lead)
	boss.post(path+"/join-code").says(t, 200, "135790")
	other, _ := o.hire(identity.Agent)
	closed(o.opened(other, "passkey").get(path)) // opened for one is not open for all
	o.pass(staff.OpenFor + time.Second)
	closed(v.get(path))
}

func TestBrokenGlass(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	finance, _ := o.hire(identity.Finance)
	v := o.opened(finance, "passkey")
	v.get("/desk/members").says(t, 403)
	v.post("/desk/break-glass", "reason", "").says(t, 422, "Say why")
	v.post("/desk/break-glass", "reason", "Nobody is at the desk tonight").leads(t, "/desk/members")
	v.get("/desk/members").says(t, 200)
	v.get("/desk").says(t, 200, "You may open records for now")
	v.post("/desk/members/"+o.member, "reason", "A caller needs help").leads(t, "/desk/members/"+o.member)
	v.get("/desk/members/"+o.member).says(t, 200, "Rosa Quintero")
	v.post("/desk/members/"+o.member+"/join-code").says(t, 403) // the glass gives no other right
	v.post("/desk/break-glass/end").leads(t, "/desk")
	v.get("/desk/members/"+o.member).says(t, 403)
	v.post("/desk/break-glass", "reason", "And again a caller").leads(t, "/desk/members")
	v.get("/desk/members/"+o.member).says(t, 200, "Say why you open this record") // what was open has closed
	o.pass(staff.BrokenFor / 2)
	v.get("/desk/members").says(t, 200)
	o.pass(staff.BrokenFor/2 + time.Second)
	v.get("/desk/members").says(t, 403)
	if n := len(o.entries("staff.glass_broken")); n != 2 {
		t.Errorf("%d entries", n)
	}
	auditor, _ := o.hire(identity.Auditor)
	o.opened(auditor, "passkey").post("/desk/break-glass", "reason", "I am curious").says(t, 403)
}

func TestAuditPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	auditor, _ := o.hire(identity.Auditor)
	agent, _ := o.hire(identity.Agent)
	v := o.opened(agent, "passkey")
	v.post("/desk/members/"+o.member, "reason", `=HYPERLINK("x") <b>`)
	v.get("/desk/members/" + o.member)
	a := o.opened(auditor, "passkey")
	a.get("/desk/audit?action=member").says(t, 200, "member.view", "member.opened")
	a.get("/desk/audit?from=yesterday").says(t, 422, "Write the day")
	a.get("/desk/audit?from=2026-11-23&to=2026-11-23&actor="+agent).says(t, 200, "member.view")
	a.get("/desk/audit?from=2026-11-24").says(t, 200, "Nothing matches")
	file := a.get("/desk/audit.csv?action=member.opened")
	if file.Status != http.StatusOK || !strings.Contains(file.Body, `"'=HYPERLINK(""x"")`) {
		t.Errorf("the file holds a formula: %s", file.Body)
	}
	if len(o.entries("audit.exported")) != 1 {
		t.Error("taking the log away was not noted down")
	}
}

// TestEveryRouteAsEverybody tries every route of the desk as nobody, as a member with a session of the other site, and as
// each role, on things that are an agent's and an administrator's.
func TestEveryRouteAsEverybody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.chats.Hub.Stop() // a stream says what there is, and ends
	caller := func(name string, actor identity.Actor, open func() *visitor) webtest.Caller {
		return webtest.Caller{Name: name, Actor: actor, Do: func(method, path string) webtest.Answer {
			a := open().do(method, path, map[string][]string{})
			return webtest.Answer{Status: a.Status, To: a.To, Body: a.Body}
		}}
	}
	world := webtest.World{
		Routes: o.desk.Routes(),
		Objects: map[string]func() string{
			"member":       func() string { return o.member },
			"draft":        func() string { return draftOf(o.onPhone().begin("40")) },
			"passkey":      func() string { return "pk_of_nobody" },
			"part":         func() string { return "email" },
			"saying":       func() string { return "say_none" },
			"call":         func() string { return o.verifiedCall().ID },
			"person":       func() string { accountID, _ := o.hire(identity.Agent); return accountID },
			"invitation":   func() string { return "inv_none" },
			"token":        func() string { return "none" },
			"conversation": o.asks,
			"file":         o.sendsFile,
			"slug":         func() string { return "phone" },
			"lang":         func() string { return "en" },
			"reply":        func() string { return "rpl_none" },
			"case":         o.opensCase,
			"bill":         o.onlyBill,
			"payment":      func() string { return o.paidByCard().ID },
			"refund":       o.refundIsOver,
			"exception":    o.exceptionIsOver,
			"request":      func() string { return o.asksForCall("") },
			"share":        func() string { return o.sharedTo(o.rosaShares()) },
		},
		// What an address names here belongs to the organisation, not to one of its people: roles decide, and a reason.
		Silent: map[string]bool{"GET /desk/members/{member}": true, "POST /desk/members/{member}": true, "POST /desk/members/{member}/join-code": true,
			"GET /desk/callbacks/{request}": true, "POST /desk/callbacks/{request}/take": true, "POST /desk/callbacks/{request}/reached": true, "POST /desk/callbacks/{request}/again": true,
			"POST /desk/callbacks/{request}/give-up": true,
			"GET /desk/cases/{case}":                 true, "POST /desk/cases/{case}/take": true, "POST /desk/cases/{case}/answer": true, "POST /desk/cases/{case}/note": true,
			"GET /desk/refunds/{refund}": true, "POST /desk/refunds/{refund}/approve": true, "POST /desk/refunds/{refund}/decline": true, "POST /desk/refunds/{refund}/check": true, "POST /desk/refunds/{refund}/stop": true,
			"POST /desk/refunds/{refund}/withdraw": true, "GET /desk/members/{member}/payments/{payment}/refund": true, "POST /desk/members/{member}/payments/{payment}/refund": true,
			"GET /desk/exceptions/{exception}": true, "POST /desk/exceptions/{exception}/close": true, "POST /desk/exceptions/{exception}/reopen": true,
			"POST /desk/cases/{case}/due": true, "POST /desk/cases/{case}/close": true,
			"POST /desk/members/{member}/contact/stop": true, "POST /desk/contacts/{saying}/back": true,
			"POST /desk/members/{member}/notes": true, "POST /desk/members/{member}/call-back": true, "GET /desk/members/{member}/bills/{bill}": true, "GET /desk/members/{member}/visit": true, "POST /desk/members/{member}/visit": true,
			"GET /desk/chats/{conversation}": true, "GET /desk/chats/{conversation}/events": true, "POST /desk/chats/{conversation}/take": true,
			"POST /desk/chats/{conversation}/messages": true, "POST /desk/chats/{conversation}/typing": true, "POST /desk/chats/{conversation}/read": true,
			"POST /desk/chats/{conversation}/transfer": true, "POST /desk/chats/{conversation}/close": true, "GET /desk/chats/{conversation}/files/{file}": true,
			"POST /desk/replies/{reply}":   true,
			"GET /desk/help/{slug}/{lang}": true, "POST /desk/help/{slug}/{lang}": true, "POST /desk/help/{slug}/{lang}/show": true, "POST /desk/help/{slug}/{lang}/withdraw": true,
			"POST /desk/staff/{person}/role": true, "POST /desk/staff/{person}/end": true},
		Secrets: []string{"Quintero", "M-90417", "$150.25", "rosa@mail.example", "LH7700123"},
		State:   func() string { return webtest.State(t, o.db, o.member, "M-90417") },
		Doors:   []string{"/desk/sign-in?to="},
	}
	var none string
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) (err error) {
		none, err = o.accounts.Open(t.Context(), tx, o.clock(), identity.NewAccount{Email: "m@mail.example", Role: identity.Member, Members: []string{o.member}})
		return err
	}))
	world.Callers = append(world.Callers, caller("nobody", identity.Nobody, o.visitor),
		caller("a member", identity.Member, func() *visitor { return o.opened(none, "passkey") }))
	for _, role := range identity.StaffRoles {
		accountID, _ := o.hire(role)
		world.Callers = append(world.Callers, caller(string(role), role, func() *visitor { return o.opened(accountID, "passkey") }))
	}
	world.EveryRoute(t)
}

// TestWrongMethods: a path that is there for another method says so.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	webtest.WrongMethods(t, o.handler, o.desk.Routes())
}
