package paper

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-fonts/liberation/liberationsansregular"
)

// checkFile follows the file's cross-reference stream: every object must be where the table says it is.
func checkFile(t testing.TB, pdf []byte) {
	t.Helper()
	if !bytes.HasPrefix(pdf, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(pdf, []byte("\n%%EOF\n")) {
		t.Fatal("not a whole PDF file")
	}
	at := number(pdf[bytes.LastIndex(pdf, []byte("startxref")):], "startxref\n")
	size := number(pdf[at:], "/Size ")
	rows := inflated(t, pdf[at:])
	if len(rows) != 7*size {
		t.Fatalf("a table of %d bytes for %d objects", len(rows), size)
	}
	packed := map[uint32][]int{} // the objects each object stream should hold
	for n := 1; n < size; n++ {
		row := rows[7*n:]
		a, b := binary.BigEndian.Uint32(row[1:]), binary.BigEndian.Uint16(row[5:])
		switch row[0] {
		case 1:
			if head := fmt.Appendf(nil, "%d 0 obj\n", n); !bytes.HasPrefix(pdf[a:], head) {
				t.Fatalf("object %d is not at offset %d", n, a)
			}
		case 2:
			if int(b) != len(packed[a]) {
				t.Fatalf("object %d is number %d of its stream, want %d", n, b, len(packed[a]))
			}
			packed[a] = append(packed[a], n)
		default:
			t.Fatalf("object %d is of kind %d", n, row[0])
		}
	}
	for holder, numbers := range packed {
		offset := binary.BigEndian.Uint32(rows[7*holder+1:])
		if got := number(pdf[offset:], "/N "); got != len(numbers) {
			t.Fatalf("object stream %d holds %d objects, want %d", holder, got, len(numbers))
		}
		inflated(t, pdf[offset:])
	}
}

// inflated returns the data of the stream object at the beginning of the bytes.
func inflated(t testing.TB, object []byte) []byte {
	t.Helper()
	data := bytes.Index(object, []byte("stream\n")) + len("stream\n")
	z, err := zlib.NewReader(bytes.NewReader(object[data : data+number(object, "/Length ")]))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// packedObjects returns the text of all objects that are not streams.
func packedObjects(t testing.TB, pdf []byte) string {
	t.Helper()
	var all bytes.Buffer
	for rest := pdf; ; {
		at := bytes.Index(rest, []byte("<</Type/ObjStm"))
		if at < 0 {
			return all.String()
		}
		rest = rest[at:]
		all.Write(inflated(t, rest))
		rest = rest[1:]
	}
}

func TestManyObjects(t *testing.T) {
	t.Parallel()
	d := bill(english, 700) // more objects than one object stream holds
	pdf := written(t, d)
	checkFile(t, pdf)
	tool(t, "qpdf", "--check", saved(t, "many", pdf))
}

func TestUnpackRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	pdf := newPDF()
	pdf.AddPage()
	pdf.SetFont(fontFamily, "", 10)
	pdf.Text(10, 10, "text")
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	if _, err := unpack(raw); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(raw)-6; n += 97 {
		if _, err := unpack(raw[:n]); err == nil {
			t.Errorf("the first %d bytes of %d pass for a file", n, len(raw))
		}
		if n > 9 {
			_, _ = unpack(raw[n:]) // offsets that lead nowhere: an error or a file, never a panic
		}
	}
}

func TestParseFaceRefusesBrokenFonts(t *testing.T) {
	t.Parallel()
	ttf := liberationsansregular.TTF
	for _, broken := range [][]byte{nil, []byte("x"), ttf[:100], ttf[:1000], bytes.Repeat([]byte{0xFF}, 4000)} {
		if _, err := parseFace(broken); err == nil {
			t.Errorf("%d broken bytes pass for a font", len(broken))
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("en-US", "Title", "text", "https://pay.example/x", uint8(0))
	f.Add("es", "Título", "Nguyễn 😀 שרה\n\x00 ( \\ )", "mailto:a@example", uint8(255))
	f.Add("en", "{page}", "endstream endobj\nstream\n", "tel:555-0142", uint8(7))
	f.Fuzz(func(t *testing.T, lang, title, text, link string, n uint8) {
		if len(text) > 4000 {
			text = text[:4000]
		}
		table := Table{Summary: text, Columns: make([]Column, n%12+1), Total: []string{text}}
		for i := range table.Columns {
			table.Columns[i] = Column{text, Align(i % 2)}
		}
		for range n % 5 {
			table.Rows = append(table.Rows, []string{text})
		}
		d := Document{
			Lang: lang, Title: title, Author: text, LogoText: text, Masthead: []string{text, title}, Footer: text, PageFormat: text,
			Accent: [3]uint8{n, n, n}, Created: time.Unix(int64(n)*1e6, 0),
			Blocks: []Block{
				Heading{int(n)%3 + 1, text}, Paragraph{Text: text, Quiet: n%2 == 0, Link: link}, Highlights{{text, text}, {title, text}},
				Facts{{text, text}, {title, link}}, table, Callout{title, text}, Rule{}, Spacer(n),
				QR{Content: link, Alt: title, Title: text, Code: text, Text: text, Link: link, LinkText: title},
			},
		}
		var b bytes.Buffer
		if err := Write(&b, d); err != nil {
			if d.check() == nil {
				t.Fatalf("a document that passes its check is not written: %v", err)
			}
			if b.Len() > 0 {
				t.Fatal("an error, and yet something was written")
			}
			return
		}
		checkFile(t, b.Bytes())
	})
}
