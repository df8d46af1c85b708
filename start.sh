#!/usr/bin/env bash
# Sets up what is missing, starts MSST-WebUI and opens its page: ./start.sh [--torch cpu|cu130|cu126] [what webui.py takes]
set -eu
cd "$(dirname "$0")"
python=$(scripts/python.sh)
exec "$python" scripts/launch.py "$@"
