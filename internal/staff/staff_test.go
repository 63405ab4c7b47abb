package staff_test

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/identity"
	"memberpay/internal/member"
	"memberpay/internal/seal"
	"memberpay/internal/staff"
)

// world is staff on a database of their own, with a clock.
type world struct {
	testing.TB
	*staff.Staff
	now time.Time
}

var operator = audit.Who{Actor: "operator", Role: audit.Operator}

func open(t testing.TB, d *db.DB) *world {
	t.Helper()
	box, err := seal.New()
	w := &world{TB: t, now: time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)}
	w.must(err)
	w.Staff = staff.New(staff.Config{DB: d, Accounts: identity.New(d, box, 1), Seal: box, Outbox: event.NewOutbox(box), BaseURL: "https://pay.larkspur.example",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// invites returns the token of an invitation.
func (w *world) invites(email string, role identity.Actor) string {
	w.Helper()
	url, err := w.Invite(w.Context(), w.now, operator, "Ada Quill", email, role)
	w.must(err)
	return url[strings.LastIndexByte(url, '/')+1:]
}

func (w *world) accepts(token string) (string, error) {
	return w.Accept(w.Context(), w.now, token, "", "hash", "192.0.2.9", nil)
}

// joins is somebody who works here.
func (w *world) joins(email string, role identity.Actor) (accountID string) {
	w.Helper()
	accountID, err := w.accepts(w.invites(email, role))
	w.must(err)
	return accountID
}

// atOnce runs fn in n goroutines and returns how many returned no error; others must return one of want.
func (w *world) atOnce(n int, fn func(i int) error, want ...error) int {
	w.Helper()
	var good atomic.Int64
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			err := fn(i)
			if err == nil {
				good.Add(1)
			} else if !slices.ContainsFunc(want, func(x error) bool { return errors.Is(err, x) }) {
				w.Error(err)
			}
		})
	}
	all.Wait()
	return int(good.Load())
}

// TestAnInvitationOnce: of many who accept one invitation at once, one is let in; a used one, one that was taken back and
// one that ran out are over.
func TestAnInvitationOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		token := w.invites("ada@larkspur.example", identity.Administrator)
		if n := w.atOnce(4, func(int) error { _, err := w.accepts(token); return err }, staff.ErrInvited, staff.ErrTaken); n != 1 {
			t.Errorf("accepted %d times", n)
		}
		if _, err := w.Invitation(t.Context(), w.now, token); !errors.Is(err, staff.ErrInvited) {
			t.Errorf("used: %v", err)
		}
		back := w.invites("bo@larkspur.example", identity.Agent)
		i, err := w.Invitation(t.Context(), w.now, back)
		w.must(err)
		if n := w.atOnce(2, func(int) error { return w.Revoke(t.Context(), w.now, operator, i.ID) }, staff.ErrInvited); n != 1 {
			t.Errorf("taken back %d times", n)
		}
		late := w.invites("cy@larkspur.example", identity.Agent)
		w.now = w.now.Add(staff.InvitationLife + time.Second)
		for name, token := range map[string]string{"taken back": back, "ran out": late, "never was": "x", "": ""} {
			if _, err := w.accepts(token); !errors.Is(err, staff.ErrInvited) {
				t.Errorf("%s: %v", name, err)
			}
		}
		broken := errors.New("no passkey")
		token = w.invites("di@larkspur.example", identity.Agent)
		if _, err := w.Accept(t.Context(), w.now, token, "", "", "", func(*db.Tx, string) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("without a proof: %v", err)
		}
		if _, err := w.accepts(token); err != nil {
			t.Errorf("the invitation is used although nobody joined: %v", err)
		}
		for _, row := range []struct {
			name, email string
			role        identity.Actor
			want        error
		}{{"", "x@larkspur.example", identity.Agent, staff.ErrName}, {"Ada", "x", identity.Agent, identity.ErrEmail}, {"Ada", "x@larkspur.example", identity.Member, staff.ErrRole}} {
			if _, err := w.Invite(t.Context(), w.now, operator, row.name, row.email, row.role); !errors.Is(err, row.want) {
				t.Errorf("%+v: %v", row, err)
			}
		}
	})
}

