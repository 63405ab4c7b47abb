package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxRecord is the largest single record (one bundle entry, one NDJSON line, one CSV row) that is read: 32 MiB.
const MaxRecord = 32 << 20

const scanChunk = 256 << 10

var (
	errTruncated = errors.New("the file ends in the middle of a record")
	errTooLarge  = fmt.Errorf("the record is larger than %d MiB", MaxRecord>>20)
	errStop      = errors.New("stop")
)

// syntaxError says at which byte the structure of the JSON text breaks.
type syntaxError struct {
	offset int64
	want   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("expected %s at byte %d", e.want, e.offset)
}

// structural marks the only bytes that matter for finding the end of a value.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// scanner cuts JSON values out of a stream by matching brackets and quotes. It checks no more than it needs to find
// where a value ends; the strict check is the decoder's. Memory is bounded: at most MaxRecord bytes are kept.
type scanner struct {
	r        io.Reader // nil when buf holds everything
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0] in the stream
	mark     int   // start of what must be kept, or -1
	over     bool  // the kept part grew beyond MaxRecord and was let go
	key      []byte
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, scanChunk), mark: -1}
}

// reset makes the scanner read b, whose first byte stands at offset base.
func (s *scanner) reset(b []byte, base int64) {
	s.r, s.buf, s.pos, s.end, s.base, s.mark, s.over = nil, b, 0, len(b), base, -1, false
}

func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// fill reads more bytes behind end. It returns io.EOF when there are none, or the reader's error.
func (s *scanner) fill() error {
	if s.r == nil {
		return io.EOF
	}
	keep := s.pos
	if s.mark >= 0 {
		if s.end-s.mark >= MaxRecord {
			s.mark, s.over = -1, true
		} else {
			keep = s.mark
		}
	}
	if s.end == len(s.buf) {
		if s.end-keep <= len(s.buf)/2 {
			s.slide(keep)
		} else {
			grown := make([]byte, 2*len(s.buf))
			copy(grown, s.buf[:s.end])
			s.buf = grown
		}
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (s *scanner) slide(keep int) {
	copy(s.buf, s.buf[keep:s.end])
	s.base += int64(keep)
	s.pos -= keep
	s.end -= keep
	if s.mark >= 0 {
		s.mark -= keep
	}
}

// capture starts keeping bytes at the current position.
func (s *scanner) capture() { s.mark, s.over = s.pos, false }

// captured returns the bytes kept since capture; nil when they grew too large. Valid until the next read.
func (s *scanner) captured() []byte {
	if s.mark < 0 {
		return nil
	}
	return s.buf[s.mark:s.pos]
}

func (s *scanner) release() { s.mark, s.over = -1, false }

// peek skips white space and returns the next byte without consuming it.
func (s *scanner) peek() (byte, error) {
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\n', '\r':
				s.pos++
			default:
				return c, nil
			}
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// want consumes the byte c after white space.
func (s *scanner) want(c byte) error {
	got, err := s.peek()
	if err != nil {
		return inside(err)
	}
	if got != c {
		return &syntaxError{s.offset(), "'" + string(c) + "'"}
	}
	s.pos++
	return nil
}

// inside turns the end of the stream into errTruncated: it came before the value was complete.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return errTruncated
	}
	return err
}

// skipString consumes a string; the current byte is its opening quote.
func (s *scanner) skipString() error {
	s.pos++
	escaped := false
	for {
		seg := s.buf[s.pos:s.end]
		i := bytes.IndexByte(seg, '"')
		if i < 0 {
			n := trailingBackslashes(seg)
			if n == len(seg) && escaped {
				n++
			}
			escaped = n%2 == 1
			s.pos = s.end
			if err := s.fill(); err != nil {
				return inside(err)
			}
			continue
		}
		n := trailingBackslashes(seg[:i])
		if n == i && escaped {
			n++
		}
		escaped = false
		s.pos += i + 1
		if n%2 == 0 {
			return nil
		}
	}
}

func trailingBackslashes(b []byte) int {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n
}

// skipValue consumes one value after white space.
func (s *scanner) skipValue() error {
	c, err := s.peek()
	if err != nil {
		return inside(err)
	}
	switch c {
	case '"':
		return s.skipString()
	case '{', '[':
		return s.skipNested()
	case ',', ':', '}', ']':
		return &syntaxError{s.offset(), "a value"}
	}
	return s.skipLiteral()
}

