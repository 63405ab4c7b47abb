package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
)

// readKept reads the checkpoint in a file, the zero Checkpoint where there is no file.
func readKept(path string, v note.Verifier) (Checkpoint, error) {
	signed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the kept checkpoint: %w", err)
	}
	c, err := OpenCheckpoint(string(signed), v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint in %s: %w; move the file away once you know why", path, err)
	}
	return c, nil
}

// writeKept replaces the file as a whole.
func writeKept(path, signed string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".audit-*")
	if err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(signed)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	return nil
}
