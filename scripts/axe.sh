#!/usr/bin/env bash
# Prints the path of axe-core's script, for the tests of accessibility: $MSST_AXE, or a copy in .venv that npm fetches once.
# Prints nothing where there is no npm; the tests that need it are then skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.14.1
script=.venv/axe-core-$version/package/axe.min.js
if [ -n "${MSST_AXE:-}" ]; then
    echo "$MSST_AXE"
elif [ -f "$script" ]; then
    echo "$PWD/$script"
elif command -v npm >/dev/null; then
    folder=.venv/axe-core-$version
    mkdir -p "$folder"
    if archive=$(cd "$folder" && npm pack --silent "axe-core@$version") && tar -xzf "$folder/$archive" -C "$folder"; then
        echo "$PWD/$script"
    else
        echo "axe-core could not be fetched from npm" >&2
    fi
fi
