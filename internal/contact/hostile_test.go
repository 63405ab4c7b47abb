package contact_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/brand"
	"memberpay/internal/caller"
	"memberpay/internal/contact"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/letter"
	"memberpay/internal/member"
)

// knows is a call in which somebody says what is known of Rosa.
func (x *desk) knows(now time.Time) caller.Call {
	x.t.Helper()
	call, err := x.calls.Open(x.t.Context(), now, x.iris, "")
	x.must(err)
	got, err := x.calls.Check(x.t.Context(), now, x.iris, call.ID, brand.Default().CallerScript(now), time.UTC,
		caller.Said{"name": "Rosa Quintero", "birth": "3/5/1984", "zip": "97001", "street": "27B"})
	x.must(err)
	if !got.Passed {
		x.t.Fatalf("%+v", got)
	}
	call.MemberID = x.id
	return call
}

// fails marks what is in the outbox as refused for good.
func (x *desk) fails(at time.Time) (n int) {
	x.t.Helper()
	for _, channel := range []string{event.Mail, event.Text, event.Print} {
		list, err := x.Outbox.Claim(x.t.Context(), x.DB, at, channel, 100)
		x.must(err)
		for _, m := range list {
			x.must(x.Outbox.Told(x.t.Context(), x.DB, at, m, event.ErrRefused))
			n++
		}
	}
	return n
}

func (x *desk) asksHome(now time.Time, call caller.Call, street string) (contact.Change, error) {
	return x.Ask(x.t.Context(), now, x.iris, call, member.HomePart, member.Contact{Street: street, City: "Meadow", State: "OR", ZIP: "97202"}, true, "en")
}

// TestWhereNoMailIsSent: an email on file that nobody can write to is no way to be told; a letter by post is.
func TestWhereNoMailIsSent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := rosa()
		in.Phone = ""
		x := newDesk(t, d, in)
		x.CanMail = false
		got, err := x.asksHome(start, x.call, "9 New Street")
		x.must(err)
		if told := x.sends(start); to(told) != "print Rosa Quintero|27B Meadow Street|Hillcrest, OR 97001" || !got.From.Equal(start.Add(contact.PausePost)) {
			t.Errorf("%s, %s", to(told), got.From)
		}
	})
}

// TestNobodyToTell: whoever only knows facts changes nothing where nobody can be told of it; a photo ID does.
func TestNobodyToTell(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := rosa()
		in.Email, in.Phone = "", ""
		x := newDesk(t, d, in)
		x.CanPrint = false
		call := x.knows(start)
		if _, err := x.asksHome(start, call, "9 New Street"); fault.CodeOf(err) != contact.ErrUntold.Code {
			t.Errorf("%v", err)
		}
		if _, err := x.Ask(t.Context(), start, x.iris, call, member.EmailPart, member.Contact{Email: "new@mail.example"}, false, "en"); fault.CodeOf(err) != contact.ErrUntold.Code {
			t.Errorf("%v", err)
		}
		if told := x.sends(start); len(told) != 0 {
			t.Errorf("%s", to(told))
		}
		got, err := x.asksHome(start, x.call, "9 New Street")
		x.must(err)
		if n := x.applies(got.From); n != 1 {
			t.Errorf("%d in force", n)
		}
	})
}

