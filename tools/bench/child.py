"""The far end of a measurement: a process that loads one model once, and then separates whenever it is told to.

    parent                                              child
    {"op": "load", "task": {...}}               ->      {"ok": true, "seconds": 0.8, ...}
    {"op": "separate", "song": ..., "out": ...} ->      {"ok": true, "seconds": 31.4, "forwards": 2, "peak": 2147483648}
    (end of the stream)                                 it ends

One line of JSON each way. As every contestant waits in its own process, a run can go round among them, so that a machine that
drifts drifts for all; and each has the environment that it would have in use. This module is all that a peer's interpreter must be
able to import, so it needs nothing but NumPy.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Audio [C, n]."""

Answer = dict[str, Any]
Operation = Callable[[Mapping[str, Any]], Answer]


class Unavailable(Exception):
    """A contestant cannot do that, and need not: it says why."""


@dataclass(frozen=True)
class Task:
    """What a contestant is to load. All of them get the same."""

    family: str
    config: Mapping[str, Any]  # of the network, with the sections audio, model, training, inference: chunk and overlap are in it
    weights: tuple[str, ...]  # files of `torch.save`
    cache: str  # a folder for weights in their fast form
    stems: tuple[str, ...]  # in the order in which they are written
    rest: str | None = None  # the stem that is the mixture minus the others
    sample_rate: int = 44100
    device: str = "cpu"
    precision: str = "exact"
    overlap: str | int = "standard"
    work: str = ""  # a folder of this contestant's own
    extras: Mapping[str, str] = field(default_factory=dict)  # modules of families that are not in the registry

    @property
    def mono(self) -> bool:
        """Whether the network takes one channel: it is then given each by itself."""
        model = self.config.get("model")
        return isinstance(model, Mapping) and (model.get("in_channel") == 1 or model.get("stereo") is False)

    def as_json(self) -> dict[str, Any]:
        """For the way to the child."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Task:
        """As it arrives there."""
        return cls(**{**values, "weights": tuple(values["weights"]), "stems": tuple(values["stems"])})


class Side(ABC):
    """A contestant: how it loads and how it separates."""

    forwards = 0
    """Chunks that its network has been given so far."""

    @abstractmethod
    def load(self, task: Task) -> None:
        """Get ready. Raises Unavailable where it does not know such models."""

    @abstractmethod
    def separate(self, song: Samples) -> Mapping[str, Samples]:
        """The stems [C, n] of a song [C, n]."""

    def work(self) -> float:
        """GFLOP of one forward."""
        raise Unavailable("does not count its work")

    def device_peak(self) -> int | None:
        """The most bytes that were in use on an accelerator; None without one."""
        return None

    def operations(self) -> dict[str, Operation]:
        """What the parent can ask for."""
        return {"load": self._load, "separate": self._separate, "work": lambda _: {"gflop": self.work()}}

    def _load(self, order: Mapping[str, Any]) -> Answer:
        task = Task.from_json(order["task"])
        self._stems = task.stems
        began = time.perf_counter()
        self.load(task)
        return {"seconds": time.perf_counter() - began}

    def _separate(self, order: Mapping[str, Any]) -> Answer:
        song = np.load(order["song"])
        reset_peak()
        before = self.forwards
        began, worked = time.perf_counter(), time.process_time()
        found = self.separate(song)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - worked
        if order.get("out"):
            np.save(order["out"], np.stack([found[stem] for stem in self._stems]).astype(np.float32))
        return {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "forwards": self.forwards - before,
            "peak": peak(),
            "device_peak": self.device_peak(),
        }


def serve(operations: Mapping[str, Operation]) -> None:
    """Answer orders from stdin until it ends. What anybody prints meanwhile goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"ok": True, **operations[order["op"]](order)}
        except Unavailable as reason:
            answer = {"ok": False, "unavailable": True, "error": str(reason)}
        except Exception as error:  # noqa: BLE001 - the parent hears of it; the other contestants go on
            traceback.print_exc()
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def peak() -> int | None:
    """The most bytes of memory that this process has had at once since `reset_peak`; None where nobody knows."""
    status = Path("/proc/self/status")
    if status.is_file():  # not ru_maxrss: on Linux that begins with what the parent had
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _windows_peak()


def reset_peak() -> None:
    """Forget earlier peaks, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return


def _windows_peak() -> int | None:
    try:
        psutil: Any = import_module("psutil")
    except ImportError:
        return None
    about = psutil.Process().memory_info()
    return int(getattr(about, "peak_wset", about.rss))
