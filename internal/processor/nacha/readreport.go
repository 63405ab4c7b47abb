package nacha

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// reportHeader is the first line of a settlement report.
const reportHeader = "trace_number,amount_cents,settled_on"

const fixReport = "correct the line, or ask the bank to send the report again"

// readReport reads a settlement report: a CSV file of trace number, amount in cents and the day the money moved.
func readReport(content []byte) (answers, *trouble) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(content))
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = 3
	reader.TrimLeadingSpace = true
	head, err := reader.Read()
	if err != nil || len(head) != 3 || strings.ToLower(strings.Join(trimmed(head), ",")) != reportHeader {
		return answers{}, &trouble{1, "the first line is not " + reportHeader, fixReport}
	}
	var out answers
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return out, nil
		}
		line := 0
		if err == nil {
			line, _ = reader.FieldPos(0)
			var a answer
			if a, err = reportLine(trimmed(row)); err == nil {
				a.line = line
				out.list = append(out.list, a)
				continue
			}
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			line, err = broken.Line, broken.Err
		}
		return answers{}, &trouble{line, err.Error(), fixReport}
	}
}

func reportLine(row []string) (answer, error) {
	trace := row[0]
	if len(trace) != 15 || strings.Trim(trace, "0123456789") != "" {
		return answer{}, fmt.Errorf("the trace number %.20q is not 15 digits", trace)
	}
	amount, ok := number(row[1])
	if !ok || row[1] == "" || amount <= 0 {
		return answer{}, fmt.Errorf("the amount %.20q is not a number of cents above zero", row[1])
	}
	on, err := day.Parse(row[2])
	if err != nil {
		return answer{}, fmt.Errorf("the day %.20q is not a date as 2026-12-03", row[2])
	}
	return answer{kind: settled, trace: trace, amount: money.Cents(amount), on: on}, nil
}

func trimmed(row []string) []string {
	for i, s := range row {
		row[i] = strings.TrimSpace(s)
	}
	return row
}
