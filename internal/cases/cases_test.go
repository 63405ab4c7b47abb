package cases_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/cases"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

var noon = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC) // a Monday

// room is Cases on a database with one bill.
type room struct {
	testing.TB
	*cases.Cases
	bill bill.Bill
}

func open(t testing.TB, d *db.DB) *room {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	r := &room{TB: t, Cases: cases.New(cases.Config{DB: d, Seal: box, Outbox: event.NewOutbox(box), Zone: time.UTC})}
	r.must(d.Write(t.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		made, err := member.ImportBatch(t.Context(), tx, noon, []member.Incoming{{MemberID: "LH1", Given: "Ana", Family: "Rivers", BirthDate: day.MustParse("1984-03-05")}})
		if err != nil {
			return err
		}
		_, err = bill.ImportBatch(t.Context(), tx, noon, []bill.Incoming{{ClaimKey: "M-1", Source: "test", Kind: bill.Medical, Payee: "medical", Number: "M-1", PatientID: made[0].ID,
			GuarantorID: made[0].ID, ServiceDate: day.MustParse("2026-10-02"), Charged: 9_900, Responsibility: 9_900}})
		if err != nil {
			return err
		}
		list, err := bill.List(t.Context(), tx, bill.Scope{Members: []string{made[0].ID}}, 1)
		r.bill = list[0]
		return err
	}))
	return r
}

func (r *room) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *room) opens(text string) string {
	r.Helper()
	caseID, err := r.Open(r.Context(), noon, audit.Who{Actor: "acc_1", Role: audit.Member}, cases.Opening{Bill: r.bill, Kind: cases.Wrong, Text: text, AccountID: "acc_1", Language: "en", Email: "ana@mail.example"})
	r.must(err)
	return caseID
}

// TestManyOpenOneCase: however many say at once that a bill is wrong, there is one case, it holds the bill once, and every
// message stands in it in the order of its number.
func TestManyOpenOneCase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		const n = 20
		ids := make([]string, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { ids[i] = r.opens("message " + string(rune('a'+i))) })
		}
		all.Wait()
		for _, caseID := range ids {
			if caseID != ids[0] {
				t.Fatalf("two cases for one bill: %s and %s", ids[0], caseID)
			}
		}
		list, err := r.Messages(t.Context(), ids[0], true)
		r.must(err)
		seen := map[string]bool{}
		for _, m := range list {
			seen[m.Text] = true
		}
		if len(list) != n || len(seen) != n {
			t.Errorf("%d messages, %d different ones, want %d", len(list), len(seen), n)
		}
		var holds int
		r.must(d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM bill_hold").Scan(&holds))
		if holds != 1 {
			t.Errorf("the bill is held %d times", holds)
		}
	})
}

// TestTwoReasonsHoldABill: a bill is free when the last reason has ended, and an ending that ends nothing tells nothing.
func TestTwoReasonsHoldABill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		step := func(hold bool, reason string, after int) {
			t.Helper()
			r.must(d.Write(t.Context(), func(tx *db.Tx) error {
				if hold {
					return bill.Hold(t.Context(), tx, noon, r.bill.ID, reason)
				}
				return bill.EndHold(t.Context(), tx, noon, r.bill.ID, reason)
			}))
			held, err := bill.Held(t.Context(), d.Read(), []string{r.bill.ID, "bill_none"})
			r.must(err)
			all, err := bill.AllHeld(t.Context(), d.Read())
			r.must(err)
			if len(held) != after || len(all) != after {
				t.Errorf("after %v %s %d bills are held (%d of all), want %d", hold, reason, len(held), len(all), after)
			}
		}
		step(true, "cas_1", 1)
		step(true, "cas_1", 1)
		step(true, "cas_2", 1)
		step(false, "cas_1", 1)
		step(false, "cas_2", 0)
		step(false, "cas_2", 0)
		facts, err := event.Of(t.Context(), d.Read(), r.bill.ID)
		r.must(err)
		var told []string
		for _, f := range facts {
			if strings.HasPrefix(f.Kind, "bill.h") || strings.HasPrefix(f.Kind, "bill.rel") {
				told = append(told, f.Kind)
			}
		}
		if len(told) != 4 {
			t.Errorf("the facts told are %v, want two holds and two releases", told)
		}
	})
}

