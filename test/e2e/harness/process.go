package harness

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is a running sub-command.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // of Wait; read it after done
}

// Start starts a sub-command with environment on top of ours. Its output is appended to NAME.log in dir. It dies with us.
func Start(dir, name string, env []string, args ...string) (*Process, error) {
	program, err := Binary()
	if err != nil {
		return nil, err
	}
	p := &Process{Name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Kill ends the process with SIGKILL, as a crash does, and waits until it is gone.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Interrupt asks the process to end, as Ctrl-C does, and waits. It is an error if it ends with another code than 0, or
// not before ctx does; then it is killed.
func (p *Process) Interrupt(ctx context.Context) error {
	p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not end after an interrupt: %w\n%s", p.Name, ctx.Err(), p.Log())
	}
	if p.err != nil {
		return fmt.Errorf("%s after an interrupt: %w\n%s", p.Name, p.err, p.Log())
	}
	return nil
}

// Done is closed once the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log returns the last 8 KB of what the process, and the ones of the same name before it, printed.
func (p *Process) Log() string { return tail(p.log) }

func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8<<10):])
}

// Ready waits until url answers 200. It gives up when the process ends or ctx does, and then tells what was logged.
func (p *Process) Ready(ctx context.Context, url string) error {
	for {
		r, err := probe.Get(url)
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", r.StatusCode)
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before %s answered (%v)\n%s", p.Name, url, p.err, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("%s: %s does not answer: %w\n%s", p.Name, url, err, p.Log())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// probe asks without keeping connections, which a killed server would break.
var probe = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// FreeAddress returns an address of this machine that nobody listens on now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
