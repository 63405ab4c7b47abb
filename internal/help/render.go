package help

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Facts are what the organisation says about itself, by name: see FactNames. "" is not set.
type Facts map[string]string

// Fact values that are links are written with their target: "1-800-555-0142|tel:+18005550142".
func factText(value string) string {
	label, target, linked := strings.Cut(value, "|")
	label = escape(label)
	if !linked {
		return label
	}
	return "[" + label + "](" + target + ")"
}

// escape writes text so that Markdown takes it as it is.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && strings.ContainsRune("\\`*_{}[]()#+-.!<>|&~^=$\"'", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fill puts the facts into a body. A line that asks for one that is not set is left out.
func fill(body string, known Facts) string {
	if !strings.Contains(body, "{{") {
		return body
	}
	var out []string
	for _, line := range strings.Split(body, "\n") {
		missing := false
		line = facts.ReplaceAllStringFunc(line, func(s string) string {
			value := known[strings.Trim(s, "{}")]
			missing = missing || value == ""
			return factText(value)
		})
		if !missing {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// markdown reads and writes CommonMark. Raw HTML is left out, as is every address that could run something.
var markdown = goldmark.New()

// HTML renders the body of an article: its headings below the page's own, no markup from the text, links only where they
// are safe. away is said after links that lead to another site, read aloud and not shown.
func (a Article) HTML(known Facts, away string) (string, error) {
	src := []byte(fill(a.Body, known))
	root := markdown.Parser().Parse(text.NewReader(src))
	tame(root, src, away)
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, src, root); err != nil {
		return "", fmt.Errorf("render the article %s: %w", a.Slug, err)
	}
	return out.String(), nil
}

// tame makes a parsed text safe and fit for the page.
func tame(root ast.Node, src []byte, away string) {
	var nodes []ast.Node
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			nodes = append(nodes, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(6, n.Level+1)
		case *ast.RawHTML, *ast.HTMLBlock:
			n.Parent().RemoveChild(n.Parent(), n)
		case *ast.Image:
			unwrap(n) // pictures would be loaded from elsewhere: what they say stays
		case *ast.Link:
			if !safe(string(n.Destination)) {
				unwrap(n)
			} else if elsewhere(string(n.Destination)) {
				n.SetAttributeString("rel", []byte("noopener noreferrer external"))
				n.Title = nil
				n.AppendChild(n, ast.NewString([]byte(" ("+away+")")))
			}
		case *ast.AutoLink:
			if address := string(n.URL(src)); n.AutoLinkType == ast.AutoLinkURL && !safe(address) {
				n.Parent().ReplaceChild(n.Parent(), n, ast.NewString([]byte(address)))
			} else if elsewhere(address) {
				n.SetAttributeString("rel", []byte("noopener noreferrer external"))
				n.Parent().InsertAfter(n.Parent(), n, ast.NewString([]byte(" ("+away+")")))
			}
		}
	}
}

// unwrap puts the children of a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; {
		next := child.NextSibling()
		parent.InsertBefore(parent, n, child)
		child = next
	}
	parent.RemoveChild(parent, n)
}

// safe reports whether a link may lead to an address.
func safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "https":
		return u.Host != "" && u.User == nil
	case "mailto", "tel":
		return true
	case "":
		return u.Host == "" && (strings.HasPrefix(address, "#") || strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//"))
	}
	return false
}

func elsewhere(address string) bool { return strings.HasPrefix(strings.ToLower(address), "https:") }

// link is one link of a body.
type link struct {
	address string
	line    int // in the body, from 1; that of its block
}

// links are the links of a body, in order.
func links(body string) []link {
	src := []byte(body)
	root := markdown.Parser().Parse(text.NewReader(src))
	var out []link
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			if address := string(n.Destination); !facts.MatchString(address) {
				out = append(out, link{address, lineOf(n, src)})
			}
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				out = append(out, link{string(n.URL(src)), lineOf(n, src)})
			}
		}
		return ast.WalkContinue, nil
	})
	return out
}

func lineOf(n ast.Node, src []byte) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			return 1 + bytes.Count(src[:n.Lines().At(0).Start], []byte("\n"))
		}
	}
	return 1
}

// Links are the addresses that the body links to, in order.
func (a Article) Links() []string {
	var out []string
	for _, l := range links(a.Body) {
		out = append(out, l.address)
	}
	return out
}

// Names are the words in bold: names of buttons, fields, links and headings, just as the pages write them.
func (a Article) Names() []string {
	var out []string
	src := []byte(a.Body)
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if e, ok := n.(*ast.Emphasis); ok && entering && e.Level == 2 {
			out = append(out, strings.TrimSpace(inner(e, src)))
		}
		return ast.WalkContinue, nil
	})
	return out
}

// Plain is the text of the body without its marks, a block a line, with the facts in it.
func (a Article) Plain(known Facts) string {
	src := []byte(fill(a.Body, known))
	root := markdown.Parser().Parse(text.NewReader(src))
	tame(root, src, "")
	var out []string
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
			out = append(out, strings.Join(strings.Fields(inner(n, src)), " "))
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), "\n")
}

// inner is the text inside a node.
func inner(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(unescape(n.Segment.Value(src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(src))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// unescape drops the backslashes before punctuation.
func unescape(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0 {
			i++
		}
		out = append(out, s[i])
	}
	return out
}
