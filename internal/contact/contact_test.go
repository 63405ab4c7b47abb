package contact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/caller"
	"memberpay/internal/contact"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

var start = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

// desk is where Rosa has proved who she is to Iris, who is one of the staff; Rosa's account signs in with an address that
// the source of members does not have.
type desk struct {
	*contact.Contacts
	t     testing.TB
	calls *caller.Calls
	rosa  member.Incoming
	id    string
	iris  audit.Who
	call  caller.Call
}

func newDesk(t testing.TB, d *db.DB, rosa member.Incoming) *desk {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	accounts := identity.New(d, box, 1)
	x := &desk{t: t, rosa: rosa, calls: &caller.Calls{DB: d, Accounts: accounts, Seal: box},
		Contacts: &contact.Contacts{DB: d, Accounts: accounts, Seal: box, Outbox: event.NewOutbox(box), CanMail: true, CanText: true, CanPrint: true}}
	x.id = x.imports(rosa)
	x.must(d.Write(t.Context(), func(tx *db.Tx) error {
		agent, err := accounts.Open(t.Context(), tx, start, identity.NewAccount{Email: "iris@staff.example", Role: identity.Agent})
		x.iris = audit.Who{Actor: agent, Role: audit.Agent, From: "192.0.2.1"}
		return err
	}))
	x.call = x.proves(start)
	return x
}

func rosa() member.Incoming {
	return member.Incoming{MemberID: "LH7700123", PatientID: "p-rosa", Given: "Rosa", Family: "Quintero", BirthDate: day.MustParse("1984-03-05"),
		Email: "rosa@mail.example", Phone: "503-555-0199", Street: "27B Meadow Street", City: "Hillcrest", State: "OR", ZIP: "97001", Language: "es"}
}

func (x *desk) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *desk) imports(in member.Incoming) (rowID string) {
	x.t.Helper()
	x.must(x.dbWrite(func(tx *db.Tx) error {
		if err := bill.LockImports(x.t.Context(), tx); err != nil {
			return err
		}
		made, err := member.ImportBatch(x.t.Context(), tx, start, []member.Incoming{in})
		if err == nil {
			rowID = made[0].ID
		}
		return err
	}))
	return rowID
}

func (x *desk) dbWrite(do func(tx *db.Tx) error) error { return x.DB.Write(x.t.Context(), do) }

// proves is a call in which Rosa has just proved who she is.
func (x *desk) proves(now time.Time) caller.Call {
	x.t.Helper()
	call, err := x.calls.Visited(x.t.Context(), now, x.iris, x.id, caller.Visit{Document: "passport", Office: "Here", Name: true, Birth: true, Photo: true})
	x.must(err)
	return call
}

func (x *desk) now() member.Member {
	x.t.Helper()
	m, err := member.Get(x.t.Context(), x.DB.Read(), x.id)
	x.must(err)
	return m
}

// sent is one letter that was told.
type sent struct {
	Channel, Recipient string
	News               letter.ContactNews
	Code               letter.Code
}

// sends takes what is in the outbox, and marks it as sent at a time.
func (x *desk) sends(at time.Time) (out []sent) {
	x.t.Helper()
	for _, channel := range []string{event.Mail, event.Text, event.Print} {
		list, err := x.Outbox.Claim(x.t.Context(), x.DB, at, channel, 100)
		x.must(err)
		for _, m := range list {
			s := sent{Channel: channel, Recipient: m.Recipient}
			switch m.Kind {
			case letter.KindContactNews:
				x.must(m.Read(&s.News))
			case letter.KindCode:
				x.must(m.Read(&s.Code))
			default:
				x.t.Errorf("a letter of kind %q", m.Kind)
			}
			text, err := json.Marshal(s.News)
			x.must(err)
			if strings.Contains(string(text), "new@") || strings.Contains(string(text), "0177") {
				x.t.Errorf("a letter says what is new: %s", text)
			}
			out = append(out, s)
			x.must(x.Outbox.Told(x.t.Context(), x.DB, at, m, nil))
		}
	}
	return out
}

func to(list []sent) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Channel+" "+strings.ReplaceAll(s.Recipient, "\n", "|"))
	}
	return strings.Join(out, ", ")
}

func (x *desk) applies(at time.Time) int {
	x.t.Helper()
	n, err := x.Apply(x.t.Context(), at)
	x.must(err)
	return n
}

