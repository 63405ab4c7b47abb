// Command withpostgres runs another command with a private PostgreSQL cluster: it starts one in a temporary folder,
// sets MEMBERPAY_TEST_POSTGRES to its address, runs the command, then stops the cluster and removes the folder.
//
//	go run ./test/withpostgres [-durable] COMMAND [ARGUMENT...]
//	go run ./test/withpostgres -stop
//
// -durable keeps fsync and synchronous commits on, as benches need. -stop runs nothing: it ends the cluster that tests
// started without this command share. It exits with the command's own code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"memberpay/internal/db/dbtest"
	"memberpay/internal/db/dbtest/pgcluster"
)

func main() {
	durable := flag.Bool("durable", false, "keep fsync and synchronous commits on")
	stop := flag.Bool("stop", false, "stop the cluster that tests share")
	flag.Parse()
	code, err := run(*durable, *stop, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
	}
	os.Exit(code)
}

func run(durable, stop bool, command []string) (int, error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if stop {
		return failed(stopShared(ctx))
	}
	if len(command) == 0 {
		return 2, errors.New("name a command to run")
	}
	dir, err := os.MkdirTemp("", "memberpay-pg-")
	if err != nil {
		return 1, err
	}
	settings := pgcluster.Fast
	if durable {
		settings = pgcluster.Durable
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := pgcluster.Stop(ctx, dir); err != nil {
			fmt.Fprintln(os.Stderr, "withpostgres:", err)
		}
	}()
	cluster, err := pgcluster.Start(ctx, dir, settings)
	if err != nil {
		return 1, err
	}
	return child(command, cluster.URL)
}

// child runs the command in our process group: an interrupt from the keyboard reaches it without us, and we wait for it.
func child(command []string, url string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "MEMBERPAY_TEST_POSTGRES="+url)
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return failed(err)
}

func stopShared(ctx context.Context) error {
	dir := dbtest.SharedDir()
	if _, err := os.Stat(filepath.Join(dir, "data")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return pgcluster.Stop(ctx, dir)
}

func failed(err error) (int, error) {
	if err != nil {
		return 1, err
	}
	return 0, nil
}
