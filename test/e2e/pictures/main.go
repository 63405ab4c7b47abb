// Command pictures takes the pictures of the README from a demo that it starts for that purpose.
//
//	go run ./test/e2e/pictures -out docs/pictures
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"memberpay/test/e2e/harness"
)

func main() {
	out := flag.String("out", "docs/pictures", "folder for the pictures")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := take(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func take(ctx context.Context, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "memberpay-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	demo, err := harness.StartDemo(ctx, dir, "")
	if err != nil {
		return err
	}
	if err := demo.Script(ctx, "pictures.mjs", os.Stdout, "MEMBERPAY_SHOTS="+out); err != nil {
		demo.Kill()
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return demo.Interrupt(ctx)
}
