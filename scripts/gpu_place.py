"""What the parts of gpu_check.py have in common: where they work, how they measure, how they tell it."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.catalogue import ModelRecord
from inference.options import Options
from inference.separator import Separator
from inference.types import Samples
from tests.families import CONFIGS, small_model
from tools.bench.child import Task, peak, reset_peak
from tools.bench.models import load_models, song, weights_of
from tools.bench.ours import record

RATE = 44100
SMALL = {"vr_5_1": "vr", "vr": "vr classic", "scnet_large": "scnet"}


def tell(what: str, **values: Any) -> None:
    """A result for the parent."""
    sys.stdout.write("RESULT " + json.dumps({"what": what, **values}) + "\n")
    sys.stdout.flush()


class Poisoned(Exception):
    """A kernel has failed so badly that the process cannot use the card any more."""


@dataclass
class Place:
    """Where a part works."""

    device: torch.device
    cache: Path
    small: bool

    @property
    def on_gpu(self) -> bool:
        """Whether it is an NVIDIA card."""
        return self.device.type == "cuda"

    def wait(self) -> None:
        """Until the card has done all that it was asked for."""
        if self.on_gpu:
            torch.cuda.synchronize(self.device)

    def step(self, what: str, work: Callable[[], None]) -> None:
        """Run a step; whatever goes wrong in it is told, and the next one runs.

        Raises:
            Poisoned: nothing more can run in this process.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the next step tells something else
            traceback.print_exc(file=sys.stdout)
            tell(what, error=f"{type(error).__name__}: {str(error)[:300]}")
        if not self.on_gpu:
            return
        try:
            torch.cuda.synchronize(self.device)
            torch.cuda.empty_cache()
        except RuntimeError as error:
            raise Poisoned from error

    def steps(self, part: str, works: Sequence[tuple[str, Callable[[], None]]], first: int = 0) -> None:
        """Run steps from the `first` one on. After one that leaves the card unusable the others run in a process of their own."""
        for index, (what, work) in enumerate(works[first:], first):
            try:
                self.step(what, work)
            except Poisoned:
                command = [f"{part}:{index + 1}" if one.split(":")[0] == part else one for one in sys.orig_argv]
                sys.stdout.flush()
                os.execv(sys.executable, command)  # noqa: S606 - as this process itself was started

    def task(self, name: str) -> Task:
        """A model as the benchmark has it; a tiny one of the same family where all is small."""
        if not self.small:
            model = next(model for model in load_models() if model.name == name)
            weights = weights_of(model, self.cache)
            return model.task(weights, self.cache, overlap=2, device=str(self.device))
        about = small_model(SMALL.get(name, name), self.cache)
        assert about.weights.kind == "file"
        files = tuple(str(path) for path in about.weights.paths())
        config = CONFIGS[SMALL.get(name, name)]
        config = {**({"vr": config} if about.family == "vr" else config), "inference": {"num_overlap": 2, "batch_size": 1}}
        return Task(
            about.family, config, files, str(self.cache / "converted"), about.stems, about.rest, about.sample_rate, str(self.device)
        )

    def record(self, name: str) -> ModelRecord:
        """Of a model of the benchmark."""
        return record(self.task(name))

    def separator(self, name: str, cache: str = "converted", **options: Any) -> Separator:
        """With this model; chunks overlap by half, and go one by one, unless said otherwise."""
        given: dict[str, Any] = {"precision": "exact", "overlap": 2, "batch": 1, **options}
        return Separator(self.record(name), cache=self.cache / cache, device=str(self.device), options=Options(**given))

    def song(self, seconds: float) -> Samples:
        """Something like music; a tenth of it where all is small."""
        return song(round(seconds * RATE * (0.1 if self.small else 1)), RATE)

    def forget(self) -> None:
        """Earlier peaks of memory."""
        reset_peak()
        if self.on_gpu:
            torch.cuda.reset_peak_memory_stats(self.device)

    def memory(self) -> dict[str, float]:
        """The most since `forget`, GB: of torch's allocator, what it reserved, and of the process."""
        here = {"process_gb": (peak() or 0) / 1e9}
        if not self.on_gpu:
            return here
        allocated, reserved = torch.cuda.max_memory_allocated(self.device), torch.cuda.max_memory_reserved(self.device)
        return {"peak_gb": allocated / 1e9, "reserved_gb": reserved / 1e9, **here}


def timed(place: Place, work: Callable[[], Any], times: int) -> float:
    """The least seconds of so many runs, after one that is not counted."""
    seconds = []
    for _ in range(times + 1):
        place.wait()
        began = time.perf_counter()
        work()
        place.wait()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def measured(place: Place, work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the seconds it takes."""
    place.wait()
    began = time.perf_counter()
    found = work()
    place.wait()
    return found, time.perf_counter() - began


def joined(separator: Separator, blocks: list[Samples], on_work: Callable[[float], None] | None = None) -> Samples:
    """A stream's stems."""
    found = separator.stream(blocks, sample_rate=RATE, channels=2, on_work=on_work, open_again=lambda: blocks)
    return np.concatenate(list(found), -1)
