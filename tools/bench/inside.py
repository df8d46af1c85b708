"""What is measured around a network, inside one process: `python -m tools.bench.inside`

load: seconds until a checkpoint is a model that can work. start: seconds from an opened file to the first work of a loaded model.
loop: memory that a song of some length takes where the network itself takes next to none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inference.audio import AudioSource
from inference.networks import FAMILIES
from inference.options import Options
from inference.separator import Separator
from inference.types import Samples
from tools.bench.child import Answer, Task, peak, reset_peak, serve
from tools.bench.identity import FAMILY
from tools.bench.ours import record

RATE = 44100
BLOCK = RATE // 2  # samples of a block, about as a decoder gives them


class _Begun(Exception):
    """The first work is done: that was all that was to be seen."""


class Inside:
    """Holds a loaded model between the orders."""

    def load(self, order: Mapping[str, Any]) -> Answer:
        """Load a model."""
        FAMILIES.update(FAMILY)
        task = Task.from_json(order["task"])
        options = Options(precision="exact", overlap=task.config["inference"]["num_overlap"], batch=1)
        began = time.perf_counter()
        self.separator = Separator(record(task), cache=Path(task.cache), device=task.device, options=options)
        return {"seconds": time.perf_counter() - began}

    def start(self, order: Mapping[str, Any]) -> Answer:
        """Open a file, and stop at the first work that is reported."""

        def on_work(seconds: float) -> None:
            if seconds > 0:
                raise _Begun

        began = time.perf_counter()
        try:
            with AudioSource(Path(order["song"])) as source:
                rate, channels = source.info.sample_rate, source.info.channels
                blocks = self.separator.stream(iter(source), sample_rate=rate, channels=channels, on_work=on_work)
                for _ in blocks:
                    break
        except _Begun:
            pass
        return {"seconds": time.perf_counter() - began}

    def loop(self, order: Mapping[str, Any]) -> Answer:
        """Send a song of `seconds` through, and let the stems go as they come."""
        reset_peak()
        before = peak() or 0
        began = time.perf_counter()
        samples = 0
        for block in self.separator.stream(_song(order["seconds"]), sample_rate=RATE, channels=2):
            samples += block.shape[-1]
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "samples": samples, "memory": (peak() or 0) - before}


def _song(seconds: float) -> Iterator[Samples]:
    random = np.random.default_rng(0)
    left = round(seconds * RATE)
    while left:
        size = min(BLOCK, left)
        left -= size
        yield random.standard_normal((2, size), np.float32) * np.float32(0.1)


if __name__ == "__main__":
    inside = Inside()
    serve({"load": inside.load, "start": inside.start, "loop": inside.loop})
