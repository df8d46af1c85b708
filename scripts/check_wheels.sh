#!/usr/bin/env bash
# Usage: scripts/check_wheels.sh [requirements.txt]      (needs uv on PATH; resolves only, installs nothing)
# Checks that the requirements resolve to wheels alone on every system and Python the README promises, and prints the versions
# that matter. Run it when a line of a requirements file changes, and before a release.
set -eu
cd "$(dirname "$0")/.."

file=${1:-requirements.txt}
export MACOSX_DEPLOYMENT_TARGET=14.0 # the oldest macOS that the Apple silicon wheel of torch runs on
failed=0

resolve() { # system python
    local out
    if out=$(uv pip compile --quiet --only-binary :all: --no-header --no-annotate --python-platform "$1" --python-version "$2" "$file" 2>&1); then
        printf 'ok    %-26s %-5s %s\n' "$1" "$2" "$(grep -E '^(torch|numpy|numba|llvmlite|av|pedalboard)==' <<<"$out" | tr '\n' ' ')"
    else
        printf 'FAIL  %-26s %-5s\n%s\n' "$1" "$2" "$out"
        failed=1
    fi
}

for system in x86_64-pc-windows-msvc x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do
    for python in 3.10 3.11 3.12 3.13; do resolve "$system" "$python"; done
done
for python in 3.10 3.11 3.12; do resolve x86_64-apple-darwin "$python"; done # Intel Macs: torch ends at Python 3.12
exit $failed
