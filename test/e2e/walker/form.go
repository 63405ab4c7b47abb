package walker

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Form is a form of a page, with the values it would send.
type Form struct {
	page   *Page
	node   *html.Node
	button *html.Node
	values url.Values
}

// Form returns the form of the first button whose words begin with the given ones, filled in as the page came.
func (p *Page) Form(button string) (*Form, error) {
	b := first(p.doc, func(n *html.Node) bool {
		return tag("button")(n) && attr(n, "type") != "button" && strings.HasPrefix(text(n), button)
	})
	if b == nil {
		return nil, fmt.Errorf("%s (%q, status %d) has no button %q: %.300s", p.URL, p.Heading(), p.Status, button, p.Text())
	}
	f := &Form{page: p, button: b, values: url.Values{}}
	if id := attr(b, "form"); id != "" {
		f.node = first(p.doc, func(n *html.Node) bool { return tag("form")(n) && attr(n, "id") == id })
	} else {
		for n := range b.Ancestors() {
			if tag("form")(n) {
				f.node = n
				break
			}
		}
	}
	if f.node == nil {
		return nil, fmt.Errorf("%s: the button %q belongs to no form", p.URL, button)
	}
	for _, n := range f.controls() {
		f.initial(n)
	}
	return f, nil
}

func (f *Form) controls() []*html.Node {
	id := attr(f.node, "id")
	return all(f.page.doc, func(n *html.Node) bool {
		if n.Type != html.ElementNode || !slices.Contains([]string{"input", "select", "textarea"}, n.Data) {
			return false
		}
		if owner := attr(n, "form"); owner != "" {
			return owner == id
		}
		return slices.Contains(slices.Collect(n.Ancestors()), f.node)
	})
}

// initial adds what a control sends untouched.
func (f *Form) initial(n *html.Node) {
	name, kind := attr(n, "name"), attr(n, "type")
	switch {
	case name == "" || has(n, "disabled") || kind == "submit":
	case (kind == "checkbox" || kind == "radio") && !has(n, "checked"):
	case n.Data == "textarea":
		f.values.Add(name, text(n))
	case n.Data == "select":
		if option := first(n, func(o *html.Node) bool { return tag("option")(o) && has(o, "selected") }); option != nil {
			f.values.Add(name, attr(option, "value"))
		}
	default:
		f.values.Add(name, value(n))
	}
}

func value(n *html.Node) string {
	if kind := attr(n, "type"); (kind == "checkbox" || kind == "radio") && !has(n, "value") {
		return "on"
	}
	return attr(n, "value")
}

// Fill writes a text into the field whose label begins with the given words.
func (f *Form) Fill(label, text string) error {
	n, err := f.labelled(label, func(n *html.Node) bool { return attr(n, "type") != "checkbox" && attr(n, "type") != "radio" })
	if err != nil {
		return err
	}
	f.values.Set(attr(n, "name"), text)
	return nil
}

// Choose picks the radio button whose label begins with the given words.
func (f *Form) Choose(label string) error {
	n, err := f.labelled(label, func(n *html.Node) bool { return attr(n, "type") == "radio" })
	if err != nil {
		return err
	}
	f.values.Set(attr(n, "name"), value(n))
	return nil
}

// Boxes returns the labels of the checkboxes, in order.
func (f *Form) Boxes() []string {
	var out []string
	for _, n := range f.checkboxes() {
		out = append(out, f.label(n))
	}
	return out
}

// Tick leaves exactly the checkboxes with these places in Boxes ticked.
func (f *Form) Tick(places ...int) {
	boxes := f.checkboxes()
	for _, n := range boxes {
		f.values.Del(attr(n, "name"))
	}
	for i, n := range boxes {
		if slices.Contains(places, i) {
			f.values.Add(attr(n, "name"), value(n))
		}
	}
}

// Set writes a value that no person types, such as what the card frame's script puts into a hidden field.
func (f *Form) Set(name, value string) { f.values.Set(name, value) }

func (f *Form) checkboxes() []*html.Node {
	return slices.DeleteFunc(f.controls(), func(n *html.Node) bool { return attr(n, "type") != "checkbox" || has(n, "disabled") })
}

// Values returns a copy of what the form would send, the button's own value included.
func (f *Form) Values() url.Values {
	out := url.Values{}
	for k, v := range f.values {
		out[k] = slices.Clone(v)
	}
	if name := attr(f.button, "name"); name != "" {
		out.Set(name, attr(f.button, "value"))
	}
	return out
}

// Send presses the button and returns the page after all redirects.
func (f *Form) Send(ctx context.Context, v *Visitor) (*Page, error) {
	action := attr(f.node, "action")
	if a := attr(f.button, "formaction"); a != "" {
		action = a
	}
	at, err := f.page.URL.Parse(action)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(attr(f.node, "method"), http.MethodPost) {
		at.RawQuery = f.Values().Encode()
		return v.do(ctx, http.MethodGet, at, nil)
	}
	return v.do(ctx, http.MethodPost, at, f.Values())
}

func (f *Form) labelled(label string, fits func(*html.Node) bool) (*html.Node, error) {
	var labels []string
	for _, n := range f.controls() {
		if !fits(n) || attr(n, "type") == "hidden" {
			continue
		}
		l := f.label(n)
		if strings.HasPrefix(l, label) {
			return n, nil
		}
		labels = append(labels, l)
	}
	return nil, fmt.Errorf("%s has no field %q, only %q", f.page.URL, label, labels)
}

// label is the accessible name of a control: aria-label, the label that names it, or the label around it.
func (f *Form) label(n *html.Node) string {
	if name := attr(n, "aria-label"); name != "" {
		return name
	}
	id := attr(n, "id")
	if l := first(f.page.doc, func(l *html.Node) bool { return tag("label")(l) && id != "" && attr(l, "for") == id }); l != nil {
		return text(l)
	}
	for l := range n.Ancestors() {
		if tag("label")(l) {
			return text(l)
		}
	}
	return ""
}
