package enroll_test

import (
	"database/sql"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

// world is enrollments on a database of their own, with a clock and a household.
type world struct {
	testing.TB
	*enroll.Enrollments
	now               time.Time
	maya, child, gone member.Member
	orphan            member.Member // a child who pays for themselves in the data
}

const (
	mayaEmail = "maya@mail.example"
	home      = "Maya Placeholder\n12 Alder Lane\nPortland, OR 97001"
)

var someone = audit.Who{Role: audit.Guest, From: "192.0.2.9"}

func open(t testing.TB, d *db.DB) *world {
	t.Helper()
	box, err := seal.New()
	w := &world{TB: t, now: time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)}
	w.must(err)
	w.Enrollments = enroll.New(enroll.Config{DB: d, Accounts: identity.New(d, box, 1), Seal: box, Outbox: event.NewOutbox(box), Zone: time.UTC, CanText: true, CanPrint: true})
	w.write(func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		list, err := member.ImportBatch(t.Context(), tx, w.now, []member.Incoming{
			{MemberID: "M-1", Given: "Maya", Family: "Placeholder", BirthDate: day.MustParse("1984-03-05"), ZIP: "97001", Street: "12 Alder Lane", City: "Portland", State: "OR", Email: mayaEmail},
			{MemberID: "C-1", Guarantor: "M-1", Given: "Cleo", Family: "Placeholder", BirthDate: day.MustParse("2018-01-02"), ZIP: "97001"},
			{MemberID: "G-1", Given: "Gus", Family: "Placeholder", BirthDate: day.MustParse("1930-01-02"), ZIP: "97001", Deceased: true},
			{MemberID: "O-1", Given: "Ona", Family: "Placeholder", BirthDate: day.MustParse("2015-01-02"), ZIP: "97001"},
		})
		for i, to := range []*member.Member{&w.maya, &w.child, &w.gone, &w.orphan} {
			if err == nil {
				*to, err = member.Get(t.Context(), tx, list[i].ID)
			}
		}
		return err
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.Helper()
	w.must(w.DB.Write(w.Context(), fn))
}

// codes are the codes that were sent to somebody, the newest last.
func (w *world) codes(recipient string) (out []string) {
	w.Helper()
	var subjects []string
	w.must(db.Each(w.Context(), w.DB.Read(), "SELECT subject FROM outbox WHERE kind = $1 ORDER BY created_at, id", []any{letter.KindCode}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		subjects = append(subjects, s)
		return err
	}))
	for _, s := range subjects {
		list, err := w.Outbox.Of(w.Context(), w.DB.Read(), s)
		w.must(err)
		for _, m := range list {
			var c letter.Code
			if w.must(m.Read(&c)); m.Recipient == recipient {
				out = append(out, c.Code)
			}
		}
	}
	return out
}

// begins is a browser that found a member.
func (w *world) begins(m member.Member) (enroll.Enrollment, string) {
	w.Helper()
	en, token, err := w.Start(w.Context(), w.now, someone, enroll.Beginning{Found: m})
	w.must(err)
	return en, token
}

// again is an enrollment as it stands now.
func (w *world) again(en enroll.Enrollment, token string) enroll.Enrollment {
	w.Helper()
	en, err := w.Get(w.Context(), w.now, token, en.ID)
	w.must(err)
	return en
}

// sent is the code of an enrollment that chose mail.
func (w *world) sent(en enroll.Enrollment) string {
	w.Helper()
	w.must(w.Choose(w.Context(), w.now, someone, en, enroll.Email, "en"))
	all := w.codes(mayaEmail)
	return all[len(all)-1]
}

// secured is an enrollment at its last step, with an address.
func (w *world) secured(email string) (enroll.Enrollment, string) {
	w.Helper()
	en, token := w.begins(w.maya)
	w.must(w.Prove(w.Context(), w.now, someone, en, w.sent(en)))
	w.must(w.SetEmail(w.Context(), w.now, someone, w.again(en, token), email, "en"))
	if en = w.again(en, token); en.Step(w.now) == enroll.ToEmailCode {
		all := w.codes(email)
		w.must(w.ProveEmail(w.Context(), w.now, someone, en, all[len(all)-1]))
	}
	return w.again(en, token), token
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

// TestWhoCanHaveAnAccount: a child leads to who pays for them; the dead and a child of nobody lead nowhere.
func TestWhoCanHaveAnAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		if en, _ := w.begins(w.child); en.MemberID != w.maya.ID || en.FoundID != w.child.ID {
			t.Errorf("the child leads to %+v", en)
		}
		for name, m := range map[string]member.Member{"the dead": w.gone, "a child of nobody": w.orphan} {
			if _, _, err := w.Start(t.Context(), w.now, someone, enroll.Beginning{Found: m}); !errors.Is(err, enroll.ErrNobody) {
				t.Errorf("%s: %v", name, err)
			}
		}
		first, token := w.begins(w.maya)
		same, again, err := w.Start(t.Context(), w.now, someone, enroll.Beginning{Found: w.maya, Token: token})
		if err != nil || same.ID != first.ID || again != token {
			t.Errorf("the same browser begins again: %v", err)
		}
		if _, brought, err := w.Start(t.Context(), w.now, someone, enroll.Beginning{Found: w.maya, Token: "brought along"}); err != nil || brought == "brought along" {
			t.Errorf("a token that is none of ours: %v", err)
		}
		if _, err := w.Get(t.Context(), w.now, "another browser", first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another browser sees it: %v", err)
		}
	})
}

