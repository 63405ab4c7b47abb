package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// use is one place in the program that asks for a sentence.
type use struct {
	key    string // a key, or the beginning of keys where prefix is set
	prefix bool
	place  string // file:line
}

// uses is what the whole program asks for.
type uses struct {
	asked    []use           // T("...") and N("..."), and prefixes named in comments
	literals map[string]bool // every string literal, so that a key in a table counts as used
}

var (
	call    = regexp.MustCompile("\\.[TN]\\(\\s*(\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`)\\s*(\\+)?")
	literal = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`\n]*`")
	comment = regexp.MustCompile(`//\s*words:\s*(.+)`)
	prefix  = regexp.MustCompile(`[a-z][A-Za-z0-9_.]*\.\*`)
)

// scan reads every .go and .templ file below root, except generated files, tests, this package's folder and folders
// that begin with a dot, and collects what they ask for.
func scan(root string) (uses, error) {
	u := uses{literals: map[string]bool{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		goFile := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_templ.go") && !strings.HasSuffix(name, "_test.go")
		if !goFile && !strings.HasSuffix(name, ".templ") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(filepath.ToSlash(rel), "internal/words/") {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if goFile {
			u.goFile(rel, raw)
		} else {
			u.templFile(rel, raw)
		}
		return nil
	})
	return u, err
}

// goFile finds calls by tokens, so that text in comments does not count.
func (u *uses) goFile(path string, raw []byte) {
	files := token.NewFileSet()
	file := files.AddFile(path, files.Base(), len(raw))
	var s scanner.Scanner
	s.Init(file, raw, nil, scanner.ScanComments)
	var before [3]string // the three tokens before this one
	var pending *use
	for {
		pos, tok, text := s.Scan()
		if pending != nil {
			pending.prefix = tok == token.ADD
			u.asked = append(u.asked, *pending)
			pending = nil
		}
		switch tok {
		case token.EOF:
			return
		case token.COMMENT:
			u.comment(text, path, file.Line(pos))
			continue
		case token.STRING:
			value, err := strconv.Unquote(text)
			if err != nil {
				break
			}
			u.literals[value] = true
			if before[0] == "." && (before[1] == "T" || before[1] == "N") && before[2] == "(" {
				pending = &use{key: value, place: path + ":" + strconv.Itoa(file.Line(pos))}
			}
		}
		if text == "" || tok.IsOperator() {
			text = tok.String()
		}
		before = [3]string{before[1], before[2], text}
	}
}

// templFile finds calls by their look: the files are Go only in part.
func (u *uses) templFile(path string, raw []byte) {
	line := func(at int) int { return 1 + bytes.Count(raw[:at], []byte("\n")) }
	for _, m := range call.FindAllSubmatchIndex(raw, -1) {
		value, err := strconv.Unquote(string(raw[m[2]:m[3]]))
		if err == nil {
			u.asked = append(u.asked, use{key: value, prefix: m[4] >= 0, place: path + ":" + strconv.Itoa(line(m[0]))})
		}
	}
	for _, m := range literal.FindAll(raw, -1) {
		if value, err := strconv.Unquote(string(m)); err == nil {
			u.literals[value] = true
		}
	}
	for _, m := range comment.FindAllIndex(raw, -1) {
		u.comment(string(raw[m[0]:m[1]]), path, line(m[0]))
	}
}

// comment reads "// words: decline.* return.*".
func (u *uses) comment(text, path string, line int) {
	m := comment.FindStringSubmatch(text)
	if m == nil {
		return
	}
	for _, p := range prefix.FindAllString(m[1], -1) {
		u.asked = append(u.asked, use{key: strings.TrimSuffix(p, "*"), prefix: true, place: path + ":" + strconv.Itoa(line)})
	}
}
