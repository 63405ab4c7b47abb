package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report collects figures and says at the end which targets were reached.
type report struct {
	notes   []string
	targets []target
}

// target is one promise.
type target struct {
	what   string
	figure float64
	want   float64
	least  bool // want is the least, else the most
	unit   string
	detail string
}

func (t target) reached() bool {
	if t.least {
		return t.figure >= t.want
	}
	return t.figure <= t.want
}

// note keeps a figure that has no target. what takes the first of args, text the others.
func (r *report) note(what, text string, args ...any) {
	if n := strings.Count(what, "%"); n > 0 {
		what, args = fmt.Sprintf(what, args[:n]...), args[n:]
	}
	r.notes = append(r.notes, fmt.Sprintf("%-34s %s", what, fmt.Sprintf(text, args...)))
}

func (r *report) atLeast(what string, figure, want float64, unit, detail string) {
	r.targets = append(r.targets, target{what, figure, want, true, unit, detail})
}

func (r *report) atMost(what string, figure, want float64, unit, detail string) {
	r.targets = append(r.targets, target{what, figure, want, false, unit, detail})
}

// print writes everything and returns how many targets were missed.
func (r *report) print(w io.Writer) (missed int) {
	fmt.Fprintln(w, "\nFigures (medians of the rounds)")
	for _, n := range r.notes {
		fmt.Fprintln(w, "  "+n)
	}
	fmt.Fprintln(w, "\nTargets")
	for _, t := range r.targets {
		mark, sign := "reached", "at least"
		if !t.reached() {
			mark = "MISSED "
			missed++
		}
		if !t.least {
			sign = "at most"
		}
		fmt.Fprintf(w, "  %s  %-46s %10.3g %-9s (%s %g)  %s\n", mark, t.what, t.figure, t.unit, sign, t.want, t.detail)
	}
	fmt.Fprintf(w, "\n%d of %d targets reached\n", len(r.targets)-missed, len(r.targets))
	return missed
}

// sample is one measurement of one round.
type sample struct {
	rate               float64 // a second
	p50, p95, p99, max float64 // milliseconds
	n                  int
}

// median returns the median of a figure over samples.
func median(list []sample, figure func(sample) float64) float64 {
	values := make([]float64, len(list))
	for i, s := range list {
		values[i] = figure(s)
	}
	return middle(values)
}

// middle is the median of values, 0 of none.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}

func rate(s sample) float64 { return s.rate }
func p50(s sample) float64  { return s.p50 }
func p95(s sample) float64  { return s.p95 }
func p99(s sample) float64  { return s.p99 }

// summary is how samples read in the report.
func summary(list []sample, unit string) string {
	return fmt.Sprintf("%7.0f %s/s  p50 %.2f ms  p99 %.2f ms", median(list, rate), unit, median(list, p50), median(list, p99))
}

// ratios divides the rates of two lists, round by round, and returns the median.
func ratios(ours, limit []sample, figure func(sample) float64) float64 {
	values := make([]float64, 0, len(ours))
	for i := range ours {
		if d := figure(limit[i]); d > 0 {
			values = append(values, figure(ours[i])/d)
		}
	}
	return middle(values)
}

// timings turns latencies in nanoseconds into a sample.
func timings(all []int64, seconds float64) sample {
	slices.Sort(all)
	if len(all) == 0 {
		return sample{}
	}
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))]) / 1e6 }
	return sample{rate: float64(len(all)) / seconds, p50: at(.5), p95: at(.95), p99: at(.99), max: at(1), n: len(all)}
}
