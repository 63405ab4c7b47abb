package nacha

import (
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// TestDebitsByTelephone: they stand in batches of their own class, beside those of the web, and in none before they are clear.
func TestDebitsByTelephone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		var list []Entry
		for n := 1; n <= 8; n++ {
			e := entry(n)
			if n%2 == 0 {
				e.SEC = Tel
				if n != 8 {
					e.ClearedAt = monday
				}
			}
			list = append(list, e)
		}
		b.enqueue(list...)
		report := b.mustCut()
		if len(report.Files) != 1 || report.Entries() != 7 {
			t.Fatalf("the cut made %+v", report)
		}
		file := b.parse(report.Files[0].Name)
		got := map[string]int{}
		seen := map[string]string{}
		for _, x := range file.Batches {
			h := x.GetHeader()
			got[h.StandardEntryClassCode] += len(x.GetEntries())
			if before := seen[h.CompanyIdentification+h.CompanyEntryDescription+h.StandardEntryClassCode]; before != "" {
				t.Error("two batches of one payee and class")
			}
			seen[h.CompanyIdentification+h.CompanyEntryDescription+h.StandardEntryClassCode] = "yes"
		}
		if got["WEB"] != 4 || got["TEL"] != 3 || len(got) != 2 {
			t.Errorf("entries by class: %v", got)
		}
		last := list[7].PaymentID
		if state, _, _ := b.state(last); state != Queued {
			t.Errorf("a debit without consent is %s", state)
		}
		if waits, err := WaitsForConsent(t.Context(), d.Read(), last); err != nil || !waits {
			t.Errorf("waits %v, %v", waits, err)
		}
		if waiting, err := Uncleared(t.Context(), d.Read(), 10); err != nil || len(waiting) != 1 || waiting[0] != last {
			t.Errorf("waiting: %v, %v", waiting, err)
		}
		b.write(func(tx *db.Tx) error {
			for _, want := range []bool{true, false} {
				if done, err := b.Clear(b.ctx(), tx, last); err != nil || done != want {
					t.Errorf("cleared %v, %v", done, err)
				}
			}
			if done, err := b.Clear(b.ctx(), tx, list[0].PaymentID); err != nil || done {
				t.Errorf("a web debit was cleared: %v", err)
			}
			return nil
		})
		if again := b.mustCut(); again.Entries() != 1 {
			t.Errorf("the next cut made %+v", again)
		}
		e := entry(9)
		e.SEC = "CCD"
		if _, err := b.Prepare(e); err == nil {
			t.Error("another class is taken")
		}
	})
}
