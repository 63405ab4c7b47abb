package nacha

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// kind is what an answer of the bank is.
type kind int

const (
	settled  kind = iota // the money moved
	returned             // it came back
	disputed             // a dishonored or contested return
	changed              // a notice of change
	refused              // a refused notice of change
)

// answer is one thing the bank says of one entry.
type answer struct {
	kind         kind
	line         int
	trace        string // of our entry
	code         string
	amount       money.Cents
	individualID string // as the bank repeats it; "" where it does not
	corrected    string // changed only, as the file has it
	on           day.Date
}

// answers is what a file from the bank holds.
type answers struct {
	list       []answer
	other      int  // entries that are no answers
	incomplete bool // control records are missing
}

// trouble is why a file from the bank is refused as a whole.
type trouble struct {
	line   int // 0 where it is the file itself
	what   string
	remedy string
}

func (t *trouble) Error() string {
	if t.line == 0 {
		return t.what + "; " + t.remedy
	}
	return fmt.Sprintf("line %d: %s; %s", t.line, t.what, t.remedy)
}

const (
	sendAgain  = "ask the bank to send the file again"
	wrongPlace = "it is no return file and no settlement report: move it out of the inbound folder"
)

// read takes a file from the bank apart: NACHA records or a settlement report. today stands in for dates that the file
// leaves out. It refuses a file as a whole or takes it as a whole. Whatever the bytes are, it returns.
func read(content []byte, today day.Date, incomplete bool) (answers, *trouble) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	content = bytes.TrimRight(content, "\x1a\x00 \t\r\n")
	start := bytes.TrimLeft(content, " \t\r\n")
	switch {
	case len(start) == 0:
		return answers{}, &trouble{0, "the file is empty", sendAgain}
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}), bytes.HasPrefix(content, []byte{0xfe, 0xff}),
		bytes.IndexByte(content, 0) >= 0:
		return answers{}, &trouble{0, "the file is not plain text (it may be UTF-16)", "ask the bank for plain ASCII text"}
	case start[0] == '<' || start[0] == '{' || start[0] == '[':
		return answers{}, &trouble{1, "this is a web page, JSON or a word processor's file", wrongPlace}
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.Contains(bytes.ToLower(first), []byte("trace_number")) {
		return readReport(content)
	}
	return readNACHA(content, today, incomplete)
}

const width = 94 // characters of a NACHA record

// records splits a file into records of 94 characters, whatever ends its lines, and hands each to use with its number.
func records(content []byte, use func(line int, rec string) *trouble) *trouble {
	text := strings.ReplaceAll(strings.ReplaceAll(string(content), "\r\n", "\n"), "\r", "\n")
	n := 0
	for raw := range strings.SplitSeq(text, "\n") {
		n++
		rec := plain(raw)
		if blank := strings.TrimRight(rec, " \t"); blank == "" {
			continue
		} else if len(rec) > width && len(blank) <= width {
			rec = rec[:width]
		}
		if len(rec) > width {
			// Some systems write no line ends at all; the last record may have lost its trailing spaces.
			for ; len(rec) > width; n++ {
				if t := use(n, rec[:width]); t != nil {
					return t
				}
				rec = rec[width:]
			}
		}
		if len(rec) < width {
			// Only header and control of a file end in blanks that a system may have dropped.
			if rec[0] != '1' && rec[0] != '9' {
				return &trouble{n, fmt.Sprintf("the record has %d characters instead of %d: it is cut off or damaged",
					len(rec), width), sendAgain}
			}
			fill := " "
			if strings.Trim(rec, "9") == "" {
				fill = "9"
			}
			rec += strings.Repeat(fill, width-len(rec))
		}
		if t := use(n, rec); t != nil {
			return t
		}
	}
	return nil
}

// plain makes every character one byte: those that are not ASCII, which may stand in names only, become a question mark.
func plain(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	var b strings.Builder
	for _, r := range s { // a byte that is no UTF-8 counts as one character, as in Latin-1
		if r >= utf8.RuneSelf {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// number reads a field of digits. Blanks around are forgiven, an empty field is 0.
func number(field string) (int64, bool) {
	field = strings.TrimSpace(field)
	var n int64
	for i := 0; i < len(field); i++ {
		if field[i] < '0' || field[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(field[i]-'0')
	}
	return n, len(field) <= 18
}
