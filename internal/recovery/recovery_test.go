package recovery_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/fault"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/recovery"
	"memberpay/internal/seal"
)

func TestEnough(t *testing.T) {
	t.Parallel()
	plain := identity.Factors{Password: true}
	second := identity.Factors{Password: true, SecondFactor: identity.TextFactor}
	app := identity.Factors{Password: true, SecondFactor: identity.TOTPFactor, TOTP: true}
	passkey := identity.Factors{Passkeys: []identity.Passkey{{ID: "pk_1"}}}
	const m, c, l, p, a, r = recovery.Mailbox, recovery.Contact, recovery.Posted, recovery.Phone, recovery.App, recovery.Code
	for _, row := range []struct {
		name    string
		account identity.Factors
		enough  [][]recovery.Proof
		little  [][]recovery.Proof
	}{
		{"plain", plain, [][]recovery.Proof{{m}, {c}, {l}, {p, m}}, [][]recovery.Proof{nil, {a}, {r}, {p}}},
		{"second step", second, [][]recovery.Proof{{m, r}, {m, p}, {c, p}, {m, l}, {l, p}}, [][]recovery.Proof{{m}, {c}, {l}, {p, r}, {m, a}}},
		{"app", app, [][]recovery.Proof{{m, a}, {c, a}, {m, r}, {c, r}, {c, l}, {l, a}}, [][]recovery.Proof{{m}, {c}, {m, p}, {c, p}, {a, r}, {l, p}}},
		{"passkey", passkey, [][]recovery.Proof{{m, r}, {m, c}, {c, l}}, [][]recovery.Proof{{m}, {c, p}, {m, p}, {l}}},
	} {
		for _, list := range row.enough {
			if !recovery.Enough(row.account, list) {
				t.Errorf("%s: %v is not enough", row.name, list)
			}
		}
		for _, list := range row.little {
			if recovery.Enough(row.account, list) {
				t.Errorf("%s: %v is enough", row.name, list)
			}
		}
	}
}

// world is recoveries on a database of their own, with a clock and two grown-ups, one of whom has a child.
type world struct {
	testing.TB
	*recovery.Recoveries
	now               time.Time
	maya, theo, child string // members
	account           string // Maya's, plain
}

const (
	mayaEmail = "maya@mail.example"
	phone     = "+15035550142"
)

var someone = audit.Who{Role: audit.Guest, From: "192.0.2.9"}

func open(t testing.TB, d *db.DB) *world {
	t.Helper()
	box, err := seal.New()
	w := &world{TB: t, now: time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)}
	w.must(err)
	w.Recoveries = recovery.New(recovery.Config{DB: d, Accounts: identity.New(d, box, 1), Seal: box, Outbox: event.NewOutbox(box), Zone: time.UTC, CanText: true, CanPrint: true,
		Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	w.write(func(tx *db.Tx) error {
		if err := bill.LockImports(t.Context(), tx); err != nil {
			return err
		}
		list, err := member.ImportBatch(t.Context(), tx, w.now, []member.Incoming{
			{MemberID: "M-1", Given: "Maya", Family: "Placeholder", BirthDate: day.MustParse("1984-03-05"), ZIP: "97001", Street: "12 Alder Lane", City: "Portland", State: "OR", Phone: "503-555-0142"},
			{MemberID: "T-1", Given: "Theo", Family: "Placeholder", BirthDate: day.MustParse("1983-01-02"), ZIP: "97001", Phone: "503-555-0143"},
			{MemberID: "C-1", Guarantor: "M-1", Given: "Cleo", Family: "Placeholder", BirthDate: day.MustParse("2018-01-02"), ZIP: "97001"},
		})
		w.maya, w.theo, w.child = list[0].ID, list[1].ID, list[2].ID
		return err
	})
	w.account = w.opens(mayaEmail, w.maya, w.child)
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

func (w *world) opens(email string, members ...string) (accountID string) {
	w.Helper()
	w.write(func(tx *db.Tx) (err error) {
		accountID, err = w.Accounts.Open(w.Context(), tx, w.now, identity.NewAccount{Email: email, PasswordHash: "hash", Role: identity.Member, Language: "en", Members: members})
		return err
	})
	return accountID
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
			if w.must(m.Read(&c)); m.Recipient == recipient && m.Kind == letter.KindCode {
				out = append(out, c.Code)
			}
		}
	}
	return out
}

