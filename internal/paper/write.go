package paper

import (
	"bytes"
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// Write sets the document and writes it to w as a tagged PDF 1.7. It writes once, and only when the whole document is
// done, so that an error never leaves half a file behind. Errors: a document that cannot be set (its text names the block),
// or the writer's own. Hostile text is no error: it is cleaned, wrapped and set.
func Write(w io.Writer, d Document) error {
	if err := d.check(); err != nil {
		return err
	}
	fonts, err := loadFaces()
	if err != nil {
		return err
	}
	c := newComposer(&d, fonts, bestAir(&d, fonts), newPDF())
	c.compose()
	c.furnish()
	var raw bytes.Buffer
	if err := c.pdf.Output(&raw); err != nil {
		return fmt.Errorf("paper: %w", err)
	}
	sealed, err := seal(raw.Bytes(), &d, &c.tree)
	if err != nil {
		return err
	}
	if _, err := w.Write(sealed); err != nil {
		return fmt.Errorf("paper: write: %w", err)
	}
	return nil
}

// compose sets the content.
func (c *composer) compose() {
	c.masthead()
	for i, b := range c.doc.Blocks {
		c.keep(c.doc.Blocks[i:])
		b.draw(c)
	}
}

// bestAir rehearses the document with generous and with tighter space, and returns the most generous that needs the fewest
// pages.
func bestAir(d *Document, fonts faces) float64 {
	best, fewest := 0.0, 0
	for _, air := range []float64{1, 0.85, 0.7, 0.55} {
		c := newComposer(d, fonts, air, nil)
		c.compose()
		if fewest == 0 || c.page < fewest {
			best, fewest = air, c.page
		}
		if fewest == 1 {
			break
		}
	}
	return best
}

// fontFamily is the name under which fpdf knows the fonts; seal replaces it by the real one.
const fontFamily = "body"

// newPDF returns an empty fpdf document that measures in points. It is given its own copies of the fonts, because fpdf
// writes padding into the bytes it is given.
func newPDF() *fpdf.Fpdf {
	pdf := fpdf.New("P", "pt", "Letter", "")
	pdf.SetCatalogSort(true) // else the order of the fonts is left to chance
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.AddUTF8FontFromBytes(fontFamily, "", bytes.Clone(liberationsansregular.TTF))
	pdf.AddUTF8FontFromBytes(fontFamily, "B", bytes.Clone(liberationsansbold.TTF))
	return pdf
}
