package nacha

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// Killed at any point of a cut and a delivery, with the bank taking files away or not, the next start finishes the work:
// every entry reaches the bank once.
func TestCrashAnywhereInCutAndDelivery(t *testing.T) {
	t.Parallel()
	points := []string{"cut.before-commit", "cut.committed", "deliver.written", "deliver.staged", "deliver.renamed",
		"deliver.noted"}
	for _, point := range points {
		for _, bankTakes := range []bool{false, true} {
			name := point
			if bankTakes {
				name += " and the bank takes the file"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dbtest.Each(t, func(t *testing.T, d *db.DB) { crashOnce(t, d, point, bankTakes) })
			})
		}
	}
}

func crashOnce(t *testing.T, d *db.DB, point string, bankTakes bool) {
	b := newBench(t, d)
	b.enqueueN(1, 5)
	b.crashAt(point)
	if _, err := b.Cut(b.ctx()); !errors.Is(err, errCrash) {
		t.Fatalf("the cut was not killed: %v", err)
	}
	taken := 0
	take := func() {
		if bankTakes {
			for _, name := range b.outboundFiles() {
				taken += strings.Count(string(mustRead(t, filepath.Join(b.conf.OutboundDir, name))), "\n637") +
					strings.Count(string(mustRead(t, filepath.Join(b.conf.OutboundDir, name))), "\n627")
				if err := os.Remove(filepath.Join(b.conf.OutboundDir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	take()
	b.restart()
	if _, err := b.Deliver(b.ctx()); err != nil {
		t.Fatal(err)
	}
	take()
	b.mustCut()
	take()
	b.restart()
	b.mustCut()
	take()
	if !bankTakes {
		taken = len(b.sentEntries())
	}
	if taken != 5 {
		t.Errorf("%d entries reached the bank, want 5", taken)
	}
	if n := one[int](b, "SELECT COUNT(*) FROM ach_file WHERE state <> 'delivered'"); n != 0 {
		t.Errorf("%d files are not delivered", n)
	}
	if left := hidden(t, b); len(left) > 0 {
		t.Errorf("temporary files are left: %q", left)
	}
	uncertain := bankTakes && point == "deliver.renamed"
	if got := b.exceptions(); (len(got) == 1 && strings.HasPrefix(got[0], DeliveryUncertain)) != uncertain || len(got) > 1 {
		t.Errorf("exceptions %q", got)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestDeliveryNeverOverwrites(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.enqueueN(1, 2)
		const name = "091000019-1123456789-20261123-0930-A.ach"
		path := filepath.Join(b.conf.OutboundDir, name)
		if err := os.WriteFile(path, []byte("somebody else's"), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := b.Cut(b.ctx())
		if err == nil || !strings.Contains(err.Error(), "already there") || !strings.Contains(err.Error(), name) {
			t.Fatalf("delivery over another file: %v", err)
		}
		if len(r.Files) != 1 || len(r.Delivered) != 0 || string(mustRead(t, path)) != "somebody else's" {
			t.Errorf("the report is %+v, the file %q", r, mustRead(t, path))
		}
		// A second file is not held up by the first.
		b.enqueueN(3, 3)
		r, err = b.Cut(b.ctx())
		if err == nil || len(r.Delivered) != 1 || !strings.HasSuffix(r.Delivered[0], "-B.ach") {
			t.Errorf("the second file: %+v, %v", r, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		names, err := b.Deliver(b.ctx())
		if err != nil || !slices.Equal(names, []string{name}) || !bytes.HasPrefix(mustRead(t, path), []byte("101 ")) {
			t.Errorf("after the file was moved away: %q, %v", names, err)
		}
	})
}

func TestUnwritableFolderHoldsNothingUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, db.SQLite))
	b.enqueueN(1, 2)
	aside := b.conf.OutboundDir + "-aside"
	if err := os.Rename(b.conf.OutboundDir, aside); err != nil {
		t.Fatal(err)
	}
	r, err := b.Cut(b.ctx())
	if err == nil || len(r.Files) != 1 || len(r.Delivered) != 0 {
		t.Fatalf("cut without a folder: %+v, %v", r, err)
	}
	if err := os.Rename(aside, b.conf.OutboundDir); err != nil {
		t.Fatal(err)
	}
	if r, err = b.CutDue(b.ctx()); err != nil || len(r.Delivered) != 1 {
		t.Errorf("with the folder back: %+v, %v", r, err)
	}
}

func TestDamagedStoredFileIsNotDelivered(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.Open(t, db.SQLite))
	b.enqueueN(1, 1)
	b.crashAt("cut.committed")
	if _, err := b.Cut(b.ctx()); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	b.write(func(tx *db.Tx) error {
		_, err := tx.ExecContext(b.ctx(), "UPDATE ach_file SET sha256 = 'x'")
		return err
	})
	b.restart()
	if _, err := b.Deliver(b.ctx()); err == nil || !strings.Contains(err.Error(), "damaged") || len(b.outboundFiles()) != 0 {
		t.Errorf("a damaged file was delivered: %v", err)
	}
}
