package walker

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Page is a page as it came.
type Page struct {
	URL    *url.URL // after redirects
	Status int
	doc    *html.Node
}

// Heading is the text of the first h1, "" without one.
func (p *Page) Heading() string {
	if n := first(p.doc, tag("h1")); n != nil {
		return text(n)
	}
	return ""
}

// Text is everything a person reads in the page's main part, with single spaces.
func (p *Page) Text() string {
	if n := first(p.doc, tag("main")); n != nil {
		return text(n)
	}
	return text(p.doc)
}

// Link returns the address of the first link whose text begins with words, resolved against the page's own.
func (p *Page) Link(words string) (string, bool) {
	n := first(p.doc, func(n *html.Node) bool { return tag("a")(n) && strings.HasPrefix(text(n), words) })
	if n == nil {
		return "", false
	}
	at, err := p.URL.Parse(attr(n, "href"))
	if err != nil {
		return "", false
	}
	return at.String(), true
}

// Attribute returns the value of an attribute of the first element that has it, "" without one.
func (p *Page) Attribute(name string) string {
	if n := first(p.doc, func(n *html.Node) bool { return attr(n, name) != "" }); n != nil {
		return attr(n, name)
	}
	return ""
}

func tag(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Type == html.ElementNode && n.Data == name }
}

// first returns the first node, in reading order, that fits.
func first(n *html.Node, fits func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if fits(c) {
			return c
		}
	}
	return nil
}

func all(n *html.Node, fits func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for c := range n.Descendants() {
		if fits(c) {
			out = append(out, c)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// text is what is readable in a node: no scripts, styles or templates, white space folded.
func text(n *html.Node) string {
	var words []string
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			words = append(words, strings.Fields(n.Data)...)
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "template"):
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(words, " ")
}
