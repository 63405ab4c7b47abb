package intake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/audit"
	"memberpay/internal/bill"
	"memberpay/internal/day"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/member"
	"memberpay/internal/money"
)

func run(t *testing.T, d *db.DB, paths ...string) (Report, []ReportLine) {
	t.Helper()
	var lines []ReportLine
	r := &Runner{DB: d, Line: func(l ReportLine) { lines = append(lines, l) }}
	rep, err := r.FHIR(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return rep, lines
}

func one(t *testing.T, d *db.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestImportWholeSet imports every folder of the shared data, compares each stored bill with eob-amounts.csv, and
// imports all of it again, which must change nothing.
func TestImportWholeSet(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	want := expectedAmounts(t, dir)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		root := filepath.Join(dir, "fhir")
		paths := []string{filepath.Join(root, "synthea-2019-05"), filepath.Join(root, "synthea-v2.7.0-2021"),
			filepath.Join(root, "synthea-master-2025-01"), filepath.Join(root, "derived-bulk-ndjson"), filepath.Join(root, "carin-bb-2.2.0")}
		rep, lines := run(t, d, paths...)
		if rep.RefusedTotal() != 0 {
			t.Errorf("refused: %v", rep.Refused)
		}
		if got := rep.New + rep.Updated + rep.Unchanged + rep.NothingDue + rep.Review; got != rep.Bills {
			t.Errorf("%d of %d bills accounted for: %+v", got, rep.Bills, rep)
		}
		notBilled := 0
		for _, l := range lines {
			if l.Outcome != "duplicate" {
				notBilled++
			}
		}
		if notBilled != rep.Review+rep.NothingDue {
			t.Errorf("%d lines for %d records that made no bill", notBilled, rep.Review+rep.NothingDue)
		}
		compareBills(t, d, want)
		if entries, err := audit.List(t.Context(), d.Read(), audit.Filter{Role: audit.Operator}, 10); err != nil || len(entries) != 2 ||
			entries[0].Action != "import.finished" || entries[1].Action != "import.started" || entries[0].Subject != entries[1].Subject {
			t.Errorf("the audit log has %+v, %v", entries, err)
		}
		bills, members := one(t, d, "SELECT count(*) FROM bill"), one(t, d, "SELECT count(*) FROM member")
		looks := one(t, d, "SELECT count(*) FROM import_record")
		again, _ := run(t, d, paths...)
		if again.New != 0 || again.MembersNew != 0 {
			t.Errorf("the second import: %+v", again)
		}
		if one(t, d, "SELECT count(*) FROM bill") != bills || one(t, d, "SELECT count(*) FROM member") != members ||
			one(t, d, "SELECT count(*) FROM import_record") != looks {
			t.Error("the second import added rows")
		}
		third, _ := run(t, d, paths[0])
		if third.Updated != 0 || third.MembersUpdated != 0 || third.Unchanged == 0 {
			t.Errorf("the third import: %+v", third)
		}
		compareBills(t, d, want)
	})
}

