package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// Record is one resource of a file, or the place where one should have been.
type Record struct {
	File   string
	Seq    int    // 1 for the first record of the file, and so on: the checkpoint
	Place  string // "entry 12", "line 7", "resource" (a file of one), "entry 3.2" (bundle inside a bundle), "file"
	Offset int64  // byte offset of Raw in the file, after unpacking
	Type   string // resourceType, "" when refused
	URL    string // fullUrl of a bundle entry

	Resource []byte // the resource's own bytes; nil when refused
	Raw      []byte // the whole record as read: entry or line; nil when it was too large to keep

	Refused *Refusal // set when there is no resource to decode
}

const maxBundleDepth = 5

// errReported says that the text is broken from here on and that the reader of the records has been told.
var errReported = errors.New("broken text, reported")

// documents reads the records of one FHIR file.
type documents struct {
	file  string
	ctx   context.Context
	each  func(Record) error
	stop  error // the first error that each returned: ends everything
	seq   int
	inner [maxBundleDepth]scanner
}

// ReadFHIR reads the file at path and calls each for every resource in it, whatever the file's form: bundle, single
// resource, NDJSON, plain or gzip. A Record's bytes are valid only during the call. Broken pieces come as records with Refused set; reading goes on behind them where
// the format allows it. It returns only what each or ctx returned; a file that cannot be read is a refused record too.
func ReadFHIR(ctx context.Context, path string, each func(Record) error) error {
	d := &documents{file: path, ctx: ctx, each: each}
	f, err := open(path)
	if err != nil {
		return d.refuse("file", 0, nil, asRefusal(err))
	}
	defer f.Close()
	return d.read(f, path)
}

func (d *documents) read(r io.Reader, name string) error {
	s := newScanner(r)
	c, err := s.peek()
	switch {
	case errors.Is(err, io.EOF):
		return d.refuse("file", 0, nil, refuse("empty", "the file is empty"))
	case err != nil:
		return d.refuse("file", 0, nil, asRefusal(err))
	}
	switch {
	case c == '<':
		return d.refuse("file", s.offset(), nil, refuse("not_json", "this is XML or a web page, not FHIR in JSON"))
	case c == '[':
		return d.refuse("file", s.offset(), nil, refuse("not_fhir", "this is a JSON list; FHIR files are a Bundle, a resource, or one resource a line"))
	case c != '{':
		return d.refuse("file", s.offset(), nil, refuse("not_json", "this is not FHIR in JSON"))
	}
	if looksLikeLines(s, name) {
		return d.lines(s)
	}
	return d.values(s)
}

// looksLikeLines decides between one object a line and one document over many lines. The first line decides: where it
// is a whole object, so is each. Where it is not, the second line or the file's name may still say so.
func looksLikeLines(s *scanner, name string) bool {
	const window = 1 << 20
	s.capture()
	var line []byte
	found := false
	for {
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '\n'); i >= 0 {
			line, found = s.buf[s.pos:s.pos+i], true
			break
		}
		if s.end-s.pos > window || s.fill() != nil {
			break
		}
	}
	if !found {
		return false
	}
	const start = `{"resourceType"`
	n := len(line)
	rest := bytes.TrimLeft(s.buf[s.pos+n:s.end], " \t\r\n")
	for len(rest) < len(start) && s.end-s.pos < 2*window && s.fill() == nil {
		rest = bytes.TrimLeft(s.buf[s.pos+n:s.end], " \t\r\n")
	}
	if line = s.buf[s.pos : s.pos+n]; len(rest) == 0 {
		return false // nothing behind the first line
	}
	var probe scanner
	probe.reset(line, 0)
	if probe.skipValue() == nil {
		_, err := probe.peek()
		return errors.Is(err, io.EOF)
	}
	switch strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz"))) {
	case ".ndjson", ".jsonl":
		return true
	}
	return bytes.HasPrefix(rest, []byte(start))
}

// lines reads one object a line.
func (d *documents) lines(s *scanner) error {
	for n := 1; ; n++ {
		at := s.offset()
		line, err := s.line()
		place := "line " + strconv.Itoa(n)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, errTooLarge):
			return d.refuse(place, at, line, asRefusal(err))
		case err != nil:
			err = d.refuse(place, at, nil, asRefusal(err))
		case len(bytes.TrimSpace(line)) == 0:
			continue
		default:
			err = d.line(line, place, at)
		}
		if err != nil {
			return err
		}
	}
}

