package member

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

var searched = []Incoming{
	{MemberID: "LH1", PatientID: "p1", Given: "Rosa María", Family: "García-López", BirthDate: day.MustParse("1984-03-05"), City: "Riverside", ZIP: "97001-1234", Email: "Rosa@Mail.example", Phone: "(503) 555-0199"},
	{MemberID: "LH2", PatientID: "p2", Given: "Rosa", Family: "Garcia", BirthDate: day.MustParse("1961-12-24"), ZIP: "97002"},
	{MemberID: "LH3", PatientID: "p3", Given: "Siobhán", Family: "O'Brien Jr.", BirthDate: day.MustParse("1990-01-31"), ZIP: "97001", Phone: "1-503-555-0123"},
	{MemberID: "LH4", PatientID: "p4", Given: "Ana", Family: "de la Cruz", ZIP: "97003"},
	{MemberID: "LH5", PatientID: "p5", Family: "Øster_100%"},
	{MemberID: "LH6", PatientID: "p6"},
}

func imported(t *testing.T, d *db.DB, list ...Incoming) []Imported {
	t.Helper()
	var out []Imported
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		out, err = ImportBatch(t.Context(), tx, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// said is who was found, by member ID.
func said(list []Member) string {
	var out []string
	for _, m := range list {
		out = append(out, m.MemberID)
	}
	return strings.Join(out, " ")
}

func TestSearchForgives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		imported(t, d, searched...)
		for _, c := range []struct {
			words, birth, zip string
			year              int
			want              string
		}{
			{words: "rosa garcia", want: "LH1 LH2"},
			{words: "GARCÍA  rosa", want: "LH1 LH2"},
			{words: "Garcia, Rosa", want: "LH1 LH2"},
			{words: "ros gar", want: "LH1 LH2"},
			{words: "gar ros", want: "LH1 LH2"},
			{words: "maria lopez", want: "LH1"},
			{words: "garcia lopez rosa maria", want: "LH1"},
			{words: "rosa garcia", year: 1961, want: "LH2"},
			{words: "rosa garcia", zip: "97001", want: "LH1"},
			{words: "garcia", birth: "1984-03-05", want: "LH1"},
			{birth: "1984-03-05", want: "LH1"},
			{birth: "1984-03-05", zip: "97001", want: "LH1"},
			{birth: "1984-03-05", zip: "97009", want: ""},
			{words: "o'brien", want: "LH3"},
			{words: "obrien siobhan", want: "LH3"},
			{words: "o brien siobhan", want: "LH3"},
			{words: "ana delacruz", want: "LH4"},
			{words: "de la cruz ana", want: "LH4"},
			{words: "cruz", want: "LH4"},
			{words: "oster", want: "LH5"},
			{words: "%", want: ""},
			{words: "_", want: ""},
			{words: "r%a g_rcia", want: ""},
			{words: "r", want: ""},
			{words: "rosa quintero", want: ""},
			{words: strings.Repeat("rosa ", 3000), want: ""},
			{words: "'; DROP TABLE member; --", want: ""},
		} {
			w := Wanted{Words: NameWords(c.words), ZIP: c.zip, Year: c.year}
			if c.birth != "" {
				w.Birth = day.MustParse(c.birth)
			}
			found, more, err := Search(t.Context(), d.Read(), w)
			if err != nil || more || said(found) != c.want {
				t.Errorf("%.40q born %s in %s: %q, more %v, %v; want %q", c.words, c.birth, c.zip, said(found), more, err, c.want)
			}
		}
		for contact, want := range map[string]string{"rosa@mail.example": "LH1", " ROSA@MAIL.EXAMPLE ": "LH1", "503.555.0199": "LH1", "+1 503 555 0123": "LH3",
			"5550199": "", "": "", "@": "", "97001": "", "rosa": ""} {
			found, err := ByContact(t.Context(), d.Read(), contact)
			if err != nil || said(found) != want {
				t.Errorf("%q reaches %q, %v; want %q", contact, said(found), err, want)
			}
		}
	})
}

