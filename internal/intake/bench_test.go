package intake

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"memberpay/internal/day"
	"memberpay/internal/db/dbtest"
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

// BenchmarkImport imports 438 x 50 ExplanationOfBenefits, each a claim of its own, into a fresh database of each engine.
func BenchmarkImport(b *testing.B) {
	path := multiplied(b, 50)
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			n, seconds := 0, 0.0
			for b.Loop() {
				rep, err := (&Runner{DB: dbtest.Open(b, engine)}).FHIR(b.Context(), []string{path})
				if err != nil {
					b.Fatal(err)
				}
				if rep.New == 0 || rep.RefusedTotal() > 0 || rep.Duplicates > 0 {
					b.Fatalf("%+v", rep)
				}
				n, seconds = n+rep.Bills, seconds+rep.Seconds
			}
			b.ReportMetric(float64(n)/seconds, "eobs/s")
		})
	}
}

var sampleIDs = regexp.MustCompile(`("resourceType":"ExplanationOfBenefit","id":"|clm_id","value":"|"patient":\{"reference":"Patient/)([^"]{24})[^"]*`)

// multiplied writes the bulk sample many times, with ids of its own each time.
func multiplied(b *testing.B, times int) string {
	b.Helper()
	sample, err := os.ReadFile(filepath.Join(testdata(b), "fhir", "derived-bulk-ndjson", "ExplanationOfBenefit.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "ExplanationOfBenefit.ndjson")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range times {
		w.Write(sampleIDs.ReplaceAll(sample, fmt.Appendf(nil, "${1}${2}-%07d", i)))
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}
