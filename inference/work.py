"""How far the work is, told several times a second, also from inside one long call of a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from torch import Tensor, nn

INTERVAL = 0.05  # seconds between two reports, at least


class Watched(Protocol):
    """A network, as far as it is watched."""

    def modules(self) -> Iterator[nn.Module]:
        """It and all its parts."""
        ...


class WorkMeter:
    """Counts samples in and out of the overlap-add, and between them the layers that the network has gone through.

    Args:
        network: its layers are watched while `watching`.
        batch: samples that one call of the network finishes, at most.
        report: told how many samples are done, a number that only grows. May raise Cancelled: it comes out of the network's call.
    """

    def __init__(self, network: Watched, batch: int, report: Callable[[float], None]) -> None:
        self._network = network
        self._batch = batch
        self._report = report
        self._read = 0
        self._done = 0
        self._told = 0.0
        self._next = 0.0  # time of the next report
        self._calls = 0  # of layers, since the network was called
        self._calls_in_all = 0  # a guess before the first call; known after it

    def counted(self, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
        """The same blocks [C, n], counted as they are read."""
        for block in blocks:
            self._read += block.shape[-1]
            yield block

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this lasts, a running network reports."""
        layers = [module for module in self._network.modules() if not any(True for _ in module.children())]
        self._calls_in_all = self._calls_in_all or max(len(layers), 1)
        hooks = [layer.register_forward_pre_hook(self._on_layer) for layer in layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def start(self, batch: int | None = None) -> None:
        """The network is about to be called, and will finish so many samples; None for as many as ever."""
        self._batch = batch or self._batch
        self._calls = 0
        self._tell()

    def answered(self) -> None:
        """The network has answered."""
        self._calls_in_all = self._calls or self._calls_in_all  # a recorded call goes through no layers

    def finished(self, samples: int) -> None:
        """So many samples are done for good."""
        self._done = samples
        self._calls = 0
        self._tell()

    def _on_layer(self, _layer: nn.Module, _inputs: object) -> None:
        self._calls += 1
        if time.monotonic() >= self._next:
            self._tell()

    def _tell(self) -> None:
        ahead = min(self._batch, self._read - self._done)  # what the running call will finish: at the end only the rest
        fraction = min(self._calls / max(self._calls_in_all, 1), 0.99)
        self._told = max(self._told, self._done + fraction * ahead)
        self._next = time.monotonic() + INTERVAL
        self._report(self._told)