// TestCaseRules: what a case takes at which state.
func TestCaseRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		ctx, agent, ana := t.Context(), audit.Who{Actor: "acc_agent", Role: audit.Agent}, audit.Who{Actor: "acc_1", Role: audit.Member}
		is := func(what string, got, want error) {
			t.Helper()
			if !errors.Is(got, want) && (want != nil || got != nil) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		_, err := r.Open(ctx, noon, ana, cases.Opening{Bill: r.bill, Kind: "other", Text: "x"})
		is("a kind that is none", err, cases.ErrKind)
		settled := r.bill
		settled.State = bill.Paid
		_, err = r.Open(ctx, noon, ana, cases.Opening{Bill: settled, Kind: cases.Wrong, Text: "x"})
		is("a bill with nothing to pay", err, cases.ErrSettled)
		caseID := r.opens("It is wrong.")
		x, err := r.Get(ctx, caseID)
		r.must(err)
		if x.Due.String() != "2026-12-01" || len(x.Number) != 8 || x.Email != "ana@mail.example" || x.Overdue(day.MustParse("2026-12-01")) || !x.Overdue(day.MustParse("2026-12-02")) {
			t.Errorf("the case is %+v", x) // Thanksgiving is no banking day
		}
		is("no case", r.Say(ctx, noon, agent, "cas_none", cases.Staff, "x"), cases.ErrNotFound)
		is("nothing said", r.Say(ctx, noon, agent, caseID, cases.Staff, " \t\n"), cases.ErrText)
		is("a year ahead and more", r.Postpone(ctx, noon, agent, caseID, day.MustParse("2027-12-24")), cases.ErrDue)
		is("yesterday", r.Postpone(ctx, noon, agent, caseID, day.MustParse("2026-11-22")), cases.ErrDue)
		is("no end", r.Close(ctx, noon, agent, caseID, "", "x"), cases.ErrResolved)
		is("an end without a word", r.Close(ctx, noon, agent, caseID, cases.Right, ""), cases.ErrText)
		r.must(r.Close(ctx, noon, agent, caseID, cases.Right, "It is right."))
		is("closed twice", r.Close(ctx, noon, agent, caseID, cases.Right, "x"), cases.ErrClosed)
		is("answered after the end", r.Say(ctx, noon, agent, caseID, cases.Staff, "x"), cases.ErrClosed)
		is("noted after the end", r.Say(ctx, noon, agent, caseID, cases.Note, "x"), nil)
		again := r.opens("It is wrong all the same.")
		is("opened again beside another open one", r.Say(ctx, noon.AddDate(0, 0, 1), ana, caseID, cases.Member, "x"), cases.ErrClosed)
		r.must(r.Close(ctx, noon, ana, again, cases.Withdrawn, ""))
		is("opened again in time", r.Say(ctx, noon.AddDate(0, 0, 30), ana, caseID, cases.Member, "x"), nil)
		r.must(r.Close(ctx, noon, agent, caseID, cases.Helped, "A plan."))
		is("opened again too late", r.Say(ctx, noon.AddDate(0, 0, 31), ana, caseID, cases.Member, "x"), cases.ErrClosed)
		for range cases.MostMessages {
			if err = r.Say(ctx, noon, agent, caseID, cases.Note, "n"); err != nil {
				break
			}
		}
		is("one message too many", err, cases.ErrFull)
	})
}

// TestBothKindsInOneCase: whoever says the other thing of a bill that has an open case adds it to that case, which is found
// under both, holds the bill once and lets go of it at its one end.
func TestBothKindsInOneCase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		agent, ana := audit.Who{Actor: "acc_agent", Role: audit.Agent}, audit.Who{Actor: "acc_1", Role: audit.Member}
		stands := func(what, caseID string, kind cases.Kind, wrong, afford int) {
			t.Helper()
			x, err := r.Get(t.Context(), caseID)
			r.must(err)
			if x.Kind != kind {
				t.Errorf("%s: the case says %q, want %q", what, x.Kind, kind)
			}
			for k, want := range map[cases.Kind]int{cases.Wrong: wrong, cases.Afford: afford} {
				list, err := r.WorkOf(t.Context(), k, 10)
				r.must(err)
				if len(list) != want {
					t.Errorf("%s: %d cases that say %q, want %d", what, len(list), k, want)
				}
			}
		}
		caseID := r.opens("It is wrong.")
		stands("opened", caseID, cases.Wrong, 1, 0)
		r.opens("It is still wrong.")
		stands("said again", caseID, cases.Wrong, 1, 0)
		there, err := r.Open(t.Context(), noon, ana, cases.Opening{Bill: r.bill, Kind: cases.Afford, Text: "And too much.", AccountID: "acc_1", Language: "en"})
		r.must(err)
		if there != caseID {
			t.Errorf("a second case %s beside %s", there, caseID)
		}
		stands("the other thing", caseID, cases.Both, 1, 1)
		r.must(r.SayToo(t.Context(), noon, ana, caseID, cases.Wrong, "As I said."))
		stands("what was said", caseID, cases.Both, 1, 1)
		held, err := bill.Held(t.Context(), d.Read(), []string{r.bill.ID})
		r.must(err)
		if len(held) != 1 {
			t.Errorf("%d holds, want 1", len(held))
		}
		r.must(r.Close(t.Context(), noon, agent, caseID, cases.Helped, "A plan."))
		stands("closed", caseID, cases.Both, 0, 0)
		whole, err := r.Open(t.Context(), noon, ana, cases.Opening{Bill: r.bill, Kind: cases.Both, Text: "Both.", AccountID: "acc_1", Language: "en"})
		r.must(err)
		stands("both at once", whole, cases.Both, 1, 1)
		r.must(r.Close(t.Context(), noon, ana, whole, cases.Withdrawn, ""))
		plain, err := r.Open(t.Context(), noon, ana, cases.Opening{Bill: r.bill, Kind: cases.Afford, Text: "Too much.", AccountID: "acc_1", Language: "en"})
		r.must(err)
		if err := r.SayToo(t.Context(), noon, ana, plain, "other", "x"); !errors.Is(err, cases.ErrKind) {
			t.Errorf("a kind that is none: %v", err)
		}
		r.must(r.SayToo(t.Context(), noon, ana, plain, cases.Wrong, "And wrong."))
		stands("the other way round", plain, cases.Both, 1, 1)
	})
}

