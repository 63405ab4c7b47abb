package help

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// tag is an HTML tag in a body, which readers never see, and the rest of its line with it where it begins one.
type tag struct {
	name string // as written: "<div>"
	line int    // in the body, from 1
}

// tags are the HTML tags of a body that is Markdown, in order; comments, which are for writers alone, are none.
func tags(body string) []tag {
	src := []byte(body)
	var out []tag
	found := func(lines *text.Segments) {
		if lines == nil || lines.Len() == 0 {
			return
		}
		first := lines.At(0)
		raw := strings.TrimSpace(string(lines.Value(src)))
		if comment(raw) {
			return
		}
		name, _, _ := strings.Cut(raw, "\n")
		if i := strings.IndexByte(name, '>'); i >= 0 {
			name = name[:i+1]
		}
		out = append(out, tag{short(name), 1 + bytes.Count(src[:first.Start], []byte("\n"))})
	}
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			found(whole(n))
		case *ast.RawHTML:
			found(n.Segments)
		}
		return ast.WalkContinue, nil
	})
	return out
}

// whole are the lines of a block of HTML, with the one that ends it.
func whole(n *ast.HTMLBlock) *text.Segments {
	lines := text.NewSegments()
	lines.AppendAll(n.Lines().Sliced(0, n.Lines().Len()))
	if n.HasClosure() {
		lines.Append(n.ClosureLine)
	}
	return lines
}

// comment reports whether HTML is one comment and nothing else.
func comment(raw string) bool {
	inside, ok := strings.CutPrefix(raw, "<!--")
	return ok && strings.Index(inside, "-->") == len(inside)-len("-->")
}