// TestTheLetterThatFails: where every letter of a change fails for good, nobody was told. Whoever knew facts then waits for
// a letter by post, and where there is no post for nothing: the change is over.
func TestTheLetterThatFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		got, err := x.asksHome(start, x.knows(start), "9 New Street")
		x.must(err)
		if n := x.fails(start); n != 2 {
			t.Errorf("%d letters", n)
		}
		if n := x.applies(got.From); n != 0 {
			t.Error("in force, and nobody was told")
		}
		told := x.sends(got.From)
		if to(told) != "print Rosa Quintero|27B Meadow Street|Hillcrest, OR 97001" {
			t.Fatal(to(told))
		}
		if n := x.applies(got.From.Add(contact.PausePost - time.Second)); n != 0 {
			t.Error("in force before the letter could be answered")
		}
		if found, err := x.Find(t.Context(), strings.TrimPrefix(told[0].News.Stop, contact.StopPath)); err != nil || !found.From.Equal(got.From.Add(contact.PausePost)) || !told[0].News.From.Equal(found.From) {
			t.Errorf("%+v, %v", found, err)
		}
		if n := x.applies(got.From.Add(contact.PausePost)); n != 1 {
			t.Error("not in force")
		}
		x.sends(got.From.Add(contact.PausePost))

		x.CanPrint = false
		late := got.From.Add(30 * 24 * time.Hour)
		for _, call := range []caller.Call{x.knowsNew(late), x.proves(late)} {
			got, err = x.asksHome(late, call, "10 New Street")
			x.must(err)
			x.fails(late)
			want := 0
			if call.Kind == caller.Office {
				want = 1
			}
			if n := x.applies(got.From); n != want {
				t.Errorf("%s: %d in force, want %d", call.Kind, n, want)
			}
			if list, err := x.OfMember(t.Context(), d.Read(), x.id, 1); err != nil || want == 0 && (list[0].State != contact.Stopped || list[0].EndedBy != contact.Untold) {
				t.Errorf("%+v, %v", list, err)
			}
		}
	})
}

// knowsNew is knows once Rosa's home is the new one.
func (x *desk) knowsNew(now time.Time) caller.Call {
	x.t.Helper()
	call, err := x.calls.Open(x.t.Context(), now, x.iris, "")
	x.must(err)
	got, err := x.calls.Check(x.t.Context(), now, x.iris, call.ID, brand.Default().CallerScript(now), time.UTC,
		caller.Said{"name": "Rosa Quintero", "birth": "3/5/1984", "zip": "97202", "street": "9"})
	x.must(err)
	if !got.Passed {
		x.t.Fatalf("%+v", got)
	}
	call.MemberID = x.id
	return call
}

// TestALanguageFirst: whoever changes the language first does not keep the letters from being read.
func TestALanguageFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		for _, lang := range []string{"en", "es", "en"} {
			_, err := x.Ask(t.Context(), start, x.iris, x.call, member.LanguagePart, member.Contact{Language: lang}, false, "en")
			x.must(err)
		}
		_, err := x.asksHome(start, x.call, "9 New Street")
		x.must(err)
		got := map[string]int{}
		list, err := x.Outbox.Claim(t.Context(), d, start, event.Mail, 100)
		x.must(err)
		for _, m := range list {
			var n letter.ContactNews
			x.must(m.Read(&n))
			got[m.Recipient+" "+m.Language+" "+n.Part]++
		}
		// Each language that is left behind is told in itself; the home in both.
		if len(got) != 4 || got["rosa@mail.example es home"] != 1 || got["rosa@mail.example en home"] != 1 || got["rosa@mail.example es language"] != 2 || got["rosa@mail.example en language"] != 1 {
			t.Errorf("%v", got)
		}
	})
}

// TestAskedTwice: one and the same change waits once, with one letter to each, whoever presses twice or at once.
func TestAskedTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		ids := map[string]bool{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := x.asksHome(start, x.call, "9 New Street")
				mu.Lock()
				defer mu.Unlock()
				if err != nil || got.State != contact.Waiting {
					t.Errorf("%+v, %v", got, err)
				}
				ids[got.ID] = true
			})
		}
		wg.Wait()
		if told := x.sends(start); len(ids) != 1 || to(told) != "mail rosa@mail.example, text +15035550199" {
			t.Errorf("%v, %s", ids, to(told))
		}
	})
}

