#!/usr/bin/env bash
# Runs every test: first the packages, then the real binary with a browser, a killed server and both databases.
# "test/run.sh e2e" runs the second part alone. Nothing is skipped; the last lines are the test runner's own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export MEMBERPAY_REQUIRE_ALL=1 CGO_ENABLED=0
part=${1:-all}

test/provision.sh
echo "==> Getting the Go modules"
go mod download

if [ "$part" = all ]; then
  echo "==> Checking that generated pages are fresh and no sentence is missing"
  test/fresh.sh
  go run ./internal/words/check
  echo "==> Testing the packages on SQLite and PostgreSQL"
  packages=$(go list ./... | grep -v '/test/e2e')
  # shellcheck disable=SC2086
  go run ./test/withpostgres go test -timeout 20m $packages
fi

echo "==> Building the binary"
go build -trimpath -ldflags "-s -w" -o bin/memberpay ./cmd/memberpay
echo "==> Testing the real binary: journeys in the browser, crashes, concurrency"
# -p 1: the browser and the killed servers each get the machine to themselves.
MEMBERPAY_BINARY=$PWD/bin/memberpay go run ./test/withpostgres go test -p 1 -v -timeout 40m ./test/e2e/...
