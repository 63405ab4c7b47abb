package harness

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Script runs a file of test/e2e/browser with Node against a demo and returns how it ended; what it prints goes to out as
// it comes.
func (d *Demo) Script(ctx context.Context, name string, out *os.File, env ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join("browser", name))
	cmd.Dir = filepath.Join(root, "test", "e2e")
	cmd.Env = append(append(os.Environ(), "MEMBERPAY_DEMO="+filepath.Join(d.Data, "demo.json")), env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.Run()
}