func compareBills(t *testing.T, d *db.DB, want map[string]*expected) {
	t.Helper()
	got := map[string]money.Cents{}
	err := bill.All(t.Context(), d.Read(), func(b bill.Bill, patient, member string) error {
		if patient == "" || member == "" {
			t.Errorf("bill %s has no patient or member", b.ClaimKey)
		}
		got[b.EOBID] = b.Responsibility
		if b.Open() != b.Responsibility-b.PriorPaid {
			t.Errorf("bill %s: open %s of %s", b.ClaimKey, b.Open(), b.Responsibility)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, w := range want {
		c, ok := got[id]
		switch {
		case ok != (w.owed != ""):
			t.Errorf("%s: bill there: %v, want owed %q", id, ok, w.owed)
		case ok && strings.TrimLeft(strings.ReplaceAll(c.Plain(), ".", ""), "0") != strings.TrimLeft(w.owed, "0"):
			t.Errorf("%s: %s, want %s cents", id, c.Plain(), w.owed)
		}
	}
}

// bills lists what is stored, one line a bill: claim key, state, responsibility, patient's source id.
func bills(t *testing.T, d *db.DB) string {
	t.Helper()
	var out []string
	err := bill.All(t.Context(), d.Read(), func(b bill.Bill, patient, _ string) error {
		out = append(out, fmt.Sprintf("%s %s %s due %s of %s", b.ClaimKey, b.State, b.Responsibility, b.Due(), patient))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func owing(id, amount string) string {
	return eobJSON(id, `"total":`+list(adj("memberliability", amount)))
}

func TestImportKeepsWhatItCannotBill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		broken := `{"resourceType":"ExplanationOfBenefit","id":"bad","status":"active","status":"active"}`
		path := write(t, "x.ndjson", []byte(strings.Join([]string{owing("e1", "10"), broken, eobJSON("e2", `"total":`+list(adj("submitted", "50"))),
			strings.Replace(owing("e3", "1"), `"active"`, `"draft"`, 1), owing("e4", "0"), "oops", owing("e5", "2.50")}, "\n")))
		rep, lines := run(t, d, path)
		if rep.New != 2 || rep.NothingDue != 1 || rep.Review != 1 || rep.Skipped["status_draft"] != 1 || rep.Refused["duplicate_name"] != 1 ||
			rep.Refused["not_json"] != 1 || rep.Records != 7 || rep.MembersNew != 1 {
			t.Errorf("%+v", rep)
		}
		var got []string
		for _, l := range lines {
			got = append(got, l.Place+" "+l.Outcome+" "+l.Code)
		}
		want := "line 2 refused duplicate_name; line 3 review no_adjudication; line 4 skipped status_draft; line 5 nothing_due nothing_due; line 6 refused not_json"
		if strings.Join(got, "; ") != want {
			t.Errorf("lines %v", got)
		}
		if got, want := bills(t, d), "C-e1|Larkspur open $10.00 due $10.00 of p1; C-e4|Larkspur nothing_due $0.00 due $0.00 of p1; C-e5|Larkspur open $2.50 due $2.50 of p1"; got != want {
			t.Errorf("%s", got)
		}
		var content []byte
		if err := d.Read().QueryRowContext(t.Context(), "SELECT content FROM import_record WHERE reason = 'duplicate_name'").Scan(&content); err != nil || string(content) != broken {
			t.Errorf("kept %q, %v", content, err)
		}
		if n := one(t, d, "SELECT count(*) FROM import_record WHERE verdict = 'review' AND closed_at = 0"); n != 1 {
			t.Errorf("%d open reviews", n)
		}
		// The insurer decides: the review closes by itself and the bill is there.
		run(t, d, write(t, "y.json", []byte(owing("e2", "20"))))
		if n := one(t, d, "SELECT count(*) FROM import_record WHERE verdict = 'review' AND closed_at = 0"); n != 0 {
			t.Errorf("%d open reviews after the decision", n)
		}
	})
}

func TestCancelledVoids(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cancelled := func(id string) string { return strings.Replace(owing(id, "10"), `"active"`, `"cancelled"`, 1) }
		run(t, d, write(t, "a.ndjson", []byte(owing("e1", "10")+"\n"+owing("e2", "5"))))
		rep, _ := run(t, d, write(t, "b.ndjson", []byte(cancelled("e1")+"\n"+cancelled("never"))))
		if rep.Voided != 1 || rep.Skipped["cancelled_unknown"] != 1 {
			t.Errorf("%+v", rep)
		}
		if got, want := bills(t, d), "C-e1|Larkspur void $0.00 due $0.00 of p1; C-e2|Larkspur open $5.00 due $5.00 of p1"; got != want {
			t.Error(got)
		}
		both, _ := run(t, d, write(t, "c.ndjson", []byte(owing("e9", "10")+"\n"+cancelled("e9"))))
		if both.New != 1 || both.Voided != 1 || both.Duplicates != 1 {
			t.Errorf("issued and voided in one batch: %+v", both)
		}
	})
}

// TestAnyOrder imports people after their bills, in another file, and the other way round: the outcome is the same.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	patientFile := `{"resourceType":"Patient","id":"p1","birthDate":"1982-03-25","identifier":[{"type":{"coding":[{"code":"MB"}]},"value":"M-77"}],"name":[{"family":"Example","given":["Ana"]}]}`
	child := `{"resourceType":"Coverage","id":"c","beneficiary":{"reference":"Patient/p1"},"subscriber":{"reference":"Patient/p2"},"relationship":{"coding":[{"code":"child"}]},"subscriberId":"S-5"}`
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, write(t, "a.json", []byte(owing("e1", "10"))), write(t, "b.json", []byte(patientFile)), write(t, "c.json", []byte(child)))
		found, err := member.ByNumber(t.Context(), d.Read(), "m77")
		if err != nil || len(found) != 1 || found[0].Name() != "Ana Example" || found[0].BirthDate.String() != "1982-03-25" || found[0].PatientID != "p1" {
			t.Fatalf("%+v, %v", found, err)
		}
		if n := one(t, d, "SELECT count(*) FROM member"); n != 2 {
			t.Errorf("%d members: want the patient and the subscriber", n)
		}
		rep, _ := run(t, d, write(t, "d.ndjson", []byte(child+"\n"+patientFile+"\n"+owing("e2", "3"))))
		if rep.MembersNew != 0 || rep.New != 1 {
			t.Errorf("%+v", rep)
		}
		if n := one(t, d, "SELECT count(*) FROM bill JOIN member ON member.id = bill.guarantor_id WHERE member.patient_id = 'p2'"); n < 1 {
			t.Error("the child's bill does not belong to the subscriber")
		}
	})
}

// TestSharedCardNumber: one family number on two patients makes two people.
func TestSharedCardNumber(t *testing.T) {
	t.Parallel()
	who := func(id string) string {
		return `{"resourceType":"Patient","id":"` + id + `","identifier":[{"type":{"coding":[{"code":"MB"}]},"value":"FAM-1"}],"name":[{"given":["` + id + `"]}]}`
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, write(t, "a.ndjson", []byte(who("first")+"\n"+who("second"))))
		rep, _ := run(t, d, write(t, "c.ndjson", []byte(who("third")+"\n"+who("fourth"))))
		found, err := member.ByNumber(t.Context(), d.Read(), "FAM-1")
		if err != nil || len(found) != 4 || rep.MembersNew != 2 {
			t.Errorf("%d people under the number, %+v, %v", len(found), rep, err)
		}
	})
}