// TestACodeAndAnotherChangeAtOnce: a code that comes back and another change of the same part, at once.
func TestACodeAndAnotherChangeAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		for round := range 4 {
			_, err := x.Ask(t.Context(), start, x.iris, x.call, member.PhonePart, member.Contact{Phone: fmt.Sprintf("503555017%d", round)}, false, "en")
			x.must(err)
			code := ""
			for _, s := range x.sends(start) {
				if s.Code.Code != "" {
					code = s.Code.Code
				}
			}
			errs := make([]error, 2)
			var wg sync.WaitGroup
			wg.Go(func() {
				_, errs[0] = x.Confirm(t.Context(), start, x.iris, x.call, member.PhonePart, code, "en")
			})
			wg.Go(func() {
				_, errs[1] = x.Ask(t.Context(), start, x.iris, x.call, member.PhonePart, member.Contact{Phone: fmt.Sprintf("503555018%d", round)}, true, "en")
			})
			wg.Wait()
			for i, err := range errs {
				if err != nil && (i != 0 || fault.CodeOf(err) != contact.ErrNone.Code) { // the other one came first
					t.Errorf("round %d, %d: %v", round, i, err)
				}
			}
			if list, err := x.Waiting(t.Context(), d.Read(), x.id); err != nil || len(list) != 1 {
				t.Errorf("%+v, %v", list, err)
			}
		}
	})
}

// TestTheLinkOfTheFirstLetter: whoever replaces a change does not take the link away that was sent with it; once that stopped
// the other one, or it is in force, it does nothing to a later one.
func TestTheLinkOfTheFirstLetter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		ask := func(now time.Time, street string) (contact.Change, string) {
			t.Helper()
			got, err := x.asksHome(now, x.proves(now), street)
			x.must(err)
			told := x.sends(now)
			if again := now.After(start); told[0].News.Again != again {
				t.Errorf("%s: %+v", street, told[0].News)
			}
			return got, strings.TrimPrefix(told[0].News.Stop, contact.StopPath)
		}
		_, first := ask(start, "1 New Street")
		second, _ := ask(start.Add(time.Hour), "2 New Street")
		if found, err := x.Find(t.Context(), first); err != nil || found.ID != second.ID {
			t.Errorf("%+v, %v", found, err)
		}
		stopped, err := x.StopByLink(t.Context(), start.Add(2*time.Hour), audit.Who{Role: audit.Guest}, first)
		if err != nil || stopped.ID != second.ID {
			t.Errorf("%+v, %v", stopped, err)
		}
		x.sends(start.Add(2 * time.Hour))
		got, err := x.asksHome(start.Add(3*time.Hour), x.proves(start.Add(3*time.Hour)), "3 New Street")
		x.must(err)
		for name, token := range map[string]string{"first": first} {
			if _, err := x.Find(t.Context(), token); fault.CodeOf(err) != contact.ErrOver.Code {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := x.StopByLink(t.Context(), start.Add(3*time.Hour), audit.Who{Role: audit.Guest}, token); fault.CodeOf(err) != contact.ErrOver.Code {
				t.Errorf("%s: %v", name, err)
			}
		}
		x.sends(start.Add(3 * time.Hour))
		if n := x.applies(got.From); n != 1 {
			t.Errorf("%d in force", n)
		}
	})
}

// TestAnImportAtTheSameMoment: whichever comes first, what the member said stands and the source's other news, too.
func TestAnImportAtTheSameMoment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		now := start
		for round := range 6 {
			got, err := x.asksHome(now, x.proves(now), fmt.Sprintf("%d New Street", round+100))
			x.must(err)
			x.sends(now)
			in := x.rosa
			in.Given = fmt.Sprintf("Rosa %d", round)
			var wg sync.WaitGroup
			wg.Go(func() { x.imports(in) })
			for range 2 {
				wg.Go(func() { x.Apply(t.Context(), got.From) })
			}
			wg.Wait()
			x.applies(got.From)
			if m := x.now(); m.Given != in.Given || m.Street != fmt.Sprintf("%d New Street", round+100) {
				t.Errorf("%+v", m)
			}
			if told := x.sends(got.From); to(told) != "mail rosa@mail.example, text +15035550199, print Rosa "+fmt.Sprint(round)+" Quintero|"+fmt.Sprint(round+100)+" New Street|Meadow, OR 97202" {
				if !strings.Contains(to(told), "mail rosa@mail.example, text +15035550199, print") || len(told) != 3 {
					t.Errorf("%s", to(told))
				}
			}
			now = got.From.Add(time.Hour)
		}
	})
}

