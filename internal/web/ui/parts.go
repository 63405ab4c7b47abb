package ui

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// Tone is the mood of a notice, panel or tag. It is always told by words and a sign too, never by colour alone.
type Tone string

const (
	Info    Tone = "info"
	Success Tone = "success"
	Warning Tone = "warning"
	Bad     Tone = "danger"
	Neutral Tone = "neutral"
)

func (t Tone) or(other Tone) Tone {
	if t == "" {
		return other
	}
	return t
}

// Tag is a short status: "Past due".
type Tag struct {
	Text string
	Tone Tone // Neutral if empty
}

// Notice is a message that stands out. Children, if any, follow Text.
type Notice struct {
	Tone  Tone   // Info if empty
	Title string // "" gives the tone's own title
	Text  string
	Live  bool // read aloud as soon as the page shows it
}

// Panel is the big answer of a page: what became of a payment. Its title is the page's h1, unless it stands Within a page
// that has one.
type Panel struct {
	Tone   Tone // Success if empty
	Title  string
	Text   string
	Label  string // "Confirmation number"
	Number string // in large figures below Label
	Within bool
}

// Card is a surface with an optional heading. Level is the heading's level, 2 if 0.
type Card struct {
	Title string
	Level int
	Soft  bool // shaded instead of raised
	ID    string
}

// Row is one line of a summary list: a question and its answer, or a name and its value.
type Row struct {
	Key    string
	Value  string
	Lines  []string        // further lines of the answer
	Body   templ.Component // instead of Value and Lines
	Change *Link           // where to change the answer
	Strong bool            // a total
}

// Table is a table with a caption. On a narrow screen each row becomes a block with the column names beside the values.
type Table struct {
	Caption       string
	HideCaption   bool // read aloud, not shown
	Columns       []Column
	Rows          [][]Cell
	FirstIsHeader bool // the first cell of a row names the row
}

// Column is a table's column. Money columns are set to the right. Prose holds sentences: on a narrow screen they stand below
// their label, and begin at the left.
type Column struct {
	Label string
	Money bool
	Prose bool
}

// Cell is one cell. Body wins over Text; Href makes Text a link, with What read aloud after it.
type Cell struct {
	Text string
	Href string
	What string
	Lang string // of Text, where it is not that of the page
	Body templ.Component
}

// longWord is how many characters a word has that may be broken, so that its column does not push others off the page.
const longWord = 20

// class is that of a cell in a column: where it has a word of longWord characters, that one may break.
func (c Cell) class(column string) string {
	long := slices.ContainsFunc(strings.Fields(c.Text), func(word string) bool { return utf8.RuneCountInString(word) >= longWord })
	if long {
		return strings.TrimSpace(column + " long")
	}
	return column
}

// Amount is an amount of money that matters on the page.
type Amount struct {
	Label string // above it: "Total you can pay now"
	Text  string // "$1,234.50", from Words.Amount
	Note  string // below it
	Big   bool
}

// Pages is where in a long list this page stands. Href makes the address of a page, counted from 1.
type Pages struct {
	Number, Total int
	Href          func(page int) string
}

// Empty is what a list shows instead of nothing. Children are the way on.
type Empty struct {
	Title string
	Text  string
}

// QR is a picture to scan. Text is what is read aloud instead; Caption is shown below.
type QR struct {
	Src     string // address of the picture on this site
	Text    string
	Caption string
}

// Details is a question that opens to its answer. Children are the answer.
type Details struct {
	Summary string
	Open    bool
}

func number(n int) string { return strconv.Itoa(n) }

func (c Column) class() string {
	switch {
	case c.Money:
		return "num"
	case c.Prose:
		return "prose"
	}
	return ""
}

func (t Table) class(i int) string {
	if i < len(t.Columns) {
		return t.Columns[i].class()
	}
	return ""
}

func (t Table) label(i int) string {
	if i < len(t.Columns) {
		return t.Columns[i].Label
	}
	return ""
}