// TestCardKnownFromElsewhere: a balance file knows the card number, bills know the patient, and then the Patient names
// both. Where only one row exists they become one; where both exist they stay two, and nothing fails.
func TestCardKnownFromElsewhere(t *testing.T) {
	t.Parallel()
	const who = `{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MB"}]},"value":"M1"}],"name":[{"given":["Ana"]}]}`
	t.Run("one row", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			runCSV(t, d, head+"\nB1,M1,medical,1.00\n")
			rep, _ := run(t, d, write(t, "a.json", []byte(who)))
			if rep.MembersNew != 0 || rep.MembersUpdated != 1 || rep.RefusedTotal() != 0 {
				t.Errorf("%+v", rep)
			}
		})
	})
	t.Run("two rows", func(t *testing.T) {
		t.Parallel()
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			runCSV(t, d, head+"\nB1,M1,medical,1.00\n")
			run(t, d, write(t, "b.json", []byte(owing("e1", "1"))))
			rep, _ := run(t, d, write(t, "a.json", []byte(who)))
			found, err := member.ByNumber(t.Context(), d.Read(), "M1")
			if rep.RefusedTotal() != 0 || err != nil || len(found) != 2 {
				t.Errorf("%+v, %d people, %v", rep, len(found), err)
			}
		})
	})
}

func TestSince(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		early := eobJSON("e1", items(list(adj("copay", "1"))))
		late := strings.ReplaceAll(strings.ReplaceAll(early, "2026-03", "2026-04"), "e1", "e2")
		r := &Runner{DB: d, Since: day.MustParse("2026-04-01")}
		rep, err := r.FHIR(t.Context(), []string{write(t, "a.ndjson", []byte(early+"\n"+late))})
		if err != nil || rep.New != 1 || rep.Skipped["before_since"] != 1 || !strings.HasPrefix(bills(t, d), "C-e2") {
			t.Errorf("%+v, %v, %s", rep, err, bills(t, d))
		}
	})
}

// TestContinuesAfterInterruption stops a run between two batches and runs it again: what was stored is not read twice,
// and everything is there in the end.
func TestContinuesAfterInterruption(t *testing.T) {
	t.Parallel()
	const n = 3*batchRecords + 50
	var text strings.Builder
	for i := range n {
		text.WriteString(owing(fmt.Sprintf("e%d", i), "1.00") + "\n")
	}
	path := write(t, "a.ndjson", []byte(text.String()))
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		r := &Runner{DB: d, Progress: func(Report) { cancel() }}
		if _, err := r.FHIR(ctx, []string{path}); !errors.Is(err, context.Canceled) {
			t.Fatalf("not interrupted: %v", err)
		}
		stored := one(t, d, "SELECT count(*) FROM bill")
		if stored == 0 || stored == n {
			t.Fatalf("%d bills after the interruption", stored)
		}
		rep, _ := run(t, d, path)
		if int64(rep.Resumed) != stored || int64(rep.New) != n-stored || rep.Records != n {
			t.Errorf("%d were stored: %+v", stored, rep)
		}
		again, _ := run(t, d, path)
		if again.Resumed != 0 || again.Unchanged != n || one(t, d, "SELECT count(*) FROM bill") != n {
			t.Errorf("after a finished run: %+v", again)
		}
	})
}

func TestOneBadRecordDoesNotHoldUpTheRest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			// A rule of the database that one record breaks stands for any reason a database may have.
			_, err := tx.ExecContext(t.Context(), "CREATE UNIQUE INDEX one_big ON bill (responsibility_cents) WHERE responsibility_cents > 5000")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for i := range 20 {
			amount := "1"
			if i == 3 || i == 13 {
				amount = "60"
			}
			text.WriteString(owing(fmt.Sprintf("e%d", i), amount) + "\n")
		}
		rep, lines := run(t, d, write(t, "a.ndjson", []byte(text.String())))
		if rep.New != 19 || rep.Refused["not_stored"] != 1 || rep.Records != 20 || len(lines) != 1 || lines[0].Place != "line 14" {
			t.Errorf("%+v %v", rep, lines)
		}
		if again, err := (&Runner{DB: d}).Retry(t.Context()); err != nil || again.New != 0 || again.Refused["not_stored"] != 1 {
			t.Errorf("tried again too early: %+v, %v", again, err)
		}
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "DROP INDEX one_big")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := (&Runner{DB: d}).Retry(t.Context()); err != nil || again.New != 1 || one(t, d, "SELECT count(*) FROM bill") != 20 {
			t.Errorf("tried again: %+v, %v", again, err)
		}
		if n := one(t, d, "SELECT count(*) FROM import_record WHERE closed_at = 0"); n != 0 {
			t.Errorf("%d records still open", n)
		}
	})
}
