#!/usr/bin/env bash
# macOS: double-click to set up what is missing, start MSST-WebUI and open its page. The window stays open when something went wrong.
cd "$(dirname "$0")" || exit 1
status=0
./start.sh "$@" || status=$?
if [ "$status" != 0 ] && [ -t 0 ]; then
    read -r -p "Press Return to close. 按回车键关闭。"
fi
exit "$status"