// TestStopAndApplyAtOnce: one of them wins, and what is told is what happened.
func TestStopAndApplyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		now := start
		for round := range 6 {
			got, err := x.asksHome(now, x.proves(now), fmt.Sprintf("%d New Street", round+100))
			x.must(err)
			x.sends(now)
			var wg sync.WaitGroup
			var stopErr error
			wg.Go(func() { _, stopErr = x.Stop(t.Context(), got.From, x.iris, x.id, got.ID) })
			for range 2 {
				wg.Go(func() { x.Apply(t.Context(), got.From) })
			}
			wg.Wait()
			told, m := x.sends(got.From), x.now()
			is := m.Street == fmt.Sprintf("%d New Street", round+100)
			if is == (stopErr == nil) || stopErr != nil && fault.CodeOf(stopErr) != contact.ErrOver.Code || (told[0].News.What == letter.ContactNow) != is {
				t.Errorf("%v, %+v, %+v", stopErr, m, told)
			}
			now = got.From.Add(time.Hour)
		}
	})
}

// TestACardNumberIsNoAddress: it is never kept.
func TestACardNumberIsNoAddress(t *testing.T) {
	t.Parallel()
	x := newDesk(t, dbtest.Open(t, db.SQLite), rosa())
	for _, street := range []string{"4111 1111 1111 1111 Main", "4111111111111111 Main", "Main 4111 1111\n1111 1111"} {
		if _, err := x.asksHome(start, x.call, street); fault.CodeOf(err) != contact.ErrStreet.Code {
			t.Errorf("%q: %v", street, err)
		}
	}
	if _, err := x.Ask(t.Context(), start, x.iris, x.call, member.HomePart, member.Contact{Street: "1 Main", City: "Meadow 4111111111111111", State: "OR", ZIP: "97202"}, true, "en"); fault.CodeOf(err) != contact.ErrCity.Code {
		t.Error(err)
	}
	if _, err := x.Ask(t.Context(), start, x.iris, x.call, member.EmailPart, member.Contact{Email: "4111111111111111@mail.example"}, false, "en"); fault.CodeOf(err) != contact.ErrEmail.Code {
		t.Error(err)
	}
}

// TestLateOnesHoldUpNobody: many changes whose letters were not sent do not keep another from coming into force.
func TestLateOnesHoldUpNobody(t *testing.T) {
	t.Parallel()
	x := newDesk(t, dbtest.Open(t, db.SQLite), rosa())
	for i := range 201 {
		in := rosa()
		in.MemberID, in.PatientID, in.Email = fmt.Sprintf("LH88%05d", i), fmt.Sprintf("p-%d", i), fmt.Sprintf("m%d@mail.example", i)
		other := *x
		other.id = x.imports(in)
		_, err := other.asksHome(start, other.proves(start), "9 New Street")
		x.must(err)
	}
	x.must(x.dbWrite(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE outbox SET next_at = $1", db.Micros(start.Add(30*24*time.Hour)))
		return err
	}))
	now := start.Add(time.Minute)
	got, err := x.asksHome(now, x.proves(now), "9 New Street")
	x.must(err)
	x.sends(now)
	if n := x.applies(got.From); n != 1 {
		t.Errorf("%d in force", n)
	}
}