// TestAnswerTakesACase: whoever answers or closes a case that nobody has taken owns it; a note takes nothing, and nobody's
// case changes hands.
func TestAnswerTakesACase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		first, second := audit.Who{Actor: "acc_first", Role: audit.Agent}, audit.Who{Actor: "acc_second", Role: audit.Agent}
		owns := func(what, caseID, want string) {
			t.Helper()
			x, err := r.Get(t.Context(), caseID)
			r.must(err)
			if x.OwnerID != want {
				t.Errorf("%s: the owner is %q, want %q", what, x.OwnerID, want)
			}
		}
		caseID := r.opens("It is wrong.")
		r.must(r.Say(t.Context(), noon, first, caseID, cases.Note, "n"))
		r.must(r.Say(t.Context(), noon, audit.Who{Actor: "acc_1", Role: audit.Member}, caseID, cases.Member, "x"))
		owns("noted and written", caseID, "")
		r.must(r.Say(t.Context(), noon, first, caseID, cases.Staff, "We look into it."))
		owns("answered", caseID, "acc_first")
		r.must(r.Say(t.Context(), noon, second, caseID, cases.Staff, "So do I."))
		r.must(r.Close(t.Context(), noon, second, caseID, cases.Right, "It is right."))
		owns("answered and closed by another", caseID, "acc_first")
		again := r.opens("It is wrong all the same.")
		r.must(r.Close(t.Context(), noon, second, again, cases.Right, "It is right."))
		owns("closed", again, "acc_second")
	})
}

// TestWaitingSince: somebody waits since their first message without an answer, whatever the staff note among themselves.
func TestWaitingSince(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := open(t, d)
		agent, ana := audit.Who{Actor: "acc_agent", Role: audit.Agent}, audit.Who{Actor: "acc_1", Role: audit.Member}
		waits := func(what string, since time.Time) {
			t.Helper()
			got, err := r.OldestWait(t.Context())
			r.must(err)
			if !got.Equal(since) {
				t.Errorf("%s: since %v, want %v", what, got, since)
			}
		}
		says := func(hours int, who audit.Who, caseID string, by cases.Author) time.Time {
			t.Helper()
			at := noon.Add(time.Duration(hours) * time.Hour)
			r.must(r.Say(t.Context(), at, who, caseID, by, "x"))
			return at
		}
		waits("without a case", time.Time{})
		caseID := r.opens("It is wrong.")
		waits("opened", noon)
		says(1, agent, caseID, cases.Note)
		says(2, ana, caseID, cases.Member)
		r.must(r.Take(t.Context(), noon.Add(3*time.Hour), agent, caseID, "acc_agent"))
		waits("noted, taken and asked again", noon)
		says(4, agent, caseID, cases.Staff)
		waits("answered", time.Time{})
		asked := says(5, ana, caseID, cases.Member)
		says(6, ana, caseID, cases.Member)
		waits("asked again", asked)
		r.must(r.Close(t.Context(), noon.Add(7*time.Hour), agent, caseID, cases.Right, "It is right."))
		waits("closed", time.Time{})
	})
}
