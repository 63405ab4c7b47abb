package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"memberpay/internal/db"
)

// imports measures the import of FHIR NDJSON into PostgreSQL by the real program, a file of new EOBs a round.
func (b *bench) imports(ctx context.Context) error {
	address, err := b.database(ctx, "import")
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := d.Migrate(ctx); err != nil {
		return err
	}
	each := b.eobs / b.rounds
	var rates, sizes, peaks []float64
	for round := range b.rounds {
		path := filepath.Join(b.dir, fmt.Sprintf("eobs-%d.ndjson", round))
		b.say("round %d: writing %d EOBs", round+1, each)
		size, err := writeEOBs(path, round, each)
		if err != nil {
			return err
		}
		b.say("round %d: importing %d EOBs, %.0f MB", round+1, each, float64(size)/1e6)
		cmd := exec.CommandContext(ctx, b.binary, "import", "fhir", "--json", "--data", filepath.Join(b.dir, "data"), "--database", address, path)
		began := time.Now()
		out, err := cmd.Output()
		took := time.Since(began).Seconds()
		if err != nil {
			return fmt.Errorf("import: %w\n%s", err, out)
		}
		var told struct{ Lines []json.RawMessage }
		if err := json.Unmarshal(out, &told); err != nil {
			return fmt.Errorf("the report is not JSON: %w\n%.300s", err, out)
		}
		if len(told.Lines) > 0 {
			return fmt.Errorf("%d EOBs were not taken, for instance %s", len(told.Lines), told.Lines[0])
		}
		rates, sizes = append(rates, float64(each)/took), append(sizes, float64(size)/float64(each))
		peaks = append(peaks, peak(cmd))
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	var bills int
	if err := d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM bill").Scan(&bills); err != nil {
		return err
	}
	if want := each * b.rounds; bills != want {
		return fmt.Errorf("%d bills came of %d EOBs", bills, want)
	}
	b.report.note("import of FHIR NDJSON", "%.0f EOBs/s of %.1f KB, the program at most %.0f MiB", middle(rates), middle(sizes)/1000, middle(peaks))
	b.report.atLeast("EOBs/s into PostgreSQL", middle(rates), 5_000, "EOBs/s", "")
	return nil
}
