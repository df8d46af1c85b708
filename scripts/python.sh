#!/usr/bin/env bash
# Prints the command of a Python this project runs on (3.10 to 3.13, with venv), or says what is missing and exits 1.
# PYTHON=... in the environment decides, when it is set. Plain python3 comes first: it is what the machine's owner expects.
set -eu

newest=13
if [ "$(uname -s)" = Darwin ] && [ "$(uname -m)" = x86_64 ]; then
    newest=12 # PyTorch has no wheel for Python 3.13 on Intel Macs
fi
probe="import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $newest))"

for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 python}; do
    if "$candidate" -c "$probe" >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done

{
    echo "No usable Python: this needs Python 3.10 to 3.$newest with its venv module."
    echo "Looked for: ${PYTHON:-python3, python3.13 to python3.10, python}."
    echo "Install one (Debian, Ubuntu: apt install python3-venv; macOS: brew install python@3.12; or python.org),"
    echo "or name it: make run PYTHON=/path/to/python3.12"
} >&2
exit 1
