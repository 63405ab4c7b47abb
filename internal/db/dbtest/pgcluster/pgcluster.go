package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Remedy is what a person types where PostgreSQL is missing.
const Remedy = "apt-get update && apt-get install -y postgresql"

// ErrMissing means that no PostgreSQL server programs are on this machine.
var ErrMissing = errors.New("PostgreSQL is not installed; run: " + Remedy)

// Fast is a configuration for tests: a crash of the machine may lose data, a crash of a client never does.
var Fast = map[string]string{
	"fsync":                "off",
	"synchronous_commit":   "off",
	"full_page_writes":     "off",
	"shared_buffers":       "64MB",
	"max_connections":      "400",
	"autovacuum_naptime":   "30s",
	"max_wal_size":         "512MB",
	"checkpoint_timeout":   "30min",
	"max_worker_processes": "4",
	"jit":                  "off",
}

// Durable is a configuration for benches: every commit reaches the disk before it is answered, as in production.
var Durable = map[string]string{
	"fsync":              "on",
	"synchronous_commit": "on",
	"full_page_writes":   "on",
	"shared_buffers":     "1GB",
	"max_connections":    "200",
	"max_wal_size":       "4GB",
	"checkpoint_timeout": "15min",
	"jit":                "off",
}

// Cluster is a running private PostgreSQL.
type Cluster struct {
	Dir string // holds data/, log and the socket
	URL string // postgres://postgres@127.0.0.1:PORT/postgres?sslmode=disable
}

// Bin returns the folder of the newest installed server programs, ErrMissing where there are none.
func Bin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", ErrMissing
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// Start makes a cluster in dir, which must be empty or missing and is handed to the user the server runs as, and waits
// until it answers. settings are lines of postgresql.conf. The server outlives this process: call Stop.
func Start(ctx context.Context, dir string, settings map[string]string) (*Cluster, error) {
	bin, err := Bin()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	who, err := owner()
	if err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	if err := run(ctx, dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-sync", "--no-instructions"); err != nil {
		return nil, fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := configure(filepath.Join(data, "postgresql.conf"), dir, port, settings); err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)}
	if err := run(ctx, dir, filepath.Join(bin, "pg_ctl"), "start", "-D", data, "-w", "-t", "60", "-s",
		"-l", filepath.Join(dir, "log")); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("start the PostgreSQL cluster: %w\n%s", err, log)
	}
	return c, nil
}

func configure(file, dir string, port int, settings map[string]string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nport = %d\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\n", port, dir)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = '%s'\n", key, settings[key])
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	return errors.Join(err, f.Close())
}

// Alive reports whether the server at url answers and keeps its data in dir.
func Alive(ctx context.Context, url, dir string) bool {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	var data string
	err = conn.QueryRow(ctx, "SHOW data_directory").Scan(&data)
	return err == nil && data == filepath.Join(dir, "data")
}

// Stop ends the cluster in dir at once, breaking open connections, and removes the folder. A cluster that does not run
// is no error.
func Stop(ctx context.Context, dir string) error {
	bin, err := Bin()
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, "postmaster.pid")); err == nil {
		if err := run(ctx, dir, filepath.Join(bin, "pg_ctl"), "stop", "-D", data, "-m", "immediate", "-w", "-t", "60", "-s"); err != nil {
			return fmt.Errorf("stop the PostgreSQL cluster in %s: %w", dir, err)
		}
	}
	return os.RemoveAll(dir)
}

// owner is the user the server must run as: nil for the one we are, "postgres" where we are root.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no user postgres: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// run runs a server program in a session of its own, so that an interrupt meant for the tests does not reach it. Its
// output goes to a file, because a server that holds our pipe open would keep "go test" waiting.
func run(ctx context.Context, dir, program string, args ...string) error {
	who, err := owner()
	if err != nil {
		return err
	}
	out, err := os.CreateTemp("", "memberpay-pg-*.out")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: who}
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", filepath.Base(program), err, strings.TrimSpace(string(text)))
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
