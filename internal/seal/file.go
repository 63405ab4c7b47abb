package seal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// File is what lies in keys.json: nothing, a wrapped keyset, or one in clear of an older version.
type File struct {
	path    string
	Missing bool
	Header  Header  // of a wrapped keyset
	Keyset  *Keyset // nil where nothing lies there, it is in clear, or it is under another master key
	Clear   *Clear  // in clear
	Master  error   // an ErrMaster where its master key is another; Header is filled
}

// ReadFile reads keys.json and changes nothing. A damaged file is an error that says what to do.
func ReadFile(ctx context.Context, path string, m *Masters) (File, error) {
	f := File{path: path}
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		f.Missing = true
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read the keyset: %w", err)
	}
	if IsClear(raw) {
		c, err := f.readClear(raw)
		f.Clear = &c
		return f, err
	}
	if f.Header, err = ReadHeader(raw); err == nil {
		f.Keyset, err = Unwrap(ctx, raw, m)
	}
	if errors.Is(err, ErrMaster) {
		f.Master = fmt.Errorf("%s: %w", path, err)
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w; restore it from a backup, or move it away where the database has a copy", path, err)
	}
	return f, nil
}

func (f File) readClear(raw []byte) (Clear, error) {
	indexes, err := os.ReadFile(filepath.Join(filepath.Dir(f.path), indexName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Clear{}, fmt.Errorf("read the keyset of blind indexes: %w", err)
	}
	c, err := ReadClear(raw, indexes)
	if err != nil {
		return Clear{}, fmt.Errorf("%s: %w; restore it from a backup", f.path, err)
	}
	return c, nil
}

// indexName is the file in which an older version kept the key of blind indexes in clear, beside keys.json.
const indexName = "index.json"

// Save writes a wrapped keyset into keys.json as a whole. It leaves a file alone that holds this generation of the set, or
// a later one. A file that holds anything but an earlier generation of the set is an error and is not replaced.
func Save(path string, raw []byte) error { return save(path, raw, false) }

// TakeOver is Save where keys.json may hold a keyset in clear: that is replaced, and so is the key of blind indexes beside
// it. Its keys must be among those of raw.
func TakeOver(path string, raw []byte) error { return save(path, raw, true) }

func save(path string, raw []byte, overClear bool) error {
	h, err := ReadHeader(raw)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the keyset: %w", err)
	}
	unlock, err := lockFolder(dir)
	if err != nil {
		return fmt.Errorf("keep the keyset: %w", err)
	}
	defer unlock()
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("keep the keyset: %w", err)
	case IsClear(there) && overClear:
	default:
		was, err := ReadHeader(there)
		if err != nil || was.Set != h.Set {
			return fmt.Errorf("keep the keyset: %s holds something else, which is not replaced; find out what it is and move it away", path)
		}
		if was.Generation >= h.Generation {
			return removeIndex(dir, h.Set)
		}
	}
	if err := replace(path, raw); err != nil {
		return fmt.Errorf("keep the keyset: %w", err)
	}
	return removeIndex(dir, h.Set)
}

// removeIndex removes the key of blind indexes in clear once it is wrapped with the others.
func removeIndex(dir, set string) error {
	path := filepath.Join(dir, indexName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the keyset in clear: %w", err)
	}
	indexes, err := fromClearJSON(raw)
	if err != nil {
		return nil // not ours
	}
	if index, err := indexer(indexes); err != nil || mark(index, "", setPlace)[:setSize] != set {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the keyset in clear: %w", err)
	}
	return nil
}

// lockFolder keeps other processes of this machine from writing into a folder, until unlock or the end of the process.
func lockFolder(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil
}

// replace puts a whole file in the place of another, for its owner alone, and returns once it is on disk.
func replace(path string, content []byte) error {
	return place(path, content, os.Rename)
}

// create is replace where there is no file yet; where there is one it returns os.ErrExist. Of two processes that start at
// once one makes it, and nobody ever sees half of it.
func create(path string, content []byte) error {
	return place(path, content, os.Link)
}

func place(path string, content []byte, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".keys-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