// TestOneLinkStopsAll: whoever says that it was not them need not find every letter, and what only rests on facts is not asked
// for again in the next thirty days.
func TestOneLinkStopsAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		call := x.knows(start)
		home, err := x.asksHome(start, call, "9 New Street")
		x.must(err)
		token := strings.TrimPrefix(x.sends(start)[0].News.Stop, contact.StopPath)
		phone, err := x.Ask(t.Context(), start, x.iris, call, member.PhonePart, member.Contact{Phone: "503-555-0177"}, true, "en")
		x.must(err)
		x.sends(start)
		if got, err := x.StopByLink(t.Context(), start, audit.Who{Role: audit.Guest}, token); err != nil || got.ID != home.ID {
			t.Errorf("%+v, %v", got, err)
		}
		told := map[string]bool{}
		for _, s := range x.sends(start) {
			told[s.Channel+" "+string(s.News.What)+" "+s.News.Part] = true
		}
		if len(told) != 4 || !told["mail stopped home"] || !told["mail stopped phone"] {
			t.Errorf("%v", told)
		}
		if list, err := x.StoppedByLink(t.Context(), d.Read(), x.id, start.Add(-time.Second)); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		if n := x.applies(phone.From); n != 0 {
			t.Errorf("%d in force", n)
		}
		for after, want := range map[time.Duration]string{time.Hour: contact.ErrWarned.Code, contact.Warned - time.Hour: contact.ErrWarned.Code, contact.Warned + time.Hour: ""} {
			now := start.Add(after)
			_, err := x.asksHome(now, x.knows(now), "9 New Street")
			if want != "" && fault.CodeOf(err) != want || want == "" && err != nil {
				t.Errorf("after %s: %v", after, err)
			}
			x.must(x.dbWrite(func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "DELETE FROM contact_change WHERE state = 'waiting'")
				return err
			}))
		}
		now := start.Add(2 * time.Hour)
		if _, err := x.asksHome(now, x.proves(now), "9 New Street"); err != nil {
			t.Errorf("with a photo ID: %v", err)
		}
	})
}

// TestNewsDuringThePause: what the source of members says anew while a change waits is not written over; what agrees is.
func TestNewsDuringThePause(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		says, want string
		state      contact.State
	}{
		"another address": {"third@mail.example", "third@mail.example", contact.Stopped},
		"the same":        {"rosa@mail.example", "new@mail.example", contact.Stands},
		"the new one":     {"New@mail.example", "new@mail.example", contact.Stands},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				x := newDesk(t, d, rosa())
				got := x.asksEmail("new@mail.example")
				x.sends(start.Add(time.Minute))
				x.rosa.Email = tt.says
				x.imports(x.rosa)
				x.applies(got.From)
				list, err := x.OfMember(t.Context(), d.Read(), x.id, 1)
				if m := x.now(); err != nil || m.Email != tt.want || list[0].State != tt.state || (tt.state == contact.Stopped) != (list[0].EndedBy == contact.Source) {
					t.Errorf("%+v, %+v, %v", m, list, err)
				}
			})
		})
	}
}

// TestBack: what the source says is there again at once, whatever waits; what took it over is told and can stop nothing.
func TestBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newDesk(t, d, rosa())
		got := x.asksEmail("new@mail.example")
		x.sends(start.Add(time.Minute))
		x.applies(got.From)
		x.sends(got.From)
		said, err := member.Sayings(t.Context(), d.Read(), 10)
		if err != nil || len(said) != 1 {
			t.Fatalf("%+v, %v", said, err)
		}
		lead := audit.Who{Actor: "acc_lead", Role: audit.Agent}
		x.must(x.Back(t.Context(), got.From.Add(time.Hour), lead, said[0].ID))
		if m := x.now(); m.Email != "rosa@mail.example" {
			t.Errorf("%+v", m)
		}
		told := x.sends(got.From.Add(time.Hour))
		if to(told) != "mail new@mail.example, mail rosa@mail.example, text +15035550199" || told[0].News.Stop != "" {
			t.Errorf("%s %+v", to(told), told)
		}
		if err := x.Back(t.Context(), got.From.Add(time.Hour), lead, said[0].ID); fault.CodeOf(err) != contact.ErrOver.Code {
			t.Errorf("twice: %v", err)
		}
		if said, err := member.Sayings(t.Context(), d.Read(), 10); err != nil || len(said) != 0 {
			t.Errorf("%+v, %v", said, err)
		}
	})
}