// TestSearchFollowsChanges: a new name or ZIP code is found, the old one no more; members of an older version are found
// once they were indexed.
func TestSearchFollowsChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		imported(t, d, searched...)
		imported(t, d, Incoming{MemberID: "LH2", PatientID: "p2", Family: "Quintero", ZIP: "97009", Phone: "503-555-0111"})
		find := func(words, zip string) string {
			t.Helper()
			found, _, err := Search(t.Context(), d.Read(), Wanted{Words: NameWords(words), ZIP: zip})
			if err != nil {
				t.Fatal(err)
			}
			return said(found)
		}
		if a, b, c := find("rosa garcia", ""), find("rosa quintero", ""), find("quintero", "97009"); a != "LH1" || b != "LH2" || c != "LH2" {
			t.Errorf("after a change: %q %q %q", a, b, c)
		}
		rows := func() (n int) {
			if err := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM member_name").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := rows()
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for _, s := range []string{"DELETE FROM member_name", "UPDATE member SET email_folded = '', phone_folded = ''"} {
				if _, err := tx.ExecContext(t.Context(), s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := find("rosa garcia", ""); got != "" {
			t.Fatalf("found %q without an index", got)
		}
		for n := -1; n != 0; {
			if n, err = IndexBatch(t.Context(), d, 2); err != nil {
				t.Fatal(err)
			}
		}
		if err := IndexAll(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		reached, err := ByContact(t.Context(), d.Read(), "rosa@mail.example")
		if err != nil || said(reached) != "LH1" || find("rosa garcia", "") != "LH1" || rows() != before {
			t.Errorf("after indexing again: %q, %d rows of %d, %v", said(reached), rows(), before, err)
		}
	})
}

// TestSearchEnds: a name that thousands have comes back short, and says that there are more.
func TestSearchEnds(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	var many []Incoming
	for i := range 400 {
		many = append(many, Incoming{MemberID: fmt.Sprint("LH", i), PatientID: fmt.Sprint("p", i), Given: "Maria", Family: "Garcia", ZIP: fmt.Sprintf("97%03d", i), BirthDate: day.MustParse("1961-01-01")})
	}
	imported(t, d, many...)
	for _, w := range []Wanted{{Words: []string{"maria", "garcia"}}, {Words: []string{"mar"}}, {Birth: day.MustParse("1961-01-01"), Words: []string{"garcia"}}} {
		found, more, err := Search(t.Context(), d.Read(), w)
		if err != nil || len(found) != MostFound || !more {
			t.Errorf("%v: %d found, more %v, %v", w, len(found), more, err)
		}
	}
	imported(t, d, Incoming{MemberID: "LH999", PatientID: "p999", Given: "Marietta", Family: "Garland"})
	if found, more, err := Search(t.Context(), d.Read(), Wanted{Words: []string{"mari", "garl"}}); err != nil || said(found) != "LH999" || more {
		t.Errorf("behind hundreds of the same beginning: %q, more %v, %v", said(found), more, err)
	}
	found, more, err := Search(t.Context(), d.Read(), Wanted{Words: []string{"garcia", "maria"}, ZIP: "97399"})
	if err != nil || said(found) != "LH399" || more {
		t.Errorf("with a ZIP code: %q, more %v, %v", said(found), more, err)
	}
}

// TestSearchUsesIndexes: no statement of the search reads a table from one end to the other.
func TestSearchUsesIndexes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for query, index := range map[string]string{
			"SELECT member_id FROM member_name WHERE name >= 'garcia m' AND name < 'garcia n' ORDER BY name, zip, member_id LIMIT 300":                   "member_name",
			"SELECT member_id FROM member_name WHERE name >= 'garcia m' AND name < 'garcia n' AND zip = '97001' ORDER BY name, zip, member_id LIMIT 300": "member_name",
			"SELECT " + fields + " FROM member WHERE birth_date = '1984-03-05' ORDER BY id LIMIT 4000":                                                   "member_birth_zip",
			"SELECT " + fields + " FROM member WHERE email_folded <> '' AND email_folded = 'x@y.example' ORDER BY id LIMIT 20":                           "member_email",
			"SELECT " + fields + " FROM member WHERE phone_folded <> '' AND phone_folded = '5035550199' ORDER BY id LIMIT 20":                            "member_phone",
			"SELECT member_id FROM member_number WHERE folded = 'LH1'":                                                                                   "member_number",
		} {
			if plan := planOf(t, d, query); !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN ") {
				t.Errorf("%s: %s", query, plan)
			}
		}
	})
}

func planOf(t *testing.T, d *db.DB, query string) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if d.Engine == db.Postgres {
		explain = "EXPLAIN "
	}
	var plan strings.Builder
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if d.Engine == db.Postgres { // an empty table is read whole, whatever indexes it has
			if _, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
		}
		return db.Each(t.Context(), tx, explain+query, nil, func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			err = rows.Scan(cells...)
			for _, c := range cells {
				fmt.Fprint(&plan, *c.(*any), " ")
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