func (d *documents) line(line []byte, place string, at int64) error {
	trimmed := bytes.TrimSpace(line)
	if trimmed[0] != '{' {
		return d.refuse(place, at, line, refuse("not_json", "the line is not a JSON object"))
	}
	rtype, err := resourceType(trimmed)
	switch {
	case err != nil:
		return d.refuse(place, at, line, asRefusal(err))
	case rtype == "Bundle":
		return d.bundleInside(trimmed, line, place, at, 0)
	}
	return d.emit(Record{Place: place, Offset: at, Type: rtype, Resource: trimmed, Raw: line})
}

// values reads whole documents one after the other; nearly always there is exactly one.
func (d *documents) values(s *scanner) error {
	for {
		c, err := s.peek()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && c != '{' {
			err = &syntaxError{s.offset(), "'{'"}
		}
		if err == nil {
			err = d.document(s)
		}
		switch {
		case err == nil:
			continue
		case d.stop == nil && !errors.Is(err, errReported):
			d.refuse("file", s.offset(), nil, asRefusal(err))
		}
		if d.stop != nil {
			return d.stop
		}
		if !s.toLine() {
			return nil
		}
	}
}

// document reads one top-level object. The entries of a bundle are read one by one; anything else is kept whole.
func (d *documents) document(s *scanner) error {
	s.capture()
	at := s.offset()
	var rtype string
	entries := false
	err := s.object(func(name []byte, first byte) error {
		switch {
		case string(name) == "resourceType" && first == '"':
			v, err := s.text()
			rtype = string(v)
			return err
		case string(name) == "entry" && first == '[' && (rtype == "" || rtype == "Bundle"):
			entries = true
			s.release()
			return d.entries(s, 0, "entry ")
		}
		return s.skipValue()
	})
	raw := s.captured()
	s.release()
	switch {
	case d.stop != nil:
		return d.stop
	case err != nil && (entries || errors.Is(err, errReported)):
		return err
	case err != nil:
		d.refuse("resource", at, raw, asRefusal(err))
		return errReported
	case entries:
		return nil
	case raw == nil:
		return d.refuse("resource", at, nil, refuse("too_large", "%v", errTooLarge))
	case rtype == "":
		return d.refuse("resource", at, raw, refuse("no_type", "there is no resourceType: this is JSON, but not FHIR"))
	case rtype == "Bundle":
		return d.refuse("resource", at, raw, refuse("empty", "the bundle has no entries"))
	}
	return d.emit(Record{Place: "resource", Offset: at, Type: rtype, Resource: raw, Raw: raw})
}

// resourceType finds the resourceType of a resource; nearly always it is the first member.
func resourceType(resource []byte) (string, error) {
	var s scanner
	s.reset(resource, 0)
	var rtype string
	err := s.object(func(name []byte, first byte) error {
		if string(name) != "resourceType" {
			return s.skipValue()
		}
		if first != '"' {
			return refuse("wrong_type", "resourceType is not text")
		}
		v, err := s.text()
		if err != nil {
			return err
		}
		rtype = known(v)
		return errStop
	})
	switch {
	case errors.Is(err, errStop):
		return rtype, nil
	case err != nil:
		return "", err
	}
	return "", refuse("no_type", "there is no resourceType: this is JSON, but not FHIR")
}

// known returns v as a string, without copying the names that occur all the time.
func known(v []byte) string {
	switch string(v) {
	case "ExplanationOfBenefit":
		return "ExplanationOfBenefit"
	case "Claim":
		return "Claim"
	case "Encounter":
		return "Encounter"
	case "Patient":
		return "Patient"
	}
	return string(v)
}

func (d *documents) emit(r Record) error {
	if d.stop = d.ctx.Err(); d.stop != nil {
		return d.stop
	}
	d.seq++
	r.File, r.Seq = d.file, d.seq
	d.stop = d.each(r)
	return d.stop
}

func (d *documents) refuse(place string, at int64, raw []byte, why *Refusal) error {
	return d.emit(Record{Place: place, Offset: at, Raw: raw, Refused: why})
}

// asRefusal puts any error of reading into a code and words.
func asRefusal(err error) *Refusal {
	var r *Refusal
	var syntax *syntaxError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &syntax):
		return refuse("malformed", "not valid JSON: %v", syntax)
	case errors.Is(err, errTruncated):
		return refuse("truncated", "%v", errTruncated)
	case errors.Is(err, errTooLarge):
		return refuse("too_large", "%v", errTooLarge)
	}
	return unreadable(err)
}

// shorten shows the beginning of a value for a message; never more than a few characters, so that no personal data
// reaches a log.
func shorten(raw []byte) string {
	if len(raw) > 12 {
		return string(raw[:12]) + "..."
	}
	return string(raw)
}
