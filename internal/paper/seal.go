package paper

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

// seal turns what fpdf wrote into the final file. fpdf has no door for a structure tree, so its objects are taken apart by
// its own cross-reference table and written anew: pages learn their place in the structure, fonts get their real names and
// an exact map back to Unicode, and the catalog and the document information are ours.
func seal(raw []byte, d *Document, t *tree) ([]byte, error) {
	s, err := unpack(raw)
	if err != nil {
		return nil, fmt.Errorf("paper: taking the PDF apart: %w", err)
	}
	var pages []int
	for n, body := range s.objects {
		switch {
		case bytes.HasPrefix(body, []byte("<</Type /Page\n")):
			pages = append(pages, n)
		case bytes.Contains(body, []byte("/CMapName /Adobe-Identity-UCS")):
			s.objects[n] = unicodeMap()
		case !isStream(body):
			body = bytes.ReplaceAll(body, []byte("/utf8"+fontFamily+"B"), []byte("/PAPERB+LiberationSans-Bold"))
			s.objects[n] = bytes.ReplaceAll(body, []byte("/utf8"+fontFamily), []byte("/PAPERA+LiberationSans"))
		}
	}
	if len(pages) < len(t.pages) {
		return nil, fmt.Errorf("paper: %d pages found, %d were drawn", len(pages), len(t.pages))
	}
	structure := s.addStructure(t, pages)
	s.addCatalog(d, structure)
	return s.bytes(), nil
}

// addStructure adds the structure tree, the links and what ties pages to both. It returns the tree root's number.
func (s *sealed) addStructure(t *tree, pages []int) int {
	var elems []*elem
	t.root.each(func(e *elem) {
		e.num = len(s.objects)
		s.objects = append(s.objects, nil)
		elems = append(elems, e)
	})
	annots := make(map[int][]string)
	for i, l := range t.links {
		page := pages[l.page-1]
		l.num = s.add(fmt.Sprintf("<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/P %d 0 R/Rect[%.2f %.2f %.2f %.2f]"+
			"/StructParent %d/Contents%s/A<</S/URI/URI%s>>>>", page, l.x, pageHeight-l.y-l.h, l.x+l.w, pageHeight-l.y,
			len(pages)+i, textString(l.text), uriString(l.url)))
		annots[page] = append(annots[page], fmt.Sprintf("%d 0 R", l.num))
	}
	root := len(s.objects) + 1 // after the parent tree
	var nums strings.Builder
	for i, page := range pages {
		extra := fmt.Sprintf("<</Type/Page/StructParents %d/Tabs/S", i)
		if a := annots[page]; len(a) > 0 {
			extra += "/Annots[" + strings.Join(a, " ") + "]"
		}
		s.objects[page] = append([]byte(extra), bytes.TrimPrefix(s.objects[page], []byte("<</Type /Page"))...)
		fmt.Fprintf(&nums, "%d[", i)
		if i < len(t.pages) {
			for _, e := range t.pages[i] {
				fmt.Fprintf(&nums, "%d 0 R ", e.num)
			}
		}
		nums.WriteString("]")
	}
	for i, l := range t.links {
		fmt.Fprintf(&nums, "%d %d 0 R ", len(pages)+i, l.owner.num)
	}
	parents := s.add("<</Nums[" + nums.String() + "]>>")
	for _, e := range elems {
		up := root
		if e.up != nil {
			up = e.up.num
		}
		s.objects[e.num] = []byte(e.object(pages, up))
	}
	return s.add(fmt.Sprintf("<</Type/StructTreeRoot/K[%d 0 R]/ParentTree %d 0 R/ParentTreeNextKey %d>>",
		t.root.num, parents, len(pages)+len(t.links)))
}

// addCatalog replaces fpdf's catalog and document information by ours.
func (s *sealed) addCatalog(d *Document, structure int) {
	title, author := clean(d.Title), clean(d.Author)
	created := d.Created.UTC()
	s.objects[s.info] = fmt.Appendf(nil, "<</Title%s/Author%s/Producer(Memberpay)/CreationDate(D:%s)/ModDate(D:%[3]s)>>",
		textString(title), textString(author), created.Format("20060102150405Z"))
	meta := rawStream("/Type/Metadata/Subtype/XML", []byte(xmp(d.Lang, title, author, created)))
	s.objects = append(s.objects, meta)
	s.objects[s.root] = fmt.Appendf(nil, "<</Type/Catalog/Pages 1 0 R/Lang%s/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R"+
		"/ViewerPreferences<</DisplayDocTitle true>>/Metadata %d 0 R>>", textString(d.Lang), structure, len(s.objects)-1)
}

// unicodeMap is the stream that maps our character codes, which are Unicode already, back to Unicode. A range must not
// cross a boundary of 256 codes, and a list holds at most 100 ranges.
var unicodeMap = sync.OnceValue(func() []byte {
	var b strings.Builder
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for from := 0; from < 256; from += 64 {
		b.WriteString("64 beginbfrange\n")
		for high := from; high < from+64; high++ {
			fmt.Fprintf(&b, "<%02X00><%02[1]XFF><%02[1]X00>\n", high)
		}
		b.WriteString("endbfrange\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end")
	return stream("", []byte(b.String()))
})

// uriString writes an address as a PDF string: ASCII, with everything else percent-encoded.
func uriString(url string) string {
	var b strings.Builder
	for i := range len(url) {
		if ch := url[i]; ch > ' ' && ch < 0x7F {
			b.WriteByte(ch)
		} else {
			fmt.Fprintf(&b, "%%%02X", ch)
		}
	}
	return textString(b.String())
}

// xmp is the metadata packet: title, author, language and date once more, where newer readers look for them.
func xmp(lang, title, author string, created time.Time) string {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace
	date := created.Format(time.RFC3339)
	return `<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + esc(title) + `</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>` + esc(author) + `</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>` + esc(lang) + `</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>` + date + `</xmp:CreateDate><xmp:ModifyDate>` + date + `</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`
}