func (s *scanner) skipNested() error {
	depth := 0
	for {
		for s.pos < s.end {
			c := s.buf[s.pos]
			if !structural[c] {
				s.pos++
				continue
			}
			switch c {
			case '"':
				if err := s.skipString(); err != nil {
					return err
				}
				continue
			case '{', '[':
				depth++
			default:
				depth--
			}
			s.pos++
			if depth == 0 {
				return nil
			}
		}
		if err := s.fill(); err != nil {
			return inside(err)
		}
	}
}

// skipLiteral consumes a number, true, false, null, or whatever stands in their place.
func (s *scanner) skipLiteral() error {
	for {
		for s.pos < s.end {
			switch s.buf[s.pos] {
			case ',', '}', ']', ' ', '\t', '\n', '\r', '{', '[', '"', ':':
				return nil
			}
			s.pos++
		}
		if err := s.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// text consumes a string and returns its content, valid until the next call.
func (s *scanner) text() ([]byte, error) {
	own := s.mark < 0
	if own {
		s.mark = s.pos
	}
	at := s.pos - s.mark
	err := s.skipString()
	if err == nil && s.mark < 0 {
		err = errTooLarge
	}
	if err == nil {
		s.key = append(s.key[:0], s.buf[s.mark+at+1:s.pos-1]...)
		if bytes.IndexByte(s.key, '\\') >= 0 {
			quoted := append(append([]byte{'"'}, s.key...), '"')
			if plain, uerr := jsontext.AppendUnquote(nil, quoted); uerr == nil {
				s.key = plain
			}
		}
	}
	if own {
		s.mark = -1
	}
	return s.key, err
}

// object walks the members of the object at the current position. For each it calls member with the name (valid only
// until the scanner moves) and the first byte of the value; member must consume the value.
func (s *scanner) object(member func(name []byte, first byte) error) error {
	if err := s.want('{'); err != nil {
		return err
	}
	for n := 0; ; n++ {
		c, err := s.peek()
		if err != nil {
			return inside(err)
		}
		switch {
		case c == '}':
			s.pos++
			return nil
		case n > 0 && c != ',':
			return &syntaxError{s.offset(), "',' or '}'"}
		case n > 0:
			s.pos++
			if c, err = s.peek(); err != nil {
				return inside(err)
			}
		}
		if c != '"' {
			return &syntaxError{s.offset(), "a name in quotes"}
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.want(':'); err != nil {
			return err
		}
		first, err := s.peek()
		if err != nil {
			return inside(err)
		}
		if err := member(name, first); err != nil {
			return err
		}
	}
}

// line consumes up to and including the next line feed and returns the line without it and without a carriage return.
// It returns errTooLarge after consuming a line of more than MaxRecord, and io.EOF at the end.
func (s *scanner) line() ([]byte, error) {
	s.capture()
	from := s.pos
	for {
		if i := bytes.IndexByte(s.buf[from:s.end], '\n'); i >= 0 {
			s.pos = from + i + 1
			if s.over {
				return nil, errTooLarge
			}
			return bytes.TrimSuffix(s.buf[s.mark:s.pos-1], []byte{'\r'}), nil
		}
		seen := s.end
		base := s.base
		s.pos = s.end
		err := s.fill()
		from = seen - int(s.base-base)
		if err == nil {
			continue
		}
		switch {
		case !errors.Is(err, io.EOF):
			return s.captured(), err
		case s.over:
			return nil, errTooLarge
		case s.mark == s.end:
			return nil, io.EOF
		}
		return bytes.TrimSuffix(s.buf[s.mark:s.end], []byte{'\r'}), nil
	}
}

// toLine moves to the next line that starts with '{', for going on after broken text. It reports whether there is one.
func (s *scanner) toLine() bool {
	s.release()
	for {
		i := bytes.IndexByte(s.buf[s.pos:s.end], '\n')
		if i < 0 {
			s.pos = s.end
			if s.fill() != nil {
				return false
			}
			continue
		}
		s.pos += i + 1
		if s.pos == s.end && s.fill() != nil {
			return false
		}
		if s.pos < s.end && s.buf[s.pos] == '{' {
			return true
		}
	}
}
