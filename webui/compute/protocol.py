"""The messages between the server and a compute child: one JSON object a line over the child's stdin and stdout.

server → child    {"op": NAME, "args": {...}}     do this; one at a time
{"op": "cancel"}                stop what is running
(end of file)                   exit at once
child → server    {"type": "progress", "fraction", "stage", "seconds_left", "step", "steps"}
{"type": "log", "level", "message"}
{"type": "facts", "value"}                 devices and their memory, loaded models; now and then
{"type": "done", "value": ...}
{"type": "error", "code", "message", "hint", "params"}
"""

from __future__ import annotations

import json
from typing import Any

from inference.errors import MsstError

CANCEL = {"op": "cancel"}

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One message as a line. Names of files may hold undecodable bytes (surrogates): ASCII carries them unharmed."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """The message in a line."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"not a message: {line[:80]!r}")
    return message


def error_message(error: MsstError) -> Message:
    """How an error travels."""
    params = {key: str(value) for key, value in error.params.items()}
    return {"type": "error", "code": error.code, "message": error.message, "hint": error.hint, "params": params}


class RemoteError(MsstError):
    """An error that a child reported: code, message and hint are the child's."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message["message"]), hint=str(message["hint"]), **message["params"])
        self.code = str(message["code"])
