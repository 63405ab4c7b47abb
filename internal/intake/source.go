package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Refusal says why a record or file was not taken. Code is stable, for counting; Text is for a person.
type Refusal struct {
	Code string
	Text string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

func refuse(code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Expand turns paths into a list of files: a file is itself, a folder is every regular file below it that is not
// hidden. Files that name people and places (hospitals, practitioners, organizations, encounters, patients, coverage)
// come first in each folder, because the bills after them can then show names; otherwise the order is alphabetical.
// A path that does not exist is an error, before anything is read.
func Expand(paths []string) ([]string, error) {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", p, err)
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		inside, err := filesBelow(p)
		if err != nil {
			return nil, fmt.Errorf("cannot read folder %s: %w", p, err)
		}
		files = append(files, inside...)
	}
	return files, nil
}

func filesBelow(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != folder && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if info, serr := os.Stat(path); serr == nil && !info.Mode().IsRegular() {
			return nil
		}
		files = append(files, path)
		return nil
	})
	slices.SortFunc(files, func(a, b string) int {
		if d := readLate(a) - readLate(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return files, err
}

var namesFirst = []string{"hospital", "practitioner", "organization", "location", "encounter", "patient", "coverage"}

func readLate(path string) int {
	name := strings.ToLower(filepath.Base(path))
	for _, p := range namesFirst {
		if strings.HasPrefix(name, p) {
			return 0
		}
	}
	return 1
}

// fileReader is an open file with compression and byte-order mark taken off.
type fileReader struct {
	*bufio.Reader
	close []io.Closer
}

// Close closes the file. Errors are of no interest: it was only read.
func (f *fileReader) Close() error {
	for i := len(f.close) - 1; i >= 0; i-- {
		f.close[i].Close()
	}
	return nil
}

const maxGzipLayers = 3

// open opens the file for reading, unpacks gzip (by content, up to three layers deep) and skips a UTF-8 byte-order
// mark. It returns a *Refusal for what cannot hold records: an empty file, a zip archive, UTF-16 text.
func open(path string) (*fileReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, serr := file.Stat(); serr == nil && info.IsDir() {
		file.Close()
		return nil, refuse("not_a_file", "this is a folder")
	}
	f := &fileReader{Reader: bufio.NewReaderSize(file, 64<<10), close: []io.Closer{file}}
	if err := f.unwrap(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *fileReader) unwrap() error {
	for layer := 0; ; layer++ {
		head, err := f.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return unreadable(err)
		}
		if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
			break
		}
		if layer == maxGzipLayers {
			return refuse("compression", "compressed more than %d times over", maxGzipLayers)
		}
		zr, err := gzip.NewReader(f.Reader)
		if err != nil {
			return unreadable(err)
		}
		f.close = append(f.close, zr)
		f.Reader = bufio.NewReaderSize(zr, 64<<10)
	}
	head, err := f.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return unreadable(err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		f.Discard(3)
		head = head[3:]
	}
	return checkHead(head)
}

// checkHead refuses what is certainly not UTF-8 text of ours.
func checkHead(head []byte) error {
	switch {
	case len(bytes.TrimSpace(head)) == 0 && len(head) < 500:
		return refuse("empty", "the file is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return refuse("archive", "this is a zip archive; unpack it and import what is inside")
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return refuse("encoding", "this is UTF-16 text; save it as UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return refuse("encoding", "this is not UTF-8 text (it contains zero bytes)")
	}
	return nil
}

// unreadable puts an error of reading or unpacking into words.
func unreadable(err error) *Refusal {
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return refuse("compression", "the gzip data is damaged (%v)", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("truncated", "the compressed file is cut short")
	case strings.HasPrefix(err.Error(), "flate:"):
		return refuse("compression", "the gzip data is damaged (%v)", err)
	}
	return refuse("unreadable", "the file cannot be read: %v", err)
}
