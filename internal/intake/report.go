package intake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ReportLine tells of one record that made no bill, or that a person should know of.
type ReportLine struct {
	File    string `json:"file"`
	Place   string `json:"entry"`  // "entry 12", "line 7"
	Offset  int64  `json:"offset"` // byte offset in the unpacked file
	Type    string `json:"type,omitempty"`
	ID      string `json:"id,omitempty"`
	Outcome string `json:"outcome"` // nothing_due, review, skipped, refused, voided, stale, duplicate, absent
	Code    string `json:"code"`    // stable word
	Text    string `json:"text"`    // for a person
}

// String writes the line as a report shows it.
func (l ReportLine) String() string {
	id := l.ID
	if id == "" {
		id = "-"
	}
	return fmt.Sprintf("%s: %s: %s: %s [%s]: %s", l.File, l.Place, id, l.Outcome, l.Code, l.Text)
}

// Report counts what a run did. Every record that was read stands in exactly one of Resumed, Other, People, Skipped,
// Refused or, for bills, New, Updated, Unchanged, Stale, NothingDue, Voided and Review.
type Report struct {
	Kind           string         `json:"kind"` // "fhir" or "csv"
	Files          int            `json:"files"`
	Records        int            `json:"records"` // all that were read
	Resumed        int            `json:"resumed"` // stored by the interrupted run that this one continues
	Bills          int            `json:"bills"`   // records that could be bills: ExplanationOfBenefit, CSV rows
	New            int            `json:"new"`
	Updated        int            `json:"updated"`
	Unchanged      int            `json:"unchanged"`
	Stale          int            `json:"stale"` // older than what is known
	NothingDue     int            `json:"nothing_due"`
	Voided         int            `json:"voided"`
	Review         int            `json:"needs_review"`
	Duplicates     int            `json:"duplicates"` // the same claim more than once in this run; counted above as well
	Absent         int            `json:"absent"`     // csv: open bills of the same payee that the file does not have
	Skipped        map[string]int `json:"skipped"`
	Refused        map[string]int `json:"refused"`
	Other          map[string]int `json:"other"`  // resources that are not bills, by type
	People         int            `json:"people"` // records that describe a person
	MembersNew     int            `json:"members_new"`
	MembersUpdated int            `json:"members_updated"`
	Seconds        float64        `json:"seconds"`
	PerSecond      float64        `json:"bills_per_second"`
}

func newReport(kind string) Report {
	return Report{Kind: kind, Skipped: map[string]int{}, Refused: map[string]int{}, Other: map[string]int{}}
}

func (r *Report) finish(took time.Duration) {
	r.Seconds = took.Seconds()
	if r.Seconds > 0 {
		r.PerSecond = float64(r.Bills) / r.Seconds
	}
}

// Usable reports whether anything at all could be read: files without any record are usable, files of which every record
// was refused are not.
func (r Report) Usable() bool { return r.Records == 0 || r.RefusedTotal() < r.Records }

// RefusedTotal is the number of records that could not be taken.
func (r Report) RefusedTotal() int { return sum(r.Refused) }

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// String writes the report for a person.
func (r Report) String() string {
	var b strings.Builder
	row := func(label string, n int) { fmt.Fprintf(&b, "%-34s %10d\n", label, n) }
	some := func(label string, n int) {
		if n > 0 {
			row(label, n)
		}
	}
	reasons := func(m map[string]int) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			row("    "+k, m[k])
		}
	}
	row("files read", r.Files)
	row("records read", r.Records)
	some("  stored before an interruption", r.Resumed)
	row("  that could be bills", r.Bills)
	row("bills new", r.New)
	row("bills updated", r.Updated)
	row("bills unchanged", r.Unchanged)
	some("bills older than what is known", r.Stale)
	row("nothing due", r.NothingDue)
	some("voided", r.Voided)
	row("needs review", r.Review)
	row("skipped", sum(r.Skipped))
	reasons(r.Skipped)
	row("refused, kept for a retry", r.RefusedTotal())
	reasons(r.Refused)
	some("same claim more than once", r.Duplicates)
	some("open bills absent from the file", r.Absent)
	row("people new", r.MembersNew)
	row("people updated", r.MembersUpdated)
	if len(r.Other) > 0 {
		row("read for names, or passed over", sum(r.Other))
		reasons(r.Other)
	}
	fmt.Fprintf(&b, "took %.1f s, %.0f bills a second\n", r.Seconds, r.PerSecond)
	return b.String()
}
