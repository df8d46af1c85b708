"""CUDA graphs: the kernels of a whole chunk, recorded once and then started with one call.

A fast card finishes many layers sooner than Python asks for the next one. Chunks are all of one shape, so what was recorded for one
serves all. On trial: MSST_CUDA_GRAPHS=1 turns it on.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)

MOST = 2
"""Recordings kept: of full batches, and of the last one. Each holds its memory."""

Key = tuple[Any, ...]


def wanted(device: torch.device) -> bool:
    """Whether graphs are to be tried on this device."""
    return device.type == "cuda" and os.environ.get("MSST_CUDA_GRAPHS") == "1"


class Graphed(nn.Module):
    """An engine that is recorded at the second chunk of a shape. What cannot be recorded runs as ever.

    Args:
        engine: `engine(x, *rest) -> Tensor`; rest are sequences of numbers. It may not look at values, or wait for the device.
    """

    def __init__(self, engine: nn.Module) -> None:
        super().__init__()
        self.engine = engine
        self.failure: str | None = None  # why it gave up
        self._seen: set[Key] = set()
        self._recorded: dict[Key, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def forward(self, x: Tensor, *rest: Any) -> Tensor:
        """As the engine."""
        key = (tuple(x.shape), *(tuple(values) for values in rest))
        if key in self._recorded:
            graph, given, found = self._recorded[key]
            given.copy_(x)
            graph.replay()
            return found.clone()  # the next chunk is written over it
        if self.failure is None and key in self._seen:
            try:
                return self._record(key, x, rest)
            except RuntimeError as error:
                self.failure = str(error)
                self._recorded.clear()
                log.warning("a chunk cannot be recorded and runs as ever: %s", self.failure.splitlines()[0])
        self._seen.add(key)  # the first call makes what is made once: packed weights, plans of transforms
        try:
            answer: Tensor = self.engine(x, *rest)
        except torch.cuda.OutOfMemoryError:
            self._recorded.clear()  # less is asked for from here on, in other shapes
            raise
        return answer

    def _record(self, key: Key, x: Tensor, rest: tuple[Any, ...]) -> Tensor:
        while len(self._recorded) >= MOST:
            self._recorded.pop(next(iter(self._recorded)))
        given, graph = x.clone(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            found = self.engine(given, *rest)
        self._recorded[key] = graph, given, found
        graph.replay()
        answer: Tensor = found.clone()
        return answer
