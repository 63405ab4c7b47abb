#!/usr/bin/env bash
# Fails where a *_templ.go file differs from what its template makes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sums() { find internal cmd -name '*_templ.go' -print0 | sort -z | xargs -0 -r sha256sum; }
before=$(sums)
go tool templ generate -log-level error
if ! changed=$(diff <(echo "$before") <(sums)); then
  echo "These generated pages were stale; they are fresh now, commit them:" >&2
  echo "$changed" | awk '/^[<>]/ {print "  " $3}' | sort -u >&2
  exit 1
fi