// asksEmail asks for a new address and reads back its code.
func (x *desk) asksEmail(email string) contact.Change {
	x.t.Helper()
	got, err := x.Ask(x.t.Context(), start, x.iris, x.call, member.EmailPart, member.Contact{Email: email}, false, "en")
	x.must(err)
	code := x.sends(start)
	if got.State != contact.Begun || len(code) != 1 || code[0].Recipient != email || code[0].Code.Purpose != letter.Contact {
		x.t.Fatalf("%+v, %+v", got, code)
	}
	got, err = x.Confirm(x.t.Context(), start.Add(time.Minute), x.iris, x.call, member.EmailPart, code[0].Code.Code, "en")
	x.must(err)
	return got
}

// TestANewEmail: it answers with a code, everybody is told, the old one counts for three days, and then the new one, which
// the next import does not undo.
func TestANewEmail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		x.must(x.dbWrite(func(tx *db.Tx) error {
			_, err := x.Accounts.Open(t.Context(), tx, start, identity.NewAccount{Email: "rosa@home.example", Role: identity.Member, Members: []string{x.id}})
			return err
		}))
		got := x.asksEmail("new@mail.example")
		if got.State != contact.Waiting || !got.From.Equal(start.Add(time.Minute+contact.Pause)) {
			t.Fatalf("%+v", got)
		}
		told := x.sends(start.Add(time.Minute))
		if to(told) != "mail rosa@home.example, mail rosa@mail.example, text +15035550199" || told[0].News.What != letter.ContactAsked || !strings.HasPrefix(told[0].News.Stop, "/not-me/") {
			t.Errorf("%+v", told)
		}
		x.imports(x.rosa)
		if n := x.applies(got.From.Add(-time.Second)); n != 0 || x.now().Email != "rosa@mail.example" {
			t.Errorf("%d in force early, %+v", n, x.now())
		}
		if n := x.applies(got.From); n != 1 || x.now().Email != "new@mail.example" {
			t.Errorf("%d in force, %+v", n, x.now())
		}
		if n := x.applies(got.From); n != 0 {
			t.Errorf("in force twice: %d", n)
		}
		told = x.sends(got.From)
		if to(told) != "mail rosa@home.example, mail rosa@mail.example, mail new@mail.example, text +15035550199" || told[0].News.What != letter.ContactNow || told[0].News.Stop != "" {
			t.Errorf("%s %+v", to(told), told)
		}
		x.imports(x.rosa)
		if m := x.now(); m.Email != "new@mail.example" || m.Phone != "503-555-0199" {
			t.Errorf("after an import: %+v", m)
		}
		if _, err := x.Stop(t.Context(), got.From, x.iris, x.id, got.ID); fault.CodeOf(err) != contact.ErrOver.Code {
			t.Errorf("stopped when it was in force: %v", err)
		}
	})
}

