package paper

import (
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// The page, in points from the top left.
const (
	pageWidth  = 612.0
	pageHeight = 792.0
	marginX    = 60.0
	bodyWidth  = pageWidth - 2*marginX
	firstTop   = 42.0 // where the first page begins
	nextTop    = 74.0 // where the text of each further page begins, below the running head
	bottom     = pageHeight - 66.0
	wholePage  = bottom - nextTop
)

// composer sets blocks one below the other onto pages and records their structure. Without a pdf it only goes through the
// motions, to find out how many pages the document takes.
type composer struct {
	pdf    *fpdf.Fpdf // nil in a rehearsal
	doc    *Document
	tree   tree
	accent rgb // the brand colour, dark enough for text
	styles styles
	air    float64 // how generous the space around blocks and rows is: 1, or less where that saves a page

	page int
	top  float64 // where this page's text began
	y    float64 // where the next block begins
	font string  // the font set on this page, to set it only where it changes
}

// styles are the looks of text.
type styles struct {
	logo, mast, address     style
	h1, h2, h3              style
	body, strong, small     style
	label, big, head, total style
}

// newComposer returns a composer at the top of the first page.
func newComposer(d *Document, f faces, air float64, pdf *fpdf.Fpdf) *composer {
	c := &composer{pdf: pdf, doc: d, air: air}
	c.accent = rgb(d.Accent).readable(panelGround(rgb(d.Accent)))
	c.styles = styles{
		logo:    style{f.bold, 16, 20, c.accent},
		mast:    style{f.regular, 9, 13, quiet},
		address: style{f.regular, 10.5, 13, ink},
		h1:      style{f.bold, 26, 32, ink},
		h2:      style{f.bold, 13.5, 18, ink},
		h3:      style{f.bold, 11, 15, ink},
		body:    style{f.regular, 10.5, 15, ink},
		strong:  style{f.bold, 10.5, 15, ink},
		small:   style{f.regular, 9, 13, quiet},
		label:   style{f.regular, 10, 15, quiet},
		big:     style{f.bold, 19, 25, c.accent},
		head:    style{f.bold, 9, 12.5, quiet},
		total:   style{f.bold, 11, 15, ink},
	}
	c.tree.root = &elem{role: "Document"}
	c.newPage()
	return c
}

// panelGround is the pale tint behind highlights and callouts.
func panelGround(accent rgb) rgb { return white.mix(accent, 0.06) }

// newPage starts the next page.
func (c *composer) newPage() {
	if c.pdf != nil {
		c.pdf.AddPage()
	}
	c.page++
	c.font = ""
	c.y = nextTop
	if c.page == 1 {
		c.y = firstTop
	}
	c.top = c.y
}

// room is what is left of the page, in points.
func (c *composer) room() float64 { return bottom - c.y }

// need starts a new page where less than height is left of this one, unless it is still empty.
func (c *composer) need(height float64) {
	if c.room() < height && c.y > c.top {
		c.newPage()
	}
}

// gap leaves a space before a block, except at the top of a page.
func (c *composer) gap(height float64) {
	if c.y > c.top {
		c.y += height * c.air
	}
}

// keep starts a new page where the first block, and what must not be parted from it, does not fit on this one.
func (c *composer) keep(blocks []Block) {
	height := 0.0
	for _, b := range blocks {
		lead := b.lead(c)
		height += lead
		switch b.(type) {
		case Heading, Rule, Spacer:
			continue
		}
		if lead > 0 { // not a block that sets nothing
			break
		}
	}
	c.need(min(height, wholePage))
}

// raw writes operators into the page.
func (c *composer) raw(format string, args ...any) {
	if c.pdf != nil {
		c.pdf.RawWriteStr(fmt.Sprintf(format, args...))
	}
}

// mark draws what belongs to e: one piece of marked content on this page.
func (c *composer) mark(e *elem, draw func()) {
	actual := ""
	if e.actual != "" {
		actual = "/ActualText" + textString(e.actual)
	}
	c.raw("/%s <</MCID %d%s>> BDC\n", e.role, c.tree.own(e, c.page), actual)
	draw()
	c.raw("EMC\n")
}

// decorate draws what is not read out. The kind is "Layout" for rules and grounds, or "Pagination".
func (c *composer) decorate(kind string, draw func()) {
	c.raw("/Artifact <</Type/%s>> BDC\n", kind)
	draw()
	c.raw("EMC\n")
}

// rect fills a rectangle.
func (c *composer) rect(x, y, w, h float64, color rgb) {
	c.raw("q %s rg %.2f %.2f %.2f %.2f re f Q\n", color.operands(), x, pageHeight-y-h, w, h)
}

// hairline draws a thin rule across the text as decoration.
func (c *composer) hairline(y, thickness float64, color rgb) {
	c.decorate("Layout", func() { c.rect(marginX, y-thickness/2, bodyWidth, thickness, color) })
}

// panel fills a rectangle with rounded corners.
func (c *composer) panel(x, y, w, h float64, ground rgb) {
	const r, k = 6.0, 6.0 * 0.4477 // k: how far a Bézier handle stays from the corner to make a quarter of a circle
	l, rt, t, b := x, x+w, pageHeight-y, pageHeight-y-h
	c.raw("q %s rg %.2f %.2f m %.2f %.2f l ", ground.operands(), l+r, b, rt-r, b)
	c.raw("%.2f %.2f %.2f %.2f %.2f %.2f c %.2f %.2f l ", rt-k, b, rt, b+k, rt, b+r, rt, t-r)
	c.raw("%.2f %.2f %.2f %.2f %.2f %.2f c %.2f %.2f l ", rt, t-k, rt-k, t, rt-r, t, l+r, t)
	c.raw("%.2f %.2f %.2f %.2f %.2f %.2f c %.2f %.2f l ", l+k, t, l, t-k, l, t-r, l, b+r)
	c.raw("%.2f %.2f %.2f %.2f %.2f %.2f c h f Q\n", l, b+k, l+k, b, l+r, b)
}

// put sets one line of text with its baseline at y.
func (c *composer) put(x, y float64, st style, text string) {
	if c.pdf == nil {
		return
	}
	shown := st.face.shown(text)
	if strings.TrimSpace(shown) == "" {
		return
	}
	weight := ""
	if st.face.bold {
		weight = "B"
	}
	if font := fmt.Sprint(weight, st.size); font != c.font {
		c.pdf.SetFont(fontFamily, weight, st.size)
		c.font = font
	}
	c.pdf.SetTextColor(int(st.color[0]), int(st.color[1]), int(st.color[2]))
	c.pdf.Text(x, y, shown)
}

// putLine sets a wrapped line into the box that begins at x and is w wide, with the top of the line at y.
func (c *composer) putLine(x, y, w float64, align Align, l line) {
	if align == End {
		x += w - l.st.width(l.text)
	}
	c.put(x, y+l.st.leading/2+0.35*l.st.size, l.st, l.text)
}

// height is the height of the lines one below the other, in points.
func height(lines []line) float64 {
	h := 0.0
	for _, l := range lines {
		h += l.st.leading
	}
	return h
}

// stack sets lines one below the other as content of e, and returns where they end. The lines must fit on the page. A line
// that is shown otherwise than it reads (a box for a character the font lacks) becomes a Span that keeps the real text.
func (c *composer) stack(e *elem, x, y, w float64, align Align, lines []line) float64 {
	for len(lines) > 0 {
		owner, n := e, 1
		if lines[0].replaced() {
			owner = e.add("Span")
			owner.actual = lines[0].text
		} else {
			for n < len(lines) && !lines[n].replaced() {
				n++
			}
		}
		c.mark(owner, func() {
			for _, l := range lines[:n] {
				c.putLine(x, y, w, align, l)
				y += l.st.leading
			}
		})
		lines = lines[n:]
	}
	return y
}

// flow sets lines down the page and over as many pages as they need, as content of e.
func (c *composer) flow(e *elem, x, w float64, lines []line) {
	c.flowEach(lines, func(part []line) { c.y = c.stack(e, x, c.y, w, Start, part) })
}

// flowEach hands out the lines in parts that fit on a page each.
func (c *composer) flowEach(lines []line, set func([]line)) {
	for len(lines) > 0 {
		c.need(lines[0].st.leading)
		n, h := 1, lines[0].st.leading
		for n < len(lines) && h+lines[n].st.leading <= c.room() {
			h += lines[n].st.leading
			n++
		}
		set(lines[:n])
		lines = lines[n:]
	}
}
