package ui

import "strconv"

// Bars is a small chart of one or two counts a day, drawn on the server. The table below it says the same.
type Bars struct {
	Title  string // what is counted
	Series []string
	Days   []BarDay
	Table  Table // the same figures, for whoever cannot see the bars
	Show   string
	None   string // said instead where nothing was counted
}

// BarDay is a day of the chart: its label and one count a series.
type BarDay struct {
	Label  string
	Counts []int
}

// The measures of the chart, in its own units.
const (
	barsHeight = 60
	barsStep   = 24
)

func (b Bars) width() string   { return strconv.Itoa(max(1, len(b.Days)) * barsStep) }
func (b Bars) viewBox() string { return "0 0 " + b.width() + " " + strconv.Itoa(barsHeight) }

// empty reports whether there is nothing to draw.
func (b Bars) empty() bool {
	for _, d := range b.Days {
		for _, n := range d.Counts {
			if n > 0 {
				return false
			}
		}
	}
	return true
}

// first and last are the days that stand below the chart.
func (b Bars) first() string { return b.Days[0].Label }
func (b Bars) last() string  { return b.Days[len(b.Days)-1].Label }

// keys are the series that the colours stand for; none where nothing is drawn.
func (b Bars) keys() []string {
	if b.empty() {
		return nil
	}
	return b.Series
}

// most is the highest count, at least 1.
func (b Bars) most() int {
	most := 1
	for _, d := range b.Days {
		for _, n := range d.Counts {
			most = max(most, n)
		}
	}
	return most
}

// bar is one rectangle.
type bar struct{ X, Y, Width, Height, Class string }

func (b Bars) bars() []bar {
	var out []bar
	each := (barsStep - 6) / max(1, len(b.Series))
	for i, d := range b.Days {
		for j, n := range d.Counts {
			high := n * (barsHeight - 2) / b.most()
			if n > 0 {
				high = max(high, 2)
			}
			out = append(out, bar{strconv.Itoa(i*barsStep + 3 + j*each), strconv.Itoa(barsHeight - high), strconv.Itoa(each - 1), strconv.Itoa(high), "bar-" + strconv.Itoa(j+1)})
		}
	}
	return out
}
