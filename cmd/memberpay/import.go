package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/brand"
	"memberpay/internal/config"
	"memberpay/internal/day"
	"memberpay/internal/intake"
)

type importCommand struct {
	FHIR  importFHIR  `cmd:"" name:"fhir" help:"Import FHIR R4 bundles, NDJSON, .gz files or folders of them."`
	CSV   importCSV   `cmd:"" name:"csv" help:"Import a daily balance file."`
	Retry importRetry `cmd:"" help:"Try every refused record again that was kept."`
}

type importFHIR struct {
	config.Store `embed:""`
	Paths        []string `arg:"" name:"path" help:"Files and folders." type:"path"`
	Since        string   `help:"Leave out bills for services before this day." placeholder:"2026-01-31"`
	JSON         bool     `help:"Report as one JSON object: the records not billed, and the counts."`
}

type importCSV struct {
	config.Store `embed:""`
	File         string `arg:"" help:"The balance file." type:"path"`
	Brand        string `help:"Brand configuration, for the names of payees." env:"MEMBERPAY_BRAND" type:"path"`
	JSON         bool   `help:"Report as one JSON object."`
}

func (c importFHIR) Run(ctx context.Context) error {
	var since day.Date
	if c.Since != "" {
		var err error
		if since, err = day.Parse(c.Since); err != nil {
			return fmt.Errorf("--since %q is not a day; write it as 2026-01-31", c.Since)
		}
	}
	return runImport(ctx, c.Store, c.JSON, intake.Runner{Since: since}, func(r *intake.Runner) (intake.Report, error) {
		return r.FHIR(ctx, c.Paths)
	})
}

type importRetry struct {
	config.Store `embed:""`
	Brand        string `help:"Brand configuration, for the names of payees." env:"MEMBERPAY_BRAND" type:"path"`
	JSON         bool   `help:"Report as one JSON object."`
}

func (c importRetry) Run(ctx context.Context) error {
	b, err := app.LoadBrand(c.Brand)
	if err != nil {
		return err
	}
	return runImport(ctx, c.Store, c.JSON, intake.Runner{Payee: payeeOf(b)}, func(r *intake.Runner) (intake.Report, error) {
		return r.Retry(ctx)
	})
}

func (c importCSV) Run(ctx context.Context) error {
	b, err := app.LoadBrand(c.Brand)
	if err != nil {
		return err
	}
	return runImport(ctx, c.Store, c.JSON, intake.Runner{Payee: payeeOf(b)}, func(r *intake.Runner) (intake.Report, error) {
		return r.CSV(ctx, c.File)
	})
}

// payeeOf knows a payee by its kind of bill and, where the file names one, by its legal name.
func payeeOf(b *brand.Brand) func(kind, name string) (string, bool) {
	return func(kind, name string) (string, bool) {
		legal := b.Payee(kind).LegalName
		return kind, legal != "" && (name == "" || name == kind || name == legal)
	}
}

// runImport runs one import and reports it: lines as they come, progress on a terminal, counts at the end. Records that
// could not be taken do not fail the command; they are in the report and kept for a retry.
func runImport(ctx context.Context, s config.Store, asJSON bool, r intake.Runner, do func(*intake.Runner) (intake.Report, error)) error {
	d, err := openNoting(ctx, s, open)
	if err != nil {
		return err
	}
	defer d.Close()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	told := lineWriter{out: out, json: asJSON}
	r.DB, r.Line = d, told.line
	var shown time.Time
	r.Progress = func(p intake.Report) {
		if time.Since(shown) > 2*time.Second {
			shown = time.Now()
			fmt.Fprintf(os.Stderr, "%d records, %d bills read\n", p.Records, p.Bills)
		}
	}
	report, err := do(&r)
	if err != nil {
		return err
	}
	if err := told.report(report); err != nil || report.Usable() {
		return err
	}
	out.Flush()
	fmt.Fprintln(os.Stderr, "memberpay: nothing in these files could be read; the lines above say why")
	return exitCode(1)
}

// lineWriter writes lines as they come and the counts behind them: as text, or as one JSON object whose array
// "not_billed" holds the lines.
type lineWriter struct {
	out  *bufio.Writer
	json bool
	n    int
}

func (w *lineWriter) line(l intake.ReportLine) {
	if !w.json {
		fmt.Fprintln(w.out, l)
		return
	}
	lead := ",\n"
	if w.n == 0 {
		lead = "{\"not_billed\":[\n"
	}
	text, _ := json.Marshal(l) // plain values: cannot fail
	w.n++
	w.out.WriteString(lead)
	w.out.Write(text)
}

func (w *lineWriter) report(r intake.Report) error {
	if !w.json {
		_, err := fmt.Fprint(w.out, r)
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if w.n == 0 {
		w.out.WriteString("{\"not_billed\":[")
	}
	w.out.WriteString("],\n")
	w.out.Write(text[1:]) // the counts go into the same object
	return w.out.WriteByte('\n')
}
