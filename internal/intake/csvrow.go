package intake

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxRow      = 64 << 10 // bytes of one row, embedded line breaks included
	maxRowLines = 50       // lines of one row
)

var (
	errOpenQuote = errors.New("a quoted field is not closed")
	errQuote     = errors.New("a quote stands inside a field; double it and put the field in quotes")
)

// csvRows reads the rows of a CSV file (RFC 4180; line feeds alone are fine). A row that is broken never takes the rows
// after it along: reading goes on at the next line.
type csvRows struct {
	s       *scanner
	pending [][]byte // lines read ahead while looking for a closing quote
	line    int      // number of the line that next returned last
	next    int
	at      []int64 // offsets of pending
}

// csvRow is one row: its fields, its bytes and where it stands.
type csvRow struct {
	Line   int
	Offset int64
	Fields []string
	Raw    []byte
	Bad    *Refusal
}

func newCSVRows(r io.Reader) *csvRows { return &csvRows{s: newScanner(r), next: 1} }

// read returns the next row that is not blank, or io.EOF. A row that cannot be read has Bad set. Other errors are those
// of the file itself.
func (c *csvRows) read() (csvRow, error) {
	for {
		line, at, err := c.take()
		switch {
		case errors.Is(err, errTooLarge):
			return csvRow{Line: c.line, Offset: at, Bad: refuse("too_large", "the row is larger than %d KiB", maxRow>>10)}, nil
		case err != nil:
			return csvRow{Line: c.line, Offset: at, Raw: line}, err
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		return c.row(line, at), nil
	}
}

// take returns the next physical line, its own copy.
func (c *csvRows) take() ([]byte, int64, error) {
	c.line = c.next
	c.next++
	if len(c.pending) > 0 {
		line, at := c.pending[0], c.at[0]
		c.pending, c.at = c.pending[1:], c.at[1:]
		return line, at, nil
	}
	at := c.s.offset()
	line, err := c.s.line()
	return bytes.Clone(line), at, err
}

// row parses the row that starts with line, reading on while a quoted field is open.
func (c *csvRows) row(line []byte, at int64) csvRow {
	row := csvRow{Line: c.line, Offset: at, Raw: line}
	switch {
	case len(line) > maxRow:
		row.Bad = refuse("too_large", "the row is larger than %d KiB", maxRow>>10)
		return row
	case !utf8.Valid(line):
		row.Bad = refuse("encoding", "the row is not valid UTF-8; save the file as UTF-8")
		return row
	case bytes.IndexByte(line, 0) >= 0:
		row.Bad = refuse("encoding", "the row contains zero bytes")
		return row
	}
	whole := line
	fields, err := splitRow(string(whole))
	used := 0
	for errors.Is(err, errOpenQuote) && used < maxRowLines && len(whole) < maxRow {
		if used == len(c.pending) && !c.readAhead() {
			break
		}
		whole = append(append(bytes.Clone(whole), '\n'), c.pending[used]...)
		used++
		fields, err = splitRow(string(whole))
	}
	if err != nil {
		row.Bad = refuse("malformed", "%v", err)
		return row
	}
	c.pending, c.at = c.pending[used:], c.at[used:]
	c.next += used
	row.Fields, row.Raw = fields, whole
	return row
}

func (c *csvRows) readAhead() bool {
	at := c.s.offset()
	line, err := c.s.line()
	if err != nil {
		return false
	}
	c.pending, c.at = append(c.pending, bytes.Clone(line)), append(c.at, at)
	return true
}

// splitRow splits one row into fields.
func splitRow(s string) ([]string, error) {
	fields := make([]string, 0, 24)
	for {
		if !strings.HasPrefix(s, `"`) {
			field, rest, more := strings.Cut(s, ",")
			if strings.Contains(field, `"`) {
				return nil, errQuote
			}
			fields = append(fields, field)
			if !more {
				return fields, nil
			}
			s = rest
			continue
		}
		field, rest, err := quotedField(s[1:])
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
		if rest == "" {
			return fields, nil
		}
		s = rest[1:]
	}
}

// quotedField reads up to the closing quote and returns what follows: "" or text that starts with a comma.
func quotedField(s string) (field, rest string, err error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", errOpenQuote
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		switch {
		case s == "" || s[0] == ',':
			return b.String(), s, nil
		case s[0] == '"':
			b.WriteByte('"')
			s = s[1:]
		default:
			return "", "", errQuote
		}
	}
}
