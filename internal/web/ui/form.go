package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// ButtonKind is how much a button asks for attention.
type ButtonKind string

const (
	Primary   ButtonKind = ""          // the one thing to do next
	Secondary ButtonKind = "secondary" // another way
	Danger    ButtonKind = "danger"    // undoes or cancels something
	Quiet     ButtonKind = "quiet"     // looks like a link
)

// Button is a button of a form or, where Href is set, a link that looks like one.
type Button struct {
	Label string
	Kind  ButtonKind
	Href  string // a link instead of a submit button
	Name  string // submit only: form field that the button sets
	Value string
	What  string // read aloud after the label and not shown
	ID    string
	Form  string // submit only: action instead of the form's own
}

// FormProps is where a form goes. Method is "post" unless it is "get".
type FormProps struct {
	Action string
	Method string
	ID     string
	Quiet  bool // the browser may not offer to remember what is typed (account numbers)
}

// Width is how long an answer a field suggests. Every field still fits a narrow screen.
type Width string

const (
	Full   Width = ""
	Short  Width = "w-short"  // a date part, a code
	Medium Width = "w-medium" // a phone or routing number
	Money  Width = "w-money"  // an amount
)

// Field is a one-line text field. Name is also its id, so a Problem with the same Field links to it.
type Field struct {
	Name         string
	Label        string
	Hint         string
	Error        string // what to do about the answer; "" if it is fine
	Value        string
	Type         string // "text" if empty; "email", "tel", "password", "search"
	Autocomplete string // token of the HTML standard, or "off"
	InputMode    string // "numeric", "decimal", "email" ...
	Width        Width
	Prefix       string // shown before the answer and not part of it: "$"
	MaxLength    int    // 0 is no limit in the browser
	Optional     bool   // says "(optional)" after the label
	Digits       bool   // figures of one width, no spelling help
	Off          bool   // cannot be changed
	AccessKey    string // a key that leads here, with the browser's own modifier
	Focus        bool   // the page opens with the cursor here; for pages that are this field and what it finds
}

// Date is a date asked for in three fields, Name_month, Name_day and Name_year. A Problem may name any of these, or
// Name, which links to the month.
type Date struct {
	Name             string
	Label            string
	Hint             string
	Error            string
	Month, Day, Year string   // as typed
	Wrong            []string // which parts to mark: "month", "day", "year"; all if empty and Error is set
	Birth            bool     // the browser may fill in the reader's own birthday
}

func (d Date) wrong(part string) bool {
	if d.Error == "" {
		return false
	}
	for _, w := range d.Wrong {
		if w == part {
			return true
		}
	}
	return len(d.Wrong) == 0
}

func (d Date) autocomplete(part string) string {
	if d.Birth {
		return "bday-" + part
	}
	return "off"
}

// Choices is a group of radio buttons or checkboxes.
type Choices struct {
	Name    string
	Legend  string
	Title   bool // the legend is the page's h1
	Hint    string
	Error   string
	Options []Option
	Inline  bool // short options stand side by side where there is room
}

// Option is one radio button or checkbox. The first option's id is the group's Name, further ones Name-2, Name-3.
type Option struct {
	Value    string
	Label    string
	Aside    string   // right of the label and part of it: an amount
	Lines    []string // below the label: date, whom it is for
	NoScript string   // below Lines where the browser runs no scripts
	Tag      *Tag
	Group    string // in a Select: what the options that follow each other with it have in common
	Checked  bool
	Off      bool            // cannot be chosen; Lines should say why
	Reveal   templ.Component // further fields, shown while the option is chosen
}

func (c Choices) id(i int) string {
	if i == 0 {
		return c.Name
	}
	return c.Name + "-" + number(i+1)
}

// Select is a list to choose one from, for filters. Use radios where there are few.
type Select struct {
	Name, Label, Hint, Error string
	Options                  []Option
}

// groups are the options in their order, cut where the group changes.
func (s Select) groups() (out [][]Option) {
	for i, o := range s.Options {
		if i == 0 || o.Group != s.Options[i-1].Group {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], o)
	}
	return out
}

// describedBy joins the ids of hint and error, in reading order.
func describedBy(name, hint, problem string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, name+"-hint")
	}
	if problem != "" {
		ids = append(ids, name+"-error")
	}
	return strings.Join(ids, " ")
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (b Button) class() string {
	if b.Kind == Primary {
		return "btn"
	}
	return "btn " + string(b.Kind)
}
