package intake

import (
	"strings"
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
)

func runCSV(t *testing.T, d *db.DB, text string) (Report, string) {
	t.Helper()
	var lines []string
	r := &Runner{DB: d, Line: func(l ReportLine) { lines = append(lines, l.Place+" "+l.ID+" "+l.Outcome+" "+l.Code) }}
	rep, err := r.CSV(t.Context(), write(t, "balances.csv", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return rep, strings.Join(lines, "; ")
}

func TestBalanceFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const head = "bill_number,member_id,kind,patient_responsibility,paid,as_of,last_name,date_of_birth,guarantor_member_id,payee\n"
		first := head +
			"B1,M1,medical,100.00,,2026-03-01,Example,1980-01-02,,\n" +
			"B2,M2,medical,50.00,10.00,2026-03-01,Example,2015-05-05,M1,\n" +
			"P1,M1,premium,30.00,,2026-03-01,,,,\n" +
			"B3,M1,medical,-5.00,,2026-03-01,,,,\n" +
			"B4,M1,medical,20.00,25.00,2026-03-01,,,,\n" +
			"B5,M1,medical,20.00,20.00,2026-03-01,,,,\n" +
			"B1,M1,medical,999.00,,2026-03-01,,,,\n" +
			"B6,M1,medical,1.00,,2026-03-01,,,,Nobody\n" +
			"B7,M1,medical,1.001,,2026-03-01,,,,\n"
		rep, lines := runCSV(t, d, first)
		if rep.New != 3 || rep.Review != 2 || rep.NothingDue != 1 || rep.RefusedTotal() != 3 || rep.MembersNew != 2 || rep.Absent != 0 || rep.Bills != 9 {
			t.Errorf("%+v", rep)
		}
		if want := "line 5 B3 review credit; line 6 B4 review credit; line 7 B5 nothing_due nothing_due; line 8 B1 refused duplicate; line 9 B6 refused payee; line 10  refused value"; lines != want {
			t.Error(lines)
		}
		want := "csv:medical|B1 open $100.00 due $100.00 of ; csv:medical|B2 open $50.00 due $40.00 of ; csv:medical|B5 nothing_due $20.00 due $0.00 of ; csv:premium|P1 open $30.00 due $30.00 of "
		if got := bills(t, d); got != want {
			t.Error(got)
		}
		kid, err := member.ByNumber(t.Context(), d.Read(), "m2")
		if err != nil || len(kid) != 1 || kid[0].Self() {
			t.Errorf("the child pays for itself: %+v, %v", kid, err)
		}

		// The next day: B1 is smaller, B2 is missing, B5 has a row that cannot be read, premiums are not in this file.
		second := head + "B1,M1,medical,80.00,,2026-03-02,,,,\nB5,M1,medical,twenty,,2026-03-02,,,,\n"
		rep, lines = runCSV(t, d, second)
		if rep.Updated != 1 || rep.Absent != 1 || lines != "line 3  refused value; file B2 absent absent" {
			t.Errorf("%+v %s", rep, lines)
		}
		if got := bills(t, d); got != strings.ReplaceAll(want, "$100.00", "$80.00") {
			t.Errorf("absence changed a bill: %s", got)
		}
		if n := one(t, d, "SELECT count(*) FROM import_record WHERE reason = 'absent' AND closed_at = 0"); n != 1 {
			t.Errorf("%d absent bills on the work list", n)
		}

		// B2 comes back: its place on the work list closes. An older file than what is known changes nothing.
		rep, lines = runCSV(t, d, head+"B2,M2,medical,50.00,10.00,2026-03-03,,,,\nB1,M1,medical,100.00,,2026-02-01,,,,\n")
		if rep.Stale != 1 || rep.Absent != 0 {
			t.Errorf("%+v %s", rep, lines)
		}
		if n := one(t, d, "SELECT count(*) FROM import_record WHERE reason = 'absent' AND closed_at = 0"); n != 0 {
			t.Errorf("%d absent bills on the work list", n)
		}
	})
}

// TestUnusableBalanceFile: a file that cannot be read changes nothing and makes nothing absent.
func TestUnusableBalanceFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runCSV(t, d, head+"\nB1,M1,medical,1.00\n")
		for _, text := range []string{"", "a,b,c\n1,2,3\n", "<html>", head + "\n"} {
			rep, _ := runCSV(t, d, text)
			if rep.Absent != 0 || rep.New != 0 || rep.Updated != 0 {
				t.Errorf("%q: %+v", text, rep)
			}
		}
		if got := bills(t, d); got != "csv:medical|B1 open $1.00 due $1.00 of " {
			t.Error(got)
		}
	})
}

