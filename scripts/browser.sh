#!/usr/bin/env bash
# Prints the path of a Chromium or Chrome for the browser tests, or nothing when there is none and none can be installed.
# Debian's and Ubuntu's package is installed where this may be done without asking: as root, or with a sudo that wants no password.
# All talk goes to stderr: stdout is the answer.
set -eu

find_browser() {
    for name in "${MSST_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable chrome \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        /opt/google/chrome/chrome /snap/bin/chromium; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_browser && exit 0

as_root=none
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
fi

if [ "$as_root" != none ] && command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium or Chrome here: installing the package chromium for the browser tests" >&2
    if { $as_root apt-get -qq update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; } \
        </dev/null >/dev/null && find_browser; then
        exit 0
    fi
fi
echo "No Chromium or Chrome found: the browser tests are left out. Install one, or set MSST_BROWSER to its path." >&2
