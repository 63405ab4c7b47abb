package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line says.
type settings struct {
	members int
	found   int
	rounds  int
	seconds int
	eobs    int
	minutes int
	binary  string
	only    []string
}

// parts are what can be measured, in order.
var parts = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"start", (*bench).start},
	{"pay", (*bench).pay},
	{"signin", (*bench).signIn},
	{"page", (*bench).page},
	{"chat", (*bench).chat},
	{"search", (*bench).search},
	{"import", (*bench).imports},
	{"sqlite", (*bench).sqlite},
}

func main() {
	var s settings
	var only string
	flag.IntVar(&s.members, "members", 100_000, "how many members to seed")
	flag.IntVar(&s.found, "found", 1_000_000, "among how many members the desk searches")
	flag.IntVar(&s.rounds, "rounds", 3, "how many rounds of each comparison")
	flag.IntVar(&s.seconds, "seconds", 4, "how long each measurement of a round runs")
	flag.IntVar(&s.eobs, "eobs", 60_000, "how many EOBs to import, over all rounds")
	flag.IntVar(&s.minutes, "minutes", 25, "give up after so many minutes")
	flag.StringVar(&s.binary, "binary", "", "measure this program instead of building it")
	flag.StringVar(&only, "only", "", "measure only these parts: start,pay,signin,page,chat,search,import,sqlite")
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.minutes)*time.Minute)
	defer cancel()
	missed, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed > 0 {
		os.Exit(1)
	}
}

// run measures every part that was asked for and reports how many targets were missed.
func run(ctx context.Context, s settings) (missed int, err error) {
	b, err := newBench(ctx, s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, p := range parts {
		if len(s.only) > 0 && !slices.Contains(s.only, p.name) {
			continue
		}
		if err := p.run(b, ctx); err != nil {
			return 0, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b.report.print(os.Stdout), nil
}
