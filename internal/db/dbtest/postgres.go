package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"memberpay/internal/db/dbtest/pgcluster"
)

// RequireAll reports whether nothing may be skipped in this run.
func RequireAll() bool { return os.Getenv("MEMBERPAY_REQUIRE_ALL") == "1" }

// SharedDir is the folder of the cluster that test runs of this user share.
func SharedDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("memberpay-test-pg-%d", os.Getuid()))
}

// admin is the connection that makes and drops databases, and the cluster's address; one a process.
var admin = sync.OnceValues(func() (*adminConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	address := os.Getenv("MEMBERPAY_TEST_POSTGRES")
	if address == "" {
		var err error
		if address, err = shared(ctx); err != nil {
			return nil, err
		}
	}
	conn, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(2)
	conn.SetConnMaxIdleTime(10 * time.Second)
	if err := conn.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("the test PostgreSQL does not answer: %w", err)
	}
	return &adminConn{DB: conn, address: address}, nil
})

type adminConn struct {
	*sql.DB
	address string
}

// database is the cluster's address with another database name.
func (a *adminConn) database(name string) string {
	u, err := url.Parse(a.address)
	if err != nil {
		return a.address
	}
	u.Path = "/" + name
	return u.String()
}

// shared returns the address of the cluster in SharedDir, started where it does not run. A file lock lets one process
// start it while the others wait.
func shared(ctx context.Context) (string, error) {
	dir := SharedDir()
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	address, err := os.ReadFile(filepath.Join(dir, "url"))
	if err == nil && pgcluster.Alive(ctx, string(address), dir) {
		return string(address), nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	c, err := pgcluster.Start(ctx, dir, pgcluster.Fast)
	if err != nil {
		return "", err
	}
	return c.URL, os.WriteFile(filepath.Join(dir, "url"), []byte(c.URL), 0o644)
}

// postgres returns the admin connection, or skips or fails the test.
func postgres(t testing.TB) *adminConn {
	t.Helper()
	a, err := admin()
	switch {
	case err == nil:
		return a
	case errors.Is(err, pgcluster.ErrMissing) && !RequireAll():
		t.Skipf("%v", err)
	default:
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return nil
}

// clone makes a database from a template and drops it when the test ends.
func clone(t testing.TB, from string) string {
	t.Helper()
	a := postgres(t)
	name := "t_" + strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", "")
	if _, err := a.ExecContext(t.Context(), fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s`, name, from)); err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := a.ExecContext(ctx, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)); err != nil {
			t.Errorf("drop the test database %s: %v", name, err)
		}
	})
	return a.database(name)
}

var templates struct {
	sync.Mutex
	name string
}

// template returns the name of a migrated template database, made by the first process that wants these migrations.
func template(t testing.TB) string {
	t.Helper()
	a := postgres(t)
	templates.Lock()
	defer templates.Unlock()
	if templates.name != "" {
		return templates.name
	}
	sum, err := fingerprint()
	if err != nil {
		t.Fatalf("read the migrations: %v", err)
	}
	name := "memberpay_template_" + sum
	if err := ensureTemplate(context.Background(), a, name); err != nil {
		t.Fatalf("make the PostgreSQL template: %v", err)
	}
	templates.name = name
	return name
}

// ensureTemplate makes the template under an advisory lock. It is built under another name and renamed when it is
// complete, so that a killed process leaves no half-migrated template behind.
func ensureTemplate(ctx context.Context, a *adminConn, name string) error {
	conn, err := a.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const lockKey = 7263954 // any number, the same in every process
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lockKey)
	var there bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	building := name + "_new"
	for _, statement := range []string{
		`DROP DATABASE IF EXISTS ` + building + ` WITH (FORCE)`,
		`CREATE DATABASE ` + building + ` TEMPLATE template1`,
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := migrate(ctx, a.database(building)); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `ALTER DATABASE `+building+` RENAME TO `+name)
	return err
}

// fingerprint names the state of the migrations: a hash of their files and of the code that spells them.
func fingerprint() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(root, "internal/db/migrations/*.sql"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, file := range append(files, filepath.Join(root, "internal/db/migrate.go")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// moduleRoot walks up from the working folder, which for a test is its package's, to the folder of go.mod.
func moduleRoot() (string, error) {
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