// TestWhoDidNotAskStopsIt: the link works once, nothing changes, and everybody is told.
func TestWhoDidNotAskStopsIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		got := x.asksEmail("new@mail.example")
		told := x.sends(start.Add(time.Minute))
		token := strings.TrimPrefix(told[0].News.Stop, contact.StopPath)
		if found, err := x.Find(t.Context(), token); err != nil || found.ID != got.ID || found.Said.Email != "new@mail.example" {
			t.Errorf("%+v, %v", found, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		stopped := 0
		for range 4 {
			wg.Go(func() {
				_, err := x.StopByLink(t.Context(), start.Add(time.Hour), audit.Who{Role: audit.Guest}, token)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					stopped++
				} else if fault.CodeOf(err) != contact.ErrOver.Code {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if stopped != 1 {
			t.Errorf("stopped %d times", stopped)
		}
		if n := x.applies(got.From.Add(time.Hour)); n != 0 || x.now().Email != "rosa@mail.example" {
			t.Errorf("%d in force, %+v", n, x.now())
		}
		if told := x.sends(start.Add(time.Hour)); to(told) != "mail rosa@mail.example, text +15035550199" || told[0].News.What != letter.ContactStopped {
			t.Errorf("%+v", told)
		}
		list, err := x.StoppedSince(t.Context(), d.Read(), start, 10)
		if err != nil || len(list) != 1 || list[0].EndedBy != contact.ByLink || list[0].State != contact.Stopped {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := x.Find(t.Context(), token); fault.CodeOf(err) != contact.ErrOver.Code {
			t.Errorf("the link works again: %v", err)
		}
	})
}

// TestWithoutProofNothingChanges: not without a proof, not to another agent, not when it is over, not by a wrong code.
func TestWithoutProofNothingChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		asks := func(now time.Time, who audit.Who, call caller.Call) error {
			_, err := x.Ask(t.Context(), now, who, call, member.HomePart, member.Contact{Street: "1 New Road", City: "Meadow", State: "or", ZIP: "97202"}, false, "en")
			return err
		}
		other := x.call
		other.MemberID = "mem_other"
		for name, err := range map[string]error{
			"another agent": asks(start, audit.Who{Actor: "acc_jo", Role: audit.Agent}, x.call),
			"too late":      asks(start.Add(time.Hour), x.iris, x.call),
			"another call":  asks(start, x.iris, caller.Call{ID: "call_none", MemberID: x.id}),
			"somebody else": asks(start, x.iris, other),
		} {
			if fault.CodeOf(err) != caller.ErrProof.Code {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := x.Ask(t.Context(), start, x.iris, x.call, member.PhonePart, member.Contact{Phone: "(503) 555-0177"}, false, "en"); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Confirm(t.Context(), start, x.iris, x.call, member.EmailPart, "123456", "en"); fault.CodeOf(err) != contact.ErrNone.Code {
			t.Errorf("a code for another part: %v", err)
		}
		code := x.sends(start)[0].Code.Code
		if _, err := x.Confirm(t.Context(), start.Add(14*time.Minute), audit.Who{Actor: "acc_jo"}, x.call, member.PhonePart, code, "en"); fault.CodeOf(err) != caller.ErrProof.Code {
			t.Errorf("another agent: %v", err)
		}
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		for try := range 6 {
			want := identity.ErrCode.Code
			if try >= 4 {
				want = identity.ErrCodeOver.Code
			}
			if _, err := x.Confirm(t.Context(), start, x.iris, x.call, member.PhonePart, wrong, "en"); fault.CodeOf(err) != want {
				t.Errorf("wrong code %d: %v", try, err)
			}
		}
		if _, err := x.Confirm(t.Context(), start, x.iris, x.call, member.PhonePart, code, "en"); fault.CodeOf(err) != identity.ErrCodeOver.Code {
			t.Errorf("the code after all tries: %v", err)
		}
		if n := x.applies(start.Add(30 * 24 * time.Hour)); n != 0 || x.now().Phone != "503-555-0199" {
			t.Errorf("%d in force, %+v", n, x.now())
		}
		var left int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM contact_change").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d changes are kept whose code never came back, %v", left, err)
		}
	})
}

// TestTheLetterThatComesLate: as long as the old contact could not be told, nothing changes.
func TestTheLetterThatComesLate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		got := x.asksEmail("new@mail.example")
		late := got.From.Add(48 * time.Hour)
		if n := x.applies(late); n != 0 {
			t.Error("in force although no letter was sent")
		}
		x.sends(late)
		if n := x.applies(late.Add(23 * time.Hour)); n != 0 {
			t.Error("in force before anybody could act on the letter")
		}
		if n := x.applies(late.Add(24 * time.Hour)); n != 1 {
			t.Error("not in force a day after the letter")
		}
	})
}

