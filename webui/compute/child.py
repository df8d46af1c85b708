"""The main loop of a compute child: `python -m webui.compute.child`, spoken to over stdin and stdout.

A thread reads the orders, so that a cancel arrives while work runs and the server's end (end of file) ends the child at once,
whatever it is doing. Nothing else may write to stdout: it is moved to stderr before anything is imported.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from inference.errors import MsstError, OutOfMemory
from webui.compute.analyses import lower_priority
from webui.compute.operations import Operations
from webui.compute.protocol import Message, decode, encode, error_message

log = logging.getLogger(__name__)


class _Outbox:
    """Writes messages; any thread may."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe, self._lock = pipe, threading.Lock()

    def send(self, message: Message) -> None:
        with self._lock:
            self._pipe.write(encode(message))
            self._pipe.flush()


class _Relay(logging.Handler):
    """Sends this process's log lines to the server, which keeps them with the job."""

    def __init__(self, outbox: _Outbox) -> None:
        super().__init__(logging.INFO)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        self._outbox.send({"type": "log", "level": record.levelname.lower(), "message": self.format(record)})


def main() -> None:
    """Serve until the server closes the pipe."""
    orders, answers = _take_pipes()
    outbox = _Outbox(answers)
    lower_priority()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the server decides
    logging.basicConfig(level=logging.INFO, handlers=[_Relay(outbox)])
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    cancelled = threading.Event()
    threading.Thread(target=_read, args=(orders, inbox, cancelled), daemon=True).start()
    operations = Operations(outbox.send, cancelled)
    while True:
        order = inbox.get()
        outbox.send(_answer(operations, order))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return orders, answers


def _read(orders: BinaryIO, inbox: queue.SimpleQueue[Message], cancelled: threading.Event) -> None:
    for line in orders:
        message = decode(line)
        if message["op"] == "cancel":
            cancelled.set()
        else:
            cancelled.clear()  # here, in the order of the pipe: a cancel that came too late for the last order is none of this one
            inbox.put(message)
    os._exit(0)


def _answer(operations: Operations, order: Message) -> Message:
    try:
        return {"type": "done", "value": operations.run(str(order["op"]), order["args"])}
    except MsstError as error:
        return error_message(error)
    except MemoryError:
        return error_message(OutOfMemory("not enough memory", hint="Close other programs, or use a smaller model."))
    except Exception as error:
        log.exception("unexpected error")
        return error_message(MsstError(f"unexpected error: {type(error).__name__}: {error}", hint="The job's log has the details."))


if __name__ == "__main__":
    main()
