"""A hub on loopback: it speaks the hub's protocol and ModelScope's, and does wrong when told to.

GET /OWNER/REPO/resolve/main/PATH     302 to /cdn/..., with X-Repo-Commit, X-Linked-Size, X-Linked-Etag (small text: sent at once)
GET /cdn/SHA256/PATH                  the bytes, also ranges of them
GET /models/OWNER/REPO/resolve/master/PATH    as ModelScope: the bytes at once, no checksum
GET /api/v1/models/OWNER/REPO/repo/files      as ModelScope: the checksums
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    kind is one of: drop (the connection ends after n bytes), reset (before any), stall (stands still after n), slow (n ms after every
    64 KiB), wrong (byte n is another), status (n instead of 200), plain (the range is not heeded), other_range (other bytes than asked
    for), short and long (n bytes fewer or more are announced than come), loop (redirects to itself), gzip (compressed), wrong_total
    (another size of the whole in Content-Range),
    change (the file is another one from now on).
    """

    kind: str
    n: int = 0


@dataclass
class Asked:
    """One request for bytes."""

    path: str
    start: int
    sent: int = 0


@dataclass
class Hub:
    """The server; use as a context manager."""

    files: dict[str, bytes] = field(default_factory=dict)  # by path in the repository
    faults: deque[Fault] = field(default_factory=deque)  # for requests of bytes, in turn; then all is well
    reports: bool = True  # whether it names checksums on the way
    later: bytes = b""  # what a file becomes with the fault `change`
    asked: list[Asked] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)  # of all requests
    targets: list[str] = field(default_factory=list)  # what they asked for: of a proxy, the whole address
    retry_after: str = "0"

    def __enter__(self) -> Hub:
        hub = self

        class Handler(_Handler):
            served = hub

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._gone = threading.Event()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def wait(self, seconds: float) -> None:
        """Stand still, at most until the server is gone."""
        self._gone.wait(seconds)

    def sent(self, path: str | None = None) -> int:
        """Bytes of files that went out."""
        return sum(each.sent for each in self.asked if path is None or each.path == path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are no news here."""


class _Handler(BaseHTTPRequestHandler):
    served: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        hub = self.served
        hub.headers.append({name.lower(): value for name, value in self.headers.items()})
        hub.targets.append(self.path)
        path = unquote(self.path.partition("?")[0])
        if found := re.fullmatch(r"/cdn/[0-9a-f]+/(.+)", path):
            self._bytes(found[1], etag=f'"cdn-{len(hub.files[found[1]])}"')
        elif found := re.fullmatch(r"/models/[^/]+/[^/]+/resolve/master/(.+)", path):
            self._bytes(found[1], etag=None)
        elif path.startswith("/api/v1/models/"):
            listed = [{"Path": name, "Size": len(data), "Sha256": _sha256(data)} for name, data in hub.files.items()]
            self._small(json.dumps({"Code": 200, "Data": {"Files": listed}}).encode(), {})
        elif found := re.fullmatch(r"/[^/]+/[^/]+/resolve/main/(.+)", path):
            self._resolve(found[1])
        elif found := re.fullmatch(r"/file/(.+)", path):
            self._bytes(found[1], etag=f'"{_sha256(hub.files[found[1]])[:16]}"' if found[1] in hub.files else None)
        else:
            self._refuse(404)

    def _resolve(self, name: str) -> None:
        data = self.served.files.get(name)
        if data is None:
            return self._refuse(404)
        if name.endswith((".yaml", ".json")):  # not LFS: sent by the hub itself, under git's name of it
            git = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
            return self._bytes(name, etag=f'"{git}"', more={"X-Repo-Commit": COMMIT})
        headers = {"X-Repo-Commit": COMMIT, "Location": f"/cdn/{_sha256(data)}/{quote(name)}", "Accept-Ranges": "bytes"}
        if self.served.reports:
            headers |= {"X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{_sha256(data)}"'}
        return self._small(b"Found. Redirecting", headers, status=302)

    def _bytes(self, name: str, *, etag: str | None, more: dict[str, str] | None = None) -> None:
        hub = self.served
        if name not in hub.files:
            return self._refuse(404)
        fault = hub.faults.popleft() if hub.faults else Fault("")
        if fault.kind == "change":
            hub.files[name] = hub.later
        data = hub.files[name]
        if fault.kind == "reset":
            return self._cut()
        if fault.kind == "status":
            return self._refuse(fault.n)
        if fault.kind == "loop":
            return self._small(b"", {"Location": self.path}, status=302)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and fault.kind != "plain" else 0
        headers = {"Accept-Ranges": "bytes", **(more or {}), **({"ETag": etag} if etag else {})}
        if asked and fault.kind != "plain":
            if start >= len(data):
                return self._small(b"", {"Content-Range": f"bytes */{len(data)}"}, status=416)
            first = max(start - 7, 0) if fault.kind == "other_range" else start
            total = len(data) + fault.n if fault.kind == "wrong_total" else len(data)
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{total}"
            self.send_response(206)
        else:
            first = 0
            self.send_response(200)
        return self._send(name, data[first:], headers, fault, start)

    def _send(self, name: str, body: bytes, headers: dict[str, str], fault: Fault, start: int) -> None:
        announced = len(body) + {"short": -fault.n, "long": fault.n}.get(fault.kind, 0)
        if fault.kind == "gzip":
            headers["Content-Encoding"] = "gzip"
        if fault.kind == "wrong" and body:
            place = fault.n % len(body)
            body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        for key, value in {**headers, "Content-Length": str(max(announced, 0))}.items():
            self.send_header(key, value)
        self.end_headers()
        asked = Asked(name, start)
        self.served.asked.append(asked)
        upto = min(fault.n, len(body)) if fault.kind in ("drop", "stall") else min(len(body), max(announced, 0))
        for place in range(0, upto, 1 << 16):
            block = body[place : min(place + (1 << 16), upto)]
            asked.sent += len(block)  # before it goes: who has the last byte may look at once
            self.wfile.write(block)
            if fault.kind == "slow":
                self.served.wait(fault.n / 1000)
        if fault.kind == "stall":
            self.served.wait(90)
        if fault.kind in ("drop", "stall", "long"):
            self._cut()

    def _small(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int) -> None:
        self._small(b"no", {"Retry-After": self.served.retry_after}, status=status)

    def _cut(self) -> None:
        """End the connection as a broken line does."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content(size: int, seed: int = 0) -> bytes:
    """Some bytes, always the same."""
    return random.Random(seed).randbytes(size)


def eventually(condition: Any, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
