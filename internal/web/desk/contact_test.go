package desk

import (
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/contact"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/staff"
)

// asksContact lets the member of a call change her language, and ask for a new home.
func (o *office) asksContact(who audit.Who, call caller.Call) contact.Change {
	o.t.Helper()
	call.MemberID = o.member
	_, err := o.desk.Contacts.Ask(o.t.Context(), o.clock(), who, call, member.LanguagePart, member.Contact{Language: "es"}, false, "en")
	o.must(err)
	x, err := o.desk.Contacts.Ask(o.t.Context(), o.clock(), who, call, member.HomePart, member.Contact{Street: "9 New Street", City: "Meadow", State: "OR", ZIP: "97202"}, false, "en")
	o.must(err)
	return x
}

// news are the letters that tell of changes of a contact, and codes for a new one, by whom they go to.
func (o *office) news() (codes map[string]string, told map[string][]letter.ContactNews) {
	o.t.Helper()
	codes, told = map[string]string{}, map[string][]letter.ContactNews{}
	for _, channel := range []string{event.Mail, event.Text} {
		list, err := o.outbox.Claim(o.t.Context(), o.db, o.clock(), channel, 100)
		o.must(err)
		for _, m := range list {
			switch m.Kind {
			case letter.KindCode:
				var c letter.Code
				o.must(m.Read(&c))
				codes[m.Recipient] = c.Code
			case letter.KindContactNews:
				var n letter.ContactNews
				o.must(m.Read(&n))
				told[m.Recipient] = append(told[m.Recipient], n)
			}
			o.must(o.outbox.Told(o.t.Context(), o.db, o.clock(), m, nil))
		}
	}
	return codes, told
}

// TestACallerChangesTheirContact: only with a proof, with the code that went to the new address, and from a day on that is
// told; the record shows it and can stop it; a supervisor passes on what is in force.
func TestACallerChangesTheirContact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := officeOn(t, d, staff.SSO{})
		agent, _ := o.hire(identity.Agent)
		v := o.opened(agent, "passkey")
		call := v.post("/desk/calls", "number", "(503) 555-0123").To
		for _, path := range []string{"/contact", "/contact/email", "/contact/email/code"} {
			v.get(call+path).leads(t, call)
		}
		v.post(call+"/contact/email", "email", "new@mail.example").leads(t, call)
		v.post(call+"/check", rosaSays...).leads(t, call)
		v.get(call).says(t, 200, "Change how we reach the member")
		page := v.get(call + "/contact")
		page.says(t, 200, "r•••@m•••.example", "•••• 0199", "Nothing on file", "after 3 days")
		if strings.Contains(page.Body, "rosa@mail.example") || strings.Contains(page.Body, "555-0199") {
			t.Error("the page shows a whole contact")
		}
		v.get(call+"/contact/fax").says(t, 404)
		v.post(call+"/contact/fax", "fax", "1").says(t, 404)
		v.get(call+"/contact/email").says(t, 200, "spell it back")
		v.post(call+"/contact/email", "email", "new").says(t, 422, "Type an email address")
		v.post(call+"/contact/email", "email", "Rosa@mail.example").says(t, 422, "That is on file already")
		v.post(call+"/contact/email", "email", "new@mail.example").leads(t, call+"/contact/email/code")
		v.get(call+"/contact/email/code").says(t, 200, "n•••@m•••.example", "Please read it out to me")
		codes, _ := o.news()
		wrong := "000000"
		if codes["new@mail.example"] == wrong {
			wrong = "000001"
		}
		v.post(call+"/contact/email/code", "code", wrong).says(t, 422, "That is not the code")
		v.post(call+"/contact/email/code", "code", codes["new@mail.example"]).leads(t, call+"/contact?done=email")
		v.get(call+"/contact?done=email").says(t, 200, "Noted. Tell the caller this", "We will use the new email from November 26, 2026", "From November 26, 2026", "n•••@m•••.example")
		v.get(call+"/contact/email/code").leads(t, call+"/contact")
		if _, told := o.news(); len(told["rosa@mail.example"]) != 1 || len(told["+15035550199"]) != 1 || len(told) != 2 {
			t.Errorf("told: %+v", told)
		}

		v.post(call+"/contact/phone", "phone", "503 555 0177", "voice", "yes").says(t, 422, "Read it back")
		v.post(call+"/contact/phone", "phone", "503 555 0177", "voice", "yes", "read", "yes").leads(t, call+"/contact?done=phone")
		v.post(call+"/contact/home", "street", "9 New Street", "city", "Meadow", "zip", "97202", "read", "yes").says(t, 422, "Choose the state")
		v.post(call+"/contact/home", "street", "9 New Street", "city", "Meadow", "state", "OR", "zip", "97202", "read", "yes").leads(t, call+"/contact?done=home")
		v.post(call+"/contact/language", "language", "fr").says(t, 422, "Choose a language")
		v.post(call+"/contact/language", "language", "es").leads(t, call+"/contact?done=language")
		v.get(call+"/contact?done=language").says(t, 200, "From now on we write in Español")

		record := v.get("/desk/members/" + o.member)
		record.says(t, 200, "Changes that wait", "Home address", "Meadow, OR 97202", "Change asked for: Phone")
		waiting, err := o.desk.Contacts.Waiting(t.Context(), d.Read(), o.member)
		if err != nil || len(waiting) != 3 {
			t.Fatalf("%+v, %v", waiting, err)
		}
		v.post("/desk/members/"+o.member+"/contact/stop", "change", waiting[1].ID).leads(t, "/desk/members/"+o.member)
		v.post("/desk/members/"+o.member+"/contact/stop", "change", waiting[1].ID).says(t, 409, "does not wait any more")
		v.get("/desk/members/"+o.member).says(t, 200, "Change stopped: Phone")
		o.news()

		o.pass(73 * time.Hour)
		if n, err := o.desk.Contacts.Apply(t.Context(), o.clock()); err != nil || n != 2 {
			t.Fatalf("%d in force, %v", n, err)
		}
		m, err := member.Get(t.Context(), d.Read(), o.member)
		if err != nil || m.Email != "new@mail.example" || m.Street != "9 New Street" || m.Language != "es" || m.Phone != "503-555-0199" {
			t.Errorf("%+v, %v", m, err)
		}
		v.get(call+"/contact").leads(t, "/desk/sign-in?to=%2Fdesk%2Fcalls%2F"+strings.TrimPrefix(call, "/desk/calls/")+"%2Fcontact")
		boss, _ := o.hire(identity.Supervisor)
		list := o.opened(boss, "passkey").get("/desk/contacts")
		list.says(t, 200, "Rosa Quintero", "new@mail.example", "rosa@mail.example", "9 New Street, Meadow, OR 97202", "Stopped in the last 30 days")
		said, err := member.Sayings(t.Context(), d.Read(), 10)
		o.must(err)
		lead := o.opened(boss, "passkey")
		for _, s := range said {
			if s.Part == member.LanguagePart {
				lead.post("/desk/contacts/"+s.ID+"/back").leads(t, "/desk/contacts")
				lead.post("/desk/contacts/"+s.ID+"/back").says(t, 409, "brought back already")
			}
		}
		if m, err := member.Get(t.Context(), d.Read(), o.member); err != nil || m.Language != "" || len(o.entries("contact.returned")) != 1 {
			t.Errorf("%+v, %v", m, err)
		}
		file := o.opened(boss, "passkey").get("/desk/contacts.csv")
		file.says(t, 200, "LH7700123,p-rosa,Rosa Quintero,email,new@mail.example", `home,,,9 New Street,Meadow,OR,97202`)
		if n := len(o.entries("contact.changed")); n != 3 || len(o.entries("contacts.exported")) != 1 || len(o.entries("contact.code_wrong")) != 1 {
			t.Errorf("%d changes are noted down", n)
		}
		o.opened(agent, "passkey").get("/desk/contacts").says(t, 403)
	})
}

