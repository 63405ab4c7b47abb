package caller

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/brand"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/fault"
	"memberpay/internal/id"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

var start = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

// room is a desk with two members and two agents.
type room struct {
	*Calls
	t          testing.TB
	script     brand.CallerScript
	rosa, omar string
	iris, jo   audit.Who
	paycode    string
}

func newRoom(t testing.TB, d *db.DB) *room {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	accounts := identity.New(d, box, 1)
	r := &room{Calls: &Calls{DB: d, Accounts: accounts, Seal: box}, t: t, script: brand.Default().CallerScript(start)}
	err = d.Write(t.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		made, err := member.ImportBatch(t.Context(), tx, start, []member.Incoming{
			{MemberID: "LH7700123", PatientID: "p-rosa", Given: "Rosa María", Family: "Quintero", BirthDate: day.MustParse("1984-03-05"), Street: "27B Meadow Street\nApt 4", City: "Hillcrest", ZIP: "97001-1234", Phone: "503-555-0199"},
			{MemberID: "LH7700456", PatientID: "p-omar", Given: "Omar", Family: "Nowhere", BirthDate: day.MustParse("1990-01-31")}})
		if err != nil {
			return err
		}
		r.rosa, r.omar = made[0].ID, made[1].ID
		if _, err = bill.ImportBatch(t.Context(), tx, start, []bill.Incoming{{ClaimKey: "M-90417", Source: "test", Kind: bill.Medical, Payee: "medical", Number: "M-90417",
			PatientID: r.rosa, GuarantorID: r.rosa, ServiceDate: day.MustParse("2026-10-02"), Charged: 15_025, Responsibility: 15_025}}); err != nil {
			return err
		}
		for _, who := range []*audit.Who{&r.iris, &r.jo} {
			accountID, err := accounts.Open(t.Context(), tx, start, identity.NewAccount{Email: id.New("x") + "@staff.example", Role: identity.Agent})
			if err != nil {
				return err
			}
			*who = audit.Who{Actor: accountID, Role: audit.Agent, From: "192.0.2.1"}
		}
		return tx.QueryRowContext(t.Context(), "SELECT pay_code FROM bill").Scan(&r.paycode)
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *room) call(who audit.Who) Call {
	r.t.Helper()
	call, err := r.Open(r.t.Context(), start, who, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return call
}

func (r *room) check(who audit.Who, call Call, now time.Time, said Said) (Result, error) {
	return r.Check(r.t.Context(), now, who, call.ID, r.script, time.UTC, said)
}

func rosaSays() Said {
	return Said{"name": "rosa quintero", "birth": "3/5/1984", "zip": "97001", "street": "27-b meadow"}
}

func with(s Said, fact, said string) Said {
	out := Said{}
	for k, v := range s {
		out[k] = v
	}
	out[fact] = said
	return out
}

func TestEnoughMatchesProve(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		call := r.call(r.iris)
		if _, err := Verified(t.Context(), d.Read(), start, call.ID, r.rosa); !errors.Is(err, ErrProof) {
			t.Fatalf("verified before: %v", err)
		}
		got, err := r.check(r.iris, call, start, rosaSays())
		if err != nil || !got.Passed || len(got.Answers) != 4 || words(got.Answers) != "name:yes birth:yes zip:yes street:yes" {
			t.Fatalf("%+v, %v", got, err)
		}
		v, err := Verified(t.Context(), d.Read(), start.Add(14*time.Minute), call.ID, r.rosa)
		if err != nil || v.AgentID != r.iris.Actor || v.How != Facts || v.Script != "2026-1" || !v.Until.Equal(start.Add(15*time.Minute)) {
			t.Errorf("%+v, %v", v, err)
		}
		for name, one := range map[string]func() error{
			"too late":       func() error { _, err := Verified(t.Context(), d.Read(), v.Until, call.ID, r.rosa); return err },
			"another member": func() error { _, err := Verified(t.Context(), d.Read(), start, call.ID, r.omar); return err },
			"another call":   func() error { _, err := Verified(t.Context(), d.Read(), start, r.call(r.jo).ID, r.rosa); return err },
		} {
			if err := one(); !errors.Is(err, ErrProof) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.End(t.Context(), start.Add(time.Minute), r.jo, call.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another agent ends the call: %v", err)
		}
		if err := r.End(t.Context(), start.Add(time.Minute), r.iris, call.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := Verified(t.Context(), d.Read(), start.Add(time.Minute), call.ID, r.rosa); !errors.Is(err, ErrProof) {
			t.Errorf("the proof outlives the call: %v", err)
		}
		if _, err := r.check(r.iris, call, start.Add(time.Minute), rosaSays()); fault.CodeOf(err) != ErrEnded.Code {
			t.Errorf("a check in a call that has ended: %v", err)
		}
		var kept int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM caller_check WHERE facts LIKE '%uintero%' OR facts LIKE '%97001%'").Scan(&kept); err != nil || kept != 0 {
			t.Errorf("%d checks keep what was said, %v", kept, err)
		}
	})
}

func TestWhatMatches(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	r := newRoom(t, d)
	for _, c := range []struct {
		fact, said string
		want       bool
	}{
		{"name", "QUINTERO, Rosa", true}, {"name", "rosa maria quintero", true}, {"name", "María Quintero", true}, {"name", "Rosa", false}, {"name", "Rosa Quint", false},
		{"birth", "03-05-1984", true}, {"birth", "1984-03-05", true}, {"birth", "March 5, 1984", true}, {"birth", "5 de marzo de 1984", true}, {"birth", "mar 5th 1984", true}, {"birth", "03051984", true},
		{"birth", "5/3/1984", false}, {"birth", "3/5/84", false}, {"birth", "1984", false},
		{"zip", "97001", true}, {"zip", "97001-9999", true}, {"zip", "9700", false}, {"zip", "97002", false},
		{"street", "27b", true}, {"street", "27 B Meadow Street", true}, {"street", "27", false}, {"street", "Meadow Street", false},
		{"phone", "0199", true}, {"phone", "(503) 555-0199", true}, {"phone", "1-503-555-0199", true}, {"phone", "199", false}, {"phone", "0198", false}, {"phone", "504 555 0199", false},
		{"bill", "m 90417", true}, {"bill", r.paycode, true}, {"bill", strings.ToLower(r.paycode[:4] + "-" + r.paycode[4:]), true}, {"bill", "M-90418", false},
		{"last_amount", "150.25", false}, {"last_month", "November", false},
	} {
		said := Said{"name": "Rosa Quintero", "birth": "3/5/1984", "zip": "97001", "street": "27B"}
		script := r.script
		script.Tries = 5
		said[c.fact] = c.said
		if c.fact == "name" || c.fact == "birth" {
			said["bill"] = "M-90417" // leads to her where name and date do not
		}
		res, err := r.Check(t.Context(), start, r.iris, r.call(r.iris).ID, script, time.UTC, said)
		if err != nil {
			t.Errorf("%s %q: %v", c.fact, c.said, err)
			continue
		}
		for _, a := range res.Answers {
			if a.Fact == c.fact && a.Match != c.want {
				t.Errorf("%s %q: match %v", c.fact, c.said, a.Match)
			}
		}
		if _, err := d.Read().ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), "DELETE FROM rate_limit"); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNobodyAndSomebodyAreClosedAlike: the same number of tries, the same answers, in the same order, whether or not there
// is such a member, from one desk or several.
func TestNobodyAndSomebodyAreClosedAlike(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		try := func(said Said) []string {
			var out []string
			for i := range 7 {
				who := r.iris
				if i%2 == 1 {
					who = r.jo
				}
				res, err := r.check(who, r.call(who), start, said)
				out = append(out, fmt.Sprint(fault.KindOf(err), fault.CodeOf(err), res.Passed, len(res.Answers)))
			}
			return out
		}
		known := try(with(with(rosaSays(), "zip", "97009"), "street", "9"))
		unknown := try(with(with(with(rosaSays(), "name", "Nobody Atall"), "zip", "97008"), "street", "9"))
		if strings.Join(known, "\n") != strings.Join(unknown, "\n") || !strings.HasPrefix(known[5], "busy") {
			t.Errorf("somebody:\n%s\nnobody:\n%s", strings.Join(known, "\n"), strings.Join(unknown, "\n"))
		}
		// Closed is closed: the right answers do not open her file now, from no desk.
		if res, err := r.check(r.jo, r.call(r.jo), start, rosaSays()); !fault.Is(err, fault.Busy) || res.Passed {
			t.Errorf("right answers after too many wrong ones: %+v %v", res, err)
		}
		// Not so a call back to the number on file: it is what is left to her. It has a limit of its own.
		back, err := r.CallBack(t.Context(), start, r.jo, r.rosa)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := r.check(r.jo, back, start, Said{"name": "Rosa Quintero", "birth": "3/5/1984"}); err != nil || !res.Passed || res.Verification.How != ByCallBack {
			t.Errorf("a call back: %+v %v", res, err)
		}
		busy := 0
		for range 7 {
			back, err := r.CallBack(t.Context(), start, r.jo, r.rosa)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.check(r.jo, back, start, Said{"name": "Rosa Quintero", "birth": "3/6/1984"}); fault.Is(err, fault.Busy) {
				busy++
			}
		}
		if busy != 2 {
			t.Errorf("%d of 7 failed calls back were refused", busy)
		}
		if res, err := r.check(r.jo, r.call(r.jo), start.Add(61*time.Minute), rosaSays()); err != nil || !res.Passed {
			t.Errorf("after the window: %+v %v", res, err)
		}
		list, err := audit.List(t.Context(), d.Read(), audit.Filter{Member: r.rosa, Action: "caller"}, 20)
		if err != nil || len(list) < 7 {
			t.Errorf("%d entries of the failed checks, %v", len(list), err)
		}
	})
}

