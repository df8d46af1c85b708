#!/usr/bin/env bash
# Usage: scripts/venv.sh requirements.txt
# Makes .venv hold what the file lists, and does nothing when it already does: the stamp is the sum of the requirement files.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=$1
stamp=.venv/.ready-$(basename "$wanted")
sum=$(cat requirements*.txt | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
    exit 0
fi

if ! .venv/bin/python -c "" 2>/dev/null; then # none yet, or its Python has gone since
    python=$(scripts/python.sh)
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "Installing $wanted into .venv: minutes the first time, PyTorch is large"
# One call, so that the pinned torch is what every other package gets. Of pip's chatter only the large downloads and the end stay.
.venv/bin/python -m pip install --disable-pip-version-check --no-input -r "$wanted" |
    while IFS= read -r line; do
        case $line in
            Installing* | *Downloading*[MG]B\)) echo "${line:0:120}" ;;
        esac
    done
echo "$sum" >"$stamp"
echo "Installed."
