package ui

// Search is a search field with its button.
type Search struct {
	Action string
	Name   string // of the field, and its id
	Label  string
	Hint   string
	Value  string
	Button string
}

// Answer is an article in a list.
type Answer struct {
	Title string
	Href  string
	Text  []Span
	Lang  string // its language where that is not the page's
}

// Span is a piece of a text; Mark is what was searched for.
type Span struct {
	Text string
	Mark bool
}

// Article is an answer of the help center.
type Article struct {
	Title   string
	Summary string
	HTML    string // rendered from Markdown by the help center, which lets no markup of the text through
	Lang    string // its language where that is not the page's
	Within  bool   // the page has a title of its own
}
