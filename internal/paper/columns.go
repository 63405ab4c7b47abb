package paper

import "strings"

// maxAir is the most a column is widened beyond its content, in points.
const maxAir = 16.0

// layout shares the width of the page among the columns of the table, after their content. The cells returned have a place
// and a width, but no text.
func (b Table) layout(c *composer) []cell {
	n := len(b.Columns)
	avail := bodyWidth - float64(n-1)*cellGap
	natural, least := make([]float64, n), make([]float64, n)
	for i, col := range b.Columns {
		natural[i], least[i] = widest(col.Head, c.styles.head), longestWord(col.Head, c.styles.head)
	}
	measure := func(texts []string, st style) {
		for i, s := range texts {
			natural[i] = max(natural[i], widest(s, st))
			least[i] = max(least[i], longestWord(s, st))
		}
	}
	for _, r := range b.Rows {
		measure(r, c.styles.body)
	}
	measure(b.Total, c.styles.total)
	if spare := avail - sum(natural); spare > 0 { // a little air for each column, the rest for the first
		for i := 1; i < n; i++ {
			natural[i] += min(maxAir, spare/float64(2*n))
		}
	}
	widths := share(avail, natural, least)
	cells, x := make([]cell, n), marginX
	for i, w := range widths {
		cells[i] = cell{x: x, w: w, align: b.Columns[i].Align}
		x += w + cellGap
	}
	return cells
}

// share gives each column its natural width where all fit, and what is left over to the first. Where they do not fit, each
// column gets its least width and a part of the rest in proportion to what it wants beyond that; where not even the least
// widths fit, all are cut in proportion.
func share(avail float64, natural, least []float64) []float64 {
	widths := make([]float64, len(natural))
	wanted, needed := sum(natural), sum(least)
	switch {
	case wanted <= avail:
		copy(widths, natural)
		widths[0] += avail - wanted
	case needed <= avail:
		part := (avail - needed) / (wanted - needed)
		for i := range widths {
			widths[i] = least[i] + part*(natural[i]-least[i])
		}
	default:
		floor := avail / float64(len(widths)) / 3
		rest := avail - floor*float64(len(widths))
		for i := range widths {
			widths[i] = floor + rest*least[i]/needed
		}
	}
	return widths
}

func sum(values []float64) float64 {
	s := 0.0
	for _, v := range values {
		s += v
	}
	return s
}

// widest is the width of the text's widest line where nothing is wrapped.
func widest(s string, st style) float64 {
	w := 0.0
	for _, l := range strings.Split(clean(s), "\n") {
		w = max(w, st.width(strings.Join(strings.Fields(l), " ")))
	}
	return w + 0.1 // rounding must not break a line that fits
}

// longestWord is the width of the text's longest word.
func longestWord(s string, st style) float64 {
	w := 0.0
	for _, word := range strings.Fields(clean(s)) {
		w = max(w, st.width(word))
	}
	return w + 0.1
}

// wrapNoted wraps the text, its first line in one style and what follows a line feed in another.
func wrapNoted(s string, st, note style, width float64) []line {
	first, rest, found := strings.Cut(clean(s), "\n")
	lines := wrap(first, st, width)
	if found {
		if n := len(lines); n > 0 {
			lines[n-1].text += " "
		}
		lines = append(lines, wrap(rest, note, width)...)
	}
	return lines
}
