"""The image's health check: status 0 when the server answers `GET /health`."""

from __future__ import annotations

import os
import sys
import urllib.request

port = os.environ.get("MSST_PORT", "7860")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy for downloads knows nothing of this container
try:
    direct.open(f"http://127.0.0.1:{port}/health", timeout=4).close()
except OSError as error:
    sys.exit(f"no answer: {error}")