// TestARecordWarnsOfAStoppedChange: whoever was told had not asked for it, so somebody knows the member's details.
func TestARecordWarnsOfAStoppedChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	agent, _ := o.hire(identity.Agent)
	who, call := o.provedTo(agent)
	o.asksContact(who, call)
	_, told := o.news()
	token := ""
	for _, n := range told["rosa@mail.example"] {
		token += strings.TrimPrefix(n.Stop, contact.StopPath) // that of the home: a language changes at once
	}
	_, err := o.desk.Contacts.StopByLink(t.Context(), o.clock(), audit.Who{Role: audit.Guest}, token)
	o.must(err)
	o.must(o.staff.Open(t.Context(), o.clock(), who, o.member, "A good reason"))
	v := o.opened(agent, "passkey")
	v.get("/desk/members/"+o.member).says(t, 200, "Somebody may know this member’s details", "By the link in our letter")
	o.pass(31 * 24 * time.Hour)
	o.must(o.staff.Open(t.Context(), o.clock(), who, o.member, "A good reason"))
	if page := o.opened(agent, "passkey").get("/desk/members/" + o.member); strings.Contains(page.Body, "Somebody may know") {
		t.Error("the warning stays for good")
	}
}

// TestFactsAloneWhereNobodyIsTold: nobody could stop a thief, so the desk says what would do.
func TestFactsAloneWhereNobodyIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.desk.Contacts.CanMail, o.desk.Contacts.CanText, o.desk.Contacts.CanPrint = false, false, false
	agent, _ := o.hire(identity.Agent)
	v := o.opened(agent, "passkey")
	call := v.post("/desk/calls", "number", "(503) 555-0123").To
	v.post(call+"/check", rosaSays...).leads(t, call)
	v.post(call+"/contact/email", "email", "new@mail.example").says(t, 422, "Facts alone do not do here")
	v.post(call+"/contact/home", "street", "9 New Street", "city", "Meadow", "state", "OR", "zip", "97202", "read", "yes").says(t, 422, "ask for a photo ID")
}
