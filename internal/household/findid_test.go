package household_test

import (
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/event"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/letter"
	"memberpay/internal/member"
	"memberpay/internal/seal"
)

// world is households on a database of their own, with a clock.
type world struct {
	testing.TB
	*household.Households
	now time.Time
}

func open(t testing.TB, d *db.DB) *world {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return openWith(t, d, box)
}

func openWith(t testing.TB, d *db.DB, box *seal.Box) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)}
	w.Households = household.New(household.Config{DB: d, Accounts: identity.New(d, box, 1), Seal: box, Outbox: event.NewOutbox(box),
		CanText: true, BaseURL: "https://pay.larkspur.example", Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	return w
}

// bring imports people and returns their row ids.
func (w *world) bring(list ...member.Incoming) []string {
	w.Helper()
	var ids []string
	err := w.DB.Write(w.Context(), func(tx *db.Tx) error {
		if err := bill.LockImports(w.Context(), tx); err != nil {
			return err
		}
		out, err := member.ImportBatch(w.Context(), tx, w.now, list)
		for _, m := range out {
			ids = append(ids, m.ID)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return ids
}

// outbox returns what stands in the outbox, "channel recipient language data" each.
func (w *world) outbox(kind string) []string {
	w.Helper()
	var subjects, out []string
	err := db.Each(w.Context(), w.DB.Read(), "SELECT DISTINCT subject FROM outbox WHERE kind = $1 ORDER BY subject", []any{kind}, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		subjects = append(subjects, s)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, s := range subjects {
		list, err := w.Outbox.Of(w.Context(), w.DB.Read(), s)
		if err != nil {
			w.Fatal(err)
		}
		for _, m := range list {
			if m.Kind == kind {
				out = append(out, fmt.Sprintf("%s %s %s %s", m.Channel, m.Recipient, m.Language, m.Data))
			}
		}
	}
	return out
}

func (w *world) ask(q household.Question) {
	w.Helper()
	if err := w.AskID(w.Context(), w.now, q, audit.Who{Role: audit.Guest, From: "192.0.2.1"}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) answer() {
	w.Helper()
	if _, err := w.AnswerIDs(w.Context()); err != nil {
		w.Fatal(err)
	}
}

var born = day.MustParse("1984-03-05")

func question(given, family, zip string) household.Question {
	return household.Question{Given: given, Family: family, Birth: born, ZIP: zip, Language: "en"}
}

func TestWhoGetsAMemberID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		child := day.MustParse("2015-01-01")
		w.bring(
			member.Incoming{MemberID: "R-100", Given: "Rosa María", Family: "Quintero", BirthDate: born, ZIP: "97001-1234", Email: "rosa@mail.example", Phone: "503-555-0101", Language: "es"},
			member.Incoming{MemberID: "P-200", Given: "Paul", Family: "Phone", BirthDate: born, ZIP: "97001", Email: "not an address", Phone: "(503) 555-0102"},
			member.Incoming{MemberID: "N-300", Given: "Nora", Family: "Nothing", BirthDate: born, ZIP: "97001"},
			member.Incoming{MemberID: "D-400", Given: "Dora", Family: "Dead", BirthDate: born, ZIP: "97001", Email: "dora@mail.example", Deceased: true},
			member.Incoming{MemberID: "T-500", Given: "Tim", Family: "Twice", BirthDate: born, ZIP: "97001", Email: "tim@mail.example"},
			member.Incoming{MemberID: "T-501", Given: "Tim", Family: "Twice", BirthDate: born, ZIP: "97001", Email: "tim2@mail.example"},
			member.Incoming{MemberID: "C-600", Guarantor: "R-100", Given: "Mateo", Family: "Quintero", BirthDate: child, ZIP: "97001"},
			member.Incoming{MemberID: "G-700", Guarantor: "R-100", Given: "Gina", Family: "Quintero", BirthDate: born, ZIP: "97001"},
		)
		mateo := question("Mateo", "Quintero", "97001")
		mateo.Birth = child
		for _, c := range []struct {
			name, want string
			q          household.Question
		}{
			{"by mail, in her language", `mail rosa@mail.example es {"member_id":"R-100"}`, question("rosa", "QUINTERO", "97001")},
			{"by any given name", `mail rosa@mail.example es {"member_id":"R-100"}`, question("Maria", "Quintéro", "97001")},
			{"by text", `text +15035550102 en {"member_id":"P-200"}`, question("Paul", "Phone", "97001")},
			{"no contact on file", "", question("Nora", "Nothing", "97001")},
			{"nobody writes to the dead", "", question("Dora", "Dead", "97001")},
			{"two people", "", question("Tim", "Twice", "97001")},
			{"nobody", "", question("Una", "Known", "97001")},
			{"another ZIP code", "", question("Rosa", "Quintero", "97002")},
			{"a child, through who pays", `mail rosa@mail.example es {"member_id":"C-600"}`, mateo},
			{"a grown-up is not reached through who pays", "", question("Gina", "Quintero", "97001")},
		} {
			before := len(w.outbox(letter.KindMemberID))
			w.ask(c.q)
			if got := len(w.outbox(letter.KindMemberID)); got != before {
				t.Errorf("%s: something was sent while the asker waited", c.name)
			}
			w.answer()
			w.answer() // answered once
			got := w.outbox(letter.KindMemberID)
			switch {
			case c.want == "" && len(got) != before:
				t.Errorf("%s: sent %s", c.name, got[len(got)-1])
			case c.want != "" && (len(got) != before+1 || got[len(got)-1] != c.want):
				t.Errorf("%s: %q, want %q", c.name, got[before:], c.want)
			}
		}
		// Where nobody sends texts, none waits for a day when somebody does.
		w.CanText = false
		before := len(w.outbox(letter.KindMemberID))
		w.ask(question("Paul", "Phone", "97001"))
		w.answer()
		if got := w.outbox(letter.KindMemberID); len(got) != before {
			t.Errorf("without texts: sent %s", got[len(got)-1])
		}
	})
}

// TestNobodyIsFlooded asks for one member's ID again and again, from two processes at once.
func TestNobodyIsFlooded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		rosa := w.bring(member.Incoming{MemberID: "R-100", Given: "Rosa", Family: "Quintero", BirthDate: born, ZIP: "97001", Email: "rosa@mail.example"})[0]
		for range 8 {
			w.ask(question("Rosa", "Quintero", "97001"))
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(w.answer)
		}
		both.Wait()
		if got := w.outbox(letter.KindMemberID); len(got) != 3 {
			t.Errorf("%d messages on one day", len(got))
		}
		w.now = w.now.Add(24*time.Hour + time.Second)
		w.ask(question("Rosa", "Quintero", "97001"))
		w.answer()
		if got := w.outbox(letter.KindMemberID); len(got) != 4 {
			t.Errorf("%d messages after the next day's question", len(got))
		}
		var actions []string
		list, err := audit.List(t.Context(), d.Read(), audit.Filter{Action: "member_id"}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			actions = append(actions, e.Action+" "+e.Member)
			if strings.Contains(e.Detail+e.Reason, "Rosa") || strings.Contains(e.Detail, "R-100") {
				t.Errorf("the log names somebody: %+v", e)
			}
		}
		text := strings.Join(actions, ",")
		if strings.Count(text, "member_id.requested ") != 9 || strings.Count(text, "member_id.sent "+rosa) != 4 || strings.Count(text, "member_id.not_sent "+rosa) != 5 {
			t.Errorf("logged: %s", text)
		}
	})
}

// TestAMemberIDByPost: where a home address is all there is, the ID goes there, once a week; where nothing is printed, it
// goes nowhere.
func TestAMemberIDByPost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		w.bring(member.Incoming{MemberID: "P-1", Given: "Paula", Family: "Placeholder", BirthDate: born, ZIP: "97001", Street: "7 Larch Street", City: "Salem", State: "OR", Language: "es"},
			member.Incoming{MemberID: "P-2", Given: "Pia", Family: "Placeholder", BirthDate: born, ZIP: "97002"})
		w.ask(question("Paula", "Placeholder", "97001"))
		w.answer()
		if got := w.outbox(letter.KindMemberID); len(got) != 0 {
			t.Errorf("without a printer: %q", got)
		}
		w.CanPrint = true
		for _, who := range []string{"Paula", "Paula"} {
			w.ask(question(who, "Placeholder", "97001"))
		}
		w.ask(question("Pia", "Placeholder", "97002"))
		w.answer()
		got := w.outbox(letter.KindMemberID)
		if len(got) != 1 || !strings.Contains(got[0], "print Paula Placeholder\n7 Larch Street\nSalem, OR 97001 es") || !strings.Contains(got[0], "P-1") {
			t.Errorf("letters: %q", got)
		}
	})
}
