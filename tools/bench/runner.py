"""The near end of a measurement: starts contestants, each in its own process, and asks them one at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from inference.allocator import ALLOCATOR

ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(Exception):
    """A contestant could not do what it was asked, or has ended.

    Args:
        reason: in its own words.
        unavailable: whether it is only that it does not know such models.
    """

    def __init__(self, reason: str, *, unavailable: bool = False) -> None:
        super().__init__(reason)
        self.unavailable = unavailable


@dataclass(frozen=True)
class Contestant:
    """Who is measured, and how it is started."""

    name: str  # "exact", "fast", "overlap", "reference", "pymss"
    module: str  # run with -m
    python: str = sys.executable
    keep_heap: bool = False  # with our allocator's settings, as our compute child has them
    precision: str = "exact"
    overlap: str | int = "standard"
    root: Path = ROOT  # where `module` is found


class Child:
    """A contestant's process.

    Args:
        contestant: who.
        folder: for its log; made if missing.
    """

    def __init__(self, contestant: Contestant, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = contestant.name
        self._log = folder / f"{contestant.name}.log"
        environment = {key: value for key, value in os.environ.items() if key not in ALLOCATOR}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [contestant.python, "-m", contestant.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=contestant.root,
                env={**environment, "PYTHONUNBUFFERED": "1", **(ALLOCATOR if contestant.keep_heap else {})},
                encoding="utf-8",
            )

    def ask(self, op: str, **values: Any) -> dict[str, Any]:
        """Give an order and wait for the answer.

        Raises:
            ChildFailed: it did not work out.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"op": op, **values}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise ChildFailed(f"{self.name} ended with status {self._process.wait()}: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise ChildFailed(str(answer["error"]), unavailable=bool(answer.get("unavailable")))
        return answer

    def close(self) -> None:
        """Let it end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(lines[-3:])

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def run_module(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What a module of ours prints when it is run in a process of its own.

    Raises:
        ChildFailed: its exit status was not 0.
    """
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        raise ChildFailed(f"{module}: {' | '.join(done.stderr.strip().splitlines()[-3:])}")
    return done.stdout
