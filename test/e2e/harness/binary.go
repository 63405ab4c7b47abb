package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Binary returns the path of the program under test: the one MEMBERPAY_BINARY names, or one built now, once a process,
// without C libraries, as bin/memberpay-under-test.
var Binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("MEMBERPAY_BINARY"); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", "memberpay-under-test")
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid()) // renamed into place: the old one may still run somewhere
	cmd := exec.Command("go", "build", "-o", fresh, "./cmd/memberpay")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", err
	}
	return path, nil
})

// Root returns the folder of go.mod, found upward from the working folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = parent
	}
}

// Run runs a sub-command to its end and returns what it printed on standard output. The error of a failed one carries
// what it printed on standard error.
func Run(ctx context.Context, env []string, args ...string) ([]byte, error) {
	program, err := Binary()
	if err != nil {
		return nil, err
	}
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("memberpay %s: %w\n%s%s", strings.Join(args, " "), err, out.Bytes(), problems.Bytes())
	}
	return out.Bytes(), nil
}
