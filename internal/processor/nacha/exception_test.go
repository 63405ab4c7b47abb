package nacha

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// became are the steps of the exceptions of one kind: "opened closed again".
func (b *bench) became(kind string) (out string) {
	b.t.Helper()
	rows, err := b.d.Read().QueryContext(b.ctx(), `SELECT step FROM exception_step JOIN exception ON exception.id = exception_step.exception_id
 WHERE kind = $1 ORDER BY exception_id, n`, kind)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			b.t.Fatal(err)
		}
		out += s + " "
	}
	return out
}

// closeAll closes every exception, as one of the staff does.
func (b *bench) closeAll() {
	b.t.Helper()
	b.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(b.ctx(), "UPDATE exception SET closed_at = $1, closed_by = 'acc_finance'", db.Micros(b.clock.Now()))
		return err
	})
}

func (b *bench) open() int {
	return one[int](b, "SELECT COUNT(*) FROM exception WHERE closed_at = 0")
}

// TestTheBankSaysItAgain: a file that is read again says nothing new; another file that says the same opens what was closed.
func TestTheBankSaysItAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := cutSix(t, d)
		const line = "\n091000010000777,100,2026-11-24\n"
		again := func(name string) { // as after a crash: the file is read from the top
			t.Helper()
			b.write(func(tx *db.Tx) error {
				_, err := tx.ExecContext(b.ctx(), "UPDATE ach_inbound SET done_at = 0")
				return err
			})
			if err := os.Rename(filepath.Join(b.conf.InboundDir, "done", name), filepath.Join(b.conf.InboundDir, name)); err != nil {
				t.Fatal(err)
			}
			b.mustReceive()
		}
		b.put("monday.csv", reportHeader+line)
		b.mustReceive()
		b.closeAll()
		again("monday.csv")
		if got := b.became(UnknownTrace); got != "opened " || b.open() != 0 {
			t.Errorf("the same file again: %s, %d open", got, b.open())
		}
		b.put("tuesday.csv", reportHeader+"\n\n"+line)
		b.mustReceive()
		if got := b.became(UnknownTrace); got != "opened again " || b.open() != 1 {
			t.Errorf("another file: %s, %d open", got, b.open())
		}
		for range 2 {
			again("tuesday.csv")
			again("monday.csv")
		}
		b.put("wednesday.csv", reportHeader+"\n\n\n"+line)
		b.mustReceive()
		if got := b.became(UnknownTrace); got != "opened again again " || b.open() != 1 {
			t.Errorf("a third file while it is open: %s, %d open", got, b.open())
		}
		sums := []string{"", one[string](b, "SELECT cause FROM exception_step WHERE n = 2"), "none"}
		if names, err := InboundNames(b.ctx(), d.Read(), sums); err != nil || len(names) != 1 || names[sums[1]] != "tuesday.csv" {
			t.Errorf("it came with %v, %v", names, err)
		}
		if since := one[int64](b, "SELECT reopened_at FROM exception"); since != db.Micros(b.clock.Now()) {
			t.Errorf("it waits since %d", since)
		}
	})
}

// TestACutDoesNotOpenAgain: what every cut finds stays closed for a week.
func TestACutDoesNotOpenAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 1)
		b.write(func(tx *db.Tx) error {
			_, err := tx.ExecContext(b.ctx(), "UPDATE ach_entry SET account_sealed = $1", []byte("damaged"))
			return err
		})
		b.mustCut()
		b.closeAll()
		for range 6 {
			b.clock.set(b.clock.Now().Add(24 * time.Hour))
			b.mustCut()
		}
		if got := b.became(UnreadableEntry); got != "opened " || b.open() != 0 {
			t.Errorf("within a week: %s", got)
		}
		for range 3 {
			b.clock.set(b.clock.Now().Add(24 * time.Hour))
			b.mustCut()
		}
		if got := b.became(UnreadableEntry); got != "opened still " || b.open() != 1 {
			t.Errorf("after a week: %s", got)
		}
	})
}

func TestTell(t *testing.T) {
	t.Parallel()
	told, ok := Tell(`{"trace":"091000010000777","code":"R01","amount_cents":100,"sent_cents":200,"payment_id":"pay_1","count":2}`)
	if want := (Told{Trace: "091000010000777", Code: "R01", Amount: 100, Sent: 200, PaymentID: "pay_1", Count: 2}); !ok || told != want {
		t.Errorf("%+v", told)
	}
	if _, ok := Tell("the money arrived"); ok {
		t.Error("a sentence is taken apart")
	}
}