// asks is a browser that asked, with the code that came to its mailbox, "" for none.
func (w *world) asks(email string) (token, code string) {
	w.Helper()
	before := len(w.codes(email))
	token, err := w.Ask(w.Context(), w.now, email, "en", someone)
	w.must(err)
	_, err = w.Answer(w.Context())
	w.must(err)
	if all := w.codes(email); len(all) > before {
		code = all[len(all)-1]
	}
	return token, code
}

func (w *world) find(token string) recovery.Recovery {
	w.Helper()
	x, err := w.Find(w.Context(), w.now, token)
	w.must(err)
	return x
}

func (w *world) next(token string) recovery.Step {
	w.Helper()
	s, err := w.Stand(w.Context(), w.find(token))
	w.must(err)
	return s.Next
}

// tells tells facts and returns the code that came of them, "" for none.
func (w *world) tells(token, memberID string, way recovery.Way, recipient string) string {
	w.Helper()
	before := len(w.codes(recipient))
	w.must(w.TellFacts(w.Context(), w.now, someone, w.find(token), memberID, way))
	_, err := w.Answer(w.Context())
	w.must(err)
	if all := w.codes(recipient); len(all) > before {
		return all[len(all)-1]
	}
	return ""
}

// atOnce runs fn in n goroutines and returns how many returned no error; others must return one of want.
func (w *world) atOnce(n int, fn func() error, want ...error) int {
	w.Helper()
	var good atomic.Int64
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			err := fn()
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

// TestOneCodeOneBrowser: a code is good in the browser that asked, once, for a quarter of an hour and five tries; of two
// browsers that are let in, one changes the key.
func TestOneCodeOneBrowser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		mine, code := w.asks(mayaEmail)
		other, otherCode := w.asks(mayaEmail)
		if err := w.ProveMailbox(t.Context(), w.now, someone, w.find(other), code); code != otherCode && !errors.Is(err, recovery.ErrCode) {
			t.Errorf("the code of another browser: %v", err)
		}
		if n := w.atOnce(4, func() error { return w.ProveMailbox(t.Context(), w.now, someone, w.find(mine), code) }, recovery.ErrCode); n != 1 {
			t.Errorf("one code was right %d times", n)
		}
		w.must(w.ProveMailbox(t.Context(), w.now, someone, w.find(other), otherCode))
		if w.next(mine) != recovery.ToSecure || w.next(other) != recovery.ToSecure {
			t.Errorf("they stand at %s and %s", w.next(mine), w.next(other))
		}
		tokens := make(chan string, 4)
		for _, s := range []string{mine, other, mine, other} {
			tokens <- s
		}
		if n := w.atOnce(4, func() error {
			x, err := w.Find(t.Context(), w.now, <-tokens)
			if err == nil {
				_, _, err = w.Finish(t.Context(), w.now, x, identity.Key{PasswordHash: "new"}, "192.0.2.9")
			}
			return err
		}, recovery.ErrOver); n != 1 {
			t.Errorf("the key was changed %d times", n)
		}
		if _, err := w.Find(t.Context(), w.now, other); !errors.Is(err, recovery.ErrOver) {
			t.Errorf("the other browser goes on: %v", err)
		}
	})
}

func TestCodesRunOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		late, code := w.asks(mayaEmail)
		w.now = w.now.Add(15*time.Minute + time.Second)
		if err := w.ProveMailbox(t.Context(), w.now, someone, w.find(late), code); !errors.Is(err, recovery.ErrCode) {
			t.Errorf("after 15 minutes: %v", err)
		}
		guessed, code := w.asks(mayaEmail)
		for range 5 {
			if err := w.ProveMailbox(t.Context(), w.now, someone, w.find(guessed), "no"); !errors.Is(err, recovery.ErrCode) {
				t.Errorf("a guess: %v", err)
			}
		}
		if err := w.ProveMailbox(t.Context(), w.now, someone, w.find(guessed), code); !errors.Is(err, recovery.ErrCode) {
			t.Errorf("after five guesses: %v", err)
		}
		token, code := w.asks(mayaEmail)
		w.must(w.ProveMailbox(t.Context(), w.now, someone, w.find(token), code))
		w.now = w.now.Add(time.Hour)
		if _, err := w.Find(t.Context(), w.now, token); !errors.Is(err, recovery.ErrOver) {
			t.Errorf("after an hour: %v", err)
		}
		for range 12 {
			w.asks(mayaEmail)
		}
		if n := len(w.codes(mayaEmail)); n != 10 {
			t.Errorf("%d codes in a day", n)
		}
		if _, code := w.asks("nobody@mail.example"); code != "" {
			t.Error("nobody got a code")
		}
	})
}