func TestACallHasFewTries(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	r := newRoom(t, d)
	call := r.call(r.iris)
	for i := range 3 {
		said := with(with(rosaSays(), "name", fmt.Sprintf("No %c Body", 'a'+i)), "zip", fmt.Sprint(97010+i))
		if res, err := r.check(r.iris, call, start, said); err != nil || res.Left != 2-i {
			t.Errorf("try %d: %+v %v", i, res, err)
		}
	}
	if _, err := r.check(r.iris, call, start, rosaSays()); fault.CodeOf(err) != ErrTries.Code {
		t.Errorf("a fourth try: %v", err)
	}
	for _, c := range []struct {
		said  Said
		field string
		code  string
	}{{with(rosaSays(), "birth", " "), "birth", "caller.ask"}, {Said{"name": "Rosa Quintero", "birth": "3/5/1984", "zip": "97001"}, "street", "caller.few"}} {
		_, err := r.check(r.iris, r.call(r.iris), start, c.said)
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != c.field || f.Code != c.code {
			t.Errorf("%v: %v", c.said, err)
		}
	}
	if _, err := r.check(r.jo, call, start, rosaSays()); !fault.Is(err, fault.NotFound) {
		t.Errorf("another agent's call: %v", err)
	}
	// One answer may be wrong where enough others are right; not one of those that always have to match.
	if res, err := r.check(r.iris, r.call(r.iris), start, with(with(rosaSays(), "bill", "M-90417"), "street", "9")); err != nil || !res.Passed {
		t.Errorf("one of the others wrong: %+v %v", res, err)
	}
	if res, err := r.check(r.iris, r.call(r.iris), start, with(with(with(rosaSays(), "bill", "M-90417"), "phone", "0199"), "birth", "3/6/1984")); err != nil || res.Passed {
		t.Errorf("a wrong date of birth: %+v %v", res, err)
	}
}

