"""CUDA graphs: the kernels of a whole chunk, recorded once and then started with one call.

A fast card finishes many layers sooner than Python asks for the next one: on an H200 songs run up to twice as fast, and the answer is the
same to the last bit. Chunks are all of one shape, so what was recorded for one serves all. MSST_CUDA_GRAPHS=0 turns it off.
"""

from __future__ import annotations

import logging
import os
import weakref
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)

MOST = 2
"""Recordings kept: of full batches, and of the last one. They share the memory that they work in."""

SPARE = 1 << 28
"""Bytes that must be free beside what a chunk takes, or it is not recorded."""

Key = tuple[Any, ...]

_ALL: weakref.WeakSet[Graphed] = weakref.WeakSet()


def wanted(device: torch.device) -> bool:
    """Whether graphs are used on this device."""
    return device.type == "cuda" and os.environ.get("MSST_CUDA_GRAPHS", "1") != "0"


def release() -> bool:
    """Let the recordings of all models go, also of those that wait for their next song. False where there were none."""
    having = [one for one in _ALL if one._recorded]
    for one in having:
        one.forget()
    return bool(having)


class Graphed(nn.Module):
    """An engine that is recorded at the second chunk of a shape. What cannot be recorded runs as ever.

    Args:
        engine: `engine(x, *rest) -> Tensor`; rest are sequences of numbers. It may not look at values, or wait for the device.
    """

    def __init__(self, engine: nn.Module) -> None:
        super().__init__()
        self.engine = engine
        self.failure: str | None = None  # why it gave up
        self._length = 0
        self._seen: dict[Key, int] = {}  # shapes that came once, and the bytes that they took
        self._recorded: dict[Key, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}
        self._pool: Any = None
        _ALL.add(self)

    def forward(self, x: Tensor, *rest: Any) -> Tensor:
        """As the engine."""
        if x.shape[-1] != self._length:  # engines keep tables for one length, which recordings read: they are made anew for another
            self.forget()
            self._length = x.shape[-1]
        key = (tuple(x.shape), *(tuple(values) for values in rest))
        if key in self._recorded:
            graph, given, found = self._recorded[key]
            given.copy_(x)
            graph.replay()
            return found.clone()  # the next chunk is written over it
        if self.failure is None and key in self._seen and self._fits(x.device, self._seen[key]):
            try:
                return self._record(key, x, rest)
            except RuntimeError as error:  # memory, or something that a recording cannot have
                self.failure = str(error)
            log.warning("chunks are not recorded and run as ever: %s", self.failure.splitlines()[0])
            self.forget()
        return self._plain(key, x, rest)

    def forget(self) -> None:
        """Let all recordings go, and their memory."""
        self._seen.clear()
        self._recorded.clear()
        self._pool = None

    def _plain(self, key: Key, x: Tensor, rest: tuple[Any, ...]) -> Tensor:
        """A call as it is: the first one makes what is made once, packed weights and plans of transforms."""
        watched = x.device.type == "cuda" and key not in self._seen
        before = torch.cuda.memory_allocated(x.device) if watched else 0
        if watched:
            torch.cuda.reset_peak_memory_stats(x.device)
        try:
            answer: Tensor = self.engine(x, *rest)
        except torch.cuda.OutOfMemoryError:
            self.forget()  # less is asked for from here on, in other shapes
            raise
        self._seen[key] = max(torch.cuda.max_memory_allocated(x.device) - before, 0) if watched else self._seen.get(key, 0)
        return answer

    def _fits(self, device: torch.device, took: int) -> bool:
        """Whether a recording finds as much memory as such a call took: its own, which others cannot have meanwhile."""
        if device.type != "cuda":
            return True
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused >= took + SPARE

    def _record(self, key: Key, x: Tensor, rest: tuple[Any, ...]) -> Tensor:
        while len(self._recorded) >= MOST:
            self._recorded.pop(next(iter(self._recorded)))
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()  # for all of them: none runs while another one does, and answers are copied
        given, graph, before = x.clone(), torch.cuda.CUDAGraph(), torch.cuda.current_stream(x.device)
        try:
            with (
                torch.cuda.device(x.device),
                torch.cuda.graph(graph, pool=self._pool, stream=_stream(x.device), capture_error_mode="thread_local"),
            ):
                found = self.engine(given, *rest)
        except BaseException:
            torch.cuda.set_stream(before)  # a recording that breaks off may leave its own one in use
            raise
        self._recorded[key] = graph, given, found
        graph.replay()
        answer: Tensor = found.clone()
        return answer


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """The stream of recordings: one a device, as products keep memory for each stream."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
