package paper

import (
	"strconv"
	"strings"
)

// The window of a #10 window envelope, as it lies over the first page however the page slides in the envelope.
const (
	windowX      = marginX + 6
	windowTop    = 158.0
	windowWidth  = 262.0
	windowLines  = 6
	firstFold    = pageHeight / 3
	belowTheFold = firstFold + 4
)

// masthead sets the head of the first page: who sends the document, and whom it goes to.
func (c *composer) masthead() {
	const mastWidth = 210.0
	var mast []line
	for _, s := range c.doc.Masthead {
		if lines := wrap(s, c.styles.mast, mastWidth); len(lines) > 0 {
			lines[len(lines)-1].text += " "
			mast = append(mast, lines...)
		}
	}
	most := 10 // an address; more would push the text off the page
	if len(c.doc.Address) > 0 {
		most = 7 // more would show in the window
	}
	mast = mast[:min(len(mast), most)]
	logo := wrap(c.doc.LogoText, c.styles.logo, bodyWidth-mastWidth-24)
	logo = logo[:min(len(logo), 4)]
	defer c.address()
	if len(mast)+len(logo) == 0 {
		return
	}
	y := c.y
	if len(logo) > 0 {
		y = c.stack(c.tree.root.add("P"), marginX, c.y, bodyWidth, Start, logo)
	}
	if len(mast) > 0 {
		y = max(y, c.stack(c.tree.root.add("P"), pageWidth-marginX-mastWidth, c.y+2, mastWidth, End, mast))
	}
	c.y = y + 16*c.air
}

// address sets whom the document goes to into the window, and moves on below the fold.
func (c *composer) address() {
	var lines []line
	for _, s := range c.doc.Address {
		if l := wrap(s, c.styles.address, windowWidth); len(l) > 0 {
			l[len(l)-1].text += " "
			lines = append(lines, l...)
		}
	}
	if len(lines) == 0 {
		return
	}
	c.stack(c.tree.root.add("P"), windowX, windowTop, windowWidth, Start, lines[:min(len(lines), windowLines)])
	c.y = belowTheFold
}

// furnish draws what stands on every page, once their number is known: the band, the running head and the foot.
func (c *composer) furnish() {
	pages := c.page
	for n := 1; n <= pages; n++ {
		c.pdf.SetPage(n)
		c.font = ""
		c.decorate("Pagination", func() {
			c.rect(0, 0, pageWidth, 7, c.doc.Accent)
			if n > 1 {
				c.runningHead()
			}
			c.foot(n, pages)
		})
	}
}

// runningHead repeats the sender and the title at the top of each further page.
func (c *composer) runningHead() {
	const half = bodyWidth/2 - 12
	small := c.styles.small
	brand := small
	brand.face, brand.color = c.styles.logo.face, c.accent
	if l := wrap(c.doc.LogoText, brand, half); len(l) > 0 {
		c.putLine(marginX, 38, half, Start, l[0])
	}
	if l := wrap(c.doc.Title, small, half); len(l) > 0 {
		c.putLine(marginX+bodyWidth-half, 38, half, End, l[0])
	}
	c.rect(marginX, 57, bodyWidth, 0.6, hair)
}

// foot sets the footer and the page number.
func (c *composer) foot(page, pages int) {
	const top = bottom + 22
	const maxNumber = 160.0
	c.rect(marginX, top-6, bodyWidth, 0.6, hair)
	small, numberWidth := c.styles.small, 0.0
	number := strings.NewReplacer("{page}", strconv.Itoa(page), "{pages}", strconv.Itoa(pages)).Replace(c.doc.PageFormat)
	if l := wrap(number, small, maxNumber); len(l) > 0 {
		c.putLine(marginX, top, bodyWidth, End, l[0])
		numberWidth = small.width(l[0].text)
	}
	left := wrap(c.doc.Footer, small, bodyWidth-numberWidth-16)
	for i, l := range left[:min(len(left), 2)] {
		c.putLine(marginX, top+float64(i)*small.leading, bodyWidth, Start, l)
	}
}
