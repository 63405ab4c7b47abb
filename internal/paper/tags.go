package paper

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// elem is an element of the structure tree: what a piece of the page is, apart from how it looks.
type elem struct {
	role   string // a standard structure type: "H1", "P", "TD"
	alt    string // alternative text of a figure
	actual string // the real text, where what is drawn differs from it
	attrs  string // ready attribute dictionaries, or empty
	up     *elem
	kids   []kid
	num    int // object number, given when the file is sealed
}

// kid is a child of an element: another element, marked content on a page, or a link's clickable area.
type kid struct {
	elem *elem
	page int // of the marked content, from 1
	mcid int
	link *link
}

// link is a clickable area of a page.
type link struct {
	page       int
	x, y, w, h float64 // from the top left, in points
	url, text  string
	owner      *elem
	num        int
}

// tree is the structure of one document: its elements, and for each page which element owns which marked content.
type tree struct {
	root  *elem
	pages [][]*elem // pages[p-1][mcid] is the owner
	links []*link
}

// add makes a new element, the last child of up.
func (up *elem) add(role string) *elem {
	e := &elem{role: role, up: up}
	up.kids = append(up.kids, kid{elem: e})
	return e
}

// own records that the next marked content of the page belongs to e and returns its number.
func (t *tree) own(e *elem, page int) int {
	for len(t.pages) < page {
		t.pages = append(t.pages, nil)
	}
	mcid := len(t.pages[page-1])
	t.pages[page-1] = append(t.pages[page-1], e)
	e.kids = append(e.kids, kid{page: page, mcid: mcid})
	return mcid
}

// addLink makes an area of a page clickable; it belongs to e, an element of role Link.
func (t *tree) addLink(e *elem, l link) {
	l.owner = e
	t.links = append(t.links, &l)
	e.kids = append(e.kids, kid{link: &l})
}

// each calls fn for the element and all below it, in reading order.
func (e *elem) each(fn func(*elem)) {
	fn(e)
	for _, k := range e.kids {
		if k.elem != nil {
			k.elem.each(fn)
		}
	}
}

// object writes the element as a PDF dictionary. The object numbers of the pages, and of all elements, must be known.
func (e *elem) object(pages []int, parent int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<</Type/StructElem/S/%s/P %d 0 R", e.role, parent)
	home := 0
	for _, k := range e.kids {
		if k.elem == nil && k.link == nil {
			home = k.page
			fmt.Fprintf(&b, "/Pg %d 0 R", pages[home-1])
			break
		}
	}
	if e.alt != "" {
		b.WriteString("/Alt" + textString(e.alt))
	}
	if e.actual != "" {
		b.WriteString("/ActualText" + textString(e.actual))
	}
	if e.attrs != "" {
		b.WriteString("/A" + e.attrs)
	}
	b.WriteString("/K[")
	for _, k := range e.kids {
		switch {
		case k.elem != nil:
			fmt.Fprintf(&b, " %d 0 R", k.elem.num)
		case k.link != nil:
			fmt.Fprintf(&b, "<</Type/OBJR/Obj %d 0 R/Pg %d 0 R>>", k.link.num, pages[k.link.page-1])
		case k.page == home:
			fmt.Fprintf(&b, " %d", k.mcid)
		default:
			fmt.Fprintf(&b, "<</Type/MCR/Pg %d 0 R/MCID %d>>", pages[k.page-1], k.mcid)
		}
	}
	b.WriteString("]>>")
	return b.String()
}

// textString writes s as a PDF text string: in parentheses where it is plain ASCII, else as hexadecimal UTF-16.
func textString(s string) string {
	plain := true
	for _, r := range s {
		plain = plain && r >= ' ' && r < 0x7F
	}
	var b strings.Builder
	if plain {
		b.WriteByte('(')
		for _, r := range s {
			if r == '(' || r == ')' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		b.WriteByte(')')
		return b.String()
	}
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}
