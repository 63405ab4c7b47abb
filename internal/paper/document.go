package paper

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Document is one PDF on US Letter paper. Every string is finished text in the language Lang.
type Document struct {
	// Lang is the language tag of the text, such as "en-US" or "es-US". Required.
	Lang string
	// Title names the document in the window's title bar, to screen readers and in the running head. Required.
	Title string
	// Author is the organisation that issues the document. May be empty.
	Author string
	// Accent is the brand colour (red, green, blue). Where it would be too pale for text it is darkened to a contrast
	// of at least 4.5 to 1 against white.
	Accent [3]uint8
	// LogoText is the organisation's name as shown at the top of the first page. May be empty.
	LogoText string
	// Masthead is the sender's address block at the top right of the first page, one line each. May be empty.
	Masthead []string
	// Address is whom the document goes to, one line each, at most six. It stands where the window of a #10 window envelope
	// shows it once the page is folded in three, and the content begins below the first fold. Empty for a document that
	// is not posted.
	Address []string
	// Created is the date stamped into the file. It is never taken from the clock; required, in the years 1 to 9999.
	Created time.Time
	// Blocks is the content, in reading order.
	Blocks []Block
	// Footer stands at the left of every page's foot. May be empty.
	Footer string
	// PageFormat is the page number text at the right of every page's foot, in which {page} and {pages} are replaced:
	// "Page {page} of {pages}". Empty leaves the number out.
	PageFormat string
}

// Block is one piece of a document: Heading, Paragraph, Highlights, Facts, Table, Callout, QR, Rule or Spacer.
type Block interface {
	// check returns an error where the block cannot be set.
	check() error
	// lead is the height in points that must be free on a page for the block to start there.
	lead(c *composer) float64
	// draw sets the block at the composer's position and moves it on.
	draw(c *composer)
}

// Heading is a heading of level 1 (once, at the top), 2 or 3. It is never left alone at the foot of a page.
type Heading struct {
	Level int
	Text  string
}

// Paragraph is running text. A line feed starts a new line. Quiet sets it smaller and in grey. Link, where not empty,
// makes the whole paragraph a link to that address.
type Paragraph struct {
	Text  string
	Quiet bool
	Link  string
}

// Fact is a label and its value.
type Fact struct {
	Label, Value string
}

// Highlights shows one to three facts large and side by side in a tinted panel: the amount, the confirmation number.
type Highlights []Fact

// Facts is a list of labels and values, one row each, set and tagged as a table whose row headers are the labels.
type Facts []Fact

// Align says where the text of a column stands.
type Align int

// The alignments of a column. End is for amounts.
const (
	Start Align = iota
	End
)

// Column is a column of a Table: its header cell and where its text stands.
type Column struct {
	Head  string
	Align Align
}

// Table is a table with a header row. Widths follow the content. A row is never split over two pages unless it is taller
// than a page; the header is shown again on each further page. In a cell, text after a line feed is set smaller.
type Table struct {
	// Summary says what the table holds, for screen readers. May be empty.
	Summary string
	// Columns are one to twelve.
	Columns []Column
	// Rows hold one string for each column; a row with fewer is filled with empty cells.
	Rows [][]string
	// Total is the last row, set bold under a rule. Nil leaves it out.
	Total []string
}

// Callout is a panel with a coloured bar: a short title and text that must not be overlooked.
type Callout struct {
	Title, Text string
}

// QR is a QR code with what it is for beside it.
type QR struct {
	// Content is what a phone reads. Required; at most 2,331 bytes.
	Content string
	// Alt says in words what the code leads to. Required.
	Alt string
	// Title, Code, Text and Link stand beside the code: a title, a code to type set large, an explanation, and an address
	// that is shown and can be clicked (LinkText, or Link itself where that is empty). All may be empty.
	Title, Code, Text, Link, LinkText string
}

// Rule is a thin line across the page. It is decoration and is not read out.
type Rule struct{}

// Spacer leaves a space of so many points (0 to 500). It is dropped at the top of a page.
type Spacer float64

// maxColumns is the most columns that can still be read on a Letter page.
const maxColumns = 12

var langTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// check returns the first thing that keeps the document from being written.
func (d *Document) check() error {
	if !langTag.MatchString(d.Lang) {
		return fmt.Errorf("paper: Lang %q is not a language tag such as en-US", d.Lang)
	}
	if strings.TrimSpace(clean(d.Title)) == "" {
		return errors.New("paper: Title is empty; a document needs a title to be accessible")
	}
	if d.Created.IsZero() || d.Created.UTC().Year() < 1 || d.Created.UTC().Year() > 9999 {
		return fmt.Errorf("paper: Created %v is not a date between the years 1 and 9999", d.Created)
	}
	for i, b := range d.Blocks {
		if b == nil {
			return fmt.Errorf("paper: block %d is nil", i+1)
		}
		if err := b.check(); err != nil {
			return fmt.Errorf("paper: block %d: %w", i+1, err)
		}
	}
	return nil
}

func (b Heading) check() error {
	if b.Level < 1 || b.Level > 3 {
		return fmt.Errorf("heading level %d is not 1, 2 or 3", b.Level)
	}
	return nil
}

func (b Paragraph) check() error { return checkLink(b.Link) }

func (b Highlights) check() error {
	if len(b) < 1 || len(b) > 3 {
		return fmt.Errorf("%d highlights; one to three fit side by side", len(b))
	}
	return nil
}

func (b Facts) check() error { return nil }

func (b Table) check() error {
	if len(b.Columns) < 1 || len(b.Columns) > maxColumns {
		return fmt.Errorf("table has %d columns; 1 to %d are possible", len(b.Columns), maxColumns)
	}
	for i, r := range b.Rows {
		if len(r) > len(b.Columns) {
			return fmt.Errorf("table row %d has %d cells for %d columns", i+1, len(r), len(b.Columns))
		}
	}
	if len(b.Total) > len(b.Columns) {
		return fmt.Errorf("table total has %d cells for %d columns", len(b.Total), len(b.Columns))
	}
	return nil
}

func (b Callout) check() error { return nil }

func (b QR) check() error {
	if strings.TrimSpace(clean(b.Alt)) == "" {
		return errors.New("QR code has no Alt text; say in words what it leads to")
	}
	if err := checkLink(b.Link); err != nil {
		return err
	}
	_, err := encodeQR(b.Content)
	return err
}

// checkLink accepts an empty link and addresses that a reader may safely follow.
func checkLink(link string) error {
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	switch u.Scheme {
	case "https", "http", "mailto", "tel":
		return nil
	}
	return fmt.Errorf("link %q does not start with https, http, mailto or tel", link)
}

func (b Rule) check() error { return nil }

func (b Spacer) check() error {
	if !(b >= 0 && b <= 500) {
		return fmt.Errorf("spacer of %v points is not between 0 and 500", float64(b))
	}
	return nil
}
