package intake

import (
	"path/filepath"
	"testing"

	"memberpay/internal/day"
)

// BenchmarkEOB reads, decodes and rules on the ExplanationOfBenefits of the bulk sample; the figure to look at is eobs/s.
func BenchmarkEOB(b *testing.B) {
	path := filepath.Join(testdata(b), "fhir", "derived-bulk-ndjson", "ExplanationOfBenefit.ndjson")
	n := 0
	known := &names{}
	for b.Loop() {
		err := ReadFHIR(b.Context(), path, func(r Record) error {
			var e eob
			if err := decode(r.Resource, &e); err != nil {
				return err
			}
			_, err := claimOf(&e, known, day.Date{})
			n++
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "eobs/s")
}

// BenchmarkScan finds the records of the same file without decoding them.
func BenchmarkScan(b *testing.B) {
	path := filepath.Join(testdata(b), "fhir", "derived-bulk-ndjson", "ExplanationOfBenefit.ndjson")
	n := 0
	for b.Loop() {
		if err := ReadFHIR(b.Context(), path, func(Record) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "eobs/s")
}
