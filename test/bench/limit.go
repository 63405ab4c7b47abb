package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"memberpay/internal/db/dbtest/pgcluster"
)

//go:embed limit.sql
var limitSchema string

//go:embed limit.pgbench
var limitScript string

// limitClients are the numbers of clients at which the limit is measured; its best counts.
var limitClients = []int{8, 16, 32}

// limit drives the least transaction with pgbench.
type limit struct {
	program string
	script  string
	address string
	logs    string
	runs    int
}

// newLimit makes the tables of the limit beside the product's own.
func (b *bench) newLimit(ctx context.Context, address string) (*limit, error) {
	bin, err := pgcluster.Bin()
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, limitSchema); err != nil {
		return nil, fmt.Errorf("tables of the limit: %w", err)
	}
	l := &limit{program: filepath.Join(bin, "pgbench"), address: address, script: filepath.Join(b.dir, "limit.pgbench"), logs: filepath.Join(b.dir, "limit")}
	if err := os.MkdirAll(l.logs, 0o700); err != nil {
		return nil, err
	}
	return l, os.WriteFile(l.script, []byte(limitScript), 0o600)
}

var tps = regexp.MustCompile(`tps = ([0-9.]+) \(without initial connection time\)`)

// run measures one number of clients.
func (l *limit) run(ctx context.Context, clients, seconds int) (sample, error) {
	l.runs++
	prefix := filepath.Join(l.logs, fmt.Sprint("run", l.runs))
	cmd := exec.CommandContext(ctx, l.program, "-n", "-M", "prepared", "-j", "2", "-c", strconv.Itoa(clients), "-T", strconv.Itoa(seconds),
		"-f", l.script, "-l", "--log-prefix", prefix, l.address)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return sample{}, fmt.Errorf("pgbench said no rate:\n%s", out)
	}
	all, err := latencies(prefix)
	if err != nil {
		return sample{}, err
	}
	s := timings(all, 1)
	s.rate, err = strconv.ParseFloat(string(found[1]), 64)
	return s, err
}

// latencies reads pgbench's logs: the third word of a line is how many microseconds a transaction took.
func latencies(prefix string) ([]int64, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, err
	}
	var all []int64
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			words := strings.Fields(lines.Text())
			if len(words) < 3 {
				continue
			}
			us, err := strconv.ParseInt(words[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all = append(all, us*1000)
		}
		f.Close()
		os.Remove(name)
	}
	return all, nil
}