func TestCallBackAndVisit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRoom(t, d)
		if _, err := r.CallBack(t.Context(), start, r.iris, r.omar); fault.CodeOf(err) != ErrNoFile.Code {
			t.Errorf("no number on file: %v", err)
		}
		call, err := r.CallBack(t.Context(), start, r.iris, r.rosa)
		if err != nil || call.Number != "+15035550199" || call.Kind != Back {
			t.Fatalf("%+v %v", call, err)
		}
		if again, err := r.Get(t.Context(), d.Read(), r.iris.Actor, call.ID); err != nil || again.Number != call.Number || again.Reference != call.Reference {
			t.Errorf("%+v %v", again, err)
		}
		if res, err := r.check(r.iris, call, start, Said{"name": "Omar Nowhere", "birth": "1/31/1990"}); err != nil || res.Passed {
			t.Errorf("somebody else picks up: %+v %v", res, err)
		}
		if res, err := r.check(r.iris, call, start, Said{"name": "Rosa Quintero", "birth": "3/5/1984"}); err != nil || !res.Passed || res.Verification.How != ByCallBack {
			t.Errorf("%+v %v", res, err)
		}
		ok := Visit{Document: "passport", Office: "Riverside", Name: true, Birth: true, Photo: true}
		for _, c := range []struct {
			change func(*Visit)
			code   string
		}{{func(v *Visit) { v.Document = "library card" }, "caller.document"}, {func(v *Visit) { v.Office = "" }, "caller.office"},
			{func(v *Visit) { v.Photo = false }, "caller.seen"}, {func(v *Visit) { v.Birth = false }, "caller.seen"}} {
			v := ok
			c.change(&v)
			if _, err := r.Visited(t.Context(), start, r.iris, r.omar, v); fault.CodeOf(err) != c.code {
				t.Errorf("%+v: %v", v, err)
			}
		}
		visit, err := r.Visited(t.Context(), start, r.iris, r.omar, ok)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := Verified(t.Context(), d.Read(), start, visit.ID, r.omar); err != nil || v.How != ByPhotoID || v.Document != "passport" || v.Office != "Riverside" {
			t.Errorf("%+v %v", v, err)
		}
		if on, ok, err := r.Now(t.Context(), d.Read(), start.Add(time.Minute), r.iris.Actor); err != nil || !ok || on.AgentID != r.iris.Actor {
			t.Errorf("now on %+v %v %v", on, ok, err)
		}
		if _, ok, err := r.Now(t.Context(), d.Read(), start.Add(MaxCall), r.iris.Actor); err != nil || ok {
			t.Errorf("still on a call two hours later: %v", err)
		}
		for _, number := range []string{"12", "abc", "+44 20 7946 0000"} {
			if _, err := r.Open(t.Context(), start, r.iris, number); !errors.Is(err, ErrNumber) {
				t.Errorf("%q: %v", number, err)
			}
		}
	})
}
