#!/usr/bin/env bash
# Makes this machine ready for the tests: PostgreSQL, Chromium, fonts, PDF tools, the browser driver's packages.
# Root on Debian: installs what is missing. Anyone else: is told exactly what to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
need() { # need PACKAGE TEST...: PACKAGE is missing where TEST fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
have_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
have_font() { compgen -G '/usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf' >/dev/null; }

need postgresql have_postgres
need chromium command -v chromium
need fonts-liberation have_font
need poppler-utils command -v pdftotext
need qpdf command -v qpdf

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    {
      echo "The tests need programs that are not on this machine. On Debian, run this as root, then make test again:"
      echo
      echo "  apt-get update && apt-get install -y ${missing[*]}"
      echo
    } >&2
    exit 1
  fi
  echo "==> Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  apt-get -q install -y --no-install-recommends "${missing[@]}"
fi

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "The browser tests need Node 20 or newer, with npm: '$tool' is not on this machine." >&2; exit 1; }
done

installed=test/e2e/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ test/e2e/package-lock.json -nt "$installed" ]; then
  echo "==> Getting the browser driver"
  (cd test/e2e && npm ci --ignore-scripts --no-audit --no-fund)
fi
