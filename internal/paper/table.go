package paper

import "slices"

// Row measures, in points.
const (
	rowPad  = 5.5 // above and below a row's text
	cellGap = 14.0
)

// cell is one cell of a row: its text in lines, where it stands, and what it is.
type cell struct {
	lines []line
	x, w  float64
	align Align
	drop  float64 // how far below the row's top the text begins
	role  string  // "TH" or "TD"
	scope string  // of a TH: "Column" or "Row"
}

// rowPad is the space above and below the text of a row.
func (c *composer) rowPad() float64 { return rowPad * c.air }

// rowHeight is the height of the row that holds the cells.
func (c *composer) rowHeight(cells []cell) float64 {
	h := 0.0
	for _, cl := range cells {
		h = max(h, height(cl.lines))
	}
	return h + 2*c.rowPad()
}

// row sets one row as a child of the table. The next row's place is asked for first, so a row is split only where it is
// taller than a page; again is called at the top of each new page.
func (c *composer) row(table *elem, cells []cell, again func()) {
	tr := table.add("TR")
	elems := make([]*elem, len(cells))
	for i, cl := range cells {
		elems[i] = tr.add(cl.role)
		if cl.scope != "" {
			elems[i].attrs = "<</O/Table/Scope/" + cl.scope + ">>"
		}
	}
	for first := true; first || !empty(cells); first = false {
		if h := c.rowHeight(cells); c.room() < h && (c.y > c.top || !first) {
			if h <= wholePage || c.room() < 60 || !first {
				c.newPage()
				again()
			}
		}
		deepest := c.y + c.rowPad()
		for i := range cells {
			n := fittingLines(cells[i].lines, c.room()-2*c.rowPad())
			part := cells[i].lines[:n]
			cells[i].lines = cells[i].lines[n:]
			y := c.y + c.rowPad() + cells[i].drop
			deepest = max(deepest, c.stack(elems[i], cells[i].x, y, cells[i].w, cells[i].align, part))
			cells[i].drop = 0
		}
		c.y = deepest + c.rowPad()
	}
}

// empty reports whether all lines of the cells are set.
func empty(cells []cell) bool {
	for _, c := range cells {
		if len(c.lines) > 0 {
			return false
		}
	}
	return true
}

// fittingLines returns how many lines fit into the height: at least one, where there is one.
func fittingLines(lines []line, height float64) int {
	n, h := 0, 0.0
	for n < len(lines) && (n == 0 || h+lines[n].st.leading <= height) {
		h += lines[n].st.leading
		n++
	}
	return n
}

// labelWidth is the width of the label column: what the labels need, within bounds.
func (b Facts) labelWidth(c *composer) float64 {
	w := 84.0
	for _, f := range b {
		w = max(w, widest(f.Label, c.styles.label))
	}
	return min(w, 0.4*bodyWidth)
}

func (b Facts) cells(c *composer, f Fact, label float64) []cell {
	x := marginX + label + cellGap + 6
	return []cell{
		{lines: wrap(f.Label, c.styles.label, label), x: marginX, w: label, role: "TH", scope: "Row"},
		{lines: wrap(f.Value, c.styles.body, marginX+bodyWidth-x), x: x, w: marginX + bodyWidth - x, role: "TD"},
	}
}

func (b Facts) lead(c *composer) float64 {
	if len(b) == 0 {
		return 0
	}
	h, label := 4.0, b.labelWidth(c)
	for _, f := range b[:min(len(b), 2)] {
		h += c.rowHeight(b.cells(c, f, label))
	}
	return h
}

func (b Facts) draw(c *composer) {
	if len(b) == 0 {
		return
	}
	c.gap(4)
	table, label := c.tree.root.add("Table"), b.labelWidth(c)
	for i, f := range b {
		c.row(table, b.cells(c, f, label), func() {})
		if i < len(b)-1 {
			c.hairline(c.y, 0.5, hair)
		}
	}
}

// body makes the cells of a row of the table.
func (b Table) body(c *composer, cols []cell, texts []string, total bool) []cell {
	st, note := c.styles.body, c.styles.small
	if total {
		st = c.styles.total
	}
	cells := make([]cell, len(cols))
	for i, col := range cols {
		cells[i] = cell{x: col.x, w: col.w, align: col.align, role: "TD"}
		if i == 0 {
			cells[i].role, cells[i].scope = "TH", "Row"
		}
		if i < len(texts) {
			cells[i].lines = wrapNoted(texts[i], st, note, col.w)
		}
	}
	return cells
}

// header makes the cells of the header row. Every head stands on the line below it.
func (b Table) header(c *composer, cols []cell) []cell {
	cells, highest := make([]cell, len(cols)), 0.0
	for i, col := range cols {
		cells[i] = cell{role: "TH", scope: "Column", x: col.x, w: col.w, align: col.align}
		cells[i].lines = wrap(b.Columns[i].Head, c.styles.head, col.w)
		highest = max(highest, height(cells[i].lines))
	}
	for i := range cells {
		cells[i].drop = highest - height(cells[i].lines)
	}
	return cells
}

func (b Table) lead(c *composer) float64 {
	cols := b.layout(c)
	h := 10 + c.rowHeight(b.header(c, cols))
	for _, r := range b.Rows[:min(len(b.Rows), 2)] {
		h += c.rowHeight(b.body(c, cols, r, false))
	}
	if len(b.Rows) < 2 && b.Total != nil {
		h += c.rowHeight(b.body(c, cols, b.Total, true))
	}
	return h
}

func (b Table) draw(c *composer) {
	c.gap(6)
	cols := b.layout(c)
	table := c.tree.root.add("Table")
	if s := clean(b.Summary); s != "" {
		table.attrs = "<</O/Table/Summary" + textString(s) + ">>"
	}
	head := b.header(c, cols)
	again := func() { c.repeat(head) }
	c.row(table, slices.Clone(head), func() {})
	c.hairline(c.y, 1, quiet)
	for i, texts := range b.Rows {
		cells := b.body(c, cols, texts, false)
		if i == len(b.Rows)-1 && b.Total != nil { // the total is not left alone on the next page
			both := c.rowHeight(cells) + c.rowHeight(b.body(c, cols, b.Total, true))
			if c.room() < both && both+c.rowHeight(head) <= wholePage {
				c.newPage()
				again()
			}
		}
		c.row(table, cells, again)
		if i < len(b.Rows)-1 {
			c.hairline(c.y, 0.5, hair)
		}
	}
	if b.Total != nil {
		c.hairline(c.y, 1, ink)
		c.row(table, b.body(c, cols, b.Total, true), again)
	}
	c.y += 4
}

// repeat shows the header row at the top of a further page. It is decoration there: it has been read out once. A header
// that would take half of every page is not repeated.
func (c *composer) repeat(head []cell) {
	if c.rowHeight(head) > wholePage/2 {
		return
	}
	c.decorate("Pagination", func() {
		for _, h := range head {
			y := c.y + c.rowPad() + h.drop
			for _, l := range h.lines {
				c.putLine(h.x, y, h.w, h.align, l)
				y += l.st.leading
			}
		}
	})
	c.y += c.rowHeight(head)
	c.hairline(c.y, 1, quiet)
}
