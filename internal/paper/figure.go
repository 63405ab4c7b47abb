package paper

import "fmt"

// The QR code on paper, in points. A module is at least half a millimetre wide at the sizes used here.
const (
	qrSize = 108.0 // with its quiet zone
	qrPad  = 10.0
	// besideGap is the space between the texts beside the code.
	besideGap = 4.0
)

// beside wraps the texts that stand beside the code. The last one is the link, where there is one.
func (b QR) beside(c *composer) [][]line {
	code := c.styles.big
	small := c.styles.small
	address := c.styles.body
	address.color = c.accent
	w := bodyWidth - qrSize - 4*qrPad
	linkText := ""
	if b.Link != "" {
		if linkText = b.LinkText; clean(linkText) == "" {
			linkText = b.Link
		}
	}
	return [][]line{
		wrap(b.Title, c.styles.h3, w), wrap(b.Code, code, w), wrap(b.Text, small, w), wrap(linkText, address, w),
	}
}

// besideHeight is the height of the texts.
func besideHeight(texts [][]line) float64 {
	h := 0.0
	for _, t := range texts {
		if len(t) > 0 {
			h += height(t) + besideGap
		}
	}
	return h
}

func (b QR) lead(c *composer) float64 {
	return panelGap + max(qrSize, besideHeight(b.beside(c))) + 2*qrPad
}

func (b QR) draw(c *composer) {
	var code modules
	if c.pdf != nil { // a rehearsal needs the room, not the picture
		var err error
		if code, err = encodeQR(b.Content); err != nil {
			c.pdf.SetError(err)
			return
		}
	}
	texts := b.beside(c)
	text := besideHeight(texts)
	h := max(qrSize, text) + 2*qrPad
	fits := h <= wholePage
	if !fits { // too much text to stand beside the code: it goes below, where it may be broken
		h = qrSize + 2*qrPad
	}
	c.gap(panelGap)
	c.need(h)
	c.decorate("Layout", func() {
		c.panel(marginX, c.y, bodyWidth, h, hair)
		c.panel(marginX+0.8, c.y+0.8, bodyWidth-1.6, h-1.6, white)
	})
	c.figure(code, b.Alt, marginX+qrPad, c.y+(h-qrSize)/2)
	below := c.y + h
	if fits {
		c.y += (h - text) / 2
		b.texts(c, texts, marginX+qrSize+3*qrPad)
		c.y = below + 4
		return
	}
	c.y = below + 6
	b.texts(c, texts, marginX)
}

// texts sets the texts down the page, the last one as a link.
func (b QR) texts(c *composer, texts [][]line, x float64) {
	for i, lines := range texts {
		if len(lines) == 0 {
			continue
		}
		e := c.tree.root.add("P")
		if i == len(texts)-1 {
			e = e.add("Link")
			c.flowEach(lines, func(part []line) { c.linkLines(e, x, part, b.Link, clean(b.Alt)) })
		} else {
			c.flow(e, x, bodyWidth, lines)
		}
		c.y += besideGap
	}
}

// figure draws the code with the top left corner of its quiet zone at x, y.
func (c *composer) figure(code modules, alt string, x, y float64) {
	e := c.tree.root.add("Figure")
	e.alt = clean(alt)
	e.attrs = fmt.Sprintf("<</O/Layout/Placement/Block/BBox[%.2f %.2f %.2f %.2f]>>",
		x, pageHeight-y-qrSize, x+qrSize, pageHeight-y)
	module := qrSize / float64(len(code)+2*quietZone)
	c.mark(e, func() {
		c.raw("q 0 g\n")
		code.runs(func(mx, my, length int) {
			c.raw("%.3f %.3f %.3f %.3f re\n", x+float64(mx+quietZone)*module,
				pageHeight-y-float64(my+quietZone+1)*module, float64(length)*module, module)
		})
		c.raw("f Q\n")
	})
}
