package paper

// headingStyle is the look and the space above of a heading.
func (c *composer) headingStyle(level int) (style, float64) {
	switch level {
	case 1:
		return c.styles.h1, 14
	case 2:
		return c.styles.h2, 20
	}
	return c.styles.h3, 16
}

func (b Heading) lead(c *composer) float64 {
	st, above := c.headingStyle(b.Level)
	return above + height(wrap(b.Text, st, bodyWidth)) + 8
}

func (b Heading) draw(c *composer) {
	st, above := c.headingStyle(b.Level)
	lines := wrap(b.Text, st, bodyWidth)
	if len(lines) == 0 {
		return
	}
	c.gap(above)
	c.flow(c.tree.root.add([]string{"H1", "H2", "H3"}[b.Level-1]), marginX, bodyWidth, lines)
	c.y += []float64{8, 6, 3}[b.Level-1] * c.air
}

// lines wraps the paragraph.
func (b Paragraph) lines(c *composer) []line {
	st := c.styles.body
	if b.Quiet {
		st = c.styles.small
	}
	if b.Link != "" {
		st.color = c.accent
	}
	return wrap(b.Text, st, bodyWidth)
}

func (b Paragraph) lead(c *composer) float64 {
	lines := b.lines(c)
	if len(lines) == 0 {
		return 0
	}
	if len(lines) > 3 {
		lines = lines[:2]
	}
	return 6 + height(lines)
}

func (b Paragraph) draw(c *composer) {
	lines := b.lines(c)
	if len(lines) == 0 {
		return
	}
	c.gap(6)
	e := c.tree.root.add("P")
	if b.Link == "" {
		c.flow(e, marginX, bodyWidth, lines)
		return
	}
	e = e.add("Link")
	c.flowEach(lines, func(part []line) { c.linkLines(e, marginX, part, b.Link, clean(b.Text)) })
}

// linkLines sets lines at the composer's position as a link with a line below the words.
func (c *composer) linkLines(e *elem, x float64, lines []line, url, text string) {
	y := c.y
	c.y = c.stack(e, x, c.y, bodyWidth, Start, lines)
	for _, l := range lines {
		w := l.st.width(l.text)
		c.decorate("Layout", func() { c.rect(x, y+l.st.leading/2+0.35*l.st.size+1.6, w, 0.6, l.st.color) })
		c.tree.addLink(e, link{page: c.page, x: x, y: y, w: w, h: l.st.leading, url: url, text: text})
		y += l.st.leading
	}
}

func (b Rule) lead(*composer) float64 { return 20 }

func (b Rule) draw(c *composer) {
	c.gap(12)
	c.hairline(c.y, 0.6, hair)
	c.y += 6
}

func (b Spacer) lead(c *composer) float64 { return float64(b) * c.air }

func (b Spacer) draw(c *composer) { c.gap(min(float64(b), max(0, c.room()))) }

// Panel measures, in points.
const (
	panelPad  = 15.0
	panelGap  = 12.0 // above and, in part, below a panel
	columnGap = 20.0
)

// pad is the space above and below the text in a panel.
func (c *composer) pad() float64 { return 5 + (panelPad-5)*c.air }

// texts wraps the callout's title and text.
func (b Callout) texts(c *composer) (title, text []line) {
	w := bodyWidth - 2*panelPad - 4
	return wrap(b.Title, c.styles.strong, w), wrap(b.Text, c.styles.body, w)
}

func (b Callout) lead(c *composer) float64 {
	title, text := b.texts(c)
	if len(title)+len(text) == 0 {
		return 0
	}
	return panelGap + 2*c.pad() + height(title) + height(text)
}

func (b Callout) draw(c *composer) {
	title, text := b.texts(c)
	if len(title)+len(text) == 0 {
		return
	}
	c.gap(panelGap)
	h := height(title) + height(text) + 2*(c.pad()-4)
	if h > wholePage { // too long for a panel: plain text that may be broken
		Paragraph{Text: b.Title}.draw(c)
		Paragraph{Text: b.Text}.draw(c)
		return
	}
	c.need(h)
	c.decorate("Layout", func() {
		c.panel(marginX, c.y, bodyWidth, h, panelGround(c.doc.Accent))
		c.rect(marginX, c.y, 4, h, c.accent)
	})
	y, x, w := c.y+c.pad()-4, marginX+panelPad+4, bodyWidth-2*panelPad-4
	for _, lines := range [][]line{title, text} {
		if len(lines) > 0 {
			y = c.stack(c.tree.root.add("P"), x, y, w, Start, lines)
		}
	}
	c.y += h + 4
}

// column is one of the highlights: its place in the panel, its label and its value.
type column struct {
	x, w         float64
	label, value []line
}

// columns wraps the facts into columns side by side, as wide as their content asks, and returns the panel's height.
func (b Highlights) columns(c *composer) ([]column, float64) {
	n := len(b)
	natural, least := make([]float64, n), make([]float64, n)
	for i, f := range b {
		natural[i] = max(widest(f.Label, c.styles.label), widest(f.Value, c.styles.big))
		least[i] = max(longestWord(f.Label, c.styles.label), longestWord(f.Value, c.styles.big))
	}
	avail := bodyWidth - 2*panelPad - float64(n-1)*columnGap
	spare := max(0, avail-sum(natural)) / float64(n)
	x, h := marginX+panelPad, 0.0
	columns := make([]column, n)
	for i, w := range share(avail-spare*float64(n), natural, least) {
		w += spare
		label, value := wrap(b[i].Label, c.styles.label, w), wrap(b[i].Value, c.styles.big, w)
		if n := len(label); n > 0 { // a space between label and value, for those who hear them
			label[n-1].text += " "
		}
		columns[i] = column{x, w, label, value}
		x += w + columnGap
		h = max(h, height(label)+height(value)+2)
	}
	return columns, h + 2*c.pad() - 2
}

func (b Highlights) lead(c *composer) float64 {
	_, h := b.columns(c)
	return panelGap + h
}

func (b Highlights) draw(c *composer) {
	columns, h := b.columns(c)
	if h > wholePage {
		Facts(b).draw(c)
		return
	}
	c.gap(panelGap)
	c.need(h)
	c.decorate("Layout", func() { c.panel(marginX, c.y, bodyWidth, h, panelGround(c.doc.Accent)) })
	for _, col := range columns {
		if len(col.label)+len(col.value) == 0 {
			continue
		}
		e := c.tree.root.add("P")
		y := c.stack(e, col.x, c.y+c.pad()-2, col.w, Start, col.label)
		c.stack(e, col.x, y+2, col.w, Start, col.value)
	}
	c.y += h + 4
}
