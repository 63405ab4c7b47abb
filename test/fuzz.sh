#!/usr/bin/env bash
# Runs every fuzz test for a while, one after the other. Usage: test/fuzz.sh 10s
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:-10s}
found=0
while read -r file; do
  package=./$(dirname "$file")
  for name in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*/\1/p' "$file"); do
    found=$((found + 1))
    echo "==> $package $name for $time"
    go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
  done
done < <(grep -rl --include='*_test.go' '^func Fuzz' internal | sort)
echo "$found fuzz tests ran"
