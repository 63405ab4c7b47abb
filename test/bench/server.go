package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the real program, serving.
type server struct {
	address string
	cmd     *exec.Cmd
	log     *os.File
	ended   chan error
}

// serve starts the program on a database, with settings of the environment. Nothing is ready yet when it returns.
func (b *bench) serve(database string, settings ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{address: l.Addr().String(), ended: make(chan error, 1)}
	if err := l.Close(); err != nil {
		return nil, err
	}
	if s.log, err = os.OpenFile(filepath.Join(b.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(b.binary, "serve")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	// The keys belong to no processor: bank payments need none. Bank files are cut once a day, so not during the run.
	s.cmd.Env = append(os.Environ(), "MEMBERPAY_DATA="+filepath.Join(b.dir, "data"), "MEMBERPAY_DATABASE="+database,
		"MEMBERPAY_LISTEN="+s.address, "MEMBERPAY_ACH_CUT_EVERY=24h", "MEMBERPAY_CARDS_API=http://127.0.0.1:9",
		"MEMBERPAY_CARDS_SECRET_KEY=sk_test_bench", "MEMBERPAY_CARDS_PUBLISHABLE_KEY=pk_test_bench",
		"MEMBERPAY_CARDS_WEBHOOK_SECRET=whsec_bench")
	s.cmd.Env = append(s.cmd.Env, settings...)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	return s, nil
}

// serveReady starts the program and waits for its first page.
func (b *bench) serveReady(ctx context.Context, database string, settings ...string) (*server, error) {
	s, err := b.serve(database, settings...)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// ready waits until the first page is answered.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/", nil)
		if err != nil {
			return err
		}
		if res, err := client.Do(r); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			return fmt.Errorf("the first page answers %s", res.Status)
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			text, _ := os.ReadFile(s.log.Name())
			return fmt.Errorf("the server ended: %v\n%s", err, text)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// stop ends the server cleanly and waits for it.
func (s *server) stop() error {
	defer s.log.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		return errors.Join(errors.New("the server did not stop"), s.cmd.Process.Kill())
	}
}

// memory is how much of the server stands in memory, in MiB.
func (s *server) memory() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}
