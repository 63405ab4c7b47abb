package intake

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"memberpay/internal/bill"
	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
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

var _ = context.Background
