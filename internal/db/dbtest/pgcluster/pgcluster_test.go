package pgcluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"memberpay/internal/db/dbtest"
	"memberpay/internal/db/dbtest/pgcluster"
)

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// Not t.TempDir: a parent of it may be closed to the user the server runs as.
	dir, err := os.MkdirTemp("", "memberpay-pg-test-")
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgcluster.Start(ctx, dir, pgcluster.Fast)
	if errors.Is(err, pgcluster.ErrMissing) && !dbtest.RequireAll() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !pgcluster.Alive(ctx, c.URL, dir) {
		t.Error("the cluster does not answer")
	}
	if pgcluster.Alive(ctx, c.URL, filepath.Join(dir, "other")) {
		t.Error("a cluster is taken for one with another folder")
	}
	if err := pgcluster.Stop(ctx, dir); err != nil {
		t.Fatal(err)
	}
	if pgcluster.Alive(ctx, c.URL, dir) {
		t.Error("the cluster answers after it was stopped")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if err := pgcluster.Stop(ctx, dir); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}
