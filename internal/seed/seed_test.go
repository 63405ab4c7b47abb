package seed_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
	"memberpay/internal/seal"
	"memberpay/internal/seed"
	"memberpay/internal/verify"
)

func box(t *testing.T) *seal.Box {
	t.Helper()
	b, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSeedIsPlausibleAndBalances(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := box(t)
		report, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: b, Members: 1_250})
		if err != nil {
			t.Fatal(err)
		}
		if report.Members != 1_250 || report.Resumed != 0 || report.Bills < 1_250 || report.Payments < 300 {
			t.Errorf("%+v", report)
		}
		results, err := verify.Run(t.Context(), d, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Count > 0 {
				t.Errorf("%s is broken %d times: %v", r.Rule, r.Count, r.Violations)
			}
		}
		for what, query := range map[string]string{
			"members":              "SELECT COUNT(*) - 1249 FROM member",
			"dependents":           "SELECT COUNT(*) FROM member WHERE guarantor_id <> id",
			"open bills":           "SELECT COUNT(*) FROM bill WHERE state = 'open'",
			"premiums":             "SELECT COUNT(*) FROM bill WHERE kind = 'premium'",
			"paid bills":           "SELECT COUNT(*) FROM bill WHERE state = 'paid'",
			"settled elsewhere":    "SELECT COUNT(*) FROM bill WHERE state = 'nothing_due'",
			"card payments":        "SELECT COUNT(*) FROM payment WHERE rail = 'card' AND state = 'succeeded'",
			"bank payments":        "SELECT COUNT(*) FROM payment WHERE rail = 'bank' AND state = 'succeeded'",
			"declined":             "SELECT COUNT(*) FROM payment WHERE state = 'failed' AND reason <> ''",
			"returned":             "SELECT COUNT(*) FROM payment WHERE state = 'returned' AND reason LIKE 'R0%'",
			"returned after money": "SELECT COUNT(*) FROM payment WHERE state = 'returned' AND settled_at > 0",
			"on its way":           "SELECT COUNT(*) FROM payment WHERE state = 'pending'",
		} {
			var n int
			if err := d.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil || n < 1 {
				t.Errorf("%s: %d, %v", what, n, err)
			}
		}
	})
}

// print is a hash over what must be the same in every database.
func print(t *testing.T, d *db.DB) string {
	t.Helper()
	h := fnv.New64a()
	for _, query := range []string{
		"SELECT id || member_id || patient_id || guarantor_id || given || family || birth_date || email || zip FROM member ORDER BY id",
		"SELECT id || number || claim_key || lines || state || CAST(applied_cents AS TEXT) || CAST(updated_at AS TEXT) FROM bill ORDER BY id",
		"SELECT id || confirmation || state || reason || CAST(amount_cents AS TEXT) || CAST(submitted_at AS TEXT) FROM payment ORDER BY id",
		"SELECT entry_id || debit || credit || CAST(amount_cents AS TEXT) || bill_id || payment_id FROM ledger_posting ORDER BY entry_id, line",
		"SELECT id || kind || subject || data FROM event ORDER BY id",
	} {
		err := db.Each(t.Context(), d.Read(), query, nil, func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			fmt.Fprintln(h, line)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// TestSameNumberSameData: both engines, several workers and a run that was stopped in between come out alike.
func TestSameNumberSameData(t *testing.T) {
	t.Parallel()
	const members = 2_600
	whole := dbtest.Open(t, db.SQLite)
	if _, err := seed.Run(t.Context(), seed.Config{DB: whole, Seal: box(t), Members: members}); err != nil {
		t.Fatal(err)
	}
	want := print(t, whole)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := box(t)
		ctx, stop := context.WithCancel(t.Context())
		first, err := seed.Run(ctx, seed.Config{DB: d, Seal: b, Members: members, Workers: 3, Progress: func(r seed.Report) {
			if r.Members >= 1_000 {
				stop()
			}
		}})
		if !errors.Is(err, context.Canceled) || first.Members >= members {
			t.Fatalf("stopped: %+v, %v", first, err)
		}
		if _, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: b, Members: members + 1}); !errors.Is(err, seed.ErrOther) {
			t.Fatalf("another number: %v", err)
		}
		second, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: b, Members: members, Workers: 3})
		if err != nil || second.Members != members || second.Resumed < 1_000 {
			t.Fatalf("continued: %+v, %v", second, err)
		}
		if got := print(t, d); got != want {
			t.Errorf("the data is %s, on SQLite in one go it is %s", got, want)
		}
		again, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: b, Members: members})
		if err != nil || again.Resumed != members || again.Bills != second.Bills {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite)
	for _, n := range []int{0, -1, seed.Most + 1} {
		if _, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: box(t), Members: n}); err == nil {
			t.Errorf("%d members were taken", n)
		}
	}
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO member (id, member_id, guarantor_id, created_at, updated_at) VALUES ('mem_1', 'M1', 'mem_1', 1, 1)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Run(t.Context(), seed.Config{DB: d, Seal: box(t), Members: 10}); !errors.Is(err, seed.ErrNotEmpty) {
		t.Errorf("a database with people: %v", err)
	}
}
