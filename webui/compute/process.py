"""The server's handle on one compute child."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from inference.allocator import ALLOCATOR
from inference.errors import Cancelled
from webui.compute.protocol import CANCEL, Message, RemoteError, decode, encode
from webui.paths import ROOT

log = logging.getLogger(__name__)

CANCEL_PATIENCE = 3.0
"""Seconds that a child has to heed a cancel before it is ended."""

FIRST_TICK = 0.05
"""Seconds from a new stage of the work to the first look at how far it is; each look after it comes twice as late."""


class ChildDied(Exception):
    """The child ended in the middle of an order: a crash, a kill, or the system ran out of memory."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the compute process ended (exit status {code})")
        self.code = code


class ComputeChild:
    """One child process. Give orders from one thread at a time."""

    def __init__(self, *, keep_heap: bool = True) -> None:
        environment = {**os.environ, **(ALLOCATOR if keep_heap else {})}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "webui.compute.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.facts: Message = {}  # what it last told about its machine and its models, see Operations.machine
        self.job: str | None = None  # id of the job that it works on, for people
        threading.Thread(target=self._listen, name=f"compute-{self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id, for logs."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the child can take an order."""
        return self._process.poll() is None

    def _listen(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        try:
            for line in pipe:
                message = decode(line)
                if message["type"] == "facts":
                    self.facts = message["value"]
                else:
                    self._inbox.put(message)
        except ValueError:
            log.warning("compute process %d was cut off in the middle of a message", self.pid)
        self._inbox.put(None)

    def _send(self, message: Message) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(encode(message))
            pipe.flush()
        except OSError as error:
            raise ChildDied(self._process.poll()) from error

    def call(
        self,
        op: str,
        args: dict[str, Any],
        *,
        on_message: Callable[[Message], None] = lambda _: None,
        tick: Callable[[], None] = lambda: None,
        tick_seconds: float = 0.5,
    ) -> Any:
        """Give an order and wait for its end.

        Args:
            op: the operation.
            args: its arguments, JSON.
            on_message: receives progress and log messages.
            tick: called at each new stage of the work, more often in its first moments, then every `tick_seconds`; raises (anything)
                to stop the work: the child is then cancelled, or ended if it does not heed, and the exception goes on.
            tick_seconds: pause between ticks, at most.

        Returns:
            The operation's value.

        Raises:
            RemoteError: the operation failed with a reason.
            ChildDied: the child ended.
        """
        self._send({"op": op, "args": args})
        next_tick, stage, pause = time.monotonic(), None, tick_seconds
        while True:
            try:
                message = self._inbox.get(timeout=max(next_tick - time.monotonic(), 0.001))
            except queue.Empty:
                try:
                    tick()
                except BaseException:
                    self._stop_work()
                    raise
                next_tick = time.monotonic() + pause
                pause = min(2 * pause, tick_seconds)
                continue
            if message is None:
                raise ChildDied(self._process.wait())
            if message["type"] == "done":
                return message["value"]
            if message["type"] == "error":
                raise Cancelled(str(message["message"])) if message["code"] == Cancelled.code else RemoteError(message)
            on_message(message)
            if message["type"] == "progress" and message["stage"] != stage:
                next_tick, stage, pause = time.monotonic(), message["stage"], FIRST_TICK

    def _stop_work(self) -> None:
        """Cancel the running order; a child that does not answer soon is ended."""
        try:
            self._send(CANCEL)
        except ChildDied:
            return
        deadline = time.monotonic() + CANCEL_PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._inbox.get(timeout=left)
            except queue.Empty:
                break
            if message is None or message["type"] in ("done", "error"):
                return
        log.warning("compute process %d did not heed a cancel and is ended", self.pid)
        self.kill()

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()
        self._process.wait()