// TestRetry: rows that were refused are taken once their reason is gone, and others stay as they are.
func TestRetry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runCSV(t, d, head+",payee\nB1,M1,medical,1.00,Larkspur Clinic\nB2,M1,medical,oops,\n")
		run(t, d, write(t, "a.json", []byte(bundleOf(`{"fullUrl":"urn:uuid:1","resource":`+strings.Replace(owing("e1", "1"), "USD", "EUR", 1)+`}`))))
		knows := func(kind, name string) (string, bool) { return kind, name == "" || name == "Larkspur Clinic" }
		rep, err := (&Runner{DB: d, Payee: knows}).Retry(t.Context())
		if err != nil || rep.New != 1 || rep.RefusedTotal() != 2 || rep.Refused["currency"] != 1 || rep.Refused["value"] != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		if open, all := one(t, d, "SELECT count(*) FROM import_record WHERE closed_at = 0"), one(t, d, "SELECT count(*) FROM import_record"); open != 2 || all != 3 {
			t.Errorf("%d of %d records open", open, all)
		}
	})
}

func TestCSVRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		report, lines := runCSV(t, d, "bill_number,member_id,kind,patient_responsibility,date_of_birth,as_of\n"+
			"A1,M1,medical,10.00,1980-01-02,2026-01-20\n"+
			"A2,M1,medical,10.00,1981-01-02,2026-01-20\n"+ // somebody else under the same number
			"A3,M2,medical,10.00,1990-05-05,9999-01-01\n") // a day that has not come
		if report.New != 1 || report.Refused["person_conflict"] != 1 || report.Refused["as_of_future"] != 1 || !report.Usable() {
			t.Errorf("%+v\n%s", report, lines)
		}
		if report, _ = runCSV(t, d, "<!doctype html><title>Sign in</title>\n"); report.Usable() {
			t.Errorf("a page that is not a balance file counts as usable: %+v", report)
		}
	})
}

// A file with few columns changes what it speaks of and leaves the rest.
func TestSilentColumns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runCSV(t, d, "bill_number,member_id,kind,patient_responsibility,charged,plan_paid,service_date,due_date,description,visit\n"+
			"A1,M1,medical,25.00,100.00,75.00,2026-07-26,2026-10-24,Telehealth visit,V1\n")
		runCSV(t, d, "bill_number,member_id,kind,patient_responsibility\nA1,M1,medical,10.00\n")
		list, err := bill.ByNumber(t.Context(), d.Read(), "A1")
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %v", list, err)
		}
		b, err := bill.Get(t.Context(), d.Read(), bill.Scope{Members: []string{list[0].PatientID}}, list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if b.Due() != 1000 || b.Charged != 10000 || b.ServiceDate.String() != "2026-07-26" || b.DueDate.String() != "2026-10-24" ||
			b.Visit != "V1" || len(b.Lines) != 1 {
			t.Errorf("after a file with few columns: %+v", b)
		}
		runCSV(t, d, "bill_number,member_id,kind,patient_responsibility,due_date\nA1,M1,medical,10.00,\n")
		if list, _ = bill.ByNumber(t.Context(), d.Read(), "A1"); !list[0].DueDate.IsZero() {
			t.Errorf("an empty due date did not take the old one away: %s", list[0].DueDate)
		}
	})
}

// The same claim twice in one file, with two amounts: the last one stands, and the same file again changes nothing.
func TestContradictingRecordsSettle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		eob := func(amount, status string) string {
			return `{"resourceType":"ExplanationOfBenefit","id":"e` + amount + `","status":"` + status + `","use":"claim","outcome":"complete",` +
				`"identifier":[{"system":"https://x.example/clm_id","value":"C7"}],"patient":{"reference":"Patient/p1"},` +
				`"total":[{"category":{"coding":[{"code":"memberliability"}]},"amount":{"value":` + amount + `,"currency":"USD"}}]}` + "\n"
		}
		count := func() (n int) {
			if err := d.Read().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ledger_posting").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		run := func(text string) Report {
			rep, err := (&Runner{DB: d}).FHIR(t.Context(), []string{write(t, "x.ndjson", []byte(text))})
			if err != nil {
				t.Fatal(err)
			}
			return rep
		}
		run(eob("75", "active") + eob("80", "active"))
		first := count()
		if rep := run(eob("75", "active") + eob("80", "active")); rep.Updated != 0 || count() != first {
			t.Errorf("the same file again: %+v, %d postings, before %d", rep, count(), first)
		}
		gone := eob("75", "active") + eob("75", "cancelled")
		run(gone)
		first = count()
		if rep := run(gone); rep.Updated != 0 || count() != first {
			t.Errorf("taken back, again: %+v, %d postings, before %d", rep, count(), first)
		}
	})
}