// TestWhoseFacts: a lost mailbox is made up for by the facts of the one grown-up whose account it is; an account that acts
// for another grown-up, and the facts of a child, are not enough.
func TestWhoseFacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		w.opens("both@mail.example", w.maya, w.theo)
		w.opens("theo@mail.example", w.theo)
		for _, row := range []struct{ email, member, sends string }{
			{"both@mail.example", w.maya, ""}, {"theo@mail.example", w.maya, ""}, {mayaEmail, w.theo, ""}, {mayaEmail, w.child, ""}, {mayaEmail, "", ""},
			{"nobody@mail.example", w.maya, ""}, {mayaEmail, w.maya, phone},
		} {
			token, _ := w.asks(row.email)
			code := w.tells(token, row.member, recovery.ByText, phone)
			if (code != "") != (row.sends != "") {
				t.Errorf("%s with the facts of %s: code %q", row.email, row.member, code)
			}
			if code == "" {
				if err := w.ProveOnFile(t.Context(), w.now, someone, w.find(token), "000000"); !errors.Is(err, recovery.ErrCode) {
					t.Errorf("no code was sent: %v", err)
				}
				continue
			}
			w.must(w.ProveOnFile(t.Context(), w.now, someone, w.find(token), code))
			if w.next(token) != recovery.ToEmail {
				t.Errorf("it stands at %s", w.next(token))
			}
			if _, _, err := w.Finish(t.Context(), w.now, w.find(token), identity.Key{PasswordHash: "new"}, ""); !errors.Is(err, recovery.ErrOver) {
				t.Errorf("without a new address: %v", err)
			}
		}
	})
}

// TestANewAddress: it is proved before it counts; one that got an account meanwhile is refused and nothing is changed.
func TestANewAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		token, _ := w.asks(mayaEmail)
		if err := w.SetEmail(t.Context(), w.now, someone, w.find(token), "new@mail.example", "en"); !errors.Is(err, recovery.ErrStep) {
			t.Errorf("before any proof: %v", err)
		}
		w.must(w.ProveOnFile(t.Context(), w.now, someone, w.find(token), w.tells(token, w.maya, recovery.ByText, phone)))
		proves := func(email string) error {
			w.Helper()
			w.must(w.SetEmail(t.Context(), w.now, someone, w.find(token), email, "en"))
			all := w.codes(email)
			return w.ProveEmail(t.Context(), w.now, w.find(token), all[len(all)-1])
		}
		w.must(proves("new@mail.example"))
		w.opens("new@mail.example")
		if _, _, err := w.Finish(t.Context(), w.now, w.find(token), identity.Key{PasswordHash: "new"}, ""); !errors.Is(err, identity.ErrEmailTaken) {
			t.Errorf("taken meanwhile: %v", err)
		}
		w.must(proves("newer@mail.example"))
		account, _, err := w.Finish(t.Context(), w.now, w.find(token), identity.Key{PasswordHash: "new"}, "192.0.2.9")
		if err != nil || account.ID != w.account || account.Email != "newer@mail.example" {
			t.Errorf("%+v %v", account, err)
		}
		for i := range 8 {
			if err := w.SetEmail(t.Context(), w.now, someone, recovery.Recovery{ID: "rec_none"}, fmt.Sprintf("x%d@mail.example", i), "en"); !errors.Is(err, recovery.ErrStep) {
				t.Errorf("no recovery: %v", err)
			}
		}
	})
}

