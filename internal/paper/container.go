package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// sealed is a PDF being written: its objects by number, each ready without its "obj" and "endobj".
type sealed struct {
	objects [][]byte // objects[0] is unused; nil where an object is gone
	root    int
	info    int
}

// add appends an object and returns its number.
func (s *sealed) add(body string) int {
	s.objects = append(s.objects, []byte(body))
	return len(s.objects) - 1
}

var errShape = errors.New("not the shape fpdf writes")

// unpack takes a PDF apart that has one classic cross-reference table.
func unpack(raw []byte) (*sealed, error) {
	tail := bytes.LastIndex(raw, []byte("\nstartxref\n"))
	if tail < 0 {
		return nil, errShape
	}
	var table, count int
	if _, err := fmt.Sscanf(string(raw[tail:]), "\nstartxref\n%d", &table); err != nil || table < 0 || table >= tail {
		return nil, errShape
	}
	const entry = 20
	if _, err := fmt.Sscanf(string(raw[table:tail]), "xref\n0 %d\n", &count); err != nil || count < 1 {
		return nil, errShape
	}
	first := table + len(fmt.Sprintf("xref\n0 %d\n", count))
	if first+count*entry > tail {
		return nil, errShape
	}
	s := &sealed{objects: make([][]byte, count)}
	for n := 1; n < count; n++ {
		at := 0
		if _, err := fmt.Sscanf(string(raw[first+n*entry:first+(n+1)*entry]), "%d 00000 n", &at); err != nil {
			return nil, errShape
		}
		body, err := objectAt(raw[:table], at, n)
		if err != nil {
			return nil, err
		}
		s.objects[n] = body
	}
	trailer := raw[first+count*entry : tail]
	s.root, s.info = number(trailer, "/Root "), number(trailer, "/Info ")
	if s.root < 1 || s.root >= count || s.info < 1 || s.info >= count {
		return nil, errShape
	}
	return s, nil
}

// number returns the whole number that follows the key, or 0.
func number(raw []byte, key string) int {
	_, after, _ := bytes.Cut(raw, []byte(key))
	n := 0
	_, _ = fmt.Sscanf(string(after[:min(len(after), 12)]), "%d", &n)
	return n
}

// objectAt returns the body of the object number n that begins at the offset. A stream's length tells where it ends, so
// that what looks like an end inside its data does no harm.
func objectAt(raw []byte, at, n int) ([]byte, error) {
	head := fmt.Appendf(nil, "%d 0 obj\n", n)
	if at < 0 || at >= len(raw) || !bytes.HasPrefix(raw[at:], head) {
		return nil, fmt.Errorf("object %d: %w", n, errShape)
	}
	raw = raw[at+len(head):]
	end := bytes.Index(raw, []byte("endobj\n"))
	if data := bytes.Index(raw, []byte("stream\n")); data >= 0 && data < end {
		length := number(raw[:data], "/Length ")
		if data+length > len(raw) {
			return nil, fmt.Errorf("object %d: %w", n, errShape)
		}
		after := data + len("stream\n") + length
		end = after + bytes.Index(raw[after:], []byte("endobj\n"))
	}
	if end < 0 {
		return nil, fmt.Errorf("object %d: %w", n, errShape)
	}
	return bytes.TrimRight(raw[:end], "\n"), nil
}

// isStream reports whether the object is a stream.
func isStream(body []byte) bool { return bytes.HasSuffix(body, []byte("endstream")) }

// deflaters are compressors to be used again: each is more than a megabyte.
var deflaters = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// stream makes a compressed stream object.
func stream(dict string, data []byte) []byte {
	var z bytes.Buffer
	w := deflaters.Get().(*zlib.Writer)
	w.Reset(&z)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	deflaters.Put(w)
	return rawStream(dict+"/Filter/FlateDecode", z.Bytes())
}

// rawStream makes a stream object of data as it is.
func rawStream(dict string, data []byte) []byte {
	b := fmt.Appendf(nil, "<<%s/Length %d>>\nstream\n", dict, len(data))
	return append(append(b, data...), "\nendstream"...)
}

// perStream is the most objects one object stream holds; the cross-reference table has room for 65,535.
const perStream = 2000

// bytes writes the file: the streams, then everything else in compressed object streams, which keep a structure tree
// small, then the cross-reference stream. The file's identifier is made from what stands before it, so that the same
// document has the same one.
func (s *sealed) bytes() []byte {
	out := bytes.NewBufferString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	rows := make([]xrefRow, len(s.objects), len(s.objects)+8)
	rows[0] = xrefRow{0, 0, 0xFFFF}
	write := func(n int, body []byte) {
		rows[n] = xrefRow{1, uint32(out.Len()), 0}
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", n, body)
	}
	var packed []int
	for n := 1; n < len(s.objects); n++ {
		if isStream(s.objects[n]) {
			write(n, s.objects[n])
		} else {
			packed = append(packed, n)
		}
	}
	for numbers := range slices.Chunk(packed, perStream) {
		holder := len(rows)
		rows = append(rows, xrefRow{})
		for i, n := range numbers {
			rows[n] = xrefRow{2, uint32(holder), uint16(i)}
		}
		write(holder, s.objectStream(numbers))
	}
	id := sha256.Sum256(out.Bytes())
	start := out.Len()
	rows = append(rows, xrefRow{1, uint32(start), 0})
	var table []byte
	for _, r := range rows {
		table = append(table, r.kind)
		table = binary.BigEndian.AppendUint32(table, r.a)
		table = binary.BigEndian.AppendUint16(table, r.b)
	}
	dict := fmt.Sprintf("/Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Info %d 0 R/ID[<%[4]x><%[4]x>]",
		len(rows), s.root, s.info, id[:16])
	fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", len(rows)-1, stream(dict, table), start)
	return out.Bytes()
}

// xrefRow is a row of the cross-reference table. Kind 0 is the head of the free list, 1 an object at offset a, 2 object
// number b of the object stream a.
type xrefRow struct {
	kind byte
	a    uint32
	b    uint16
}

// objectStream packs the objects with these numbers into one.
func (s *sealed) objectStream(numbers []int) []byte {
	var index, bodies bytes.Buffer
	for _, n := range numbers {
		fmt.Fprintf(&index, "%d %d ", n, bodies.Len())
		bodies.Write(s.objects[n])
		bodies.WriteByte('\n')
	}
	dict := fmt.Sprintf("/Type/ObjStm/N %d/First %d", len(numbers), index.Len())
	return stream(dict, append(index.Bytes(), bodies.Bytes()...))
}
