"""Raw HTTP: a client that sends bytes as they are, so that names and bodies arrive as badly as they were made."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.hostile.common import Upload

BOUNDARY = "xxBOUNDARYxx"


@dataclass(frozen=True)
class Answer:
    """Status code and body; code 0 where the server gave no answer."""

    code: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def call(url: str, method: str, path: str, body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """One request on a connection of its own; the path goes out as it is. A body in parts needs its Content-Length in `headers`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        length = {"Content-Length": str(len(body))} if isinstance(body, bytes) else {}
        headers = {**length, **(headers or {})}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it answered before it had read everything
            connection.send(body)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    except (http.client.HTTPException, ConnectionError, TimeoutError):
        return Answer(0, b"")
    finally:
        connection.close()


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    """One part of a form; only quotes and backslashes are escaped, as browsers and HttpClient do."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if file_name is not None:
        escaped = file_name.replace("\\", "\\\\").replace('"', '\\"')
        head += f'; filename="{escaped}"\r\nContent-Type: application/octet-stream'
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
END = f"--{BOUNDARY}--\r\n".encode()


def send(url: str, upload: Upload) -> Answer:
    """POST /upload."""
    parts = [part(key, value.encode()) for key, value in upload.fields.items()]
    parts.append(part("file", upload.content, upload.file_name))
    return call(url, "POST", "/upload", b"".join(parts) + END, FORM)