// TestALetterOnce: one letter a week; of two browsers with its code and the facts, one is let in.
func TestALetterOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		const home = "Maya Placeholder\n12 Alder Lane\nPortland, OR 97001"
		token, _ := w.asks(mayaEmail)
		code := w.tells(token, w.maya, recovery.ByPost, home)
		if again := w.tells(token, w.maya, recovery.ByPost, home); code == "" || again != "" {
			t.Fatalf("letters %q, %q", code, again)
		}
		w.now = w.now.Add(6 * 24 * time.Hour)
		tokens := make(chan string, 2)
		for range 2 {
			s, _ := w.asks(mayaEmail)
			w.tells(s, w.theo, recovery.Given, home)
			if err := w.ProveOnFile(t.Context(), w.now, someone, w.find(s), code); !errors.Is(err, recovery.ErrCode) {
				t.Errorf("with the facts of somebody else: %v", err)
			}
			w.tells(s, w.maya, recovery.Given, home)
			tokens <- s
		}
		if n := w.atOnce(2, func() error { return w.ProveOnFile(t.Context(), w.now, someone, w.find(<-tokens), code) }, recovery.ErrCode); n != 1 {
			t.Errorf("one letter let %d browsers in", n)
		}
	})
}

// TestStrongAccounts: beside a contact on file, a recovery code is needed, once.
func TestStrongAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		var spare []string
		w.write(func(tx *db.Tx) (err error) {
			if err := w.Accounts.SetSecondFactor(t.Context(), tx, w.account, identity.EmailFactor); err != nil {
				return err
			}
			spare, err = w.Accounts.NewRecoveryCodes(t.Context(), tx, w.now, w.account)
			return err
		})
		token, _ := w.asks(mayaEmail)
		if err := w.ProveRecoveryCode(t.Context(), w.now, someone, w.find(token), spare[0]); !errors.Is(err, recovery.ErrStep) {
			t.Errorf("as the first proof: %v", err)
		}
		w.must(w.ProveOnFile(t.Context(), w.now, someone, w.find(token), w.tells(token, w.maya, recovery.ByText, phone)))
		if w.next(token) != recovery.ToMore {
			t.Fatalf("it stands at %s", w.next(token))
		}
		if n := w.atOnce(3, func() error {
			return w.ProveRecoveryCode(t.Context(), w.now, someone, w.find(token), strings.ToLower(spare[0]))
		}, recovery.ErrCode); n != 1 {
			t.Errorf("one recovery code was right %d times", n)
		}
		if w.next(token) != recovery.ToEmail {
			t.Errorf("it stands at %s", w.next(token))
		}
	})
}

// TestUndoOnce: of two clicks one takes the change back; a link of a later change is void then.
func TestUndoOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		changes := func(from, to string) (token string) {
			w.Helper()
			w.now = w.now.Add(time.Minute)
			w.write(func(tx *db.Tx) error {
				path, err := w.Undoable(t.Context(), tx, w.now, w.account, identity.EmailPoint, from)
				if err != nil {
					return err
				}
				token = strings.TrimPrefix(path, "/undo/")
				return w.Accounts.SetEmail(t.Context(), tx, w.now, w.account, to)
			})
			return token
		}
		first, second := changes(mayaEmail, "b@mail.example"), changes("b@mail.example", "c@mail.example")
		if n := w.atOnce(3, func() error { _, err := w.Undo(t.Context(), w.now, someone, first, "en"); return err }, recovery.ErrUndone); n != 1 {
			t.Errorf("undone %d times", n)
		}
		if _, err := w.Undo(t.Context(), w.now, someone, second, "en"); !errors.Is(err, recovery.ErrUndone) {
			t.Errorf("the later link: %v", err)
		}
		account, err := w.Accounts.Get(t.Context(), w.account)
		if err != nil || account.Email != mayaEmail || account.HasPassword {
			t.Errorf("%+v %v", account, err)
		}
		late := changes(mayaEmail, "d@mail.example")
		w.opens(mayaEmail)
		if _, err := w.Undo(t.Context(), w.now, someone, late, "en"); !errors.Is(err, identity.ErrEmailTaken) {
			t.Errorf("an address that somebody else has by now: %v", err)
		}
		w.now = w.now.Add(recovery.UndoLife)
		if _, err := w.Undoing(t.Context(), w.now, late); !fault.Is(err, fault.NotFound) {
			t.Errorf("after three days: %v", err)
		}
	})
}