// TestOtherParts: a home and a phone without texts are read back and wait; a language is spoken at once; who can be told by
// post only has ten days; another change of a part takes the place of the one that waits.
func TestOtherParts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := rosa()
		in.Email, in.Phone = "", ""
		x := newDesk(t, d, in)
		ask := func(part member.Part, c member.Contact) contact.Change {
			t.Helper()
			got, err := x.Ask(t.Context(), start, x.iris, x.call, part, c, true, "en")
			x.must(err)
			return got
		}
		home := ask(member.HomePart, member.Contact{Street: " 9  New Street \r\n\r\n Apt 2 ", City: "Meadow", State: "or", ZIP: "97202"})
		if home.State != contact.Waiting || !home.From.Equal(start.Add(contact.PausePost)) || home.Said.Street != "9 New Street\nApt 2" || home.Said.State != "OR" {
			t.Errorf("%+v", home)
		}
		if told := x.sends(start); to(told) != "print Rosa Quintero|27B Meadow Street|Hillcrest, OR 97001" {
			t.Errorf("%s", to(told))
		}
		again := ask(member.HomePart, member.Contact{Street: "10 New Street", City: "Meadow", State: "OR", ZIP: "97202"})
		phone := ask(member.PhonePart, member.Contact{Phone: "503.555.0177"})
		x.sends(start)
		language := ask(member.LanguagePart, member.Contact{Language: "en"})
		if language.State != contact.Stands || x.now().Language != "en" {
			t.Errorf("%+v, %+v", language, x.now())
		}
		if list, err := x.Waiting(t.Context(), d.Read(), x.id); err != nil || len(list) != 2 || list[0].ID != again.ID || list[1].ID != phone.ID {
			t.Errorf("%+v, %v", list, err)
		}
		if n := x.applies(start.Add(contact.PausePost)); n != 2 {
			t.Errorf("%d in force", n)
		}
		if m := x.now(); m.Street != "10 New Street" || m.Phone != "+15035550177" || m.ZIP != "97202" {
			t.Errorf("%+v", m)
		}
		for _, s := range x.sends(start.Add(contact.PausePost)) {
			if s.Channel == event.Print && !strings.Contains(s.Recipient, "New Street") && !strings.Contains(s.Recipient, "27B") {
				t.Errorf("%+v", s)
			}
		}
		if _, err := x.Ask(t.Context(), start, x.iris, x.call, member.PhonePart, member.Contact{Phone: "1 503 555 0177"}, true, "en"); fault.CodeOf(err) != contact.ErrSame.Code {
			t.Errorf("what is on file already: %v", err)
		}
	})
}

// TestBadContacts: each says which field is wrong.
func TestBadContacts(t *testing.T) {
	t.Parallel()
	x := newDesk(t, dbtest.Open(t, db.SQLite), rosa())
	good := member.Contact{Street: "9 New Street", City: "Meadow", State: "OR", ZIP: "97202-1234"}
	with := func(change func(*member.Contact)) member.Contact { c := good; change(&c); return c }
	for _, tt := range []struct {
		part member.Part
		said member.Contact
		want string
	}{
		{member.EmailPart, member.Contact{Email: "nobody"}, "email"},
		{member.EmailPart, member.Contact{Email: "a@b.example\r\nBcc: c@d.example"}, "email"},
		{member.PhonePart, member.Contact{Phone: "555-0199"}, "phone"},
		{member.HomePart, with(func(c *member.Contact) { c.Street = "\n \n" }), "street"},
		{member.HomePart, with(func(c *member.Contact) { c.Street = "1\n2 b\n3\n4" }), "street"},
		{member.HomePart, with(func(c *member.Contact) { c.Street = "9 New\u202eStreet" }), "street"},
		{member.HomePart, with(func(c *member.Contact) { c.Street = strings.Repeat("long ", 30) }), "street"},
		{member.HomePart, with(func(c *member.Contact) { c.Street = "9 New Street 4242 4242 4242 4242" }), "street"},
		{member.HomePart, with(func(c *member.Contact) { c.City = "97" }), "city"},
		{member.HomePart, with(func(c *member.Contact) { c.State = "ZZ" }), "state"},
		{member.HomePart, with(func(c *member.Contact) { c.ZIP = "9720" }), "zip"},
		{member.HomePart, with(func(c *member.Contact) { c.ZIP = "97202-12" }), "zip"},
		{member.LanguagePart, member.Contact{}, "language"},
	} {
		_, err := x.Ask(t.Context(), start, x.iris, x.call, tt.part, tt.said, true, "en")
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != tt.want {
			t.Errorf("%+v: %v, want the field %q", tt.said, err, tt.want)
		}
	}
	if _, err := x.Ask(t.Context(), start, x.iris, x.call, member.HomePart, good, true, "en"); err != nil {
		t.Error(err)
	}
	for i := range 12 {
		_, err := x.Ask(t.Context(), start, x.iris, x.call, member.HomePart, with(func(c *member.Contact) { c.Street = fmt.Sprintf("%d New Street", 100+i) }), true, "en")
		if busy := i >= 9; fault.Is(err, fault.Busy) != busy {
			t.Errorf("change %d: %v", i+2, err)
		}
	}
}
