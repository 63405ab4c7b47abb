#!/usr/bin/env bash
# gofmt and go vet over everything written by hand; staticcheck too where it is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unformatted=$(find cmd internal test -name '*.go' -not -name '*_templ.go' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'gofmt would change:\n%s\n' "$unformatted" >&2
  exit 1
fi
go vet ./...
if command -v staticcheck >/dev/null; then
  staticcheck ./...
else
  echo "staticcheck is not installed (go install honnef.co/go/tools/cmd/staticcheck@v0.8.2); gofmt and go vet are clean"
fi
