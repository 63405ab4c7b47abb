package ui

// Jump is a way to a part of a page, by a link and by a key. With the browser's own modifier the key works everywhere on
// the page.
type Jump struct {
	Key   string // one letter or figure
	Label string
	Href  string // "#bills", or another page
}

// Area is a text field of several lines.
type Area struct {
	Name      string
	Label     string
	Hint      string
	Error     string
	Value     string
	Rows      int // 4 if 0
	MaxLength int
	AccessKey string
}

func (a Area) rows() string {
	if a.Rows == 0 {
		return "4"
	}
	return number(a.Rows)
}

// Moment is one entry of a timeline.
type Moment struct {
	At     string   // when, in words
	Kind   string   // what sort of thing it is: "Payment"
	Text   string   // what happened
	Lines  []string // more about it
	Tone   Tone     // Neutral if empty
	Struck bool     // it does not hold any more
	Href   string   // where Text leads, or ""
}
