package nacha

import (
	"testing"

	"memberpay/internal/db"
	"memberpay/internal/db/dbtest"
)

// What a payment pays for on the hot path: Prepare outside of the transaction, Enqueue inside.
func BenchmarkPrepare(b *testing.B) {
	r := newBench(b, dbtest.Open(b, db.SQLite))
	e := entry(1)
	for b.Loop() {
		if _, err := r.Prepare(e); err != nil {
			b.Fatal(err)
		}
	}
}

// A cut of 10,000 entries; the time per entry is the time queued rows stay locked.
func BenchmarkCut10000(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := newBench(b, dbtest.Open(b, engine))
				r.enqueueN(1, 10_000)
				b.StartTimer()
				if report := r.mustCut(); report.Entries() != 10_000 {
					b.Fatalf("%+v", report)
				}
			}
		})
	}
}
