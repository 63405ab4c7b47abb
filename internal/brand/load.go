package brand

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed larkspur.json
var larkspur []byte

//go:embed larkspur.svg
var larkspurMark []byte

// Limits on what is read: a brand is a page of text and a small drawing.
const (
	maxFile = 256 << 10
	maxLogo = 64 << 10
)

// Invalid is the error of a configuration that was read but is refused.
type Invalid struct {
	File     string
	Problems []Problem
}

// Error lists every problem, one a line.
func (e *Invalid) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "brand: %s has %d problem(s):", e.File, len(e.Problems))
	for _, p := range e.Problems {
		s.WriteString("\n  " + p.String())
	}
	return s.String()
}

// Default returns the demo organisation, the invented Larkspur Health. It panics if the built-in file is broken, which
// a test rules out.
func Default() *Brand {
	b, err := decode("larkspur.json", larkspur)
	if err == nil {
		err = b.prepare("larkspur.json", larkspurMark)
	}
	if err != nil {
		panic(err)
	}
	return b
}

// Load reads a configuration file and the logo beside it; an empty path means Default. A file that cannot be read or is
// not JSON gives an error with the line; a file that says something wrong gives *Invalid with every problem at once.
// Colours that are left out get the built-in ones; nothing else has a default.
func Load(path string) (*Brand, error) {
	if path == "" {
		return Default(), nil
	}
	raw, err := readLimited(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("brand: %w", err)
	}
	b, err := decode(path, raw)
	if err != nil {
		return nil, err
	}
	mark := larkspurMark
	if b.Logo.File != "" {
		file := b.Logo.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		if mark, err = readLimited(file, maxLogo); err != nil {
			return nil, &Invalid{File: path, Problems: []Problem{{
				Field: "logo.file", Value: b.Logo.File, Reason: err.Error(),
				Remedy: "name an SVG file of at most 64 KB, relative to the configuration file",
			}}}
		}
	}
	if err := b.prepare(path, mark); err != nil {
		return nil, err
	}
	return b, nil
}

func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s is larger than %d KB", path, limit>>10)
	}
	return raw, nil
}

// decode parses the file strictly: a misspelled field is an error, not a silent default.
func decode(path string, raw []byte) (*Brand, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	b := &Brand{}
	err := dec.Decode(b)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return b, nil
		}
		err = errors.New("there is text after the configuration")
	}
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	} else if errors.As(err, &kind) {
		at = kind.Offset
	}
	line := 1 + bytes.Count(raw[:min(int(at), len(raw))], []byte("\n"))
	return nil, fmt.Errorf("brand: %s:%d: %w", path, line, err)
}

// prepare validates and derives. The brand is usable only if it returns nil.
func (b *Brand) prepare(path string, mark []byte) error {
	b.mark = mark
	b.light, b.dark = b.Colors.palettes()
	b.zone = location(b.TimeZone)
	for i := range b.Zones {
		b.Zones[i].zone = location(b.Zones[i].TimeZone)
	}
	for i := range b.Offices {
		b.Offices[i].zone = location(b.Offices[i].TimeZone)
	}
	if problems := b.Validate(); len(problems) > 0 {
		return &Invalid{File: path, Problems: problems}
	}
	b.css = stylesheet(b.light, b.dark)
	sum := sha256.Sum256(append([]byte(b.css), mark...))
	b.stamp = hex.EncodeToString(sum[:6])
	return nil
}

// location is a time zone by its IANA name, nil where there is none of that name.
func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil
	}
	return zone
}