// TestTheLastAdministrator: two who take each other's rights at once leave one; who lost a role is signed out.
func TestTheLastAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		two := []string{w.joins("ada@larkspur.example", identity.Administrator), w.joins("bo@larkspur.example", identity.Administrator)}
		for _, accountID := range two {
			_, _, err := w.Accounts.Start(t.Context(), w.now, identity.Opening{AccountID: accountID, How: "passkey"})
			w.must(err)
		}
		if n := w.atOnce(2, func(i int) error {
			if i == 0 {
				return w.SetRole(t.Context(), w.now, operator, two[0], identity.Agent)
			}
			return w.End(t.Context(), w.now, operator, two[1])
		}, staff.ErrLast); n != 1 {
			t.Errorf("%d of two administrators went", n)
		}
		left, sessions := 0, 0
		w.must(d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM account WHERE role = 'administrator' AND closed_at = 0").Scan(&left))
		w.must(d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM session").Scan(&sessions))
		if left != 1 || sessions != 1 {
			t.Errorf("%d administrators, %d sessions", left, sessions)
		}
		noted := func() int {
			list, err := audit.List(t.Context(), d.Read(), audit.Filter{Action: "staff.role_changed"}, 100)
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		before, third := noted(), w.joins("cy@larkspur.example", identity.Agent)
		if err := w.SetRole(t.Context(), w.now, operator, third, identity.Agent); err != nil || noted() != before {
			t.Errorf("the same role again is noted down as a change: %v", err)
		}
		if err := w.SetRole(t.Context(), w.now, operator, two[0], identity.Member); !errors.Is(err, staff.ErrRole) {
			t.Errorf("a member's role: %v", err)
		}
		if err := w.End(t.Context(), w.now, operator, "acc_nobody"); !errors.Is(err, staff.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// TestARecordIsOpenForAReason: nobody looks at a record without one, it closes by itself, and a right taken in an emergency
// is given back with what it opened.
func TestARecordIsOpenForAReason(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		ada, bo := audit.Who{Actor: w.joins("ada@larkspur.example", identity.Agent), Role: audit.Agent}, audit.Who{Actor: w.joins("bo@larkspur.example", identity.Agent), Role: audit.Agent}
		var somebody string
		w.must(d.Write(t.Context(), func(tx *db.Tx) error {
			list, err := member.ImportBatch(t.Context(), tx, w.now, []member.Incoming{{MemberID: "M-1", Given: "Maya", Family: "Placeholder"}})
			if err == nil {
				somebody = list[0].ID
			}
			return err
		}))
		view := func(who audit.Who) error {
			_, err := w.View(t.Context(), w.now, who, somebody, "bills")
			return err
		}
		for _, reason := range []string{"", "  why ", strings.Repeat("x", staff.MaxReason+1)} {
			if err := w.Open(t.Context(), w.now, ada, somebody, reason); !errors.Is(err, staff.ErrReason) {
				t.Errorf("reason %.10q: %v", reason, err)
			}
		}
		if err := view(ada); !errors.Is(err, staff.ErrClosed) {
			t.Errorf("without a reason: %v", err)
		}
		w.must(w.Open(t.Context(), w.now, ada, somebody, "the member called"))
		w.must(view(ada))
		if err := view(bo); !errors.Is(err, staff.ErrClosed) {
			t.Errorf("another agent: %v", err)
		}
		w.now = w.now.Add(staff.OpenFor)
		if err := view(ada); !errors.Is(err, staff.ErrClosed) {
			t.Errorf("later: %v", err)
		}
		if err := w.BreakGlass(t.Context(), w.now, bo, "no"); !errors.Is(err, staff.ErrReason) {
			t.Errorf("an emergency without a reason: %v", err)
		}
		w.must(w.BreakGlass(t.Context(), w.now, bo, "the system of the desk is down"))
		until, err := w.Broken(t.Context(), w.now, bo.Actor)
		if err != nil || !until.Equal(w.now.Add(staff.BrokenFor)) {
			t.Errorf("until %v, %v", until, err)
		}
		w.must(w.Open(t.Context(), w.now, bo, somebody, "the member called"))
		w.must(w.Mend(t.Context(), w.now, bo))
		if err := view(bo); !errors.Is(err, staff.ErrClosed) {
			t.Errorf("after the emergency: %v", err)
		}
		if until, err := w.Broken(t.Context(), w.now, bo.Actor); err != nil || !until.IsZero() {
			t.Errorf("until %v, %v", until, err)
		}
		entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Action: "member.view"}, 10)
		if err != nil || len(entries) != 1 || entries[0].Reason != "the member called" || entries[0].Member != somebody {
			t.Errorf("views in the log: %+v %v", entries, err)
		}
	})
}

// TestNoCardNumberInAReason: reasons stand in the audit log, from which nothing is ever taken out.
func TestNoCardNumberInAReason(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		ada, somebody := audit.Who{Actor: w.joins("ada@larkspur.example", identity.Agent), Role: audit.Agent}, ""
		w.must(d.Write(t.Context(), func(tx *db.Tx) error {
			list, err := member.ImportBatch(t.Context(), tx, w.now, []member.Incoming{{MemberID: "M-1", Given: "Maya", Family: "Placeholder"}})
			if err == nil {
				somebody = list[0].ID
			}
			return err
		}))
		if err := w.Open(t.Context(), w.now, ada, somebody, "Called about\r\ncard 4242 4242 4242 4242"); err != nil {
			t.Fatal(err)
		}
		o, err := w.View(t.Context(), w.now, ada, somebody, "bills")
		if err != nil || strings.Contains(o.Reason, "4242") || !strings.HasPrefix(o.Reason, "Called about card") {
			t.Errorf("%q, %v", o.Reason, err)
		}
		list, err := audit.List(t.Context(), d.Read(), audit.Filter{Member: somebody}, 10)
		for _, e := range list {
			if strings.Contains(e.Reason, "4242") {
				t.Errorf("%+v", e)
			}
		}
		if err != nil || len(list) < 2 {
			t.Errorf("%d entries, %v", len(list), err)
		}
	})
}