// TestOneCodeOneBrowser: a code proves who is there in the browser that asked, for fifteen minutes and five tries; the proof
// lapses after an hour.
func TestOneCodeOneBrowser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		mine, token := w.begins(w.maya)
		other, _ := w.begins(w.maya)
		code, otherCode := w.sent(mine), w.sent(other)
		if err := w.Prove(t.Context(), w.now, someone, other, code); code != otherCode && !errors.Is(err, identity.ErrCode) {
			t.Errorf("the code of another browser: %v", err)
		}
		w.must(w.Prove(t.Context(), w.now, someone, mine, code))
		if got := w.again(mine, token); got.Step(w.now) != enroll.ToEmail || got.ProvedBy != enroll.Email {
			t.Errorf("it stands at %s", got.Step(w.now))
		}
		if got := w.again(mine, token); got.Step(w.now.Add(time.Hour+time.Second)) != enroll.ToContact {
			t.Errorf("an hour later it stands at %s", got.Step(w.now.Add(time.Hour+time.Second)))
		}
		late := w.now.Add(15*time.Minute + time.Second)
		if err := w.Prove(t.Context(), late, someone, other, otherCode); !errors.Is(err, identity.ErrCodeOver) {
			t.Errorf("after 15 minutes: %v", err)
		}
		w.now = late
		guessed, _ := w.begins(w.maya)
		code = w.sent(guessed)
		for i := range 5 {
			if err := w.Prove(t.Context(), w.now, someone, guessed, "no"); !errors.Is(err, identity.ErrCode) && (i < 4 || !errors.Is(err, identity.ErrCodeOver)) {
				t.Errorf("guess %d: %v", i+1, err)
			}
		}
		if err := w.Prove(t.Context(), w.now, someone, guessed, code); !errors.Is(err, identity.ErrCodeOver) {
			t.Errorf("after five guesses: %v", err)
		}
	})
}

// TestManyCodes: whoever asks for a sixth code within an hour waits, in whichever browser.
func TestManyCodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		for i := range 6 {
			en, _ := w.begins(w.maya)
			err := w.Choose(t.Context(), w.now, someone, en, enroll.Email, "en")
			if fault.Is(err, fault.Busy) != (i == 5) {
				t.Errorf("code %d: %v", i+1, err)
			}
		}
		if n := len(w.codes(mayaEmail)); n != 5 {
			t.Errorf("%d codes", n)
		}
		en, _ := w.begins(w.maya)
		if err := w.Choose(t.Context(), w.now, someone, en, enroll.Phone, "en"); !errors.Is(err, enroll.ErrWay) {
			t.Errorf("a phone that is not on file: %v", err)
		}
	})
}

// TestALetterOnce: one letter a week; of two browsers with its code, one is let in.
func TestALetterOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		first, _ := w.begins(w.maya)
		w.must(w.Mail(t.Context(), w.now, someone, first, "en"))
		second, _ := w.begins(w.maya)
		if err := w.Mail(t.Context(), w.now, someone, second, "en"); !errors.Is(err, enroll.ErrLetter) {
			t.Errorf("a second letter: %v", err)
		}
		codes := w.codes(home)
		if len(codes) != 1 {
			t.Fatalf("%d letters", len(codes))
		}
		w.now = w.now.Add(5 * 24 * time.Hour)
		list := make([]enroll.Enrollment, 3)
		for i := range list {
			list[i], _ = w.begins(w.maya)
			w.must(w.Choose(t.Context(), w.now, someone, list[i], enroll.Given, "en"))
		}
		if n := w.atOnce(3, func(i int) error { return w.Prove(t.Context(), w.now, someone, list[i], codes[0]) }, identity.ErrCode, identity.ErrCodeOver); n != 1 {
			t.Errorf("one letter let %d browsers in", n)
		}
	})
}

// TestOneAccount: however often the last step is sent, there is one account; of two browsers that prove the same address,
// one opens it.
func TestOneAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		en, _ := w.begins(w.maya)
		if err := w.Finish(t.Context(), w.now, someone, en, identity.Key{PasswordHash: "hash"}, nil, "en"); !errors.Is(err, enroll.ErrStep) {
			t.Errorf("before any proof: %v", err)
		}
		first, _ := w.secured(mayaEmail)
		second, token := w.secured(mayaEmail)
		if n := w.atOnce(4, func(i int) error {
			return w.Finish(t.Context(), w.now, someone, []enroll.Enrollment{first, second}[i%2], identity.Key{PasswordHash: "hash"}, nil, "en")
		}, enroll.ErrStep, identity.ErrEmailTaken); n != 1 {
			t.Errorf("%d accounts were opened", n)
		}
		account, err := w.Accounts.ByEmail(t.Context(), mayaEmail)
		if err != nil || !slices.Equal(account.Members, []string{w.maya.ID}) {
			t.Fatalf("%+v %v", account, err)
		}
		if second = w.again(second, token); second.Step(w.now) != enroll.Done {
			if n := w.atOnce(3, func(int) error { return w.AddTo(t.Context(), w.now, someone, second, account.ID, nil, "en") }, enroll.ErrStep); n != 1 {
				t.Errorf("added %d times", n)
			}
		}
		if taken, err := w.Taken(t.Context(), " MAYA@mail.example "); err != nil || !taken {
			t.Errorf("taken: %v %v", taken, err)
		}
	})
}
